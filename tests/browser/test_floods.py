"""A flood, as security looks on: one line that counts it, and what is grave in time, at one message a second."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.demo.folder import Folder
from bot.demo.stage import Stage, on_stage
from storage.floods import ALONE
from tests.browser.seats import Clock, seat
from tests.wire.hostile import clicked

# One loop for the file, as for its Chromium.
pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 40


@pytest_asyncio.fixture(loop_scope="session")
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A demo nobody has used yet."""
    async with on_stage(Folder(tmp_path), now=Clock().now, chance=lambda: 0.0) as running:
        yield running


async def test_a_flood_is_one_line_with_a_count_and_what_is_grave_stands_out(
    stage: Stage, browser: Browser
) -> None:
    """O-7."""
    alan = await seat(stage, browser, "alan")
    await alan.opens("security")
    stage.slack.faults.one_a_second()
    guests = [f"U0GUEST{number}" for number in range(MANY)]
    for user in guests:
        stage.slack.add_user(user, name=user, real_name=f"Guest {user[7:]}", email="", is_restricted=True)
    words = [stage.slack.person(user).slash("/wicket", "what access do I have?") for user in guests]
    flood = asyncio.gather(*words)
    await alan.reads("Turned away", "Guest")
    began = time.monotonic()
    await stage.slack.send(clicked("U0ADA", "approval.approve", "g-never-made"), kind="interactive")
    grave = await alan.reads("sent by Ada Lovelace", "high")
    assert time.monotonic() - began < 5  # the browser's own time included
    await flood
    line = await alan.reads(f"And {MANY - ALONE} more of one kind: somebody turned away")
    await expect(line).to_contain_text(f"about {MANY - ALONE} people")
    await expect(line).to_contain_text("wicket exceptions --kind not-a-person")
    shown = alan.page.locator("[data-ts]").filter(has_text="urned away")
    await expect(shown).to_have_count(ALONE + 1)
    # Read from the top: what is grave stands before the end of what was there first.
    assert str(await grave.get_attribute("data-ts")) < str(await shown.last.get_attribute("data-ts"))
