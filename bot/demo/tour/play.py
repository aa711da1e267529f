"""Playing the tour: every step of every chapter in order, until the end or the first that is not as promised.

It knows no step; the story stands in bot.demo.tour.story.
"""

import asyncio
import inspect
import traceback
from collections.abc import Iterable
from datetime import timedelta

from rich.console import Console

from bot.demo.folder import Folder
from bot.demo.keepers import Keepers
from bot.demo.stage import on_stage
from bot.demo.tour.chapters import CHAPTERS, Chapter
from bot.demo.tour.scene import Scene, TourClock
from bot.demo.tour.telling import NotAsPromised, Teller
from bot.logs import set_up_logs
from storage.faults import SettingsFault

AS_PROMISED, NOT_AS_PROMISED = 0, 1
# The story takes a little more than a day; it begins so far back that it ends today.
_BEHIND = timedelta(days=2)
_STEP_WITHIN = 60.0


async def play(
    folder: Folder,
    console: Console,
    *,
    chapters: Iterable[Chapter] = CHAPTERS,
    keepers: Keepers | None = None,
) -> int:
    """Play the story in this folder; 0 if every step was as promised, 1 otherwise.

    keepers: of a directory that nobody lives in yet; without any it is a file in the folder.
    SettingsFault unless the folder is untouched: the story begins with a company that has no history.
    """
    if not folder.is_fresh:
        raise SettingsFault(
            f"The tour needs an untouched folder, and {folder.path} has a history. Name a new one."
        )
    teller = Teller(console)
    clock = TourClock(None if keepers and keepers.own_clock else _BEHIND)
    loop = asyncio.get_running_loop()
    began = loop.time()
    # What goes wrong on purpose is no news here; whoever looks for more finds it beside the tables.
    with (folder.path / "wicket.log").open("w", encoding="utf-8") as log:
        async with on_stage(folder, now=clock.now, chance=lambda: 0.0, keepers=keepers) as stage:
            set_up_logs(stage.settings.logs, secrets=stage.settings.secrets.values(), stream=log)
            scene = Scene(stage, teller, clock)
            try:
                played, wrong = await steps_of(scene, chapters)
                await stage.slack.settled()
            finally:
                await scene.operator.leaves()
    took = loop.time() - began
    if wrong:
        teller.ends(wrong, well=False)
        return NOT_AS_PROMISED
    teller.ends(f"All {played} steps were as promised, in {took:.1f} s.", well=True)
    return AS_PROMISED


async def steps_of(scene: Scene, chapters: Iterable[Chapter]) -> tuple[int, str]:
    """How many steps were played, and what was wrong with the last one, "" if nothing was."""
    played = 0
    for title, steps in chapters:
        scene.teller.chapter(title)
        for step in steps:
            played += 1
            sentence = " ".join((inspect.getdoc(step) or step.__name__).split())
            scene.teller.step(played, sentence)
            try:
                async with asyncio.timeout(_STEP_WITHIN):
                    await step(scene)
            except Exception as seen:  # noqa: BLE001 - whatever it is, it is told with the step that it broke
                return played, f"Step {played} was not as promised: {sentence}\n{_words(seen)}"
    return played, ""


def _words(seen: Exception) -> str:
    """What was seen; of a fault that nobody foresaw, its kind and where it came from too."""
    if isinstance(seen, NotAsPromised | AssertionError):
        return str(seen)
    return "".join(traceback.format_exception(seen))
