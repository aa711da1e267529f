"""Exceptions of one kind in great numbers: each is kept by its own row, and all of them are told on one message.

Rows are what states, stories and lists are about, so each exception has one; what is counted is only how they are told.
The message is a row of its own, the lead. Nothing here decides which kinds may be told so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import bindparam, func, literal
from sqlalchemy import select as pick
from sqlmodel import Session, col, select

from storage.engine.changing import change_where, put
from storage.identifiers import new_id
from storage.outbox import posted_at
from storage.records import ExceptionRecord
from storage.states import ExceptionState

# Of one kind and severity so many are told by messages of their own within this time; the others are counted on one.
ALONE = 5
WITHIN = timedelta(minutes=10)
# A message that only counts is edited no more often than this: Slack takes about one message a second and channel.
EDITED_EVERY = timedelta(seconds=5)
# Of what is grave each must be told within two seconds.
GRAVE_EVERY = timedelta(seconds=1)
# What somebody has in mind when they look at the message is not of last week.
LONGEST = timedelta(hours=24)

FLOOD = "flood"
"""The fact by which a lead is known."""

_TOLD_ALONE = (
    pick(literal(1))
    .select_from(ExceptionRecord)
    .where(
        col(ExceptionRecord.kind) == bindparam("kind"),
        col(ExceptionRecord.severity) == bindparam("severity"),
        col(ExceptionRecord.fold).is_(None),
        col(ExceptionRecord.first_at) > bindparam("since"),
    )
    .limit(ALONE)
)
_LEAD = (
    select(ExceptionRecord)
    .where(
        col(ExceptionRecord.cause) == bindparam("cause"),
        col(ExceptionRecord.last_at) > bindparam("since"),
        # What is of later than that was counted before the clock was set back.
        col(ExceptionRecord.last_at) < bindparam("until"),
        # What somebody acknowledged or resolved is what they saw: what comes after it is news.
        col(ExceptionRecord.state) == ExceptionState.OPEN,
        col(ExceptionRecord.first_at) > bindparam("began"),
    )
    .order_by(col(ExceptionRecord.id).desc())
    .limit(1)
)
_FOLDED = col(ExceptionRecord.fold) == bindparam("lead")
_COUNT = pick(func.count()).select_from(ExceptionRecord).where(_FOLDED)
_ABOUT = pick(
    *(col(getattr(ExceptionRecord, name)) for name in ("who", "cause", "correlation", "facts"))
).where(_FOLDED)
_NUMBERS = pick(
    func.count(),
    func.count(col(ExceptionRecord.who).distinct()),
    func.min(col(ExceptionRecord.first_at)),
    func.max(col(ExceptionRecord.last_at)),
    func.max(col(ExceptionRecord.id)),
).where(_FOLDED)


@dataclass(frozen=True, kw_only=True)
class Folded:
    """What is counted on one message. people: how many different ones. latest: the newest of them."""

    count: int
    people: int
    first_at: datetime
    last_at: datetime
    latest: ExceptionRecord


class Told(Protocol):
    """What of an exception says whom it is about."""

    @property
    def who(self) -> str: ...
    @property
    def cause(self) -> str: ...
    @property
    def correlation(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The row on whose message another is counted. begins: it was made just now."""

    row: ExceptionRecord
    begins: bool


def lead_for(
    tx: Session, *, kind: str, severity: str, who: str, at: datetime, due_at: datetime
) -> Lead | None:
    """On whose message one more of these is told; None while there are few. who, due_at: for a lead that is new.

    Two that begin at the same moment, in two replicas, make two messages: each of them counts its own.
    """
    cause = f"{FLOOD}:{kind}:{severity}"
    about = {"cause": cause, "since": at - WITHIN, "until": at + WITHIN, "began": at - LONGEST}
    found = tx.exec(_LEAD, params=about).first()
    if found is not None:
        return Lead(row=_brought_on(tx, found, at), begins=False)
    asked = {"kind": kind, "severity": severity, "since": at - WITHIN}
    if len(tx.execute(_TOLD_ALONE, asked).all()) < ALONE:
        return None
    lead = ExceptionRecord(
        id=new_id("x", at), kind=kind, cause=cause, severity=severity, who=who, facts={FLOOD: True},
        correlation="", count=1, first_at=at, last_at=at, due_at=due_at, open_since=at,
    )  # fmt: skip
    put(tx, lead)
    return Lead(row=lead, begins=True)


def lead_of(tx: Session, row: ExceptionRecord) -> Lead | None:
    """On whose message this one is counted; None if it has one of its own."""
    lead = tx.get(ExceptionRecord, row.fold) if row.fold else None
    return Lead(row=lead, begins=False) if lead is not None else None


def _brought_on(tx: Session, lead: ExceptionRecord, at: datetime) -> ExceptionRecord:
    """Now and then the lead itself says how many and when the last was: each time, all would wait for its row."""
    if at - lead.last_at >= EDITED_EVERY:
        lead.count = tx.execute(_COUNT, {"lead": lead.id}).scalar_one() + 1
        lead.last_at = at
        put(tx, lead)
    return lead


def not_before(tx: Session, lead: Lead, at: datetime, recipient: str) -> datetime:
    """From when on its message may be brought up to date: at once if it is new, and then every few seconds."""
    if lead.begins:
        return at
    stood = posted_at(tx, kind="exception", subject=lead.row.id, recipient=recipient) or lead.row.first_at
    return max(at, min(stood, at) + (GRAVE_EVERY if lead.row.severity == "high" else EDITED_EVERY))


def folded(tx: Session, lead: str) -> Folded | None:
    """What is counted on the message of this lead; None if nothing is."""
    count, people, first_at, last_at, latest = tx.execute(_NUMBERS, {"lead": lead}).one()
    row = tx.get(ExceptionRecord, latest) if latest else None
    if row is None:
        return None
    return Folded(count=count, people=people, first_at=first_at, last_at=last_at, latest=row)


def story_of(tx: Session, row: ExceptionRecord) -> str:
    """The story that its message opens: the one that it belongs to, else that of the latest that is counted on it, else
    its own, which is what people did about it.
    """
    latest = folded(tx, row.id) if FLOOD in row.facts else None
    return row.correlation or (latest.latest.correlation if latest else "") or row.id


def counted_by(tx: Session, lead: ExceptionRecord) -> Iterator[Told]:
    """What is counted on the message of this one, as far as it says whom it is about; nothing if it is no lead."""
    if FLOOD in lead.facts:
        found: Any = tx.execute(_ABOUT, {"lead": lead.id})
        yield from found


def resolved_with(tx: Session, lead: ExceptionRecord) -> Sequence[ExceptionRecord]:
    """What is counted on the message of this one and was resolved by the act that resolved it."""
    if FLOOD not in lead.facts:
        return ()
    by_it = (getattr(ExceptionRecord, name) == getattr(lead, name) for name in _OF_AN_END)
    return tx.exec(select(ExceptionRecord).where(_FOLDED, *by_it), params={"lead": lead.id}).all()


def follow(tx: Session, lead: ExceptionRecord) -> None:
    """What was done about the message was done about all that it counts: what is not resolved stands as it does."""
    if FLOOD not in lead.facts:
        return
    same: Mapping[str, object] = {name: getattr(lead, name) for name in _FOLLOWS}
    open_ones = (col(ExceptionRecord.fold) == lead.id, col(ExceptionRecord.state) != ExceptionState.RESOLVED)
    change_where(tx, ExceptionRecord, *open_ones, **same)


_OF_AN_END = ("resolved_at", "resolved_by", "resolution", "words")
_FOLLOWS = (
    "state", "acknowledged_at", "acknowledged_by", "assignee", "assignee_directory", "assignee_name", *_OF_AN_END,
)  # fmt: skip
