"""The tour plays the whole story over the wire, and a promise that is not kept is named."""

import subprocess
import sys
from pathlib import Path

from tests.bot.demo.demos import COMMAND, ROOT

BROKEN = """
import asyncio, sys
from pathlib import Path
from rich.console import Console
from bot.demo.folder import Folder
from bot.demo.tour.play import play

async def asks(scene):
    '''Ada asks what she has.'''
    await scene.player("ada").says("what access do I have?")
    await scene.player("ada").hears("You hold", "vpn-users")

async def holds(scene):
    '''Ada holds prod-db.'''
    await scene.must_be_in("ada", "prod-db")

async def never(scene):
    '''Nobody reads this.'''

folder = Folder(Path(sys.argv[1]))
sys.exit(asyncio.run(play(folder, Console(soft_wrap=True), chapters=(("One", (asks, holds, never)),))))
"""


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_the_whole_story_is_as_promised(tmp_path: Path) -> None:
    played = run(*COMMAND, "--tour", "--data", str(tmp_path / "told"))
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr
    assert "steps were as promised" in played.stdout
    assert played.stderr == ""
    again = run(*COMMAND, "--tour", "--data", str(tmp_path / "told"))
    assert (again.returncode, "untouched folder" in again.stderr) == (2, True)


def test_the_first_step_that_is_not_as_promised_is_named_and_ends_the_tour(tmp_path: Path) -> None:
    played = run(sys.executable, "-c", BROKEN, str(tmp_path))
    assert played.returncode == 1, played.stderr
    assert "Step 2 was not as promised: Ada holds prod-db." in played.stdout
    assert "The directory says that Ada Lovelace is not in prod-db." in played.stdout
    assert "Nobody reads this." not in played.stdout
