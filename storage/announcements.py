"""What people were told before their password is changed: begun once for each visit, and by what it reached them.

It sends nothing, and keeps no password.
"""

from datetime import datetime

from sqlmodel import Session, SQLModel

from storage.engine import upserts
from storage.engine.changing import put
from storage.engine.plain import run
from storage.outbox import where_posted
from storage.records import Announcement, Handle
from storage.signing import if_genuine, signed

_BEGIN = upserts.or_nothing(SQLModel.metadata.tables[Announcement.__tablename__])


def begin(tx: Session, handle: str, at: datetime) -> bool:
    """Keep that it is to be told; False if that was kept before."""
    row = signed(tx, Announcement.__tablename__, {"handle": handle, "at": at, "mailed_at": None})
    return run(tx.connection(), _BEGIN, row) == 1


def of(tx: Session, handle: str) -> Announcement | None:
    """What was told of this visit's change before it; nothing by a row that is not as Wicket wrote it."""
    return if_genuine(tx, tx.get(Announcement, handle))


def mailed(tx: Session, handle: str, at: datetime) -> None:
    """A mail server took the letter."""
    row = tx.get(Announcement, handle)
    if row is not None and row.mailed_at is None:
        row.mailed_at = at
        put(tx, row)


def missing(tx: Session, handle: Handle, *, kind: str) -> tuple[str, ...]:
    """The couriers that have not delivered it yet. kind: of the message in Slack."""
    row = of(tx, handle.id)
    posted = where_posted(tx, kind=kind, subject=handle.id, recipient=handle.slack_user)
    return (
        *(("mail",) if row is None or row.mailed_at is None else ()),
        *(("slack",) if posted is None else ()),
    )
