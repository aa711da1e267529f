"""The help desks, examined: whether anybody is on each, so that a misspelt group is found before somebody waits.

It reads groups and accounts live; whom a desk serves is the settings' word, and nobody is told.
"""

from bot.checking.directories import Directories, is_employed
from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from bot.settings.help_desk import DeskSection
from handlers.approvals.owner_deciders import first_able
from storage.directories.base import Finding
from storage.faults import WicketFault


async def examine_desks(directories: Directories, settings: Settings) -> list[Finding]:
    """A line for each desk."""
    homes = sorted({settings.home_of(name) for name in settings.directories})
    return [await _examine(directories, homes, name, desk) for name, desk in settings.help_desk.desks.items()]


async def _examine(directories: Directories, homes: list[str], name: str, desk: DeskSection) -> Finding:
    about, is_there = f"help desk {name}", False
    for home in homes:
        try:
            able = await first_able(await directories.get(home), desk.group, is_employed, 1)
        except WicketFault as fault:
            return failed(about, f"It is not known who is on it: {fault}", "Mend the directory first.")
        if able:
            return ok(about, f"Somebody in the group {desk.group} can act for others.")
        is_there = is_there or able is not None
    if not is_there:
        return failed(
            about,
            f"Nobody is on it: there is no group {desk.group}.",
            f"Make the group, or correct [help_desk.desks.{name}] group.",
        )
    return warning(
        about,
        f"Nobody is on it: nobody in the group {desk.group} is an employee and active.",
        "Put whoever is on it into the group.",
    )
