"""Holdings that are due, taken under a lease many at a time, as plain rows.

It knows no directory, and which of them are taken is decided by whoever asks.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, case, exists, false, or_, select, update
from sqlmodel import Session, SQLModel, col

from storage.engine.counting import one_more
from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.holdings import LEFT
from storage.records import Grant, Holding
from storage.states import GrantState

_HOLDINGS = SQLModel.metadata.tables[Holding.__tablename__]
_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]


class Due(NamedTuple):
    """What is needed of a holding to bring it about, of very many at a time."""

    id: str
    directory: str
    account: str
    group: str
    wanted: bool
    present: bool | None
    stood_before: bool | None
    fence: int
    attempts: int
    last_fault: str


class Held(NamedTuple):
    """What may have changed of a holding while somebody was at it."""

    due_at: datetime
    overdue_told: bool
    last_fault: str


_ALL_DUE = (
    select(*(_HOLDINGS.c[name] for name in Due._fields))
    .where(
        _HOLDINGS.c.directory == bindparam("of"),
        _HOLDINGS.c.settled == false(),  # the condition of the index, literally
        or_(_HOLDINGS.c.next_at <= bindparam("at"), _HOLDINGS.c.next_at > bindparam("far")),
        or_(
            _HOLDINGS.c.lease_until.is_(None),
            _HOLDINGS.c.lease_until < bindparam("at"),
            _HOLDINGS.c.lease_until > bindparam("far"),
        ),
    )
    .order_by(_HOLDINGS.c.wanted, _HOLDINGS.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_IS_ENDING = exists().where(
    _GRANTS.c.directory == _HOLDINGS.c.directory,
    _GRANTS.c.account == _HOLDINGS.c.account,
    _GRANTS.c.group == _HOLDINGS.c.group,
    _GRANTS.c.state == GrantState.ENDING,
)
_DUE, _DUE_TO_END = Plain(_ALL_DUE), Plain(_ALL_DUE.where(or_(_HOLDINGS.c.wanted == false(), _IS_ENDING)))
_AMONG = among(_HOLDINGS.c.id, "ids")
_TAKE = (
    update(_HOLDINGS)
    .where(_AMONG)
    .values(
        lease_until=bindparam("until"),
        fence=one_more(_HOLDINGS.c.fence),
        attempts=one_more(_HOLDINGS.c.attempts),
        # Whoever held it before may be dead, or stand still: what they had begun may still land in the directory.
        last_fault=case((_HOLDINGS.c.lease_until.is_not(None), LEFT), else_=_HOLDINGS.c.last_fault),
    )
    .returning(_HOLDINGS.c.id, _HOLDINGS.c.fence, _HOLDINGS.c.attempts)
)
_ROWS = select(Holding).execution_options(populate_existing=True).where(among(col(Holding.id), "ids"))
_HELD = (
    select(
        _HOLDINGS.c.id,
        _HOLDINGS.c.fence,
        _HOLDINGS.c.due_at,
        _HOLDINGS.c.overdue_told,
        _HOLDINGS.c.last_fault,
    )
    .where(_AMONG)
    .with_for_update()
)
_SETTLE_REMOVED = (
    update(_HOLDINGS)
    .where(_AMONG)
    .values(present=False, settled=True, lease_until=None, last_fault="", stood_before=None, mac="")
)


def due(
    tx: Session, *, directory: str, at: datetime, limit: int, longest: timedelta, giving: bool = True
) -> list[Due]:
    """Up to `limit` unsettled holdings of one directory that nobody is at: removals first, then by age. To be taken.

    longest: how far ahead the next try may be, or the end of a lease. One that is further was set before the clock was
    set back.
    giving: also those that only wait for access to be given; without it they stay as they are.
    """
    asked = {"of": directory, "at": at, "far": at + longest, "most": limit}
    return [Due._make(row) for row in rows(tx.connection(), _DUE if giving else _DUE_TO_END, asked)]


def take(tx: Session, found: Collection[Due], *, until: datetime) -> list[Due]:
    """Hold these, just found in this transaction, under a lease; as they are from now on."""
    if not found:
        return []
    held = tx.connection().execute(_TAKE, {"ids": listed([one.id for one in found]), "until": until})
    counted = {holding: {"fence": fence, "attempts": attempts} for holding, fence, attempts in held}
    return [one._replace(**counted[one.id]) for one in found]


def rows_of(tx: Session, taken: Collection[Due]) -> list[Holding]:
    """The whole rows of these, in the same order: of those that are still ours."""
    if not taken:
        return []
    found = {row.id: row for row in tx.execute(_ROWS, {"ids": listed([one.id for one in taken])}).scalars()}
    return [found[one.id] for one in taken if found[one.id].fence == one.fence]


def held_each(tx: Session, taken: Collection[Due]) -> dict[str, Held]:
    """`holdings.held_under` for many, by their ids: those of them that are still ours."""
    fences = {one.id: one.fence for one in taken}
    found = tx.connection().execute(_HELD, {"ids": listed(fences)})
    return {
        row.id: Held(row.due_at, row.overdue_told, row.last_fault)
        for row in found
        if row.fence == fences[row.id]
    }


def settle_removed(tx: Session, ids: Collection[str]) -> None:
    """`holdings.settle` for many held ones whose last grant is over and whose membership is gone."""
    tx.connection().execute(_SETTLE_REMOVED, {"ids": listed(ids)})
