"""Grants that end many at a time, as plain rows: found, moved to their end, and asked for again when it is reached.

It decides nothing: which of them may end together is the handlers' affair, and what is moved singly storage.grants'.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Update, bindparam, cast, func, select, type_coerce, update
from sqlmodel import Session, SQLModel

from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.faults import NotKept
from storage.micros import to_micros
from storage.records import Grant, Holding
from storage.states import LIVE, GrantState

_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
_HOLDINGS = SQLModel.metadata.tables[Holding.__tablename__]


class Ending(NamedTuple):
    """What is needed of a grant to end it. A grant whose end has begun changes in nothing of this but its state."""

    id: str
    state: str
    directory: str
    account: str
    entitlement: str
    group: str
    minutes: int
    slack_user: str
    automatic: bool
    lapses_at: datetime | None
    expires_at: datetime | None
    active_at: datetime | None
    requester_directory: str
    requester_account: str
    passed_on_to: str
    reminded_at: datetime | None
    reminder: str
    remind_at: datetime | None
    extends: str
    target_account: str
    foreseen: str


_COLUMNS = tuple(_GRANTS.c[name] for name in Ending._fields)
_OF_HOLDING = (
    _GRANTS.c.directory == _HOLDINGS.c.directory,
    _GRANTS.c.account == _HOLDINGS.c.account,
    _GRANTS.c.group == _HOLDINGS.c.group,
    _GRANTS.c.state.in_((*LIVE, GrantState.ENDING)),
)
_AMONG = among(_HOLDINGS.c.id, "holdings")

# Built once: making a statement costs more than running it. What is live is said literally, as the index says it:
# with parameters SQLite would read every grant there ever was.
_DUE = Plain(
    select(*_COLUMNS)
    .where(
        _GRANTS.c.state.in_(LIVE), _GRANTS.c.expires_at <= bindparam("at", type_=_GRANTS.c.expires_at.type)
    )
    .order_by(_GRANTS.c.expires_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # no end waits for whoever holds another's row
)
_NEXT = Plain(
    select(func.min(_GRANTS.c.expires_at)).where(
        _GRANTS.c.state.in_(LIVE), _GRANTS.c.expires_at > bindparam("after", type_=_GRANTS.c.expires_at.type)
    )
)
_HOW_LATE: Sequence[ColumnElement[Any]] = (func.count(), func.min(_GRANTS.c.expires_at))
_LATE = Plain(
    select(*_HOW_LATE).where(
        _GRANTS.c.state.in_(LIVE), _GRANTS.c.expires_at < bindparam("before", type_=_GRANTS.c.expires_at.type)
    )
)
# The moments as they are kept, in microseconds. This is when it was granted, or when its end was set to sooner.
_GRANTED_AT = type_coerce(_GRANTS.c.expires_at, BigInteger) - cast(_GRANTS.c.minutes, BigInteger) * 60_000_000
_AHEAD = Plain(
    select(_GRANTS.c.id).where(
        _GRANTS.c.state.in_(LIVE),
        _GRANTS.c.expires_at.is_not(None),
        _GRANTS.c.decided_at > bindparam("at", type_=_GRANTS.c.decided_at.type),
        bindparam("in_micros", type_=BigInteger) < _GRANTED_AT,
    )
)
_COVERING = select(_HOLDINGS.c.id, *_COLUMNS).where(_AMONG, *_OF_HOLDING)
_STANDING = select(_HOLDINGS.c.id, _GRANTS.c.id, _GRANTS.c.state).where(_AMONG, *_OF_HOLDING)
_AMONG_GRANTS = among(_GRANTS.c.id, "ids")
_BEGIN = (
    update(_GRANTS)
    .where(_AMONG_GRANTS, _GRANTS.c.state.in_(LIVE))
    .values(state=GrantState.ENDING, end_reason=bindparam("reason"), mac="")
)
_END = (
    update(_GRANTS)
    .where(_AMONG_GRANTS, _GRANTS.c.state == GrantState.ENDING)
    .values(state=GrantState.ENDED, ended_at=bindparam("at"))
)
_HOW_MANY = select(func.count()).where(_AMONG_GRANTS, _GRANTS.c.state == bindparam("state"))


def due(tx: Session, at: datetime, limit: int) -> list[Ending]:
    """Grants whose time is over and whose end has not begun, the longest overdue first.

    To be moved: of those that another transaction holds a reader hears, and nobody else.
    """
    return [Ending._make(row) for row in rows(tx.connection(), _DUE, {"at": at, "most": limit})]


def late(tx: Session, before: datetime) -> tuple[int, datetime | None]:
    """How many were over before this time and have not begun to end, and when the first of them was."""
    ((count, oldest),) = rows(tx.connection(), _LATE, {"before": before})
    return count, oldest


def next_end(tx: Session, after: datetime) -> datetime | None:
    """When the next grant is over after that whose end has not begun; None if none ever will be."""
    at: datetime | None = rows(tx.connection(), _NEXT, {"after": after})[0][0]
    return at


def ahead(tx: Session, at: datetime) -> list[str]:
    """The ids of live grants that a clock decided later than `at`, and that last all their minutes from then on."""
    return [grant for (grant,) in rows(tx.connection(), _AHEAD, {"at": at, "in_micros": to_micros(at)})]


def begin(tx: Session, ids: Collection[str], *, reason: str) -> None:
    """Their end begins. NotKept unless it does for all: then nothing of the transaction may be kept."""
    _move(tx, ids, _BEGIN, GrantState.ENDING, reason=reason)


def end(tx: Session, ids: Collection[str], *, at: datetime) -> None:
    """Their end is reached. NotKept unless it is for all: then nothing of the transaction may be kept."""
    _move(tx, ids, _END, GrantState.ENDED, at=at)


def covering_each(tx: Session, holdings: Collection[str]) -> dict[str, list[Ending]]:
    """The grants that concern each of these holdings, by its id: live ones and those whose end is under way.

    Those that write its group as it does: of a membership that is written in several ways (storage.spellings) not all.
    """
    found: dict[str, list[Ending]] = {holding: [] for holding in holdings}
    for row in tx.connection().execute(_COVERING, {"holdings": listed(holdings)}):
        found[row[0]].append(Ending._make(row[1:]))
    return found


def standing_each(tx: Session, holdings: Collection[str]) -> dict[str, dict[str, str]]:
    """The states of those grants by their ids, for each of these holdings: all that can have changed of them."""
    found: dict[str, dict[str, str]] = {holding: {} for holding in holdings}
    for holding, grant, state in tx.connection().execute(_STANDING, {"holdings": listed(holdings)}):
        found[holding][grant] = state
    return found


def _move(tx: Session, ids: Collection[str], statement: Update, to: GrantState, **values: object) -> None:
    """Move those of them that can take this state, and read them back: a trigger may have put one back."""
    connection, which = tx.connection(), {"ids": listed(ids)}
    moved = connection.execute(statement, {**which, **values}).rowcount
    if moved != len(ids) or connection.execute(_HOW_MANY, {**which, "state": to}).scalar() != len(ids):
        raise NotKept("A grant cannot take this state, or is kept from taking it.")
