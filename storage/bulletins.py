"""Which bulletins the security channel was told: each once for its day, whoever asks and however often.

It decides nothing, and renders nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, func, select

from storage.engine import upserts
from storage.engine.changing import put
from storage.engine.plain import Plain, rows, run
from storage.records import Bulletin

_BULLETINS = SQLModel.metadata.tables[Bulletin.__tablename__]
_BEGIN = upserts.or_nothing(_BULLETINS)
_OF_KIND = pick(_BULLETINS.c.day).where(_BULLETINS.c.kind == bindparam("kind"))
_ANY, _DAY = Plain(_OF_KIND.limit(1)), Plain(_OF_KIND.where(_BULLETINS.c.day == bindparam("day")))


def begin(tx: Session, kind: str, day: str, *, since: datetime, until: datetime, at: datetime) -> bool:
    """Keep that the bulletin of this day is taken up; False if somebody did before."""
    row: Mapping[str, Any] = {
        "kind": kind, "day": day, "since": since, "until": until, "number": 0, "first": 0, "at": at,
    }  # fmt: skip
    return run(tx.connection(), _BEGIN, row) == 1


def has_begun(tx: Session, kind: str, day: str) -> bool:
    """Whether the bulletin of this day was taken up."""
    return bool(rows(tx.connection(), _DAY, {"kind": kind, "day": day}))


def any_yet(tx: Session, kind: str) -> bool:
    """Whether there was ever one of this kind."""
    return bool(rows(tx.connection(), _ANY, {"kind": kind}))


def of(tx: Session, kind: str, day: str) -> Bulletin | None:
    """The bulletin of this day."""
    return tx.get(Bulletin, (kind, day))


def signed(tx: Session, day: str, *, number: int, week_of: datetime) -> None:
    """Keep which checkpoint is that of this day. week_of: when the week began; the first since then heads a thread."""
    earlier = select(func.min(Bulletin.number)).where(
        Bulletin.kind == "checkpoint", col(Bulletin.until) >= week_of, col(Bulletin.number) > 0
    )
    row = tx.get_one(Bulletin, ("checkpoint", day))
    row.number, row.first = number, int(tx.exec(earlier).one() or number)
    put(tx, row)


def by_number(tx: Session, number: int) -> Bulletin | None:
    """The daily bulletin that this checkpoint is; None for one that somebody asked for."""
    return tx.exec(
        select(Bulletin).where(Bulletin.kind == "checkpoint", Bulletin.number == number)
    ).one_or_none()
