"""Loss and recovery in a real browser: what is left is shown, a passkey is made in the place of all that was lost.

With Chromium's own virtual authenticator, on a desk and on a phone, each step under axe.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from storage.passkeys import passkeys_of
from storage.proofs import seed_of
from storage.records import Petition
from storage.states import PetitionState
from tests.browser.chromium import with_authenticator
from tests.browser.looks import Look, Mirror, axe_finds
from tests.browser.petition_steps import petition_page, petition_steps
from tests.browser.readable import readable
from tests.handlers.petition_ground import Square, square

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS = {
    "desk": Look(width=1280, height=900),
    "phone": Look(width=360, height=740, dark=True, touch=True),
}


@pytest_asyncio.fixture(loop_scope="session")
async def sq(tmp_path: Path) -> AsyncIterator[Square]:
    """Everybody, and no petition."""
    async with square(tmp_path) as made:
        yield made


async def test_whoever_lost_all_is_back_with_a_passkey(sq: Square, browser: Browser) -> None:
    """P-14, P-5, WCAG 2.2 AA: asked at the page, two people and four hours later; all that was lost is gone."""
    page = await (await browser.new_context()).new_page()
    await with_authenticator(page)
    mirror, seen = await Mirror.before(page), []
    async with petition_page(sq) as origin:
        async for step in petition_steps(sq, origin, page):
            seen.append(step)
            async for look in mirror.each(LOOKS):
                assert await axe_finds(page) == [], (step, look)
                await readable(page)
    assert len(seen) == 8
    (row,) = await sq.page.rows(Petition)
    assert row.state == PetitionState.USED
    read = sq.page.ground.database.read
    assert [one.name for one in await read(lambda tx: list(passkeys_of(tx, "staff", "ada")))] == ["new phone"]
    assert await read(lambda tx: seed_of(tx, "staff", "ada")) is None
