"""What people do about exceptions, as it is kept: taken up, handed on, resolved and opened again; and what is open.

It does not decide who may, and what Wicket itself resolves is in storage.exceptions.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from storage import floods
from storage.engine.changing import put
from storage.exceptions import due, is_over, show
from storage.records import ExceptionRecord
from storage.signing import if_genuine
from storage.states import ExceptionState, Resolution

# What is counted on the message of another is that one's work.
_OWN_WORK = col(ExceptionRecord.fold).is_(None)
_NOT_RESOLVED = col(ExceptionRecord.state) != ExceptionState.RESOLVED
_GRAVEST_FIRST = case({"high": 0, "medium": 1}, value=col(ExceptionRecord.severity), else_=2)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Somebody who works on exceptions, by account. name: to show."""

    directory: str
    account: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which exceptions are asked for; what is None is not asked. overdue: only those past their time at this moment.

    states, severities, kinds: any of these. assignee: an account's id, or any part of a name. since: last met then or
    later.
    """

    states: Collection[str] | None = None
    severities: Collection[str] | None = None
    kinds: Collection[str] | None = None
    assignee: str | None = None
    since: datetime | None = None
    overdue: datetime | None = None


def get(tx: Session, exception: str, *, held: bool = False) -> ExceptionRecord | None:
    """The row of this id, if it counts: what a click acts upon, and what its message says. held: until the end."""
    return if_genuine(tx, tx.get(ExceptionRecord, exception, with_for_update=held))


def is_assigned_to(row: ExceptionRecord, worker: Worker) -> bool:
    """Whether this is who works on it."""
    return (row.assignee_directory, row.assignee) == (worker.directory, worker.account)


def acknowledge(tx: Session, row: ExceptionRecord, by: Worker, *, at: datetime) -> None:
    """Somebody looked at it; it is theirs if it was nobody's."""
    row.state, row.acknowledged_at, row.acknowledged_by = ExceptionState.ACKNOWLEDGED, at, by.name
    if not row.assignee:
        _give(row, by)
    _keep(tx, row, at)


def assign(tx: Session, row: ExceptionRecord, to: Worker, *, at: datetime) -> None:
    """Who works on it from now on. It is as acknowledged as it was."""
    _give(row, to)
    _keep(tx, row, at)


def resolve(
    tx: Session, row: ExceptionRecord, by: Worker, *, at: datetime, why: Resolution, words: str
) -> Sequence[ExceptionRecord]:
    """It is over, and so is what was told of the same cause before it and is not resolved; the rows of those.

    What only counts others has no cause: the flood of yesterday is about others than today's.
    """
    before = (
        ExceptionRecord.cause == row.cause,
        ExceptionRecord.id != row.id,
        col(ExceptionRecord.first_at) <= row.first_at,
        _NOT_RESOLVED,
    )
    older = tx.exec(select(ExceptionRecord).where(*before)).all() if floods.FLOOD not in row.facts else []
    for each in (row, *older):
        each.state, each.resolution, each.words = ExceptionState.RESOLVED, why, words
        each.resolved_at, each.resolved_by = at, by.name
        _keep(tx, each, at)
    return older


def reopen(tx: Session, row: ExceptionRecord, *, at: datetime) -> None:
    """It is not over after all: as new, with the time for it beginning anew. Who worked on it still does.

    With what counts others all that was resolved with it is opened again.
    """
    with_it = [one for one in floods.resolved_with(tx, row) if not is_over(one)]
    for each in (row, *with_it):
        _open_again(tx, each, at)
    _keep(tx, row, at)


def _open_again(tx: Session, row: ExceptionRecord, at: datetime) -> None:
    row.state, row.resolution, row.words, row.resolved_by = ExceptionState.OPEN, "", "", ""
    row.resolved_at = row.acknowledged_at = None
    row.acknowledged_by = ""
    row.reopened += 1
    row.due_at, row.open_since = due(tx, row.severity, at), at
    tx.add(row)


def let_go(tx: Session, directory: str, account: str, *, at: datetime) -> Sequence[ExceptionRecord]:
    """What somebody worked on who is gone is nobody's, and as new where they had acknowledged it; those rows."""
    theirs = (ExceptionRecord.assignee_directory == directory, ExceptionRecord.assignee == account)
    rows = tx.exec(select(ExceptionRecord).where(*theirs, _NOT_RESOLVED, _OWN_WORK).with_for_update()).all()
    for row in rows:
        _give(row, Worker(directory="", account="", name=""))
        if row.state == ExceptionState.ACKNOWLEDGED:
            _open_again(tx, row, at)
        _keep(tx, row, at)
    return rows


def found(tx: Session, wanted: Wanted, *, limit: int) -> Sequence[ExceptionRecord]:
    """Those that are asked for: what is not resolved first, by severity, then the oldest first."""
    asked = select(ExceptionRecord)
    for column, among in (
        (ExceptionRecord.state, wanted.states),
        (ExceptionRecord.severity, wanted.severities),
        (ExceptionRecord.kind, wanted.kinds),
    ):
        if among is not None:
            asked = asked.where(col(column).in_(among))
    if wanted.assignee is not None:
        named = func.lower(ExceptionRecord.assignee_name).contains(wanted.assignee.lower(), autoescape=True)
        asked = asked.where((col(ExceptionRecord.assignee) == wanted.assignee) | named)
    if wanted.since is not None:
        asked = asked.where(col(ExceptionRecord.last_at) >= wanted.since)
    if wanted.overdue is not None:
        asked = asked.where(_NOT_RESOLVED, col(ExceptionRecord.due_at) < wanted.overdue)
    resolved = case((_NOT_RESOLVED, 0), else_=1)
    return tx.exec(
        asked.order_by(
            resolved, _GRAVEST_FIRST, col(ExceptionRecord.first_at), col(ExceptionRecord.id)
        ).limit(limit)
    ).all()


def waiting(tx: Session, now: datetime, *, limit: int) -> Sequence[ExceptionRecord]:
    """What is not resolved: what is past its time first, then by severity and age."""
    late = case((col(ExceptionRecord.due_at) < now, 0), else_=1)
    return tx.exec(
        select(ExceptionRecord)
        .where(_NOT_RESOLVED, _OWN_WORK)
        .order_by(late, _GRAVEST_FIRST, col(ExceptionRecord.first_at), col(ExceptionRecord.id))
        .limit(limit)
    ).all()


def how_many_wait(tx: Session, now: datetime) -> tuple[int, int]:
    """How many are not resolved, and how many of those are past their time."""
    late = func.coalesce(func.sum(case((col(ExceptionRecord.due_at) < now, 1), else_=0)), 0)
    count, overdue = tx.exec(
        select(func.count(), late).select_from(ExceptionRecord).where(_NOT_RESOLVED, _OWN_WORK)
    ).one()
    return count, overdue


def _give(row: ExceptionRecord, to: Worker) -> None:
    row.assignee_directory, row.assignee, row.assignee_name = to.directory, to.account, to.name


def _keep(tx: Session, row: ExceptionRecord, at: datetime) -> None:
    put(tx, row)
    floods.follow(tx, row)
    show(tx, at, row)
