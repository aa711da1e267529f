"""Which bulletins the security channel was told: each once for its day, whoever asks and however often.

What is not as Wicket wrote it was told by nobody. It decides nothing, and renders nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.engine import upserts
from storage.engine.changing import put
from storage.engine.plain import Plain, rows, run
from storage.macs import BOUND
from storage.records import Bulletin
from storage.signing import if_genuine, is_sound, only_genuine
from storage.signing import signed as with_mac

_BULLETINS = SQLModel.metadata.tables[Bulletin.__tablename__]
_BEGIN = upserts.or_nothing(_BULLETINS)
_COLUMNS = (*BOUND[_BULLETINS.name], "mac")
_OF_KIND = pick(*(_BULLETINS.c[name] for name in _COLUMNS)).where(_BULLETINS.c.kind == bindparam("kind"))
_ANY = Plain(_OF_KIND.order_by(_BULLETINS.c.day))
_DAY = Plain(_OF_KIND.where(_BULLETINS.c.day == bindparam("day")))
_DROP = Plain(
    delete(_BULLETINS).where(_BULLETINS.c.kind == bindparam("of"), _BULLETINS.c.day == bindparam("on"))
)


def begin(tx: Session, kind: str, day: str, *, since: datetime, until: datetime, at: datetime) -> bool:
    """Keep that the bulletin of this day is taken up; False if somebody did before. What others put there gives way."""
    row: Mapping[str, Any] = {
        "kind": kind, "day": day, "since": since, "until": until, "number": 0, "first": 0, "at": at,
    }  # fmt: skip
    if not has_begun(tx, kind, day):
        run(tx.connection(), _DROP, {"of": kind, "on": day})
    return run(tx.connection(), _BEGIN, with_mac(tx, _BULLETINS.name, row)) == 1


def has_begun(tx: Session, kind: str, day: str) -> bool:
    """Whether the bulletin of this day was taken up."""
    return _is_any(tx, _DAY, {"kind": kind, "day": day})


def any_yet(tx: Session, kind: str) -> bool:
    """Whether there was ever one of this kind."""
    return _is_any(tx, _ANY, {"kind": kind})


def of(tx: Session, kind: str, day: str) -> Bulletin | None:
    """The bulletin of this day."""
    return if_genuine(tx, tx.get(Bulletin, (kind, day)))


def signed(tx: Session, day: str, *, number: int, week_of: datetime) -> None:
    """Keep which checkpoint is that of this day. week_of: when the week began; the first since then heads a thread."""
    earlier = select(Bulletin).where(
        Bulletin.kind == "checkpoint", col(Bulletin.until) >= week_of, col(Bulletin.number) > 0
    )
    numbers = [one.number for one in only_genuine(tx, tx.exec(earlier))]
    row = tx.get_one(Bulletin, ("checkpoint", day))
    row.number, row.first = number, min(numbers, default=number)
    put(tx, row)


def by_number(tx: Session, number: int) -> Bulletin | None:
    """The daily bulletin that this checkpoint is; None for one that somebody asked for."""
    found = tx.exec(select(Bulletin).where(Bulletin.kind == "checkpoint", Bulletin.number == number))
    return next(iter(only_genuine(tx, found)), None)


def _is_any(tx: Session, asked: Plain, values: Mapping[str, Any]) -> bool:
    found = (dict(zip(_COLUMNS, row, strict=True)) for row in rows(tx.connection(), asked, values))
    return any(is_sound(tx, _BULLETINS.name, row, row["mac"]) for row in found)
