"""What is to be done about grants before their time: found when it is due, set for later, and what goes on from what.

The row is the schedule: `remind_at` says when and `reminder` what. It sends nothing and decides nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import bindparam
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.engine.changing import change
from storage.engine.loading import Loading
from storage.records import Grant
from storage.states import LIVE, GrantState

# What a transaction names to `storage.database.wake`, so that what is due at once is not waited for.
WAKES = "reminders"


class Reminder(StrEnum):
    """What is to be done about it.

    Of what waits: look whether anybody can decide, remind its owner, pass it on. Of what is active: tell of its end.
    """

    LOOK = "look"
    REMIND = "remind"
    ESCALATE = "escalate"
    END = "end"


_UNFINISHED = (GrantState.PENDING, *LIVE)
_GRANTS = SQLModel.metadata.tables[Grant.__tablename__]
_DUE = Loading(
    Grant,
    pick(_GRANTS)
    .where(
        # Literally the condition of the index grants_reminding: what is over costs nothing.
        _GRANTS.c.remind_at.is_not(None),
        _GRANTS.c.state.in_((GrantState.PENDING, GrantState.ACTIVE)),
        _GRANTS.c.remind_at <= bindparam("at"),
    )
    .order_by(_GRANTS.c.remind_at)
    .limit(bindparam("limit")),
)
_UNFINISHED_OF = select(Grant).where(
    col(Grant.requester_directory) == bindparam("directory"),
    col(Grant.requester_account) == bindparam("account"),
    col(Grant.entitlement) == bindparam("entitlement"),
    col(Grant.state).in_(_UNFINISHED),
)


def due(tx: Session, at: datetime, limit: int) -> Sequence[Grant]:
    """Grants about which something is due by now, the longest due first."""
    return _DUE.held(tx, {"at": at, "limit": limit})


def set_reminder(tx: Session, grant: Grant, reminder: Reminder | None, at: datetime | None) -> None:
    """What is to be done about it next, and when; None for nothing more. The grant stays in its state."""
    change(tx, grant, reminder=reminder or "", remind_at=None if reminder is None else at)


def seen(tx: Session, grant_id: str) -> Grant | None:
    """The grant with this id, to look at only: it is not locked."""
    return tx.get(Grant, grant_id) if grant_id else None


def continued(tx: Session, grant: Grant) -> list[Grant]:
    """The grant itself and, of what waits or gives access, whatever goes on from it or it goes on from: one hold."""
    key = {"directory": grant.requester_directory, "account": grant.requester_account}
    others = tx.exec(_UNFINISHED_OF, params={**key, "entitlement": grant.entitlement}).all()
    found = {grant.id: grant}
    while True:
        froms = {one.extends for one in found.values()}
        more = [one for one in others if one.id not in found and (one.extends in found or one.id in froms)]
        if not more:
            return list(found.values())
        found.update({one.id: one for one in more})


def extension_of(tx: Session, grant: Grant) -> Grant | None:
    """What goes on from this grant and waits or gives access, if anything does.

    One that was approved for so short a time that it is over before the grant itself extends nothing.
    """
    return next(
        (one for one in continued(tx, grant) if one.extends == grant.id and _goes_on(one, grant)), None
    )


def _goes_on(extension: Grant, grant: Grant) -> bool:
    ends = extension.expires_at
    return ends is None or grant.expires_at is None or ends >= grant.expires_at


def waiting_for(tx: Session, owner: str, entitlements: Sequence[str]) -> Sequence[Grant]:
    """Open requests that this owner is to decide: for these entitlements of its own, or passed on to it."""
    rows = tx.exec(
        select(Grant)
        .where(Grant.state == GrantState.PENDING, col(Grant.lapses_at).is_not(None))
        .order_by(col(Grant.id))
        .with_for_update()
    ).all()
    own = set(entitlements)
    return [row for row in rows if (row.passed_on_to or (owner if row.entitlement in own else "")) == owner]
