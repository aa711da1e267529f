"""Linking: the match is a proposal, and only the person's own sign-in makes it a link (design, 3.1)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.secure_page.visits import Proven, Refused
from storage.records import Link
from storage.states import Purpose
from tests.handlers.page_ground import OLD_PASSWORD, World, world


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[World]:
    """The secure page, and Cy, whom nobody linked yet."""
    async with world(tmp_path, enrolled=False) as made:
        await made.local.add_account(
            "cy", login="cyr", name="Cy Roe", mail="cy@example.com", password=OLD_PASSWORD
        )
        yield made


async def _links(page: World, slack_user: str) -> list[str]:
    return [link.account for link in await page.rows(Link) if link.slack_user == slack_user]


async def test_signing_in_makes_the_link(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "cy")
    assert isinstance(await page.linking.sign_in(visitor, " CYR ", OLD_PASSWORD), Proven)
    assert await _links(page, "Ucy") == ["cy"]
    assert ("slack", "linked", "Ucy") in await page.told()
    assert await page.audited("link.made") == [("done", None)]


async def test_a_wrong_password_makes_none_and_counts(page: World) -> None:
    for _ in range(10):
        assert await page.linking.sign_in(await page.opened(Purpose.LINK, "cy"), "cyr", "x") == Refused()
    await page.local.unlock("cy")
    refused = await page.linking.sign_in(await page.opened(Purpose.LINK, "cy"), "cyr", OLD_PASSWORD)
    assert refused == Refused()
    assert await _links(page, "Ucy") == []
    assert await page.exceptions() == ["page-lockout"]


async def test_the_password_of_another_account_makes_none(page: World) -> None:
    """Bob's own login and password, on a link whose proposal is Cy."""
    visitor = await page.opened(Purpose.LINK, "cy")
    assert await page.linking.sign_in(visitor, "bob", OLD_PASSWORD) == Refused()
    assert await _links(page, "Ucy") == []


async def test_a_slack_account_that_fits_nobody_is_refused_and_told(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "", "Ustranger")
    assert await page.linking.sign_in(visitor, "cyr", OLD_PASSWORD) == Refused()
    assert await page.exceptions() == ["identity-mismatch"]


async def test_a_person_linked_to_another_slack_account_is_not_taken_over(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "bob", "Uother")
    assert await page.linking.sign_in(visitor, "bob", OLD_PASSWORD) == Refused()
    assert (await _links(page, "Uother"), await _links(page, "Ubob")) == ([], ["bob"])
    assert await page.exceptions() == ["identity-mismatch"]
    assert (await page.audited("link.proven"))[-1] == ("refused", "taken")


async def test_a_refused_link_leaves_no_browser_bound(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "bob", "Uother")
    await page.linking.sign_in(visitor, "bob", OLD_PASSWORD)
    handle = await page.ground.handle_of(visitor)
    assert handle is not None
    assert (handle.session, handle.proven) == ("", [])


async def test_a_slack_account_linked_to_somebody_else_stays_theirs(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "cy", "Ubob")
    assert await page.linking.sign_in(visitor, "cyr", OLD_PASSWORD) == Refused()
    assert await _links(page, "Ubob") == ["bob"]


async def test_a_link_is_made_once(page: World) -> None:
    visitor = await page.opened(Purpose.LINK, "cy")
    await page.linking.sign_in(visitor, "cyr", OLD_PASSWORD)
    assert await page.linking.sign_in(visitor, "cyr", OLD_PASSWORD) == Refused()
    assert len(await page.audited("link.made")) == 1
