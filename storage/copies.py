"""Copies: messages that a crash between posting and recording left standing beside the one that is kept up to date.

One is known from the moment that somebody touches it; from then on it is edited whenever the other is.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, update
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, delete, func, select

from storage.engine.plain import Plain, rows
from storage.outbox import owe, remember_posted
from storage.records import Owed, Posted

# A recipient that begins so is a message that stands already: its channel and ts follow.
COPY = "copy:"

# Built once: making a statement costs more than running it, and every delivery asks, and every click.
_POSTED = SQLModel.metadata.tables[Posted.__tablename__]
_OF_SUBJECT = pick(_POSTED.c.channel, _POSTED.c.ts, _POSTED.c.recipient).where(
    _POSTED.c.kind == bindparam("kind"), _POSTED.c.subject == bindparam("subject")
)
_STANDING = Plain(_OF_SUBJECT)
_COPIES = Plain(_OF_SUBJECT.where(_POSTED.c.recipient >= COPY, _POSTED.c.recipient < f"{COPY}\U0010ffff"))
_IN_PLACE = select(Posted.kind).where(
    col(Posted.subject) == bindparam("subject"),
    col(Posted.channel) == bindparam("channel"),
    col(Posted.ts) == bindparam("ts"),
)
_OF_IT = (col(Owed.subject) == bindparam("subject"), col(Owed.kind) == bindparam("kind"))
_OWED = Plain(pick(col(Owed.id)).where(*_OF_IT).limit(1))
_UNDER_WAY = select(func.max(Owed.lease_until)).where(*_OF_IT)


def place(recipient: str) -> tuple[str, str]:
    """Channel and ts of a copy."""
    channel, _, ts = recipient.removeprefix(COPY).partition(":")
    return channel, ts


def seems_copy(tx: Session, *, kind: str, subject: str, channel: str, ts: str) -> bool:
    """Whether it may be one: what the keys tell of it, at each click. `is_copy` knows."""
    known = rows(tx.connection(), _STANDING, {"kind": kind, "subject": subject})
    if known:
        here = {its_ts for where, its_ts, _ in known if where == channel}
        return bool(here) and ts not in here
    return bool(rows(tx.connection(), _OWED, {"kind": kind, "subject": subject}))


def is_copy(tx: Session, *, kind: str, subject: str, channel: str, ts: str) -> bool:
    """Whether what stands there is a copy that nobody touched yet.

    It is where another of the kind about the same is kept up to date in the channel, or where none is recorded so far
    although it is owed. What stands in a channel that an owner moved out of is none: nothing more is told there. Nor
    is a message of another kind that has the same button, such as a reminder.
    """
    # No index leads there, and of the clicks only those on reminders come so far.
    return (
        seems_copy(tx, kind=kind, subject=subject, channel=channel, ts=ts)
        and tx.exec(_IN_PLACE, params={"subject": subject, "channel": channel, "ts": ts}).first() is None
    )


def adopt(tx: Session, *, at: datetime, kind: str, subject: str, channel: str, ts: str) -> None:
    """Remember the copy, and owe it the newest state; nothing if it is none.

    If somebody is delivering the other just now, not before they must be done: perhaps it is no copy, and what they
    have posted and not yet recorded.
    """
    if not is_copy(tx, kind=kind, subject=subject, channel=channel, ts=ts):  # recorded since it was asked
        return
    recipient = f"{COPY}{channel}:{ts}"
    under_way = tx.exec(_UNDER_WAY, params={"kind": kind, "subject": subject}).one()
    remember_posted(tx, kind=kind, subject=subject, recipient=recipient, channel=channel, ts=ts, at=at)
    _owe(tx, at, kind, subject, [recipient])
    if under_way is not None and under_way > at:
        tx.execute(update(Owed).where(*_is(Owed, kind, subject, recipient)).values(next_at=under_way))


def follow(tx: Session, *, at: datetime, kind: str, subject: str, channel: str, ts: str) -> None:
    """The message that stands there was brought up to date: its copies in the channel are to be as well."""
    found = rows(tx.connection(), _COPIES, {"kind": kind, "subject": subject})
    copies = {its_ts: recipient for where, its_ts, recipient in found if where == channel}
    if copies.pop(ts, None) is not None:  # touched before it was recorded, and no copy at all
        forget(tx, kind=kind, subject=subject, recipient=f"{COPY}{channel}:{ts}")
    _owe(tx, at, kind, subject, copies.values())


def forget(tx: Session, *, kind: str, subject: str, recipient: str) -> None:
    """It is none, is gone, or may not be edited any more: nothing is owed to it."""
    for table in (Posted, Owed):
        tx.execute(delete(table).where(*_is(table, kind, subject, recipient)))


def _is(
    table: type[Posted] | type[Owed], kind: str, subject: str, recipient: str
) -> Iterable[ColumnElement[bool]]:
    return col(table.kind) == kind, col(table.subject) == subject, col(table.recipient) == recipient


def _owe(tx: Session, at: datetime, kind: str, subject: str, recipients: Iterable[str]) -> None:
    for recipient in recipients:
        owe(tx, at=at, courier="slack", kind=kind, subject=subject, recipient=recipient)
