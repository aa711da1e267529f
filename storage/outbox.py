"""Messages owed: written with what they tell of, claimed by a courier, kept until delivered (promise 10).

It holds kinds and ids and renders nothing.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, insert, not_, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, func, select

from storage import upserts
from storage.database import wake
from storage.records import Owed, Posted
from storage.types import UtcMicros

ALERT, NORMAL = 0, 1
# A recipient that begins so is an owner's id: which channel that is, is known when it is delivered.
OWNER = "owner:"

# Built once, and run without the ORM where rows come and go by the thousand: making a statement costs more than
# running it.
_OWED = SQLModel.metadata.tables[Owed.__tablename__]
_POSTED = SQLModel.metadata.tables[Posted.__tablename__]
_ADD = insert(_OWED)
_DROP = delete(_OWED).where(_OWED.c.id == bindparam("owed"), _OWED.c.fence == bindparam("held"))
_POST = upserts.or_replace(_POSTED, ("channel", "ts", "at"))
_OTHER = aliased(Owed)
_IS_BEING_SAID = exists().where(
    col(_OTHER.kind) == col(Owed.kind),
    col(_OTHER.subject) == col(Owed.subject),
    col(_OTHER.recipient) == col(Owed.recipient),
    col(_OTHER.courier) == col(Owed.courier),
    col(_OTHER.lease_until) >= bindparam("now", type_=UtcMicros),
)
_PLACES = select(Posted.recipient).where(
    col(Posted.kind) == bindparam("kind"), col(Posted.subject) == bindparam("subject")
)
_WAITING = select(Owed.id).where(
    col(Owed.courier) == bindparam("courier"),
    col(Owed.kind) == bindparam("kind"),
    col(Owed.subject) == bindparam("subject"),
    col(Owed.recipient) == bindparam("recipient"),
    col(Owed.lease_until).is_(None),
)


def owe(
    tx: Session,
    *,
    at: datetime,
    courier: str,
    kind: str,
    subject: str,
    recipient: str,
    urgency: int = NORMAL,
) -> None:
    """Owe one message about `subject` to `recipient`. One that already waits will show the newest state: no second."""
    wake(tx, "outbox")
    about = {"courier": courier, "kind": kind, "subject": subject, "recipient": recipient}
    if tx.exec(_WAITING, params=about).first() is not None:
        return
    fresh = {"fence": 0, "attempts": 0, "last_fault": "", "lease_until": None}
    tx.connection().execute(_ADD, {**about, **fresh, "urgency": urgency, "owed_at": at, "next_at": at})


def claim(
    tx: Session, *, courier: str, at: datetime, lease: timedelta, limit: int, urgency: int | None = None
) -> list[Owed]:
    """Take up to `limit` due messages of one courier under a lease; leased ones are left alone.

    So is a newer one about the same to the same: whoever is at it has not said yet where the message stands, and
    another would post it a second time. urgency: only those. Without it all, alerts first.
    """
    due = (
        select(Owed.id)
        .where(
            Owed.courier == courier,
            *([] if urgency is None else [col(Owed.urgency) == urgency]),
            col(Owed.next_at) <= at,
            or_(col(Owed.lease_until).is_(None), col(Owed.lease_until) < at),
            not_(_IS_BEING_SAID),
        )
        .order_by(col(Owed.urgency), col(Owed.next_at), col(Owed.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte(
            "due"
        )  # found once, whatever the planner thinks: found anew for each row it would go beyond the limit
    )
    taken = (
        update(Owed)
        .where(col(Owed.id).in_(select(due.c.id)))
        .values(lease_until=at + lease, fence=col(Owed.fence) + 1, attempts=col(Owed.attempts) + 1)
        .returning(Owed)
        .execution_options(synchronize_session=False)
    )
    rows = list(tx.execute(taken, {"now": at}).scalars())
    return sorted(rows, key=lambda owed: (owed.urgency, owed.id or 0))


def done(tx: Session, owed: Owed) -> bool:
    """It was delivered (or is no longer needed). False if the lease had gone to another meanwhile."""
    return tx.connection().execute(_DROP, {"owed": owed.id, "held": owed.fence}).rowcount == 1


def postpone(tx: Session, owed: Owed, *, until: datetime, fault: str) -> None:
    """It could not be delivered now; `fault` says why, without secrets."""
    tx.execute(
        update(Owed)
        .where(and_(col(Owed.id) == owed.id, col(Owed.fence) == owed.fence))
        .values(next_at=until, lease_until=None, last_fault=fault)
    )


def give_back(tx: Session, owed: Iterable[Owed], *, until: datetime) -> None:
    """They were not tried: no attempt is counted, and they are due again from `until` on."""
    for one in owed:
        tx.execute(
            update(Owed)
            .where(and_(col(Owed.id) == one.id, col(Owed.fence) == one.fence))
            .values(next_at=until, lease_until=None, attempts=col(Owed.attempts) - 1)
        )


def where_posted(tx: Session, *, kind: str, subject: str, recipient: str) -> Posted | None:
    """Where the message about this stands, if it was posted."""
    return tx.get(Posted, (kind, subject, recipient))


def remember_posted(
    tx: Session, *, kind: str, subject: str, recipient: str, channel: str, ts: str, at: datetime
) -> None:
    """Keep where a message stands, so that the next state edits it."""
    about = {"kind": kind, "subject": subject, "recipient": recipient}
    upserts.run(tx, _POST, {**about, "channel": channel, "ts": ts, "at": at})


def places_of(tx: Session, *, kind: str, subject: str) -> list[str]:
    """The recipients to whom the message about this was posted."""
    return sorted(tx.exec(_PLACES, params={"kind": kind, "subject": subject}))


def backlog(tx: Session) -> int:
    """How many messages are owed."""
    return tx.exec(select(func.count()).select_from(Owed)).one()
