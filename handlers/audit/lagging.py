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
from storage import last_looks, streams, walks
from storage.audit import log as audit_log
from storage.exceptions import is_open, open_of, settle_exceptions
from storage.last_looks import Look
from storage.macs import SENDING

WALK = "walk"
# So long nothing of what waits may be taken; one look at a stretch takes seconds.
STANDS_STILL = timedelta(minutes=15)
# Whoever was away for longer than that begins anew; within it, a look is kept often enough.
KEPT_EVERY = STANDS_STILL / 3
_NOTHING_WAITS = -1
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
    """How one of them stands. late: None where that is not known, yet. waits: entries that it has not come to.

    look: what is kept of this look.
    """

    late: bool | None
    since: datetime
    waits: int = 0
    look: Look


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one look came to. is_news: there is something to keep of it, to tell or to settle."""

    stands: Mapping[str, _Stands]
    is_news: bool


class Lagging:
    """The watch. every: how long a round of the walk takes. followed: the streams that follow the log here.

    How long something stands still is reckoned from rows, over restarts and by all replicas together, or from what this
    process saw, if that is longer: the rows carry no MAC. For the same reason it settles nothing by a row alone.
    """

    def __init__(self, ground: Ground, *, every: timedelta, followed: Sequence[str]) -> None:
        self._ground, self._every, self._followed = ground, every, followed
        self._own: Mapping[str, Look] = {}

    async def look(self) -> None:
        """Tell of what is late and was not told of, and settle what was told of and goes on."""
        now = self._ground.now()
        seen = await self._ground.database.read(partial(self._look, now=now))
        self._own = {one.look.what: one.look for one in seen.stands.values()}
        if seen.is_news:
            await self._ground.database.write(partial(_keep, found=seen.stands, now=now))

    def _look(self, tx: Session, now: datetime) -> _Seen:
        before, size = last_looks.each(tx), audit_log.head(tx).size
        stands = {WALK: self._walk(tx, before.get(WALK), size, now)}
        for name in self._followed:
            what = SIEM if name == SENDING else name
            stands[what] = self._follows(tx, name, before.get(name), size, now)
        return _Seen(stands=stands, is_news=_news(tx, stands, before, now))

    def _walk(self, tx: Session, before: Look | None, size: int, now: datetime) -> _Stands:
        """As long again as a round takes, since it gives way to what is more urgent."""
        # Wherever it is: since when somebody is there who could walk.
        look = self._again(WALK, before, 0, now)
        ended = walks.last_end(tx) or now  # or, before the first round, since the log began
        if now - ended <= 2 * self._every:
            return _Stands(late=False, since=ended, look=look)
        has_had_time = now - look.since >= after_a_start(size)
        return _Stands(late=True if has_had_time else None, since=ended, look=look)

    def _follows(self, tx: Session, name: str, before: Look | None, size: int, now: datetime) -> _Stands:
        waits = size - (position := streams.position(tx, name))
        look = self._again(name, before, position if waits > 0 else _NOTHING_WAITS, now)
        own = self._own.get(name)
        if waits <= 0 or (own is not None and own.position != position):
            return _Stands(late=False, since=now, look=look)
        late = now - look.since >= STANDS_STILL and not _is_told_by_its_sender(tx, name, look.since, now)
        return _Stands(late=late or None, since=look.since, waits=waits, look=look)

    def _again(self, what: str, before: Look | None, position: int, now: datetime) -> Look:
        """It is there since what the row and this process know, whichever knows more."""
        known = [one for one in (self._own.get(what), before) if one is not None]
        fresh = Look(what=what, position=position, since=now, looked_at=now)
        seen = [one.again(position, now, STANDS_STILL) for one in known]
        return min(seen, key=lambda one: one.since, default=fresh)


def after_a_start(size: int) -> timedelta:
    """How long nothing is said of the walk over so many entries after a start."""
    return AFTER_A_START + timedelta(seconds=size / _CAUGHT_UP)


def _is_told_by_its_sender(tx: Session, name: str, since: datetime, now: datetime) -> bool:
    """Whether the other side refuses it, which whoever sends it tells. The detectors send nothing: whatever their row
    says of that, other hands wrote; and so may be a refusal that is ever again a new one.
    """
    failing = streams.failing_since(tx, name) if name == SENDING else None
    if failing is None:
        return False
    is_new = timedelta(0) <= now - failing and now - min(failing, since) <= IS_TOLD_WITHIN
    return is_new or bool(open_of(tx, _NOT_STREAMED))


def _news(tx: Session, found: Mapping[str, _Stands], before: Mapping[str, Look], now: datetime) -> bool:
    return any(
        _is_to_keep(one.look, before.get(one.look.what))
        or _is_to_tell(tx, what, one, now)
        or _is_over(tx, what, one)
        for what, one in found.items()
    )


def _is_to_keep(look: Look, before: Look | None) -> bool:
    """Not each look: what it says beside its time is what the one before said."""
    if before is None or (look.position, look.since) != (before.position, before.since):
        return True
    return look.looked_at - before.looked_at >= KEPT_EVERY


def _is_to_tell(tx: Session, what: str, one: _Stands, now: datetime) -> bool:
    return one.late is True and not is_open(tx, _cause(what), since=now - _AGAIN)


def _is_over(tx: Session, what: str, one: _Stands) -> bool:
    return one.late is False and bool(open_of(tx, _cause(what)))


def _keep(tx: Session, found: Mapping[str, _Stands], now: datetime) -> None:
    """Looked at once more where nobody else can write: of several replicas one tells."""
    last_looks.keep(tx, (one.look for one in found.values()))
    for what, one in found.items():
        if _is_to_tell(tx, what, one, now):
            _tell(tx, what, one, now)
    settle_exceptions(tx, at=now, causes=[_cause(what) for what, one in found.items() if one.late is False])


def _tell(tx: Session, what: str, one: _Stands, now: datetime) -> None:
    recording.record(
        tx, at=now, action="log.overdue", outcome="failed", **recording.BY_ITSELF, correlation=what,
        facts={"what": what, "since": one.since.isoformat(), "waits": one.waits},
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
