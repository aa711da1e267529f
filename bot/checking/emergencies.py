"""Breaking the glass, examined: whether anybody could, and whether the alert that comes first has somewhere to go.

It reads groups and accounts live; nobody is told.
"""

import asyncio

from bot.checking.directories import Directories, is_employed
from bot.checking.report import failed, ok, warning
from bot.settings import Settings
from handlers.approvals.owner_deciders import first_able
from storage.directories.base import Finding
from storage.faults import WicketFault

_ENOUGH = 2


async def examine_emergencies(directories: Directories, settings: Settings) -> list[Finding]:
    """Nothing where nobody breaks the glass; else a line for each group that may, and one for the channel outside."""
    groups = sorted(
        {
            (settings.home_of(one.directory), group)
            for one in settings.catalogue.entitlements.values()
            for group in one.break_glass
        }
    )
    if not groups:
        return []
    found = await asyncio.gather(*(_examine(directories, *where) for where in groups))
    return [_outside(settings), *found]


def _outside(settings: Settings) -> Finding:
    about, incidents = "alert outside Slack", settings.incidents
    if incidents.webhook is not None or incidents.mail:
        return ok(about, "There is a channel outside Slack that has to take it first.")
    if settings.emergencies.fallback == "security":
        return warning(
            about, "There is none, and the security channel alone is enough.", "Name one under [incidents]."
        )
    return failed(
        about,
        "There is no channel outside Slack, so nobody can break the glass.",
        "Name a webhook or mail addresses under [incidents].",
    )


async def _examine(directories: Directories, directory: str, group: str) -> Finding:
    about = f"break_glass {group}"
    try:
        able = await first_able(await directories.get(directory), group, is_employed, _ENOUGH)
    except WicketFault as fault:
        return failed(about, f"It is not known who they are: {fault}", "Mend the directory first.")
    if able is None:
        return failed(
            about, f"There is no group {group} in {directory}.", "Make the group, or correct break_glass."
        )
    if len(able) < _ENOUGH:
        few = f"Fewer than two employees in {directory} can."
        return warning(about, few, f"Put two people into the group {group}.")
    return ok(about, f"Two people or more in {directory} can.")
