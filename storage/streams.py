"""A stream's place in the audit log: taken by one sender at a time, moved on when what it sent was accepted.

It sends nothing, and never moves back.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlmodel import Session, SQLModel

from storage import walks
from storage.audit import log
from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.records import Stream
from storage.signing import is_sound, note_doubt, signed

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
    .returning(_STREAMS.c.position, _STREAMS.c.mac)
)
_POSITION = Plain(select(_STREAMS.c.position, _STREAMS.c.mac).where(_STREAMS.c.name == bindparam("which")))
_PUT_RIGHT = Plain(
    update(_STREAMS)
    .where(_STREAMS.c.name == bindparam("which"))
    .values(position=bindparam("new_position"), mac=bindparam("new_mac"))
)
_MOVE = Plain(
    update(_STREAMS)
    .where(
        _STREAMS.c.name == bindparam("which"),
        _STREAMS.c.sender == bindparam("me"),
        _STREAMS.c.position == bindparam("before"),
    )
    .values(position=bindparam("now"), mac=bindparam("new_mac"), failing_since=None, lease_until=None)
)


def position(tx: Session, name: str) -> int:
    """The index of the first entry that was not accepted yet; 0 for a stream that has not begun.

    A place that is gone, not as Wicket wrote it, or behind the log's end was put there by other hands: then it is where
    the record says that it was at the end of the last walk.
    """
    for place, mac in rows(tx.connection(), _POSITION, {"which": name}):
        if _counts(tx, name, place, mac):
            return int(place)
    return walks.followed_to(tx, name) or 0


def unbound(tx: Session, name: str) -> int:
    """Where a stream of a version stood that bound its place by no MAC; 0 if there is none."""
    found = rows(tx.connection(), _POSITION, {"which": name})
    return int(found[0][0]) if found else 0


def has_begun(tx: Session, name: str) -> bool:
    """Whether it has a place, in its row or, if that is gone, as the record tells, and was not given up since."""
    there = bool(rows(tx.connection(), _POSITION, {"which": name})) or walks.followed_to(tx, name) is not None
    return there and not walks.is_given_up(tx, name)


def failing_since(tx: Session, name: str) -> datetime | None:
    """When what was sent was refused first, while it is; None as well where that cannot be read, which nobody wrote."""
    asked = select(_STREAMS.c.failing_since).where(_STREAMS.c.name == name)
    try:
        found: datetime | None = tx.connection().execute(asked).scalar()
    except (TypeError, ValueError, OverflowError):
        return None
    return found


def take(
    tx: Session, name: str, *, sender: str, at: datetime, until: datetime, begins: Callable[[Session], int]
) -> int | None:
    """Take the stream until then, or until what was sent was answered; where it stands. None while another has it.

    begins: where it stands if there was none before, or none as Wicket wrote it, and the record tells of none. One that
    is gone though the record tells of it was taken away by other hands.
    """
    if not rows(tx.connection(), _POSITION, {"which": name}):
        if walks.followed_to(tx, name) is not None:
            note_doubt(tx, _STREAMS.name, {"name": name})
        fresh = {"name": name, "position": _as_recorded(tx, name, begins)}
        empty = {"sender": "", "lease_until": None, "failing_since": None}
        run(tx.connection(), _MAKE, signed(tx, _STREAMS.name, {**fresh, **empty}))
    asked = {"which": name, "me": sender, "at": at, "until": until, "far": until + (until - at)}
    for place, mac in rows(tx.connection(), _TAKE, asked):
        if _counts(tx, name, place, mac):
            return int(place)
        right = _as_recorded(tx, name, begins)
        run(
            tx.connection(), _PUT_RIGHT,
            {"which": name, "new_position": right, "new_mac": _mac_of(tx, name, right)},
        )  # fmt: skip
        return right
    return None


def accepted(tx: Session, name: str, *, sender: str, before: int, now: int) -> bool:
    """Move on over what was accepted. False if another sender took the stream meanwhile: that one sends it again."""
    moved = {
        "which": name,
        "me": sender,
        "before": before,
        "now": now,
        "new_mac": _mac_of(tx, name, now),
    }
    return run(tx.connection(), _MOVE, moved) == 1


def _counts(tx: Session, name: str, place: Any, mac: str) -> bool:
    """Whether Wicket wrote this place, and for this log: a row that is kept while the log is put back to an older one
    has its MAC still, and would pass by all that comes until the log is as long again.
    """
    if not is_sound(tx, _STREAMS.name, {"name": name, "position": place}, mac):
        return False
    if place <= log.head(tx).size:
        return True
    note_doubt(tx, _STREAMS.name, {"name": name})
    return False


def _as_recorded(tx: Session, name: str, begins: Callable[[Session], int]) -> int:
    """Where the record says that it was; where it begins, if that says nothing."""
    told = walks.followed_to(tx, name)
    return begins(tx) if told is None else told


def _mac_of(tx: Session, name: str, position: int) -> str:
    return str(signed(tx, _STREAMS.name, {"name": name, "position": position})["mac"])


def refused(tx: Session, name: str, *, sender: str, at: datetime) -> datetime:
    """Remember that what was sent was not accepted; since when that is so."""
    first = failing_since(tx, name) or at
    tx.connection().execute(
        update(_STREAMS)
        .where(_STREAMS.c.name == name, _STREAMS.c.sender == sender)
        .values(failing_since=first, lease_until=None)
    )
    return first
