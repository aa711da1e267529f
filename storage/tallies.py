"""Counts over everybody, by slots of ten minutes: how often something happened lately, and how often it usually does.

They say nothing of whom it was about, and decide nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete
from sqlmodel import Session, SQLModel, col, func, select

from storage.engine import upserts
from storage.engine.plain import Plain, run
from storage.records import Tally

SLOT = timedelta(minutes=10)
KEPT = timedelta(days=28)

_TALLIES = SQLModel.metadata.tables[Tally.__tablename__]
_ADD = upserts.or_add(_TALLIES, "count")
_FORGET = Plain(delete(_TALLIES).where(_TALLIES.c.slot <= bindparam("until")))


def count(tx: Session, kind: str, at: datetime, *, by: int = 1) -> None:
    """It happened once more; -1 if it came to nothing. Whoever counts the same waits until this transaction ends."""
    run(tx.connection(), _ADD, {"kind": kind, "slot": _slot(at), "count": by})


def lately(tx: Session, kind: str, at: datetime, window: timedelta, *, since: datetime | None = None) -> int:
    """How often it happened in the window that ends now, with the whole slot that it begins in.

    since: what came by then does not count; one later than now was written before the clock was set back.
    """
    begun = max(_slot(at - window) - 1, _slot(since) if since and since <= at else 0)
    found = select(func.sum(Tally.count)).where(Tally.kind == kind, col(Tally.slot) > begun)
    return int(tx.exec(found).one() or 0)


def usual(tx: Session, kind: str, at: datetime, window: timedelta, *, least: timedelta) -> float | None:
    """How often it happened in such a window on average, over the weeks that are kept; None before `least` is known."""
    until, since = _slot(at - window), _slot(at - KEPT)
    rows = select(func.sum(Tally.count), func.min(Tally.slot)).where(
        Tally.kind == kind, col(Tally.slot) > since, col(Tally.slot) <= until
    )
    total, first = tx.exec(rows).one()
    if first is None or (until - first) * SLOT < least:
        return None
    return int(total) / ((until - first + 1) * SLOT / window)


def forget_old(tx: Session, at: datetime) -> None:
    """Let go of what is too old to say what is usual."""
    run(tx.connection(), _FORGET, {"until": _slot(at - KEPT)})


def _slot(at: datetime) -> int:
    return int(at.timestamp() // SLOT.total_seconds())
