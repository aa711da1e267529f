"""The tour plays the whole story over the wire, and a promise that is not kept is named."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import structlog

from bot.demo.tour.players import PATIENCE
from bot.demo.tour.scene import Scene
from bot.demo.workspace import Submission
from tests.bot.demo.demos import COMMAND, ROOT
from tests.bot.demo.tour.performance import LAST_LINES, perform
from tests.bot.typed import typed


async def asks(scene: Scene) -> None:
    """Ada asks what she has."""
    await scene.player("ada").says("what access do I have?")
    await scene.player("ada").hears("You hold", "vpn-users")


async def holds(scene: Scene) -> None:
    """Ada holds prod-db."""
    await scene.must_be_in("ada", "prod-db")


async def never(scene: Scene) -> None:
    """Nobody reads this."""


def test_the_whole_story_is_as_promised(tmp_path: Path) -> None:
    told = str(tmp_path / "told")
    played = subprocess.run(
        [*COMMAND, "--tour", "--data", told], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr
    assert "steps were as promised" in played.stdout
    assert played.stderr == ""
    again = typed(["demo", "--tour", "--data", told])
    assert (again.exit_code, "untouched folder" in again.stderr) == (2, True)


async def misses(scene: Scene) -> None:
    """Nobody sees this."""
    await scene.player("ada").client.sees("what is never said", timeout=0)


async def busy_for_a_moment(scene: Scene) -> None:
    """The directory answers too late, and then it answers."""
    ada = scene.player("ada")
    async with scene.keepers.held_up():
        await ada.says("what access do I have?")
        looking = asyncio.create_task(ada.hears("You hold"))
        await ada.client.sees("I can't read the directory right now", timeout=PATIENCE)
    await looking


async def test_who_is_told_that_nothing_was_done_tries_once_more(tmp_path: Path) -> None:
    played = await perform(tmp_path, chapters=(("One", (busy_for_a_moment,)),))
    assert not played.wrong, played.wrong
    assert played.told.count("is told that nothing was done, and tries once more") == 1


async def busy_while_a_form_is_sent(scene: Scene) -> None:
    """The directory answers too late for what a form says, and then it answers."""
    ada, luca = scene.player("ada"), scene.player("luca")
    await ada.says("I need billing-export for 1h because FIN-1")
    await ada.presses(await ada.hears("You are asking for"), "Send request")
    asked = await luca.sees("Access request: billing-export", channel="finance-owners")
    await luca.presses(asked, "Approve for less…")
    form, submit, sent = await luca.form("You are an approver"), luca.client.submit, asyncio.Event()

    async def told(*args: Any) -> Submission:
        outcome = await submit(*args)
        sent.set()
        return outcome

    luca.client.submit = told
    async with scene.keepers.held_up():
        filling = asyncio.create_task(luca.fills(form, {"Or another time": "30m", "Why not": "enough"}))
        await sent.wait()
    assert not await filling
    await ada.sees("✅ billing-export", "enough")


async def test_who_is_told_by_a_form_that_nothing_was_done_sends_it_once_more(tmp_path: Path) -> None:
    played = await perform(tmp_path, chapters=(("One", (busy_while_a_form_is_sent,)),))
    assert not played.wrong, played.wrong
    assert played.told.count("is told by the form that nothing was done, and sends it once more") == 1


async def unread_for_a_moment(scene: Scene) -> None:
    """The directory cannot be read while it is looked through, and then it can."""
    alan = scene.player("alan")
    async with scene.keepers.held_up():
        looking = asyncio.create_task(scene.the_directory_is_compared())
        await alan.sees("could not be looked through", channel="security")
    await looking
    await alan.sees("could not be looked through", "it can be used", channel="security")


async def test_a_directory_that_could_not_be_read_is_looked_at_again(tmp_path: Path) -> None:
    played = await perform(tmp_path, chapters=(("One", (unread_for_a_moment,)),))
    assert not played.wrong, played.wrong
    assert "Wicket could not read all of it." in played.told


async def warns(scene: Scene) -> None:
    """The log says something."""
    for number in range(30):
        structlog.get_logger("story").warning("strange.thing", number=number)
    structlog.get_logger("story").info("ordinary.thing")


async def test_what_went_wrong_is_told_with_the_step_first_then_the_log_s_last_warnings(
    tmp_path: Path,
) -> None:
    """What is in the middle of a long output may be cut out by whoever shows it."""
    played = await perform(tmp_path, chapters=(("One", (warns, misses)),))
    first, reason, *rest = played.wrong.splitlines()
    assert (first, reason.startswith("U")) == ("2 was not as promised: Nobody sees this.", True)
    logged = [line for line in rest if "strange.thing" in line]
    assert len(logged) == LAST_LINES
    assert "29" in logged[-1]
    assert "ordinary.thing" not in played.wrong
    assert rest.index(logged[-1]) < rest.index("What was seen:")


async def test_the_first_step_that_is_not_as_promised_is_named_and_ends_the_tour(tmp_path: Path) -> None:
    played = await perform(tmp_path, chapters=(("One", (asks, holds, never)),))
    assert played.code == 1
    assert "Step 2 was not as promised: Ada holds prod-db." in played.told
    assert "The directory says that Ada Lovelace is not in prod-db." in played.told
    assert "Nobody reads this." not in played.told
