"""Alarms as they are kept: what somebody said was not theirs, what was done about it, and who lifted it.

It decides neither what an alarm stops nor who may lift it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import bindparam, exists, literal_column, or_
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, func, select

from storage.audit import log
from storage.audit.tables import ENTRIES
from storage.audit.vouched import doubted, is_doubted
from storage.engine import upserts
from storage.engine.changing import put
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run
from storage.on_record import note_put_back
from storage.records import Alarm, Handle
from storage.signing import genuine, signed

_ALARMS = SQLModel.metadata.tables[Alarm.__tablename__]
# Built once: every request and click asks, and making a statement costs more than running it.
_ALL = Loading(Alarm, pick(*_ALARMS.c))
_ABOUT = Loading(
    Alarm,
    pick(_ALARMS)
    .where(_ALARMS.c.directory == bindparam("directory"), _ALARMS.c.account == bindparam("account"))
    .order_by(_ALARMS.c.at),
)
_UNSETTLED = Loading(Alarm, pick(_ALARMS).where(_ALARMS.c.settled_at.is_(None)).order_by(_ALARMS.c.at))
_REPORTED = "account.reported"
_OTHER = ENTRIES.alias("other")
# Few accounts were ever reported, and the index of actions leads to them.
_NOT_THERE = pick(ENTRIES.c.correlation).where(
    ENTRIES.c.action == literal_column(f"'{_REPORTED}'"),
    ~exists().where(_ALARMS.c.handle == ENTRIES.c.correlation),
    ~exists().where(
        _OTHER.c.correlation == ENTRIES.c.correlation,
        literal_column("'account.released'") == _OTHER.c.action.concat(""),
    ),
)
_GONE = Plain(_NOT_THERE.order_by(ENTRIES.c.index))
# Nearly always there is none, and then one look is enough.
_ANY = Plain(pick(literal_column("1")).where(or_(pick(_ALARMS.c.handle).exists(), _NOT_THERE.exists())))
_RAISE = upserts.or_nothing(_ALARMS)
_RELEASES = Plain(
    pick(ENTRIES.c.correlation).where(
        ENTRIES.c.action == literal_column("'account.released'"),
        ENTRIES.c.index >= bindparam("first"),
        ENTRIES.c.index < bindparam("end"),
    )
)


SECURITY = "security"
"""The door of an alarm that the security team raised itself."""


class Effect(StrEnum):
    """What came of one effect. WANTED: to be done, or tried again. UNABLE: the directory cannot.

    HELD: not done, for there were too many at once. ALREADY: it was so before, so lifting the alarm leaves it so.
    UNSEEN: wanted, and the directory has not said yet whether it was so before. SPARED: nobody asked for it.
    """

    WANTED = "wanted"
    DONE = "done"
    ALREADY = "already"
    UNABLE = "unable"
    HELD = "held"
    UNSEEN = "unseen"
    SPARED = "spared"

    @property
    def is_wanted(self) -> bool:
        """Whether it is still to be done."""
        return self in (Effect.WANTED, Effect.UNSEEN)


def sound(
    tx: Session,
    *,
    handle: str,
    directory: str,
    account: str,
    name: str,
    door: str,
    disabled: Effect,
    at: datetime,
) -> bool:
    """Keep a new alarm; False if one was raised for this visit before, be it lifted or not."""
    values = {
        "handle": handle, "directory": directory, "account": account, "name": name, "door": door,
        "disabled": disabled, "sessions": Effect.WANTED, "at": at, "settled_at": None, "lifted_at": None,
        "lifted_by": "", "rationale": "",
    }  # fmt: skip
    return run(tx.connection(), _RAISE, signed(tx, _ALARMS.name, values)) == 1


def get(tx: Session, handle: str) -> Alarm | None:
    """The alarm about this visit, held until the transaction ends."""
    return tx.get(Alarm, handle, with_for_update=True)


def open_of(tx: Session, directory: str, account: str) -> Sequence[Alarm]:
    """What is open about this account, the oldest first."""
    found = _ABOUT.held(tx, {"directory": directory, "account": account})
    there = [one for one in found if _is_open(tx, one)]
    known = {one.handle for one in there}
    others = [one for one in _all_open(tx) if one.handle not in known]
    return [*(one for one in others if (one.directory, one.account) == (directory, account)), *there]


def reported(tx: Session) -> frozenset[tuple[str, str]]:
    """Directory and account of everybody about whom an alarm is open."""
    return frozenset((one.directory, one.account) for one in _all_open(tx))


def put_back(tx: Session) -> None:
    """Make those anew that are on the record and not there: a row that is gone lets nobody in again."""
    for alarm in _gone(tx):
        if tx.get(Handle, alarm.handle) is not None:  # without its visit it is open all the same
            put(tx, alarm)
        note_put_back(tx, alarm)


def switched_off(tx: Session) -> frozenset[tuple[str, str]]:
    """Those of them whose account is off because of it, or will be, by Wicket or by hand: nobody who left."""
    sound, forged = _parted(tx)
    off = [*(one for one in sound if one.lifted_at is None), *_recorded(tx, forged)]
    return frozenset((one.directory, one.account) for one in off if one.disabled != Effect.ALREADY)


def unsettled(tx: Session) -> Sequence[Alarm]:
    """Those of which something is still to be done."""
    return _UNSETTLED.held(tx)


def how_many_since(tx: Session, at: datetime, window: timedelta) -> int:
    """How many were raised in the window that ends now, about whomever; by security itself none of them."""
    found = select(func.count()).select_from(Alarm).where(col(Alarm.at) > at - window, Alarm.door != SECURITY)
    return int(tx.exec(found).one())


def note(tx: Session, alarm: Alarm, *, disabled: Effect, sessions: Effect, at: datetime) -> None:
    """What came of it. It is settled when nothing is wanted any more; what was switched off once that was looked at."""
    alarm.disabled, alarm.sessions = disabled, sessions
    if not (disabled == Effect.DONE or disabled.is_wanted or sessions.is_wanted):
        alarm.settled_at = at
    put(tx, alarm)


def settle(tx: Session, alarm: Alarm, *, at: datetime) -> None:
    """It was looked at since it was noted, and nothing is left to be done."""
    alarm.settled_at = at
    put(tx, alarm)


def unsettle(tx: Session, alarm: Alarm) -> None:
    """Something is to be done about it, though it may be lifted: should nobody come to its end, it is found again."""
    alarm.settled_at = None
    put(tx, alarm)


def want_anew(tx: Session, alarm: Alarm) -> None:
    """The account was switched on after all: it is to be switched off again."""
    alarm.disabled, alarm.settled_at = Effect.WANTED, None
    put(tx, alarm)


def lift(tx: Session, alarm: Alarm, *, at: datetime, by: str, rationale: str) -> None:
    """It is over, and nothing of it is done any more."""
    alarm.lifted_at, alarm.lifted_by, alarm.rationale = at, by, rationale
    alarm.settled_at = alarm.settled_at or at
    put(tx, alarm)


def _is_open(tx: Session, alarm: Alarm) -> bool:
    """One that is not as Wicket wrote it counts as open."""
    return not genuine(tx, alarm) or alarm.lifted_at is None


def _all_open(tx: Session) -> list[Alarm]:
    """Of one that is not as Wicket wrote it also what the record has: the row may name somebody else by now."""
    if not rows(tx.connection(), _ANY) and not doubted(tx):
        return []
    sound, forged = _parted(tx)
    return [*_gone(tx), *_recorded(tx, forged), *forged, *(one for one in sound if one.lifted_at is None)]


def _parted(tx: Session) -> tuple[list[Alarm], list[Alarm]]:
    """All that are there: as Wicket wrote them, and not."""
    parted: tuple[list[Alarm], list[Alarm]] = [], []
    for one in _ALL.found(tx):
        parted[not genuine(tx, one)].append(one)
    return parted


def _gone(tx: Session) -> list[Alarm]:
    """Those that are on the record, neither lifted nor there. Older entries do not say in which directory."""
    gone = dict.fromkeys(str(row[0]) for row in rows(tx.connection(), _GONE))
    return [one for handle in (*gone, *_lifted_by_nobody(tx)) for one in _on_record(tx, handle)]


def _lifted_by_nobody(tx: Session) -> list[str]:
    """Those that are not there, and lifted by nothing but entries that nobody vouches for."""
    found = [dict(zip(("first", "end"), each, strict=True)) for each in doubted(tx)]
    handles = dict.fromkeys(str(row[0]) for each in found for row in rows(tx.connection(), _RELEASES, each))
    return [one for one in handles if tx.get(Alarm, one) is None and not _is_lifted(tx, one)]


def _is_lifted(tx: Session, handle: str) -> bool:
    released = log.rows(tx, correlation=handle, action="account.released")
    return not all(is_doubted(tx, one.index) for one in released)


def _recorded(tx: Session, alarms: Sequence[Alarm]) -> list[Alarm]:
    return [said for one in alarms for said in _on_record(tx, one.handle)]


def _on_record(tx: Session, handle: str) -> list[Alarm]:
    entries = [one for one in log.rows(tx, correlation=handle) if one.action == _REPORTED]
    return [_as_recorded(one) for one in entries if _directory(one)]


def _directory(entry: log.Row) -> str:
    return str((entry.said().get("facts") or {}).get("directory") or "")


def _as_recorded(entry: log.Row) -> Alarm:
    """What was to be done about it is done again: it was, or nobody knows any more whether it was."""
    facts = entry.said()["facts"]
    return Alarm(
        handle=entry.correlation, directory=_directory(entry), account=str(entry.subject), name=str(entry.subject),
        door=str(facts["door"]), disabled=str(facts["disabled"]), sessions=Effect.WANTED, at=entry.at,
    )  # fmt: skip
