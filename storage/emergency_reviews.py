"""What became of emergencies after their access ended, as it is kept: reviews, reminders, and who may again.

It decides nothing: neither when a review is due, nor who may give one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, literal_column
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, func, or_, select

from storage import emergencies, lift_words, reminders
from storage.audit.tables import ENTRIES
from storage.engine.changing import change
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows
from storage.records import Emergency, RestoreWord
from storage.signing import genuine, only_genuine
from storage.states import EmergencyState, GrantState

GRANTED, PRACTISED, RECORDED = "emergency.granted", "emergency.practised", "emergency.recorded"
"""The entries by which the record says that access was given, that a drill took place, or what was done by hand."""

REVIEWED = "emergency.reviewed"
"""And that somebody else looked at it."""

FOUND = "emergency.found"
"""And that its row, which was lost, was there again: words of before are about that loss and no later one."""

_TAKES_PLACE = (GRANTED, PRACTISED, RECORDED, REVIEWED)
_ON_RECORD = (*_TAKES_PLACE, FOUND)
_TOLD = select_columns(
    ENTRIES.c.action, ENTRIES.c.correlation, ENTRIES.c.subject, ENTRIES.c.resource, ENTRIES.c.at
)
_OF_ALL = Plain(
    _TOLD.where(ENTRIES.c.action.in_([literal_column(f"'{action}'") for action in _ON_RECORD])).order_by(
        ENTRIES.c.index
    )
)
# Access that is about to be, or is there.
_GIVES = (GrantState.APPROVED, GrantState.ACTIVE)
_GRANTED = Emergency.state == EmergencyState.GRANTED
_EMERGENCIES = SQLModel.metadata.tables[Emergency.__tablename__]
_TOOK_PLACE = _EMERGENCIES.c.state == EmergencyState.GRANTED
# Built once: the schedule asks, and mostly there is none.
_UNREVIEWED = Loading(
    Emergency,
    select_columns(_EMERGENCIES)
    .where(_TOOK_PLACE, _EMERGENCIES.c.reviewed_at.is_(None))
    .order_by(_EMERGENCIES.c.opened_at, _EMERGENCIES.c.id),
)
_LAST_DRILL = Plain(
    select_columns(func.max(_EMERGENCIES.c.opened_at)).where(_TOOK_PLACE, _EMERGENCIES.c.drill.is_(True))
)
_ALL_GRANTED = select(Emergency).where(_GRANTED)
_UNSETTLED = or_(
    col(Emergency.reviewed_at).is_(None),
    (col(Emergency.finding) == "not-justified") & col(Emergency.restored_at).is_(None),
)


def unreviewed(tx: Session) -> list[Emergency]:
    """Those that took place and that nobody reviewed yet, the oldest first."""
    return only_genuine(tx, _UNREVIEWED.held(tx))


def unsettled(tx: Session) -> list[Emergency]:
    """Those that nobody reviewed yet, and those found not justified after which nobody let their person again."""
    return only_genuine(tx, tx.exec(select(Emergency).where(_GRANTED, _UNSETTLED)))


@dataclass(frozen=True, kw_only=True)
class Lost:
    """An emergency of which the record tells and the table does not, as Wicket wrote it.

    at: when it was recorded. until: when the record told of it last; a word of before is about something else.
    """

    emergency: str
    account: str
    entitlement: str
    at: datetime
    until: datetime


def lost_of(tx: Session, account: str) -> Sequence[Lost]:
    """The emergencies of this account that are not there, or not reviewed though they were, as Wicket wrote them.

    A row that was changed, moved to somebody else, thrown away or put back to what it was before its review holds
    nobody back; the record does, until two people accounted for it.
    """
    told = _TOLD.where(ENTRIES.c.subject == account, ENTRIES.c.action.in_(_ON_RECORD))
    return _lost(tx, _said(tx, told), select(Emergency).where(Emergency.account == account, _GRANTED))


def all_lost(tx: Session) -> Mapping[str, Sequence[Lost]]:
    """The same of everybody, by account."""
    return _by_account(_lost(tx, rows(tx.connection(), _OF_ALL), _ALL_GRANTED))


def spoken_of(tx: Session) -> Mapping[str, frozenset[str]]:
    """By account the emergencies that are there, though words about their loss would count of a later one as well."""
    about = lift_words.spoken_of(tx)
    if not about:
        return {}
    told = _TOLD.where(ENTRIES.c.correlation.in_(about), ENTRIES.c.action.in_(_ON_RECORD))
    found = select(Emergency).where(col(Emergency.id).in_(about), _GRANTED)
    each, missing = _as_told(tx, _said(tx, told), found)
    there = {name: one for name, one in each.items() if name not in missing}
    spoken = _by_account(there[one.emergency] for one in words_about(tx, [*there.values()]))
    return {account: frozenset(one.emergency for one in some) for account, some in spoken.items()}


def _by_account(lost: Iterable[Lost]) -> Mapping[str, Sequence[Lost]]:
    found = dict[str, list[Lost]]()
    for one in lost:
        found.setdefault(one.account, []).append(one)
    return found


def _said(tx: Session, told: Select[Any]) -> Sequence[Sequence[Any]]:
    return tx.connection().execute(told.order_by(ENTRIES.c.index)).all()


def _lost(tx: Session, said: Sequence[Sequence[Any]], wanted: Any) -> Sequence[Lost]:
    _, missing = _as_told(tx, said, wanted)
    settled = {one.emergency for one in words_about(tx, [*missing.values()]) if one.settles}
    return tuple(one for one in missing.values() if one.emergency not in settled)


def _as_told(
    tx: Session, said: Sequence[Sequence[Any]], wanted: Any
) -> tuple[Mapping[str, Lost], Mapping[str, Lost]]:
    """What the record tells of, and what of it is not there, whatever was said of that since."""
    there = {(one.id, one.account): one for one in only_genuine(tx, tx.exec(wanted))} if said else {}
    each, missing = dict[str, Lost](), dict[str, Lost]()
    until = {emergency: at for _, emergency, _, _, at in said}
    for action, emergency, account, entitlement, at in said:
        if action == FOUND:
            continue
        one = Lost(
            emergency=emergency, account=account, entitlement=entitlement or "", at=at, until=until[emergency]
        )  # fmt: skip
        each.setdefault(emergency, one)
        row = there.get((emergency, account))
        if row is None or (action == REVIEWED and row.reviewed_at is None):
            missing.setdefault(emergency, one)
    return each, missing


def words_about(tx: Session, lost: Sequence[Lost]) -> Sequence[RestoreWord]:
    """The words about these, the first one first: none of before its review or its return, had the row come back."""
    until = {one.emergency: one.until for one in lost}
    return [one for one in lift_words.of_lost(tx, [*until]) if one.at >= until[one.emergency]]


def is_spoilt(tx: Session, emergency: str) -> bool:
    """Whether there is one with this id that is not as Wicket wrote it, or none though the record tells of it."""
    found = tx.get(Emergency, emergency)
    if found is not None:
        return not genuine(tx, found)
    told = _TOLD.where(ENTRIES.c.correlation == emergency, ENTRIES.c.action.in_(_TAKES_PLACE))
    return tx.connection().execute(told).first() is not None


def ended_at(tx: Session, emergency: Emergency, now: datetime) -> datetime | None:
    """When its access ended, or was to end if that came first; None while it gives something.

    What gave nothing, a drill or what was put on the record by hand, ended when it says so.
    """
    promised = emergency.ends_at or now
    grant = reminders.seen(tx, emergency.grant)
    if grant is not None and grant.state in _GIVES and now < promised:
        return None
    over = (grant.ended_at or now) if grant is not None else promised
    return min(over, promised, now)


def owe_review(tx: Session, emergency: Emergency, *, due_at: datetime) -> None:
    """Its access is over, and somebody else has to look at it by then."""
    emergencies.move(tx, emergency, EmergencyState.GRANTED, review_due_at=due_at)


def reminded(tx: Session, emergency: Emergency, at: datetime) -> None:
    """The reviewers were reminded."""
    change(tx, emergency, reminded_at=at)


def escalated(tx: Session, emergency: Emergency, at: datetime) -> None:
    """It was told that nobody reviewed it in time."""
    change(tx, emergency, escalated_at=at)


def reviewed(
    tx: Session, emergency: Emergency, *, at: datetime, by: str, name: str, finding: str, words: str
) -> None:
    """Somebody reviewed it. by: their account. words: what they would change."""
    emergencies.move(
        tx, emergency, EmergencyState.GRANTED, reviewed_at=at, reviewed_by=by, reviewed_by_name=name,
        finding=finding, review_words=words,
    )  # fmt: skip


def restored(tx: Session, emergency: Emergency, *, at: datetime, by: str, name: str) -> None:
    """Whoever it was found not justified of can break glass again."""
    emergencies.move(
        tx, emergency, EmergencyState.GRANTED, restored_at=at, restored_by=by, restored_by_name=name
    )


def last_drill(tx: Session) -> datetime | None:
    """When the last drill took place."""
    at: datetime | None = rows(tx.connection(), _LAST_DRILL)[0][0]
    return at
