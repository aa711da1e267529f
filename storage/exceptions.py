"""Exceptions as they are kept: one row a cause, counted while it lasts.

It does not decide what is an exception, nor how it reads.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, select

from storage.identifiers import new_id
from storage.listed import among, listed
from storage.outbox import ALERT, OWNER, owe
from storage.records import ExceptionRecord

# Repeats of one cause within this time of the first are counted on its message instead of filling the channel.
SAME_CAUSE = timedelta(hours=24)
SECURITY = "security"

# The fact that says since when an exception is over, and the one that says when it was told anew in its place.
SETTLED = "settled"
RENEWED = "renewed"

_GRAVITY = ("low", "medium", "high")

# Built once: making a statement costs more than running it, and every effect asks. Mostly there is none.
_EXCEPTIONS = SQLModel.metadata.tables[ExceptionRecord.__tablename__]
_ANY_OF_CAUSES = (
    select(_EXCEPTIONS.c.id).where(_EXCEPTIONS.c.cause.in_(bindparam("causes", expanding=True))).limit(1)
)
_KNOWN = select(_EXCEPTIONS.c.cause).where(among(_EXCEPTIONS.c.cause, "causes"))
_OF_CAUSES = select(ExceptionRecord).where(
    col(ExceptionRecord.cause).in_(bindparam("causes", expanding=True))
)
_UNDER = select(ExceptionRecord).where(
    col(ExceptionRecord.cause) >= bindparam("beginning"), col(ExceptionRecord.cause) < bindparam("beyond")
)


def raise_exception(
    tx: Session,
    *,
    at: datetime,
    kind: str,
    cause: str,
    severity: str,
    who: str,
    correlation: str,
    facts: Mapping[str, Any],
    owner: str | None = None,
    anew: bool = False,
) -> ExceptionRecord:
    """Keep an exception and owe it to the security channel, first in the queue.

    A cause that goes on is a new one each day and whenever it becomes graver, since an edit is easily missed.
    cause: what makes two of them the same. severity: "low", "medium" or "high". who: the name to show.
    facts: ids, names and numbers, no secrets. owner: the id of an owner whose channel hears of it too.
    anew: in a message of its own; those before say that they are overtaken.
    """
    if anew:
        _add_facts(tx, at, [cause], {RENEWED: at.isoformat()})
    known = None if anew else _gravest(tx, cause, at - SAME_CAUSE)
    if known is None or _GRAVITY.index(severity) > _GRAVITY.index(known.severity):
        known = ExceptionRecord(
            id=new_id("x", at),
            kind=kind,
            cause=cause,
            severity=severity,
            who=who,
            facts=dict(facts),
            correlation=correlation,
            count=1,
            first_at=at,
            last_at=at,
            owner=owner,
        )
        tx.add(known)
    else:
        known.count += 1
        known.last_at = at
        # The message tells of the latest: who, what and its story belong together. What was grave stays grave.
        known.who, known.facts, known.correlation = who, dict(facts), correlation
        tx.add(known)
    tx.flush()
    _owe(tx, at, known)
    return known


def settle_exceptions(tx: Session, *, at: datetime, causes: Collection[str]) -> None:
    """What was raised for these causes is over: kept as a fact, and shown in its message. If it recurs it is news."""
    _add_facts(tx, at, causes, {SETTLED: at.isoformat()})


def decide_exceptions(tx: Session, *, at: datetime, cause: str, facts: Mapping[str, Any]) -> None:
    """What was decided about everything open of this cause: kept as facts, and shown in its messages."""
    _add_facts(tx, at, [cause], facts)


def decide_exception(tx: Session, *, at: datetime, row: ExceptionRecord, facts: Mapping[str, Any]) -> None:
    """The same for one of them alone, where each of one cause asks something else."""
    row.facts = {**row.facts, **facts}
    tx.add(row)
    tx.flush()
    _owe(tx, at, row)


def is_open(tx: Session, cause: str, *, since: datetime) -> bool:
    """Whether something of this cause was raised since then and is not over."""
    return _gravest(tx, cause, since) is not None


def open_of(tx: Session, *causes: str) -> Sequence[ExceptionRecord]:
    """What is open of this cause, or of these few, however old."""
    return [row for row in tx.exec(_OF_CAUSES, params={"causes": causes}).all() if _is_open(row)]


def known_among(tx: Session, causes: Collection[str]) -> frozenset[str]:
    """Those of these causes that anything was ever raised for, be it over or not. It may be asked about very many."""
    return frozenset(tx.connection().execute(_KNOWN, {"causes": listed(causes)}).scalars())


def open_under(tx: Session, beginning: str) -> Sequence[ExceptionRecord]:
    """What is open of all causes that begin so."""
    between = {"beginning": beginning, "beyond": f"{beginning}\U0010ffff"}
    return [row for row in tx.exec(_UNDER, params=between).all() if _is_open(row)]


def raised_during(tx: Session, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """By kind, how many exceptions were last met from `since` until before `until`, and how many of them are open.

    Open is what is neither over nor decided by anybody.
    """
    rows = tx.exec(
        select(ExceptionRecord.kind, ExceptionRecord.facts).where(
            col(ExceptionRecord.last_at) >= since, col(ExceptionRecord.last_at) < until
        )
    )
    found: dict[str, tuple[int, int]] = {}
    for kind, facts in rows:
        times, undecided = found.get(kind, (0, 0))
        is_over = not {SETTLED, RENEWED, "decided_by"}.isdisjoint(facts)
        found[kind] = (times + 1, undecided + (not is_over))
    return found


def _add_facts(tx: Session, at: datetime, causes: Collection[str], facts: Mapping[str, Any]) -> None:
    if tx.connection().execute(_ANY_OF_CAUSES, {"causes": list(causes)}).first() is None:
        return
    for row in tx.exec(_OF_CAUSES, params={"causes": list(causes)}).all():
        if _is_open(row):
            decide_exception(tx, at=at, row=row, facts=facts)


def _is_open(row: ExceptionRecord) -> bool:
    return SETTLED not in row.facts and RENEWED not in row.facts


def _owe(tx: Session, at: datetime, row: ExceptionRecord) -> None:
    for recipient in (SECURITY, *([f"{OWNER}{row.owner}"] if row.owner else [])):
        owe(tx, at=at, courier="slack", kind="exception", subject=row.id, recipient=recipient, urgency=ALERT)


def _gravest(tx: Session, cause: str, since: datetime) -> ExceptionRecord | None:
    """The open exception of this cause to count on: of several since then, each was graver than those before."""
    rows = tx.exec(
        select(ExceptionRecord).where(
            ExceptionRecord.cause == cause,
            col(ExceptionRecord.last_at) > since,  # what the index holds; the first is never after the last
            col(ExceptionRecord.first_at) > since,
        )
    ).all()
    return max(
        (row for row in rows if _is_open(row)),
        key=lambda row: _GRAVITY.index(row.severity),
        default=None,
    )
