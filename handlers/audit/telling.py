"""Security hears that this process gives nothing new by itself (handlers.audit.watching), and when that is over (T-2).

It checks nothing and stops nothing; what it writes is a transaction apart from all that could not be written.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import CALM
from handlers.decisions.lifecycle import LONGEST_WAIT, wait_before_retry
from handlers.exceptions.outside import WITHIN, Notice, Outside
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from storage.exceptions import decide_exceptions, is_open, open_of, open_under, settle_exceptions
from storage.records import ExceptionRecord
from storage.sentences import Sentence, template
from storage.unchecked import Unchecked

log = structlog.get_logger(__name__)

STORY = "unchecked"
_CAUSES = cause_of(Kind.UNCHECKED, "")
# What lasts is said again after a day, since it is easily forgotten.
_AGAIN = timedelta(days=1)
# So long the store may take nothing before it is told past it, and what was shorter and could not be told is over.
PAST_THE_STORE = timedelta(minutes=1)
CALM_SINCE = "calm_since"
"""The fact that says since when all could be checked again, while that may yet not last."""

# Whoever may make a trigger names it.
_MOST_FOUND, _MOST_OF_A_NAME = 5, 120
# At so many looks in a row what was told at the one before is gone: a start of another replica settles it once.
_TAKEN_AWAY = 2

_TITLE = template("New access is stopped by {replica} alone, which cannot check its records")
_TOLD = template(
    "It cannot write that down either, so this is told past its database, and once. Find out who can write there; its "
    "log says what fails."
)
_OVER_TITLE = template("{replica} can check its records again")
_OVER = template(
    "It stops nothing by itself any more. What was found, if anything, has a message of its own in the security "
    "channel."
)


@dataclass(kw_only=True)
class _Stop:
    """One that stands, or came and went until now, and what was told of it.

    since: when it began last. stood: whether the store answered while it did. ended_at: when it was first seen gone,
    while it may come again; ended: whether that is told. is_back: it came again, and that is not counted yet; times:
    how often it was there. told_at: when it was told in the store last; gone: at how many looks in a row that was gone.
    took: the channels that took the notice past the store; tried: of each that did not, how often it was tried, and
    when it is again.
    """

    since: datetime
    checks: Sequence[str] = ()
    found: Sequence[str] = ()
    stood: bool = False
    ended_at: datetime | None = None
    ended: bool = False
    is_back: bool = False
    times: int = 1
    told_at: datetime | None = None
    gone: int = 0
    took: set[str] = field(default_factory=set)
    tried: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def goes_on(self, since: datetime, unchecked: Unchecked) -> None:
        """It stands, or does so again."""
        self.checks, self.found = unchecked.checks, unchecked.found
        if self.ended_at is not None:
            self.since, self.ended_at, self.ended, self.stood = since, None, False, False
            self.is_back, self.times = True, self.times + 1


class Telling:
    """replica: this process, as the record calls it. straight: where a notice goes that the store does not take."""

    def __init__(self, ground: Ground, *, replica: str, straight: Sequence[Outside] = ()) -> None:
        self._ground, self._replica, self._straight = ground, replica, tuple(straight)
        self._cause = cause_of(Kind.UNCHECKED, replica)
        self._stop: _Stop | None = None
        self._is_first = True

    async def look(self) -> None:
        """Tell of a stop that stands, once and each day, and that it is over; what flaps is one, and counted."""
        since = self._ground.database.unchecked.since
        if since is None:
            await self._gone()
            return
        stop = self._stop = self._stop or _Stop(since=since)
        stop.goes_on(since, self._ground.database.unchecked)
        try:
            async with asyncio.timeout(WITHIN):  # or somebody keeps it from ever ending
                is_news = await self._stands(stop)
        except Exception as fault:  # noqa: BLE001 - whatever keeps it from being told, it is told in another way
            stop.stood = False
            log.error("access.stop_untold", fault=str(fault) or type(fault).__name__)
            if self._is_untold(stop):
                await self._tell_straight(stop)
            return
        if stop.gone >= _TAKEN_AWAY:
            await self._tell_straight(stop)
        elif is_news:
            await self._record("failed", stop)

    async def _stands(self, stop: _Stop) -> bool:
        """Whether it was told now: where the store answered at the look before as well. Else its silence may be all
        that there was, and the check that is made anew in between ends it.
        """
        now, database = self._ground.now(), self._ground.database
        is_known = await database.read(lambda tx: is_open(tx, self._cause, since=now - _AGAIN))
        if stop.told_at is not None and now - stop.told_at < _AGAIN:
            stop.gone = 0 if is_known else stop.gone + 1
            stop.told_at = stop.told_at if is_known else None
        is_told = stop.told_at is not None and is_known
        if is_told and stop.is_back:
            await database.write(partial(self._tell_back, stop=stop))
            stop.is_back = False
        if is_told or not stop.stood:
            stop.stood = True
            return False
        await database.write(partial(self._tell, stop=stop, severity=Severity.HIGH))
        stop.told_at, stop.is_back = now, False
        return True

    async def _gone(self) -> None:
        """None stands. What a process told that is no more is over at the first look of the next.

        Its own is over once it stayed away for a while; one of another that stands is told anew by that.
        """
        stop = self._stop
        if stop is None and not self._is_first:
            return
        if stop is not None:
            stop.ended_at = stop.ended_at or self._ground.now()
            if not await self._is_over(stop):
                return
        lasting = {one.cause for one in await self._ground.database.read(self._lasting)}
        if lasting:
            at = self._ground.now()
            await self._ground.database.write(lambda tx: settle_exceptions(tx, at=at, causes=lasting))
        self._stop, self._is_first = None, False
        if lasting:
            await self._record("done", stop)

    async def _is_over(self, stop: _Stop) -> bool:
        """Whether it stayed away for a while, or nobody heard of it. That it is gone for now is said at once."""
        is_untold = self._is_untold(stop)
        if stop.told_at is None and not stop.took and not is_untold:
            return True
        since = self._ground.now() - (stop.ended_at or self._ground.now())
        is_over = not timedelta(0) <= since < CALM  # nobody waits for a clock that was set back
        if is_over:
            await self._over_straight(stop)
        if not stop.ended:
            await self._ground.database.write(partial(self._tell_gone, stop=stop, is_untold=is_untold))
            stop.ended, stop.is_back = True, False
            if is_untold:
                stop.told_at = self._ground.now()
                await self._record("failed", stop)
        return is_over

    def _is_untold(self, stop: _Stop) -> bool:
        """Whether it lasted, and the store did not take what was to be told of it."""
        until = stop.ended_at or self._ground.now()
        return stop.told_at is None and until - stop.since >= PAST_THE_STORE

    def _lasting(self, tx: Session) -> Sequence[ExceptionRecord]:
        return open_under(tx, _CAUSES) if self._is_first else open_of(tx, self._cause)

    def _tell_back(self, tx: Session, stop: _Stop) -> None:
        """Counted; what was only told as over, and less grave, is overtaken."""
        was_grave = any(one.severity == Severity.HIGH for one in open_of(tx, self._cause))
        self._tell(tx, stop, Severity.HIGH, anew=not was_grave)

    def _tell_gone(self, tx: Session, stop: _Stop, is_untold: bool) -> None:
        """In the message that stands, edited; in one of its own where the store took none before."""
        if is_untold or stop.is_back:  # it is over, so nobody is woken
            self._tell(tx, stop, Severity.MEDIUM, anew=is_untold)
        elif stop.ended_at is not None:
            gone = {CALM_SINCE: stop.ended_at.isoformat()}
            decide_exceptions(tx, at=self._ground.now(), cause=self._cause, facts=gone)

    def _tell(self, tx: Session, stop: _Stop, severity: Severity, *, anew: bool = True) -> None:
        """In a message of its own: whatever stands there of this cause may be by other hands.

        anew: else it is counted on the one that this process wrote before.
        """
        calm = {CALM_SINCE: stop.ended_at.isoformat()} if stop.ended_at is not None else {}
        found = [name[:_MOST_OF_A_NAME] for name in stop.found[:_MOST_FOUND]]
        strange = Strange(
            kind=Kind.UNCHECKED, severity=severity, who="Wicket", cause=self._replica, correlation=STORY, anew=anew,
            facts={
                "replica": self._replica, "since": stop.since.isoformat(), "checks": list(stop.checks),
                **({"found": found} if found else {}), **calm,
            },
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)

    async def _record(self, outcome: str, stop: _Stop | None) -> None:
        """On the record too, which may be what cannot be written: then the log has it."""
        facts: dict[str, recording.Fact] = {
            "replica": self._replica, **({"since": stop.since.isoformat()} if stop is not None else {}),
            **({"times": stop.times} if stop is not None and stop.times > 1 else {}),
        }  # fmt: skip

        def work(tx: Session) -> None:
            recording.record(
                tx, at=self._ground.now(), action="access.unchecked", outcome=outcome, actor=recording.WICKET,
                where=SCHEDULE, correlation=STORY, facts=facts,
            )  # fmt: skip

        try:
            async with asyncio.timeout(WITHIN):
                await self._ground.database.write(work)
        except Exception as fault:  # noqa: BLE001 - security was told, and what fails here may be what it was told of
            log.error("access.stop_unrecorded", fault=str(fault))

    async def _tell_straight(self, stop: _Stop) -> None:
        notice = self._notice(stop, "", _TITLE, _TOLD, stop.since)
        for one in self._straight:
            tried, again_at = stop.tried.get(one.name, (0, stop.since))
            # Ever less often: one that takes it and does not say so would be told each time.
            if one.name in stop.took or again_at - LONGEST_WAIT <= self._ground.now() < again_at:
                continue
            if await self._took_it(one, notice):
                stop.took.add(one.name)
            else:
                after = wait_before_retry(tried + 1, 1.0)
                stop.tried[one.name] = tried + 1, self._ground.now() + after

    async def _over_straight(self, stop: _Stop) -> None:
        """Once, though what follows may fail and be done again, or the stop go on meanwhile."""
        told, stop.took, stop.tried = stop.took, set(), {}
        notice = self._notice(stop, "-over", _OVER_TITLE, _OVER, self._ground.now())
        for one in self._straight:
            if one.name in told:
                await self._took_it(one, notice)

    def _notice(self, stop: _Stop, ending: str, title: str, told: str, at: datetime) -> Notice:
        return Notice(
            id=f"{STORY}-{self._replica}-{int(stop.since.timestamp())}{ending}", kind=STORY, severity=Severity.HIGH,
            title=Sentence.of(title, {"replica": self._replica}), told=told, at=at, correlation="",
        )  # fmt: skip

    async def _took_it(self, channel: Outside, notice: Notice) -> bool:
        try:
            async with asyncio.timeout(WITHIN):
                await channel.tell(notice)
        except Exception as fault:  # noqa: BLE001 - of one channel, whatever it is: the others may take it
            log.error("access.stop_untold", channel=channel.name, fault=type(fault).__name__)
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class Alone:
    """What a replica told of a stop of its own, and not yet that it is over. calm_since: when it was gone, for now."""

    told_at: datetime
    calm_since: datetime | None = None


def stopping_alone(tx: Session) -> dict[str, Alone]:
    """The replicas that told of such a stop and not yet that it is over, the one that told first first.

    Of several messages of one the last says how it is, as where somebody resolved the one before.
    """
    found = dict[str, Alone]()
    for row in open_under(tx, _CAUSES):
        name, now = row.cause.removeprefix(_CAUSES), _alone(row)
        found[name] = replace(now, told_at=found[name].told_at) if name in found else now
    return found


def _alone(row: ExceptionRecord) -> Alone:
    """The row may be by other hands: what is no time in it is none."""
    try:
        since = datetime.fromisoformat(str(row.facts.get(CALM_SINCE)))
    except ValueError:
        return Alone(told_at=row.first_at)
    return Alone(told_at=row.first_at, calm_since=since if since.tzinfo else None)
