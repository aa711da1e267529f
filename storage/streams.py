"""A stream's place in the audit log: taken by one sender at a time, moved on when what it sent was accepted.

It sends nothing, and never moves back.
"""

from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, SQLModel

from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.records import Stream

_STREAMS = SQLModel.metadata.tables[Stream.__tablename__]
# Built once: making a statement costs more than running it, and they run every second.
_MAKE = upserts.or_nothing(_STREAMS)
_TAKE = Plain(
    update(_STREAMS)
    .where(
        _STREAMS.c.name == bindparam("which"),
        or_(
            _STREAMS.c.lease_until.is_(None),
            _STREAMS.c.lease_until < bindparam("at", type_=_STREAMS.c.lease_until.type),
            # Nobody holds it for so long: the clock was set back since.
            _STREAMS.c.lease_until > bindparam("far", type_=_STREAMS.c.lease_until.type),
        ),
    )
    .values(
        sender=bindparam("me"),
        lease_until=bindparam("until", type_=_STREAMS.c.lease_until.type),
    )
    .returning(_STREAMS.c.position)
)
_POSITION = Plain(select(_STREAMS.c.position).where(_STREAMS.c.name == bindparam("which")))
_MOVE = Plain(
    update(_STREAMS)
    .where(
        _STREAMS.c.name == bindparam("which"),
        _STREAMS.c.sender == bindparam("me"),
        _STREAMS.c.position == bindparam("before"),
    )
    .values(position=bindparam("now"), failing_since=None, lease_until=None)
)


def position(tx: Session, name: str) -> int:
    """The index of the first entry that was not accepted yet; 0 for a stream that has not begun."""
    return next((int(row[0]) for row in rows(tx.connection(), _POSITION, {"which": name})), 0)


def failing_since(tx: Session, name: str) -> datetime | None:
    """When what was sent was refused first, while it is."""
    found: datetime | None = (
        tx.connection().execute(select(_STREAMS.c.failing_since).where(_STREAMS.c.name == name)).scalar()
    )
    return found


def take(
    tx: Session, name: str, *, sender: str, at: datetime, until: datetime, begins: int = 0
) -> int | None:
    """Take the stream until then, or until what was sent was answered; where it stands. None while another has it.

    begins: where it stands if there was none before.
    """
    fresh = {"name": name, "position": begins, "sender": "", "lease_until": None, "failing_since": None}
    run(tx.connection(), _MAKE, fresh)
    asked = {"which": name, "me": sender, "at": at, "until": until, "far": until + (until - at)}
    return next((int(row[0]) for row in rows(tx.connection(), _TAKE, asked)), None)


def accepted(tx: Session, name: str, *, sender: str, before: int, now: int) -> bool:
    """Move on over what was accepted. False if another sender took the stream meanwhile: that one sends it again."""
    return run(tx.connection(), _MOVE, {"which": name, "me": sender, "before": before, "now": now}) == 1


def refused(tx: Session, name: str, *, sender: str, at: datetime) -> datetime:
    """Remember that what was sent was not accepted; since when that is so."""
    first = failing_since(tx, name) or at
    tx.connection().execute(
        update(_STREAMS)
        .where(_STREAMS.c.name == name, _STREAMS.c.sender == sender)
        .values(failing_since=first, lease_until=None)
    )
    return first
