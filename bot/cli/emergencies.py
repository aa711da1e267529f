"""The command that puts an emergency on the record which did not go through Wicket, from the paper that was kept of it.

It gives nobody anything; whoever it names is reviewed.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.people import known_person
from bot.cli.place import group, place_of
from bot.cli.stores import opened
from bot.cli.tables import say, time_in
from bot.settings import Settings
from handlers.intents import CLI, JUSTIFICATION_LIMIT

if TYPE_CHECKING:
    from storage.directories.base import Account

_WHY = {
    "no-such": "There is no such entitlement in the catalogue.",
    "not-over": "It has to begin before it ends, and to be over.",
    "one-person": "Both names are one person's: the sealed account takes two.",
    "no-words": f"It needs the id of the incident, and a reason of at most {JUSTIFICATION_LIMIT} characters.",
}
commands = typer.Typer(callback=group, help="Emergencies: what was done while Wicket was not there.")


@commands.command()
def record(
    context: typer.Context,
    person: Annotated[str, typer.Option(help="Login or id of who had it.", metavar="LOGIN")],
    second: Annotated[str, typer.Option(help="Login or id of who was with them.", metavar="LOGIN")],
    entitlement: Annotated[str, typer.Option(help="What it comes closest to.", metavar="ID")],
    incident: Annotated[str, typer.Option(help="The id of the incident.", metavar="ID")],
    begins: Annotated[str, typer.Option(help="When it began (UTC unless said).", metavar="TIME")],
    ends: Annotated[str, typer.Option(help="When it ended.", metavar="TIME")],
    reason: Annotated[str, typer.Option(help="Why. Stays on the record.", metavar="TEXT")],
) -> None:
    """Put on the record, from paper, what somebody had in an emergency past Wicket. A review of it is then owed."""
    # Policies are slow to load, and `wicket --help` has no need of them.
    from bot.grounds import ground_of
    from handlers.emergencies.records import ByHand, EmergencyRecords, NotAsItWas

    settings = place_of(context).settings()
    settings.secrets.vault()  # without keys the row would be nobody's word
    with opened(settings) as database:
        told = ByHand(
            person=_somebody(settings, person), second=_somebody(settings, second), entitlement=entitlement,
            incident=incident, reason=reason, begins=_moment(begins, "--begins"), ends=_moment(ends, "--ends"),
        )  # fmt: skip
        records = EmergencyRecords(ground_of(settings, database, {}, database.now))
        outcome = asyncio.run(records.put(told, CLI))
    if isinstance(outcome, NotAsItWas):
        raise typer.BadParameter(_WHY[outcome.why])
    say(
        f"It is on the record as {outcome.emergency}, reported by hand. A review of it is asked for in Slack."
    )


def _somebody(settings: Settings, word: str) -> "Account":
    return known_person(settings, word, otherwise="Nothing was recorded.")


def _moment(written: str, option: str) -> datetime:
    return time_in(written, option, "a day and a time, like 2026-01-31T14:02")
