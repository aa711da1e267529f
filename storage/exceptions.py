"""Exceptions as they are kept: one row a cause, counted while it lasts and nobody resolved it.

One that its buttons act upon and that is not as Wicket wrote it counts nowhere. It does not decide what is an
exception, nor how it reads; what people do about one is in storage.exception_work.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage import floods
from storage.database import DUE_WITHIN
from storage.engine.changing import put
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows
from storage.faults import NotKept
from storage.floods import Lead
from storage.identifiers import new_id
from storage.outbox import ALERT, GRAVE, OWNER, is_owed, owe
from storage.records import ExceptionRecord
from storage.signing import only_genuine
from storage.states import ExceptionState, Resolution

# Repeats of one cause within this time of the first are counted on its message instead of filling the channel.
SAME_CAUSE = timedelta(hours=24)
SECURITY = "security"
# What was written further ahead than this was so before the clock was set back: replicas differ by far less.
_AHEAD = timedelta(minutes=1)

# The fact that says since when the cause of an exception is over, the one that says when it was told anew in its
# place, and the one that says who decided about it. With each of them it is resolved.
SETTLED = "settled"
RENEWED = "renewed"
DECIDED_BY = "decided_by"
_RESOLVES: Mapping[str, Resolution] = MappingProxyType(
    {DECIDED_BY: Resolution.DECIDED, SETTLED: Resolution.SETTLED, RENEWED: Resolution.RENEWED}
)

_GRAVITY = ("low", "medium", "high")
# Within what time one is to be resolved, by severity, where the settings say nothing else.
RESOLVE_WITHIN: Mapping[str, timedelta] = MappingProxyType(
    {"high": timedelta(hours=4), "medium": timedelta(hours=24), "low": timedelta(days=7)}
)

# Built once: making a statement costs more than running it, and every effect asks. Mostly there is none.
_EXCEPTIONS = SQLModel.metadata.tables[ExceptionRecord.__tablename__]
_IS_KEPT = Plain(select(_EXCEPTIONS.c.id).where(_EXCEPTIONS.c.id == bindparam("of")))
_KNOWN = select(_EXCEPTIONS.c.cause).where(among(_EXCEPTIONS.c.cause, "causes"))
_OF_CAUSES = Loading(
    ExceptionRecord,
    pick(_EXCEPTIONS).where(among(_EXCEPTIONS.c.cause, "causes")).order_by(_EXCEPTIONS.c.id),
)
_SINCE = Loading(
    ExceptionRecord,
    pick(_EXCEPTIONS).where(
        _EXCEPTIONS.c.cause == bindparam("cause"),
        _EXCEPTIONS.c.last_at > bindparam("since"),  # what the index holds; the first is never after the last
        _EXCEPTIONS.c.first_at > bindparam("since"),
    ),
)
_UNDER = Loading(
    ExceptionRecord,
    pick(_EXCEPTIONS)
    .where(_EXCEPTIONS.c.cause >= bindparam("beginning"), _EXCEPTIONS.c.cause < bindparam("beyond"))
    .order_by(_EXCEPTIONS.c.id),
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
    folds: bool = False,
) -> ExceptionRecord:
    """Keep an exception and owe it to the security channel, first in the queue.

    A cause that goes on is a new one each day and whenever it becomes graver, since an edit is easily missed; and what
    recurs after it was resolved, by whomever, is a new one. Only a person opens the same one again.
    cause: what makes two of them the same. severity: "low", "medium" or "high". who: the name to show.
    NotKept where it, or what is owed of it, is not there once it was written: no alert goes missing in silence.
    facts: ids, names and numbers, no secrets. owner: the id of an owner whose channel hears of it too.
    anew: in a message of its own; those before say that they are overtaken, and whoever worked on them still does.
    folds: where many of this kind and severity come at once it is counted on one message (storage.floods).
    """
    before = _add_facts(tx, at, [cause], {RENEWED: at.isoformat()}) if anew else []
    known = None if anew else _to_count_on(tx, cause, at - SAME_CAUSE)
    if known is not None and _GRAVITY.index(severity) <= _GRAVITY.index(known.severity):
        return _met_again(tx, at, known, who=who, correlation=correlation, facts=facts)
    due_at = due(tx, severity, at)
    lead = floods.lead_for(tx, kind=kind, severity=severity, who=who, at=at, due_at=due_at) if folds else None
    row = ExceptionRecord(
        id=new_id("x", at), kind=kind, cause=cause, severity=severity, who=who, facts=dict(facts),
        correlation=correlation, count=1, first_at=at, last_at=at, owner=owner, due_at=due_at, open_since=at,
        fold=lead.row.id if lead else None,
    )  # fmt: skip
    for one in before:
        if one.assignee:
            row.assignee, row.assignee_directory = one.assignee, one.assignee_directory
            row.assignee_name = one.assignee_name
    put(tx, row)
    show(tx, at, row, news=True, lead=lead)
    if not rows(tx.connection(), _IS_KEPT, {"of": row.id}):
        raise NotKept
    return row


def _met_again(
    tx: Session, at: datetime, row: ExceptionRecord, *, who: str, correlation: str, facts: Mapping[str, Any]
) -> ExceptionRecord:
    """The message tells of the latest: who, what and its story belong together. What was grave stays grave."""
    row.count += 1
    row.last_at = at
    # Raised by a version that did not know since when: what goes on has been open since now at the latest.
    row.open_since = row.open_since or at
    row.who, row.facts, row.correlation = who, dict(facts), correlation
    put(tx, row)
    show(tx, at, row)
    return row


def due(tx: Session, severity: str, at: datetime) -> datetime:
    """By when one of this severity that was raised, or opened again, at this time is to be resolved."""
    within: Mapping[str, timedelta] = tx.info.get(DUE_WITHIN, RESOLVE_WITHIN)
    return at + within[severity]


def settle_exceptions(
    tx: Session, *, at: datetime, causes: Collection[str], began: datetime | None = None
) -> None:
    """What was raised for these causes is over: resolved, and shown so in its message. If it recurs it is news.

    began: when the look began that found it over, if that takes a while. What was met since then lasts: another look,
    of this process or of another replica, began later and saw it.
    """
    _add_facts(tx, at, causes, {SETTLED: at.isoformat()}, until=began)


def was_settled_since(tx: Session, cause: str, since: datetime, *, now: datetime) -> bool:
    """Whether something of this cause was found to be over since then: by a look that began earlier it is no news."""
    told = [row.facts[SETTLED] for row in _of(tx, cause) if SETTLED in row.facts]
    return any(since < datetime.fromisoformat(one) <= now + _AHEAD for one in told)


def decide_exceptions(tx: Session, *, at: datetime, cause: str, facts: Mapping[str, Any]) -> None:
    """What came of everything that lasts of this cause: kept as facts, and shown in its messages.

    With who decided it, or since when it is over, it is resolved.
    """
    _add_facts(tx, at, [cause], facts)


def decide_exception(tx: Session, *, at: datetime, row: ExceptionRecord, facts: Mapping[str, Any]) -> None:
    """The same for one of them alone, where each of one cause asks something else."""
    row.facts = {**row.facts, **facts}
    ends = next((why for fact, why in _RESOLVES.items() if fact in facts), None)
    if ends is not None and row.state != ExceptionState.RESOLVED:
        row.state, row.resolution, row.resolved_at = ExceptionState.RESOLVED, ends, at
        row.resolved_by = str(row.facts.get(DECIDED_BY) or "")
    put(tx, row)
    show(tx, at, row)


def is_open(tx: Session, cause: str, *, since: datetime) -> bool:
    """Whether something of this cause was raised since then and lasts, though somebody may have resolved it."""
    return any(not is_over(row) for row in _since(tx, cause, since))


def open_of(tx: Session, *causes: str) -> Sequence[ExceptionRecord]:
    """What lasts of this cause, or of these few, however old, the oldest first."""
    return [row for row in _of(tx, *causes) if not is_over(row)]


def known_among(tx: Session, causes: Collection[str]) -> frozenset[str]:
    """Those of these causes that anything was ever raised for, be it over or not. It may be asked about very many."""
    return frozenset(tx.connection().execute(_KNOWN, {"causes": listed(causes)}).scalars())


def open_under(tx: Session, beginning: str) -> Sequence[ExceptionRecord]:
    """What lasts of all causes that begin so, the oldest first."""
    between = {"beginning": beginning, "beyond": f"{beginning}\U0010ffff"}
    return [row for row in only_genuine(tx, _UNDER.held(tx, between)) if not is_over(row)]


def raised_during(tx: Session, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """By kind, how many exceptions were last met from `since` until before `until`, and how many of them are open.

    Open is what is not resolved.
    """
    rows = tx.exec(
        select(ExceptionRecord.kind, ExceptionRecord.state).where(
            col(ExceptionRecord.last_at) >= since,
            col(ExceptionRecord.last_at) < until,
            ~col(ExceptionRecord.cause).startswith(
                f"{floods.FLOOD}:"
            ),  # a message that counts is none itself
        )
    )
    found: dict[str, tuple[int, int]] = {}
    for kind, state in rows:
        times, undecided = found.get(kind, (0, 0))
        found[kind] = (times + 1, undecided + (state != ExceptionState.RESOLVED))
    return found


def show(
    tx: Session, at: datetime, row: ExceptionRecord, *, news: bool = False, lead: Lead | None = None
) -> None:
    """Owe its message, as it is then, wherever it is told. A grave one that is new goes before all others.

    news: nobody was told of it yet. lead: on whose message it is counted, where that is at hand.
    """
    lead = lead or floods.lead_of(tx, row)
    urgency = GRAVE if news and row.severity == "high" else ALERT
    if lead is None:
        _owe(tx, at, row.id, SECURITY, urgency=urgency)
    else:
        later = floods.not_before(tx, lead, at, SECURITY)
        _owe(tx, at, lead.row.id, SECURITY, urgency=urgency, not_before=later)
    if row.owner:
        _owe(tx, at, row.id, f"{OWNER}{row.owner}", urgency=ALERT)


def _owe(
    tx: Session,
    at: datetime,
    subject: str,
    recipient: str,
    *,
    urgency: int,
    not_before: datetime | None = None,
) -> None:
    about = {"courier": "slack", "kind": "exception", "subject": subject, "recipient": recipient}
    owe(tx, at=at, **about, urgency=urgency, not_before=not_before)
    if not is_owed(tx, **about):
        raise NotKept


def _add_facts(
    tx: Session,
    at: datetime,
    causes: Collection[str],
    facts: Mapping[str, Any],
    *,
    until: datetime | None = None,
) -> Sequence[ExceptionRecord]:
    """The rows of what lasted of these, the oldest first. until: only what was met last by then."""
    lasting = [row for row in open_of(tx, *causes) if until is None or not until < row.last_at <= at + _AHEAD]
    for row in lasting:
        decide_exception(tx, at=at, row=row, facts=facts)
    return lasting


def is_over(row: ExceptionRecord) -> bool:
    """Whether its cause is known to be over. A person's word that it is resolved does not end a cause."""
    return SETTLED in row.facts or RENEWED in row.facts


def _of(tx: Session, *causes: str) -> Sequence[ExceptionRecord]:
    return only_genuine(tx, _OF_CAUSES.held(tx, {"causes": listed(causes)}))


def _since(tx: Session, cause: str, since: datetime) -> Sequence[ExceptionRecord]:
    return only_genuine(tx, _SINCE.held(tx, {"cause": cause, "since": since}))


def _to_count_on(tx: Session, cause: str, since: datetime) -> ExceptionRecord | None:
    """The exception of this cause that is not resolved: of several since then, each was graver than those before."""
    return max(
        (row for row in _since(tx, cause, since) if row.state != ExceptionState.RESOLVED),
        key=lambda row: _GRAVITY.index(row.severity),
        default=None,
    )
