"""Routine questions in plain words: answered at once from the live directory, or asked back, never guessed.

Nothing is changed by any of them.
"""

import asyncio
import sys
from pathlib import Path

from bot.demo.tour.scene import Scene
from bot.demo.tour.telling import expect

# People do type such things into chats. It must not be found anywhere afterwards.
_SLIP = "correct-horse-battery-staple-9000"
_SEARCH = """
import sys
from pathlib import Path
files = [file for file in Path(sys.argv[2]).rglob("*") if file.is_file()]
print(*(file.name for file in files if sys.argv[1].encode() in file.read_bytes()))
sys.exit(not files)
"""


async def what_one_holds(scene: Scene) -> None:
    """Ada asks what she has, and hears it as the directory has it now."""
    ada = scene.player("ada")
    await ada.says("what access do I have?")
    await ada.hears("You hold", "vpn-users", "wiki-edit")


async def one_membership(scene: Scene) -> None:
    """She asks about one thing."""
    ada = scene.player("ada")
    await ada.says("am I in vpn-users?")
    await ada.hears("✅ Yes, you are in vpn-users")
    await ada.says("am I in prod-db?")
    await ada.hears("No, you are not in prod-db")


async def an_owner(scene: Scene) -> None:
    """She asks who owns something, by slash command: the answer is for her eyes only."""
    ada = scene.player("ada")
    await ada.commands("who owns prod-db?", channel="general")
    answer = await ada.hears("prod-db", "belongs to Data Platform", "risk 4 of 5", channel="general")
    expect(answer.ephemeral, "The answer to a slash command was posted for everybody to see.")


async def a_typo(scene: Scene) -> None:
    """A misspelt name is asked back and not acted upon."""
    ada = scene.player("ada")
    await ada.says("who owns prod-bd?")
    await ada.hears("I don't know that name. Did you mean", "prod-db")


async def nonsense_is_not_kept(scene: Scene) -> None:
    """What is not understood gets three suggestions, and is stored nowhere: people type passwords into chats."""
    ada = scene.player("ada")
    await ada.says(f"{_SLIP} {_SLIP}")
    answer = await ada.hears("I didn't understand that.")
    expect(len(answer.buttons) == 3, f"There are not three suggestions:\n{answer.plain}")
    stored = await _files_with(_SLIP, scene.stage.folder.path)
    expect(not stored, f"What was typed by mistake is kept in {stored}.")


async def the_password_s_age(scene: Scene) -> None:
    """She asks when her password expires."""
    ada = scene.player("ada")
    await ada.says("when does my password expire?")
    await ada.hears("Your password expires")


async def help_is_there(scene: Scene) -> None:
    """Help is one word away."""
    ada = scene.player("ada")
    await ada.says("help")
    await ada.hears("Things you can say to me")


async def _files_with(words: str, folder: Path) -> str:
    """Names of the files that hold these words.

    Another process reads them: to open and close a SQLite file beside SQLite would drop the locks of this one.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SEARCH, words, str(folder), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    expect(process.returncode == 0, "The files could not be searched.")
    return out.decode().strip()


STEPS = (
    what_one_holds,
    one_membership,
    an_owner,
    a_typo,
    nonsense_is_not_kept,
    the_password_s_age,
    help_is_there,
)
