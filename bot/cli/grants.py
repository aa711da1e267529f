"""Commands about grants: which there are, and which should be gone.

They read beside a running bot, and change nothing.
"""

from typing import Annotated

import typer
from sqlalchemy import or_
from sqlmodel import Session, col, select

from bot.cli.people import account_id
from bot.cli.place import group, place_of
from bot.cli.sentences import SOME
from bot.cli.stores import opened
from bot.cli.tables import MOST, at_most, moment, show
from bot.settings import Settings
from bot.slack.words import duration
from handlers.decisions.lifecycle import OVERDUE_AFTER
from storage import endings, holdings
from storage.clock import utc_now
from storage.grants import concerning
from storage.records import Grant, Holding
from storage.states import LIVE, GrantState
from storage.truly import as_it_stands

OPEN = (GrantState.PENDING, *LIVE, GrantState.ENDING)

commands = typer.Typer(help="Who has what, and who asked for it.", callback=group)

Person = Annotated[str | None, typer.Option(help="Only this person's.", metavar="LOGIN-OR-ID")]
EntitlementId = Annotated[
    str | None, typer.Option("--entitlement", help="Only this entitlement's.", metavar="ID")
]
Limit = Annotated[int, typer.Option(help="At most so many, the newest.", min=1, max=MOST, metavar="N")]


@commands.command("list")
def list_grants(
    context: typer.Context,
    person: Person = None,
    entitlement: EntitlementId = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that ended, were denied or lapsed.")
    ] = False,
    limit: Limit = 100,
) -> None:
    """List grants and open requests, oldest first."""
    settings = place_of(context).settings()
    query = select(Grant).where(Grant.state != GrantState.DRAFT)
    if not every:
        query = query.where(col(Grant.state).in_(OPEN))
    if person is not None:
        who = account_id(settings, person)
        query = query.where(or_(col(Grant.requester_account) == who, col(Grant.target_account) == who))
    if entitlement is not None:
        query = query.where(Grant.entitlement == entitlement)
    query = query.order_by(col(Grant.requested_at).desc(), col(Grant.id).desc()).limit(limit + 1)
    with opened(settings) as database:
        there = database.read_now(lambda tx: tx.exec(query).all()[::-1])
    found = at_most(there, limit)
    if not found:
        typer.echo("There are none." if every else "None is open. --all shows those that are over.")
        return
    show(
        ("Asked (UTC)", "Who", "What", "State", "For", "Ends (UTC)", "Story", "Why"),
        (
            (
                moment(each.requested_at),
                _who(each),
                each.entitlement,
                each.state,
                duration(each.minutes),
                moment(each.expires_at),
                each.id,
                each.justification,
            )
            for each in found
        ),
    )


@commands.command("overdue")
def list_overdue(context: typer.Context) -> None:
    """List access that should be gone for over a minute and is not, the longest overdue first. Exits with 1 if any."""
    settings = place_of(context).settings()
    before = utc_now() - OVERDUE_AFTER

    def work(tx: Session) -> list[tuple[str, ...]]:
        unbegun = (as_it_stands(tx, one.id) for one in endings.due(tx, before, MOST))
        removals = ((one, concerning(tx, one)) for one in holdings.late(tx, before))
        return sorted(
            (
                *(_unbegun(settings, grant) for grant in unbegun if grant is not None),
                *(_overdue(settings, holding, grant) for holding, grant in removals),
            )
        )

    with opened(settings) as database:
        found = database.read_now(work)
    if not found:
        typer.echo("Nothing is overdue.")
        return
    show(
        ("Due (UTC)", "Who", "What", "Owner", "Tries", "Next try (UTC)", "Last fault", "Story"),
        found,
    )
    raise typer.Exit(SOME)


def _who(grant: Grant) -> str:
    """Who has it, and who asked for it if that was another."""
    return (
        f"{grant.target_name}, asked by {grant.requester_name}"
        if grant.target_account
        else grant.requester_name
    )


def _unbegun(settings: Settings, grant: Grant) -> tuple[str, ...]:
    """One whose end no bot has begun: none runs, or the database keeps it from being written."""
    return (
        moment(grant.expires_at), _who(grant), grant.entitlement, _owner(settings, grant), "", "",
        "its end has not begun", grant.id,
    )  # fmt: skip


def _owner(settings: Settings, grant: Grant | None) -> str:
    entitlement = settings.catalogue.entitlements.get(grant.entitlement) if grant else None
    return settings.catalogue.owner_of(entitlement).name if entitlement else "not in wicket.toml"


def _overdue(settings: Settings, holding: Holding, grant: Grant | None) -> tuple[str, ...]:
    return (
        moment(holding.due_at),
        _who(grant) if grant else holding.account,
        grant.entitlement if grant else holding.group,
        _owner(settings, grant),
        str(holding.attempts),
        "now" if holding.lease_until else moment(holding.next_at),
        holding.last_fault or "none yet",
        grant.id if grant else "",
    )
