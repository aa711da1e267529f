"""Freezes as they are kept: begun, found while open, lifted once; and what was last published where.

It does not decide what a freeze stops, nor who may lift it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from storage import upserts
from storage.changing import change
from storage.identifiers import new_id
from storage.plain import Plain, rows, run
from storage.records import Freeze, Grant, PublishedLast
from storage.states import LIVE, GrantState

# Built once: making a statement costs more than running it, and every request asks. Mostly there is none.
_FREEZES = SQLModel.metadata.tables[Freeze.__tablename__]
_ANY_OPEN = Plain(select_columns(_FREEZES.c.id).where(_FREEZES.c.lifted_at.is_(None)).limit(1))
_OPEN = select(Freeze).where(col(Freeze.lifted_at).is_(None)).order_by(col(Freeze.since), col(Freeze.id))
_LOST = select(_FREEZES.c.id).where(
    _FREEZES.c.lost_from.is_not(None),
    _FREEZES.c.lost_from <= bindparam("at", type_=_FREEZES.c.since.type),
    _FREEZES.c.since >= bindparam("at", type_=_FREEZES.c.since.type),
)
_PUBLISHED = upserts.or_replace(SQLModel.metadata.tables[PublishedLast.__tablename__], ("note", "at"))


def begin(
    tx: Session,
    *,
    at: datetime,
    kind: str,
    by: str,
    lost_from: datetime | None,
    facts: Mapping[str, Any],
) -> Freeze:
    """Keep a freeze that begins now. lost_from: since when what was made is not known any more."""
    freeze = Freeze(
        id=new_id("z", at), kind=kind, began_by=by, since=at, lost_from=lost_from, facts=dict(facts)
    )
    tx.add(freeze)
    tx.flush()
    return freeze


def open_ones(tx: Session) -> Sequence[Freeze]:
    """Those that nobody has lifted, the oldest first."""
    if not rows(tx.connection(), _ANY_OPEN):
        return ()
    return tx.exec(_OPEN).all()


def get(tx: Session, freeze: str) -> Freeze | None:
    """The freeze, held until the transaction ends; None if there is none."""
    return tx.get(Freeze, freeze, with_for_update=True)


def lift(tx: Session, freeze: Freeze, *, at: datetime, by: str, rationale: str) -> None:
    """It is over."""
    change(tx, freeze, lifted_at=at, lifted_by=by, rationale=rationale)


def lifted_last(tx: Session, kind: str) -> datetime | None:
    """When the last freeze of this kind was lifted; None if none ever was."""
    found = select(Freeze.lifted_at).where(Freeze.kind == kind, col(Freeze.lifted_at).is_not(None))
    return tx.exec(found.order_by(col(Freeze.lifted_at).desc()).limit(1)).first()


def is_lost(tx: Session, at: datetime) -> bool:
    """Whether what was made then belongs to a time that a restored store does not know of."""
    return tx.connection().execute(_LOST, {"at": at}).first() is not None


def approved_ones(tx: Session) -> Sequence[Grant]:
    """The grants that were approved and are not known to be given: after a loss nobody knows whether they still hold.

    They are held until the transaction ends.
    """
    # Literally the condition of the index grants_due, so that what is over costs nothing.
    live: BindParameter[Any] = bindparam("live", LIVE, expanding=True, literal_execute=True)
    return tx.exec(
        select(Grant)
        .where(col(Grant.state).in_(live), Grant.state == GrantState.APPROVED)
        .order_by(col(Grant.id))
        .with_for_update()
    ).all()


def remember_published(tx: Session, *, place: str, note: str, at: datetime) -> None:
    """Keep what was last written to a file."""
    run(tx.connection(), _PUBLISHED, {"place": place, "note": note, "at": at})


def last_published(tx: Session, place: str) -> str | None:
    """What was last written to this file, as far as this store knows."""
    row = tx.get(PublishedLast, place)
    return row.note if row else None
