"""Where the pictures of single messages are taken: a company, its bot, and one browser that looks on as anybody.

It paints nothing: what stands in a picture is what the page shows to that person at that moment of the story.
"""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from bot.demo.company import LOVELACE
from bot.demo.workspace.messages import Message
from bot.demo.workspace.person import PersonClient
from storage.clock import utc_now
from tests.browser.gallery.palette import small
from tests.wire.conftest import World, open_world

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "messages"
ZONE = "Europe/London"
# Sharp on most screens, and small enough to be kept with the code.
LOOK: Mapping[str, Any] = {
    "device_scale_factor": 1.25,
    "color_scheme": "light",
    "locale": "en-GB",
    "timezone_id": ZONE,
    "reduced_motion": "reduce",
    "viewport": {"width": 920, "height": 1700},
    "bypass_csp": True,
}
# A message alone has its head and some air, whatever stands before it; a form has no page behind its corners.
ALONE = """
dialog { border-radius: 0; box-shadow: none; border: 0; margin: 16px auto auto 188px; }
.day, #composer, #jump { visibility: hidden; }
"""
HEAD = """
[data-ts="{first}"] {{ padding-top: 14px; }}
[data-ts="{last}"] {{ padding-bottom: 12px; }}
[data-ts="{first}"] .avatar {{ visibility: visible; height: 38px; }}
.reply[data-ts="{first}"] .avatar, .reply [data-ts="{first}"] .avatar {{ height: 28px; }}
[data-ts="{first}"] .by {{ position: static; clip-path: none; width: auto; height: auto; overflow: visible; }}
"""


@dataclass(kw_only=True)
class Studio:
    """One company with its bot, on an afternoon, and the browser. taken: the names of the pictures so far."""

    world: World
    page: Page
    taken: list[str] = field(default_factory=list)

    def person(self, login: str) -> PersonClient:
        """Their Slack client."""
        return self.world.person(login)

    async def take(self, name: str, login: str, *messages: Message, channel: str = "") -> None:
        """These messages, which stand one below the other where this person sees them."""
        await self._look(login, channel)
        await expect(self.page.get_by_role("dialog")).to_be_hidden()  # its shade would lie on the message
        first, last = messages[0], messages[-1]
        await expect(self._shown(last)).to_be_visible()
        await self.page.add_style_tag(content=ALONE + HEAD.format(first=first.ts, last=last.ts))
        await self._shown(last).scroll_into_view_if_needed()
        top, bottom = await _box(self._shown(first)), await _box(self._shown(last))
        height = bottom["y"] + bottom["height"] - top["y"]
        await self._write(name, {**top, "height": height})

    async def take_form(self, name: str, login: str) -> None:
        """The form that is open before this person."""
        await self._look(login)
        form = self.page.get_by_role("dialog")
        await expect(form).to_be_visible()
        await self.page.add_style_tag(content=ALONE)
        await self.page.evaluate("document.activeElement?.blur()")
        await self._write(name, await _box(form))

    async def take_confirm(
        self, name: str, login: str, message: Message, label: str, channel: str = ""
    ) -> None:
        """What this person is asked before a button of this message does its work; they answer nothing."""
        await self._look(login, channel)
        await self._shown(message).get_by_role("button", name=label).click()
        asked = self.page.get_by_role("alertdialog")
        await expect(asked).to_be_visible()
        await self.page.add_style_tag(content=ALONE)
        await self.page.evaluate("document.activeElement?.blur()")
        await self._write(name, await _box(asked))

    async def take_home(self, name: str, login: str, last: str) -> None:
        """This person's App Home down to the block with these words."""
        await self._look(login, tab="home")
        end = self.page.locator("#home .block").filter(has_text=last).last
        await expect(end).to_be_visible()
        home, bottom = await _box(self.page.locator("#home")), await _box(end)
        await self._write(name, {**home, "height": bottom["y"] + bottom["height"] + 20 - home["y"]})

    def _shown(self, message: Message) -> Locator:
        return self.page.locator(f"[data-ts='{message.ts}']")

    async def _look(self, login: str, channel: str = "", tab: str = "messages") -> None:
        await self.page.clock.set_fixed_time(self.world.clock.now())
        who = LOVELACE.person(login).slack
        await self.page.goto(f"{self.world.slack.page_url}?as={who}&channel={channel}&tab={tab}")
        await self.page.mouse.move(0, 0)

    async def _write(self, name: str, clip: FloatRect) -> None:
        FOLDER.mkdir(exist_ok=True)
        picture = await self.page.screenshot(clip=clip, animations="disabled")
        (FOLDER / f"{name}.png").write_bytes(small(picture))
        self.taken.append(name)


@asynccontextmanager
async def studio(browser: Browser, **how: Any) -> AsyncIterator[Studio]:
    """A company that nobody has used yet, at two minutes past two. how: as `open_world` takes it."""
    with tempfile.TemporaryDirectory(prefix="wicket-pictures-") as name:
        context = await browser.new_context(**LOOK)
        world = await open_world(Path(name), **how)
        world.clock.skipped += to_afternoon()
        try:
            yield Studio(world=world, page=await context.new_page())
        finally:
            await context.close()
            world.faulty.mend()
            await world.app.stop()
            await world.phones.stop()
            await world.slack.stop()
            world.directory.close()
            if world.beside is not None:
                world.beside.directory.close()


def to_afternoon() -> timedelta:
    """How far a clock is turned on so that it is two minutes past two, tomorrow, where the people are."""
    here = utc_now().astimezone(ZoneInfo(ZONE))
    tomorrow = here.date() + timedelta(days=1)
    return (
        datetime.combine(tomorrow, datetime.min.time(), here.tzinfo) + timedelta(hours=14, minutes=2) - here
    )


async def _box(part: Locator) -> FloatRect:
    found = await part.bounding_box()
    if found is None:
        raise LookupError("what the picture is of is not on the screen")
    return found
