"""The watch over what looks over the record: security hears when the walk is overdue, or what follows it stands still.

It looks over nothing itself and pushes nothing on; what goes on again settles what was told of it (T-10, A-15).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from handlers import recording
from handlers.audit.streaming import SIEM
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from storage import streams, walks
from storage.audit import log as audit_log
from storage.exceptions import is_open, open_of, settle_exceptions
from storage.macs import SENDING

WALK = "walk"
# So long nothing of what waits may be taken; one look at a stretch takes seconds.
STANDS_STILL = timedelta(minutes=15)
# By then whoever sends has told of what the other side refuses (handlers.audit.streaming), or nobody sends any more.
IS_TOLD_WITHIN = timedelta(hours=2)
# A bot that was off for days, or walks for the first time, catches up first: so many entries in a second, at least.
AFTER_A_START = timedelta(hours=1)
_CAUGHT_UP = 1000
# The same is said again after a day, since it is easily forgotten.
_AGAIN = timedelta(days=1)
_NOT_STREAMED = cause_of(Kind.NOT_STREAMED, SIEM)


@dataclass(frozen=True, kw_only=True)
class _Stands:
    """How one of them stands. late: None where that is not known, yet. waits: entries that it has not come to."""

    late: bool | None
    since: datetime
    waits: int = 0


class Lagging:
    """One process's watch. every: how long a round of the walk takes. followed: what follows the log here, by name."""

    def __init__(self, ground: Ground, *, every: timedelta, followed: Sequence[str]) -> None:
        self._ground, self._every, self._followed = ground, every, followed
        self._began = ground.now()
        self._places: dict[str, tuple[int, datetime]] = {}

    async def look(self) -> None:
        """Tell of what is late and was not told of, and settle what was told of and goes on."""
        now = self._ground.now()
        found = await self._ground.database.read(partial(self._look, now=now))
        if await self._ground.database.read(partial(_news, found=found, now=now)):
            await self._ground.database.write(partial(_keep, found=found, now=now))

    def _look(self, tx: Session, now: datetime) -> Mapping[str, _Stands]:
        return {
            WALK: self._walk(tx, now),
            **{SIEM if name == SENDING else name: self._place(tx, name, now) for name in self._followed},
        }

    def _walk(self, tx: Session, now: datetime) -> _Stands:
        """As long again as a round takes, since it gives way to what is more urgent."""
        ended = walks.last_end(tx) or now  # or, before the first round, since the log began
        if now - ended <= 2 * self._every:
            return _Stands(late=False, since=ended)
        has_had_time = now - self._began >= after_a_start(audit_log.head(tx).size)
        return _Stands(late=True if has_had_time else None, since=ended)

    def _place(self, tx: Session, name: str, now: datetime) -> _Stands:
        position = streams.position(tx, name)
        waits = audit_log.head(tx).size - position
        before, since = self._places.get(name, (position, now))
        if waits <= 0 or before != position:
            self._places[name] = (position, now)
            return _Stands(late=False, since=now)
        self._places[name] = (position, min(since, now))  # or the clock was set back
        late = now - since >= STANDS_STILL and not _is_told_by_its_sender(tx, name, now)
        return _Stands(late=late or None, since=since, waits=waits)


def after_a_start(size: int) -> timedelta:
    """How long nothing is said of the walk over so many entries after a start."""
    return AFTER_A_START + timedelta(seconds=size / _CAUGHT_UP)


def _is_told_by_its_sender(tx: Session, name: str, now: datetime) -> bool:
    """Whether the other side refuses it, which whoever sends it tells. The detectors send nothing: whatever their row
    says of that, other hands wrote.
    """
    failing = streams.failing_since(tx, name) if name == SENDING else None
    if failing is None:
        return False
    return timedelta(0) <= now - failing <= IS_TOLD_WITHIN or bool(open_of(tx, _NOT_STREAMED))


def _news(tx: Session, found: Mapping[str, _Stands], now: datetime) -> bool:
    return any(_is_to_tell(tx, what, one, now) or _is_over(tx, what, one) for what, one in found.items())


def _is_to_tell(tx: Session, what: str, one: _Stands, now: datetime) -> bool:
    return one.late is True and not is_open(tx, _cause(what), since=now - _AGAIN)


def _is_over(tx: Session, what: str, one: _Stands) -> bool:
    return one.late is False and bool(open_of(tx, _cause(what)))


def _keep(tx: Session, found: Mapping[str, _Stands], now: datetime) -> None:
    """Looked at once more where nobody else can write: of several replicas one tells."""
    for what, one in found.items():
        if _is_to_tell(tx, what, one, now):
            _tell(tx, what, one, now)
    settle_exceptions(tx, at=now, causes=[_cause(what) for what, one in found.items() if one.late is False])


def _tell(tx: Session, what: str, one: _Stands, now: datetime) -> None:
    recording.record(
        tx, at=now, action="log.overdue", outcome="failed", actor=recording.WICKET, where=SCHEDULE,
        correlation=what, facts={"what": what, "since": one.since.isoformat(), "waits": one.waits},
    )  # fmt: skip
    strange = Strange(
        kind=Kind.NOT_LOOKED_OVER, severity=Severity.HIGH, who="Wicket", cause=what, correlation=what,
        facts={
            "what": what, "since": one.since.isoformat(), "waits": one.waits,
            **({"never": True} if what == WALK and not walks.last_round(tx) else {}),
        },
    )  # fmt: skip
    tell_security(tx, now, strange)


def _cause(what: str) -> str:
    return cause_of(Kind.NOT_LOOKED_OVER, what)
