"""Delegations as rows: made, found while they are open, ended once.

It does not decide who may delegate, nor whether a delegator still may; what ended is never open again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from storage.engine.changing import change, put
from storage.engine.loading import Loading
from storage.identifiers import new_id
from storage.on_record import has_happened, was_put_back
from storage.records import Delegation
from storage.signing import genuine, if_genuine
from storage.states import DelegationEnd

# Built once: every click asks, and mostly there is none.
_DELEGATIONS = SQLModel.metadata.tables[Delegation.__tablename__]
_OF_OWNER = Loading(
    Delegation,
    select_columns(*_DELEGATIONS.c)
    .where(
        _DELEGATIONS.c.directory == bindparam("home"),
        _DELEGATIONS.c.owner == bindparam("of"),
        _DELEGATIONS.c.ended_at.is_(None),
    )
    .order_by(_DELEGATIONS.c.id),
)
_DUE = Loading(
    Delegation,
    select_columns(*_DELEGATIONS.c)
    .where(_DELEGATIONS.c.ended_at.is_(None), _DELEGATIONS.c.expires_at <= bindparam("at"))
    .order_by(_DELEGATIONS.c.expires_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True),
)
# What stands on the record when one is over.
_OVER = ("delegation.ended", "delegation.expired")


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody at one end of a delegation, as they are called and reached. slack_user: "" where it is not known."""

    account: str
    name: str
    slack_user: str


def make(
    tx: Session,
    *,
    at: datetime,
    expires_at: datetime,
    directory: str,
    owner: str,
    by: Party,
    role: str,
    to: Party,
    group: str,
    entitlements: Sequence[str],
    max_risk: int,
    max_minutes: int,
) -> Delegation:
    """Keep a new one. to: nobody (an account of "") where a group is given it."""
    row = Delegation(
        id=new_id("dg", at), directory=directory, owner=owner, delegator=by.account, delegator_name=by.name,
        delegator_slack=by.slack_user, role=role, delegate=to.account, delegate_name=to.name,
        delegate_slack=to.slack_user, group=group, entitlements=sorted(entitlements), max_risk=max_risk,
        max_minutes=max_minutes, made_at=at, expires_at=expires_at,
    )  # fmt: skip
    return put(tx, row)


def of_owner(tx: Session, directory: str, owner: str, at: datetime) -> list[Delegation]:
    """Those of this owner that are open at this time: as Wicket wrote them, and not put back to before their end."""
    found = _OF_OWNER.found(tx, {"home": directory, "of": owner})
    return [one for one in found if _counts(tx, one, at)]


def open_at(tx: Session, at: datetime) -> list[Delegation]:
    """All that are open at this time, the oldest first."""
    found = tx.exec(select(Delegation).where(col(Delegation.ended_at).is_(None)).order_by(col(Delegation.id)))
    return [one for one in found if _counts(tx, one, at)]


def of_person(tx: Session, directory: str, account: str, at: datetime) -> list[Delegation]:
    """Those open ones that this person made, or was given by name."""
    found = tx.exec(
        select(Delegation)
        .where(
            Delegation.directory == directory,
            col(Delegation.ended_at).is_(None),
            or_(col(Delegation.delegator) == account, col(Delegation.delegate) == account),
        )
        .order_by(col(Delegation.id))
    )
    return [one for one in found if _counts(tx, one, at)]


def look(tx: Session, delegation: str) -> Delegation | None:
    """The row whatever became of it, to show; None if there is none."""
    return tx.get(Delegation, delegation)


def get(tx: Session, delegation: str) -> Delegation | None:
    """The row, held until the transaction ends; None if there is none, or it is not as Wicket wrote it."""
    return if_genuine(tx, tx.get(Delegation, delegation, with_for_update=True))


def due(tx: Session, at: datetime, limit: int) -> Sequence[Delegation]:
    """Those that are open and whose time is over, the oldest first; held until the transaction ends."""
    return _DUE.held(tx, {"at": at, "most": limit})


def end(tx: Session, row: Delegation, why: DelegationEnd, *, at: datetime, by: str = "") -> bool:
    """It is over; False if it was before."""
    if row.ended_at is not None:
        return False
    change(tx, row, ended_at=at, ended=why, ended_by=by)
    return True


def _counts(tx: Session, row: Delegation, at: datetime) -> bool:
    if not row.made_at <= at < row.expires_at or not genuine(tx, row):
        return False
    return not was_put_back(tx, row, has_happened(tx, row.id, _OVER))
