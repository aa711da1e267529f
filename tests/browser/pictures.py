"""The pictures of the docs, taken of the running bot: `make pictures` writes them and docs/messages.md anew.

It paints nothing: every picture is what a person sees at that moment of the story, cropped to what matters.
"""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, FloatRect, Locator, Page, expect
from rich.console import Console

from bot.demo.folder import Folder
from bot.demo.history import make_history
from bot.demo.stage import Stage, on_stage
from bot.demo.tour.chapters import CHAPTERS
from bot.demo.tour.play import steps_of
from bot.demo.tour.scene import Scene, TourClock
from bot.demo.tour.telling import Teller
from storage.clock import utc_now
from tests.browser.chromium import MISSING, chromium, running, with_authenticator
from tests.browser.gallery.registry import PICTURES, page
from tests.browser.gallery.scenes import SCENES, play
from tests.browser.gallery.studio import FOLDER
from tests.browser.page_steps import house, steps
from tests.browser.petition_steps import petition_page, petition_steps
from tests.browser.seats import Clock, Seat, seat
from tests.handlers.petition_ground import square

DOCS = Path(__file__).resolve().parents[2] / "docs"
LARGEST = 200_000
# Two points a pixel, for screens that have them; by day, as most READMEs are read.
LOOK = {"device_scale_factor": 2, "color_scheme": "light", "locale": "en-GB"}
_MARGIN = 24
# High enough for what security reads of two days.
_LONG = {"width": 1100, "height": 2850}


async def main(chosen: Sequence[str]) -> int:
    """Take them all, or those of some scenes of the gallery by their names; the exit code."""
    path = chromium()
    if path is None:
        print(MISSING, file=sys.stderr)
        return 2
    # Two cores may be full of other things: what is promised to come may take its time here.
    expect.set_options(timeout=10_000)
    taken = 0 if chosen else await _of_the_demo(path)
    if taken == 0:
        taken = await _of_the_gallery(path, chosen)
    return taken


async def _of_the_gallery(path: str, chosen: Sequence[str]) -> int:
    """Single messages, and the page that shows them; the exit code."""
    scenes = [scene for scene in SCENES if not chosen or scene.name in chosen]
    async with running(path) as browser:
        names = await play(browser, scenes)
    print(f"{FOLDER.relative_to(DOCS.parent)}  {len(names)} pictures")
    (DOCS / "messages.md").write_text(page(), encoding="utf-8")
    unknown = sorted({*names} - {picture.name for picture in PICTURES})
    missing = [] if chosen else sorted({picture.name for picture in PICTURES} - {*names})
    for name in [*unknown, *missing]:
        print(f"{name}: {'not registered' if name in unknown else 'not taken'}", file=sys.stderr)
    return 1 if unknown or missing else 0


async def _of_the_demo(path: str) -> int:
    """What somebody sees who opens the demo; the exit code."""
    clock = Clock(skipped=_to_afternoon())
    with tempfile.TemporaryDirectory(prefix="wicket-pictures-") as name:
        async with on_stage(Folder(Path(name)), now=clock.now) as stage, running(path) as browser:
            await make_history(stage)
            written = [
                await _approval(stage, browser),
                await _home(stage, browser),
                await _states(stage, browser),
                await _secure_page(stage, browser),
            ]
        written.append(await _after_the_tour(path, Path(name) / "tour"))
        (Path(name) / "steps").mkdir()
        async with running(path) as browser:
            written += await _steps(Path(name) / "steps", browser)
    for picture in written:
        size = picture.stat().st_size
        print(f"{picture.relative_to(DOCS.parent)}  {size // 1000} kB")
        if size > LARGEST:
            print(f"That is more than {LARGEST // 1000} kB.", file=sys.stderr)
            return 1
    return 0


async def _approval(stage: Stage, browser: Browser) -> Path:
    """The request as an approver sees it."""
    grace = await seat(stage, browser, "grace", **LOOK)
    await grace.opens("data-owners")
    request = await grace.reads("Access request: prod-db")
    return await _conversation(grace, request, "approval.png")


async def _home(stage: Stage, browser: Browser) -> Path:
    """What waits for an approver, what they hold, and what they can do next."""
    grace = await seat(stage, browser, "grace", **LOOK)
    await grace.opens()
    await grace.page.get_by_text("Home", exact=True).first.click()
    last = grace.page.get_by_text("Write to me under Messages")
    await expect(last).to_be_visible()
    return await _conversation(grace, last, "home.png")


async def _states(stage: Stage, browser: Browser) -> Path:
    """One person's requests as they stand: at once, waiting, denied, given back."""
    luca, person = await seat(stage, browser, "luca", **LOOK), stage.person("luca")
    await luca.opens()
    for words, sign in (
        ("I need grafana-edit for 2h because CHG-3", "✅ grafana-edit"),
        ("I need staging-db for 1h because CHG-4", "✅ staging-db"),
        ("I need prod-db for 1h because INC-4711", "⏳ prod-db"),
    ):
        said = await person.say(words)
        await person.click(await person.sees("You are asking for", after=said.ts), "draft.send")
        await person.sees(sign)
    await person.click(await person.sees("✅ staging-db"), "grant.give_back")
    await person.sees("staging-db", "ended")
    return await _conversation(luca, await luca.reads("⏳ prod-db"), "requests.png")


async def _after_the_tour(path: str, folder: Path) -> Path:
    """The security channel as security reads it when the whole story was played."""
    clock = TourClock(timedelta(days=2))
    async with on_stage(Folder(folder), now=clock.now, chance=lambda: 0.0) as stage, running(path) as browser:
        scene = Scene(stage, Teller(Console(file=StringIO())), clock)
        _, wrong = await steps_of(scene, CHAPTERS)
        if wrong:
            raise RuntimeError(wrong)
        alan = await seat(stage, browser, "alan", **{**LOOK, "device_scale_factor": 1}, viewport=_LONG)
        await alan.opens("security")
        return await _conversation(alan, await alan.reads("Left: Bob Noyce"), "security-channel.png")


async def _secure_page(stage: Stage, browser: Browser) -> Path:
    """The page where a new password is chosen, after the code."""
    ada = await seat(stage, browser, "ada", **LOOK)
    await ada.opens()
    await ada.says("reset my password")
    secure = await ada.follows(await ada.reads("secure page"), "Continue securely")
    await secure.get_by_label("Code from your authenticator").fill(await ada.code())
    await secure.get_by_role("button", name="Continue").click()
    await expect(secure.get_by_label("New password")).to_be_focused()
    top, sheet, below = secure.locator("header"), secure.locator("main"), secure.locator("footer")
    return await _cropped(secure, "secure-page.png", await _around(top, sheet, below))


async def _steps(folder: Path, browser: Browser) -> list[Path]:
    """Every step of the secure page, at home in docs/secure-page.md."""
    (DOCS / "secure-page").mkdir(exist_ok=True)
    context = await browser.new_context(
        viewport={"width": 620, "height": 1500}, **{**LOOK, "device_scale_factor": 1}
    )
    page, written = await context.new_page(), list[Path]()
    async with house(folder) as at:
        async for step in steps(at, page):
            await page.wait_for_load_state()
            parts = [page.locator(part) for part in ("header", "main", "footer")]
            written.append(await _cropped(page, f"secure-page/{step}.png", await _around(*parts)))
    (folder / "petitions").mkdir()
    async with square(folder / "petitions") as sq, petition_page(sq) as origin:
        page = await context.new_page()  # the steps before gave theirs an authenticator, and a tab has one
        await with_authenticator(page)
        async for step in petition_steps(sq, origin, page):
            await page.wait_for_load_state()
            parts = [page.locator(part) for part in ("header", "main", "footer")]
            written.append(await _cropped(page, f"secure-page/{step}.png", await _around(*parts)))
    return written


async def _conversation(who: Seat, last: Locator, name: str) -> Path:
    """A conversation from its heading down to this message, as wide as it is on the screen."""
    await who.page.mouse.move(0, 0)
    middle, end = await _box(who.page.locator("main")), await _box(last)
    height = end["y"] + end["height"] + _MARGIN / 2
    return await _cropped(
        who.page, name, {"x": middle["x"], "y": 0, "width": middle["width"], "height": height}
    )


async def _around(*parts: Locator) -> FloatRect:
    """What holds all these, with some air."""
    boxes = [await _box(part) for part in parts]
    left, top = min(box["x"] for box in boxes) - _MARGIN, min(box["y"] for box in boxes) - _MARGIN
    right = max(box["x"] + box["width"] for box in boxes) + _MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN
    return {"x": left, "y": max(0, top), "width": right - left, "height": bottom - max(0, top)}


async def _box(part: Locator) -> FloatRect:
    found = await part.bounding_box()
    if found is None:
        raise LookupError("what the picture is of is not on the screen")
    return found


async def _cropped(page: Page, name: str, clip: FloatRect) -> Path:
    await page.screenshot(path=DOCS / name, clip=clip, animations="disabled")
    return DOCS / name


def _to_afternoon() -> timedelta:
    """How far the clock is turned so that it is two minutes past two, this day, where the people are."""
    here = utc_now().astimezone(ZoneInfo("Europe/London"))
    return (
        datetime.combine(here.date(), datetime.min.time(), here.tzinfo)
        + timedelta(hours=14, minutes=2)
        - here
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
