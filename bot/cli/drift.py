"""The command `wicket drift`: what the directories have that was neither granted nor declared, and what they lack.

It reads beside a running bot, changes nothing and tells nobody.
"""

import asyncio
from collections.abc import Iterator, Mapping

import typer

from bot.cli.people import grounded, names_of
from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.cli.tables import say, show
from bot.settings import Settings
from handlers.decisions.drift import Member
from handlers.drift.comparing import Look
from storage.database import Database


def drift(context: typer.Context) -> None:
    """Compare the directories with what was granted and declared, now. Exit code 2 if one could not be read."""
    settings = place_of(context).settings()
    with opened(settings) as database:
        looks, away = asyncio.run(_compare(settings, database))
    found = list(_rows(looks))
    names = names_of(settings, {who for _, _, who in found})
    if found:
        show(("What", "Difference", "Who"), ((what, how, names.get(who, who)) for what, how, who in found))
    else:
        typer.echo("Nothing differs.")
    unknown = {**{one.entitlement.id: one.unknown for one in looks if one.unknown}, **away}
    for about, why in sorted(unknown.items()):
        say(f"{about}: unknown. {why}", err=True)
    if unknown:
        raise typer.Exit(NOT_DONE)


async def _compare(settings: Settings, database: Database) -> tuple[list[Look], Mapping[str, str]]:
    """What was seen, and which directories could not be asked at all, with why."""
    from handlers.drift.finding import Drift

    async with grounded(settings, database) as ground:
        looks = await Drift(ground).preview()
        missing = settings.directories.keys() - ground.directories.keys()
    return looks, dict.fromkeys(missing, "It cannot be asked from here.")


def _rows(looks: list[Look]) -> Iterator[tuple[str, str, str]]:
    """Entitlement, what is different, and whose id or which group it is."""
    for look in looks:
        what, found = look.entitlement.id, look.found
        if look.group is None and not look.unknown:
            yield what, "its group is gone", look.entitlement.group
        for member in sorted(found.unexplained):
            yield what, f"unexplained{_kind(member)}", member.id
        for account in sorted(found.vanished):
            yield what, "granted, but not there", account
        for member in sorted(found.first):
            yield what, f"there before the first look{_kind(member)}", member.id
        for member in sorted(found.due):
            yield what, f"declared, review due{_kind(member)}", member.id


def _kind(member: Member) -> str:
    return " (a group)" if member.kind == "group" else ""
