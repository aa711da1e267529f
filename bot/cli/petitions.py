"""The commands about petitions: which there are and how they stand, and stopping one.

They approve nothing and open nothing: that takes two people in Slack.
"""

import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from sqlmodel import Session

from bot.cli.doers import doer_of
from bot.cli.place import place_of
from bot.cli.sentences import NOT_DONE
from bot.cli.stores import opened
from bot.cli.tables import moment, say, show, since_when
from handlers.petitions import ends
from handlers.petitions.ends import By
from handlers.petitions.outcomes import Why
from handlers.petitions.stories import PetitionStory
from handlers.petitions.telling import story_of
from handlers.recording import OPERATOR
from storage import petitions
from storage.database import Database
from storage.states import PetitionState

commands = typer.Typer(
    help="Petitions of people who cannot pass by themselves: list them, stop one.",
    invoke_without_command=True,
)


@commands.callback()
def _list(
    context: typer.Context,
    since: Annotated[
        str, typer.Option(help='Those that ended since then too: "7d", or a day.', metavar="WHEN")
    ] = "7d",
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON array, with everything.")] = False,
) -> None:
    """Every petition that is not over, and those that ended lately, the newest first."""
    if context.invoked_subcommand is not None:
        return
    settings = place_of(context).settings()
    cool_off = timedelta(hours=settings.security.cool_off_hours)
    with opened(settings) as database:
        found = database.read_now(lambda tx: _stories(tx, database, since, cool_off))
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2))
    elif found:
        show(
            ("Id", "Who", "What", "State", "Asked", "Opens", "Approved by", "Why over"),
            (_row(one) for one in found),
        )
    else:
        typer.echo("There are none.")


@commands.command()
def cancel(
    context: typer.Context,
    petition: Annotated[str, typer.Argument(help="The id, as the list shows it.", metavar="ID")],
    by: Annotated[str, typer.Option(help="Who decided it: a name.", metavar="NAME")],
    why: Annotated[str, typer.Option(help="Why. It stays on the record.", metavar="TEXT")],
) -> None:
    """Stop a petition, whatever it waits for. On the record, and told as any end of one is."""
    settings, said = place_of(context).settings(), doer_of(by, why)
    doer = By(actor=OPERATOR, where=said.where, name=said.name, words=said.why)
    with opened(settings) as database:
        done = database.write_now(lambda tx: _cancel(tx, petition, doer, database))
    say(
        done or f"There is no petition {petition!r} that could be stopped. Nothing was changed.", err=not done
    )
    if not done:
        raise typer.Exit(NOT_DONE)


def _cancel(tx: Session, petition_id: str, by: By, database: Database) -> str:
    petition = petitions.get(tx, petition_id)
    if petition is None:
        return ""
    done = ends.end(
        tx, petition, PetitionState.CANCELLED, Why.BY_OPERATOR, by, database.now()
    )  # fmt: skip
    return f"The petition of {petition.name} is stopped: nothing opens by it." if done else ""


def _stories(tx: Session, database: Database, since: str, cool_off: timedelta) -> list[PetitionStory]:
    now = database.now()
    rows = petitions.listed(tx, since=since_when(since, now) or now)
    found = [story_of(tx, row.id, cool_off=cool_off) for row in rows]
    return [one for one in found if one is not None]


def _row(story: PetitionStory) -> tuple[str, ...]:
    return (
        story.id,
        f"{story.name} ({story.login}){', privileged' if story.privileged else ''}",
        story.kind,
        story.state,
        moment(story.asked_at),
        moment(story.opens_at),
        ", ".join(one.name for one in story.said),
        story.end_reason,
    )


def _as_json(story: PetitionStory) -> dict[str, Any]:
    """Times as ISO 8601 in UTC; what people typed is theirs and stays in the store."""
    times = ("asked_at", "lapses_at", "decided_at", "opens_at", "closes_at", "ended_at")
    plain = (
        "id",
        "kind",
        "state",
        "directory",
        "account",
        "name",
        "login",
        "privileged",
        "ended_by",
        "end_reason",
    )
    return {
        **{name: getattr(story, name) for name in plain},
        **{name: at.isoformat() if (at := getattr(story, name)) else None for name in times},
        "missing": dict(story.missing),
        "approved_by": [
            {"name": one.name, "role": one.role, "proof": one.proof, "at": one.at.isoformat()}
            for one in story.said
        ],
    }
