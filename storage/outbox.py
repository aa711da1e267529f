"""Messages owed: written with what they tell of, claimed by a courier, kept until delivered (promise 10).

It holds kinds and ids and renders nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    literal,
    not_,
    or_,
    update,
)
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, func, select

from storage.database import wake
from storage.engine import upserts
from storage.engine.changing import change_if
from storage.engine.counting import one_more
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run, run_each
from storage.engine.together import Together
from storage.micros import to_micros
from storage.records import Owed, Posted

# What is grave goes before what security should see, and that before all else.
GRAVE, ALERT, NORMAL = -1, 0, 1
# A recipient that begins so is an owner's id: which channel that is, is known when it is delivered.
OWNER = "owner:"
# What was tried more often than this does not hold up what is behind it: perhaps it is about the message itself.
HOLDS_UP = 5

# So few messages are rather added one by one.
_FEW = 4

# Built once, and run without the ORM where rows come and go by the thousand: making a statement costs more than
# running it.
_OWED = SQLModel.metadata.tables[Owed.__tablename__]
_POSTED = SQLModel.metadata.tables[Posted.__tablename__]
_FRESH = {"fence": 0, "attempts": 0, "last_fault": ""}
_GIVEN = (
    *("courier", "kind", "subject", "recipient", "urgency", "owed_at", "next_at"),
    *_FRESH,
)
_WAITS = exists().where(
    *(_OWED.c[name] == bindparam(name) for name in ("courier", "kind", "subject", "recipient")),
    _OWED.c.lease_until.is_(None),
)
_ADD = Plain(
    insert(_OWED).from_select(
        _GIVEN, select(*(bindparam(name, type_=_OWED.c[name].type) for name in _GIVEN)).where(not_(_WAITS))
    )
)
_IS_OWED = Plain(pick(literal(1)).where(_WAITS))
_ADD_EACH = Together(_OWED.name, _GIVEN)
# Whose courier it is, is not asked: SQLite would rather read all that the courier is to deliver.
_WAITING = Plain(
    pick(*(_OWED.c[name] for name in ("courier", "kind", "subject", "recipient"))).where(
        among(_OWED.c.subject, "subjects"), _OWED.c.lease_until.is_(None)
    )
)
_DROP = Plain(delete(_OWED).where(_OWED.c.id == bindparam("owed"), _OWED.c.fence == bindparam("held")))
_POST = upserts.or_replace(_POSTED, ("channel", "ts", "at"))
_OLDER = _OWED.alias()
_PLACES = (
    select(Posted.subject, Posted.recipient)
    .where(
        col(Posted.kind) == bindparam("kind"), col(Posted.subject).in_(bindparam("subjects", expanding=True))
    )
    .order_by(col(Posted.recipient))
)
_OF_ONE = tuple(_POSTED.c[name] == bindparam(name) for name in ("kind", "subject", "recipient"))
_WHERE_POSTED = Loading(Posted, pick(_POSTED).where(*_OF_ONE))
_POSTED_AT = pick(_POSTED.c.at).where(*_OF_ONE)
_NEXT_DUE = Plain(
    pick(func.min(_OWED.c.next_at)).where(
        _OWED.c.courier == bindparam("of"), _OWED.c.urgency == bindparam("how"), _OWED.c.lease_until.is_(None)
    )
)
_FREE = Plain(
    update(_OWED)
    .where(_OWED.c.lease_until.is_not(None))
    .values(lease_until=None, fence=one_more(_OWED.c.fence), next_at=bindparam("at"))
)
_BACKLOG = Plain(pick(func.count()).select_from(_OWED))
_PLACES_OF_ONE = Plain(
    pick(_POSTED.c.recipient)
    .where(_POSTED.c.kind == bindparam("kind"), _POSTED.c.subject == bindparam("subject"))
    .order_by(_POSTED.c.recipient)
)


def _is_held(table: FromClause) -> ColumnElement[bool]:
    """Whether somebody is at it. A lease twice as long as it may be was taken before the clock was set back."""
    return table.c.lease_until.between(bindparam("now"), bindparam("held"))


def _claiming(*which: ColumnElement[bool]) -> Plain:
    """The statement of `claim`, over these of a courier's messages alone. Each commit that owes something runs it for
    every courier, mostly to find nothing.
    """
    # Whether something older is owed in the same thread, which was not tried so often that it must stand back.
    comes_after_another = exists().where(
        *(_OLDER.c[name] == _OWED.c[name] for name in ("subject", "recipient", "courier")),
        _OLDER.c.id < _OWED.c.id,
        or_(_OLDER.c.attempts <= HOLDS_UP, _is_held(_OLDER)),
    )
    due = (
        pick(_OWED.c.id)
        .where(
            _OWED.c.courier == bindparam("of"),
            *which,
            or_(
                _OWED.c.next_at <= bindparam("now"),
                _OWED.c.next_at > bindparam("far"),
                and_(_OWED.c.owed_at > bindparam("now"), _OWED.c.next_at == _OWED.c.owed_at),
            ),
            or_(_OWED.c.lease_until.is_(None), not_(_is_held(_OWED))),
            not_(comes_after_another),
        )
        .order_by(_OWED.c.urgency, _OWED.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        # Found once, whatever the planner thinks: found anew for each row it would go beyond the limit.
        .cte("due")
    )
    return Plain(
        update(_OWED)
        .where(_OWED.c.id.in_(pick(due.c.id)))
        .values(
            lease_until=bindparam("until"), fence=one_more(_OWED.c.fence), attempts=one_more(_OWED.c.attempts)
        )
        .returning(*_OWED.c)
    )


_CLAIM = _claiming()
_CLAIM_SO_URGENT = _claiming(_OWED.c.urgency == bindparam("how"))


def owe(
    tx: Session,
    *,
    at: datetime,
    courier: str,
    kind: str,
    subject: str,
    recipient: str,
    urgency: int = NORMAL,
    not_before: datetime | None = None,
) -> None:
    """Owe one message about `subject` to `recipient`. One that already waits will show the newest state: no second.

    not_before: it is delivered then at the earliest; else at once.
    """
    _owe(
        tx,
        [Message(kind, subject, recipient)],
        at=at,
        courier=courier,
        urgency=urgency,
        not_before=not_before,
    )


def is_owed(tx: Session, *, courier: str, kind: str, subject: str, recipient: str) -> bool:
    """Whether one about this waits that nobody is at."""
    about = {"courier": courier, "kind": kind, "subject": subject, "recipient": recipient}
    return bool(rows(tx.connection(), _IS_OWED, about))


class Message(NamedTuple):
    """What one message is about, and who is to have it."""

    kind: str
    subject: str
    recipient: str


def owe_each(tx: Session, messages: Iterable[Message], *, at: datetime, courier: str) -> None:
    """`owe` for many, in this order."""
    wanted = list(dict.fromkeys(messages))
    if len(wanted) <= _FEW:
        _owe(tx, wanted, at=at, courier=courier, urgency=NORMAL)
        return
    wake(tx, "outbox")
    connection, moment = tx.connection(), to_micros(at)
    found = rows(connection, _WAITING, {"subjects": listed({one.subject for one in wanted})})
    waiting = {tuple(row) for row in found}
    fresh = [(courier, *one) for one in wanted if (courier, *one) not in waiting]
    _ADD_EACH.put(connection, [(*one, NORMAL, moment, moment, *_FRESH.values()) for one in fresh])


def _owe(
    tx: Session,
    messages: Sequence[Message],
    *,
    at: datetime,
    courier: str,
    urgency: int,
    not_before: datetime | None = None,
) -> None:
    if not messages:
        return
    wake(tx, "outbox")
    about = {**_FRESH, "courier": courier, "urgency": urgency, "owed_at": at, "next_at": not_before or at}
    run_each(tx.connection(), _ADD, [{**about, **one._asdict()} for one in messages])


def claim(
    tx: Session,
    *,
    courier: str,
    at: datetime,
    lease: timedelta,
    limit: int,
    longest: timedelta,
    urgency: int | None = None,
) -> list[Owed]:
    """Take up to `limit` due messages of one courier under a lease, the oldest first; leased ones are left alone.

    Of one thread (one recipient, one subject) only the oldest is taken, whichever replica asks: what is behind it comes
    after it, and whoever is at it has not said yet where the message stands, so that another would post it twice.
    longest: how far ahead the next try may be; what is further, or is owed since later than now, was written before the
    clock was set back. urgency: only those. Without it all, alerts first.
    """
    asked = {"of": courier, "now": at, "far": at + longest, "held": at + 2 * lease, "most": limit}
    claiming = _CLAIM if urgency is None else _CLAIM_SO_URGENT
    how = {} if urgency is None else {"how": urgency}
    found = rows(tx.connection(), claiming, {**asked, **how, "until": at + lease})
    claimed = [Owed(**dict(zip(_OWED.c.keys(), row, strict=True))) for row in found]
    return sorted(claimed, key=_place)


def _place(owed: Owed) -> tuple[int, int]:
    """Where it stands among those that are claimed. What SQLite keeps as an urgency may be no number."""
    return owed.urgency if isinstance(owed.urgency, int) else NORMAL, owed.id or 0


def free_leases(tx: Session, *, at: datetime) -> None:
    """Give back all that is held, for a try at once. Only for whoever can be sure that nobody is at it any more."""
    run(tx.connection(), _FREE, {"at": at})


def done(tx: Session, owed: Owed) -> bool:
    """It was delivered (or is no longer needed). False if the lease had gone to another meanwhile."""
    return run(tx.connection(), _DROP, {"owed": owed.id, "held": owed.fence}) == 1


def postpone(tx: Session, owed: Owed, *, until: datetime, fault: str, keeps_its_place: bool = False) -> None:
    """It could not be delivered now; `fault` says why, without secrets.

    keeps_its_place: that is not about the message, so what is behind it goes on waiting, however often it was tried.
    """
    attempts = min(owed.attempts, HOLDS_UP) if keeps_its_place else owed.attempts
    is_held = col(Owed.fence) == owed.fence
    change_if(
        tx, Owed, owed.id, is_held, next_at=until, lease_until=None, last_fault=fault, attempts=attempts
    )


def give_back(tx: Session, owed: Iterable[Owed], *, until: datetime) -> None:
    """They were not tried: no attempt is counted, and they are due again from `until` on."""
    for one in owed:
        untried = {"next_at": until, "lease_until": None, "attempts": col(Owed.attempts) - 1}
        change_if(tx, Owed, one.id, col(Owed.fence) == one.fence, **untried)


def where_posted(tx: Session, *, kind: str, subject: str, recipient: str) -> Posted | None:
    """Where the message about this stands, if it was posted."""
    return _WHERE_POSTED.one_found(tx, {"kind": kind, "subject": subject, "recipient": recipient})


def posted_at(tx: Session, *, kind: str, subject: str, recipient: str) -> datetime | None:
    """When the message about this was posted, or last edited."""
    return tx.execute(_POSTED_AT, {"kind": kind, "subject": subject, "recipient": recipient}).scalar()


def remember_posted(
    tx: Session, *, kind: str, subject: str, recipient: str, channel: str, ts: str, at: datetime
) -> None:
    """Keep where a message stands, so that the next state edits it."""
    about = {"kind": kind, "subject": subject, "recipient": recipient}
    run(tx.connection(), _POST, {**about, "channel": channel, "ts": ts, "at": at})


def places_of(tx: Session, *, kind: str, subjects: Sequence[str]) -> dict[str, list[str]]:
    """For each of these, the recipients to whom the message about it was posted."""
    if len(subjects) == 1:
        found = rows(tx.connection(), _PLACES_OF_ONE, {"kind": kind, "subject": subjects[0]})
        return {subjects[0]: [row[0] for row in found]}
    places: dict[str, list[str]] = {one: [] for one in subjects}
    for subject, recipient in tx.exec(_PLACES, params={"kind": kind, "subjects": subjects}):
        places[subject].append(recipient)
    return places


def next_due(tx: Session, *, courier: str, urgency: int) -> datetime | None:
    """When the next message of this courier that is so urgent, and that nobody is at, is due; None if there is none."""
    due: datetime | None = rows(tx.connection(), _NEXT_DUE, {"of": courier, "how": urgency})[0][0]
    return due


def backlog(tx: Session) -> int:
    """How many messages are owed."""
    return int(rows(tx.connection(), _BACKLOG)[0][0])
