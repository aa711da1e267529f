"""Loss and recovery in a real browser: what is left is shown, a passkey is made in the place of all that was lost.

With Chromium's own virtual authenticator, on a desk and on a phone, under axe; and the page that asks two people.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from prometheus_client import CollectorRegistry

from bot.metrics import Metrics
from bot.web.asking import asking_routes
from storage.passkeys import passkeys_of
from storage.proofs import seed_of
from storage.records import Petition
from storage.states import PetitionState
from tests.bot.web.serving import serving
from tests.browser.chromium import with_authenticator
from tests.browser.page_steps import DOOR
from tests.browser.readable import readable
from tests.browser.test_accessible import WCAG
from tests.browser.test_passkeys import SIZES
from tests.handlers.page_ground import OLD_PASSWORD
from tests.handlers.petition_ground import Square, square

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def sq(tmp_path: Path) -> AsyncIterator[Square]:
    """Everybody, and no petition."""
    async with square(tmp_path) as made:
        yield made


@SIZES
async def test_whoever_lost_all_is_back_with_a_passkey(
    sq: Square, browser: Browser, how: dict[str, Any]
) -> None:
    """P-14, P-5: asked at the page, two people and four hours later; all that was lost is gone."""
    context = await browser.new_context(**how)
    page = await context.new_page()
    await with_authenticator(page)
    metrics = Metrics.in_registry(CollectorRegistry())
    async with serving(
        sq.page,
        host="localhost",
        front_door=DOOR,
        more=lambda origin: asking_routes(sq.ground, sq.page.ground, DOOR, origin, metrics),
    ) as origin:
        petition = await _asked(sq, page, origin)
        await sq.approve(petition, "sam")
        await sq.approve(petition, "grace")
        await sq.mailed(petition)
        sq.page.clock.forward(hours=4)
        await sq.openings.settle_due()
        await page.goto(f"{origin}/p/{sq.visitor(petition).text}")
        await _reads(page, "Show what you have left")
        await _press(page, "Send me a code")
        await _sound(page)
        await page.get_by_label("Code from the mail").fill("00000000")
        await _press(page, "Continue with the code")
        await expect(page.get_by_role("alert")).to_be_visible()
        await _sound(page)
        await page.get_by_label("The password you have now").fill(OLD_PASSWORD)
        await _press(page, "Continue with my password")
        await _reads(page, "Set up new proofs")
        await _sound(page)
        await page.get_by_label("A name for it, if you like").fill("new phone")
        await _press(page, "Make a passkey")
        await expect(page.get_by_role("listitem")).to_have_count(10)
        await page.goto(f"{origin}/p/{sq.visitor(petition).text}")
        await _reads(page, "Your new proofs are set up.")
        await _sound(page)
    assert (await sq.row(petition)).state == PetitionState.USED
    read = sq.page.ground.database.read
    assert [one.name for one in await read(lambda tx: list(passkeys_of(tx, "staff", "ada")))] == ["new phone"]
    assert await read(lambda tx: seed_of(tx, "staff", "ada")) is None


async def _asked(sq: Square, page: Page, origin: str) -> str:
    """Ada asks at the page; the id of what came of it."""
    await page.goto(f"{origin}/start")
    await page.get_by_role("link", name="I lost what I prove myself with").click()
    await _reads(page, "Ask two people")
    await _press(page, "Ask them")
    await expect(page.get_by_role("alert").first).to_be_visible()
    await _sound(page)
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("What happened?").fill("My phone fell into the sea")
    await _press(page, "Ask them")
    await _reads(page, "Two people are asked, if this login can be helped so.")
    await _sound(page)
    (row,) = await sq.page.rows(Petition)
    return str(row.id)


async def _sound(page: Page) -> None:
    """axe finds nothing, and all can be read at this width (WCAG 2.2 AA)."""
    found = (await Axe().run(page, options=WCAG)).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    await readable(page)


async def _press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def _reads(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
