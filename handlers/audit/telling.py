"""Security hears that this process gives nothing new by itself (handlers.audit.watching), and when that is over (T-2).

It checks nothing and stops nothing; what it writes is a transaction apart from all that could not be written.
"""

import asyncio
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import LONGEST_WAIT, wait_before_retry
from handlers.exceptions.outside import WITHIN, Notice, Outside
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from storage.exceptions import is_open, open_of, open_under, settle_exceptions
from storage.records import ExceptionRecord
from storage.sentences import Sentence, template

log = structlog.get_logger(__name__)

STORY = "unchecked"
_CAUSES = cause_of(Kind.UNCHECKED, "")
# What lasts is said again after a day, since it is easily forgotten.
_AGAIN = timedelta(days=1)
# So long the store may take nothing before it is told past it, and what was shorter and could not be told is over.
PAST_THE_STORE = timedelta(minutes=1)
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
    """One that stands, and what was told of it. stood: whether the store answered while it did. told_at: when it was
    told there last; gone: at how many looks in a row that was gone. took: the channels that took the notice past the
    store; tried: of each that did not, how often it was tried, and when it is again.
    """

    since: datetime
    checks: Sequence[str] = ()
    stood: bool = False
    told_at: datetime | None = None
    gone: int = 0
    took: set[str] = field(default_factory=set)
    tried: dict[str, tuple[int, datetime]] = field(default_factory=dict)


class Telling:
    """replica: this process, as the record calls it. straight: where a notice goes that the store does not take."""

    def __init__(self, ground: Ground, *, replica: str, straight: Sequence[Outside] = ()) -> None:
        self._ground, self._replica, self._straight = ground, replica, tuple(straight)
        self._cause = cause_of(Kind.UNCHECKED, replica)
        self._stop: _Stop | None = None
        self._is_first = True

    async def look(self) -> None:
        """Tell of a stop that stands, once and each day, and that it is over."""
        since = self._ground.database.unchecked.since
        if since is None:
            await self._over()
            return
        stop = self._stop = self._stop or _Stop(since=since)
        stop.checks = self._ground.database.unchecked.checks
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
        if not stop.stood or (stop.told_at is not None and is_known):
            stop.stood = True
            return False
        await database.write(lambda tx: self._tell(tx, stop, Severity.HIGH))
        stop.told_at = now
        return True

    async def _over(self) -> None:
        """What a process told that is no more is over at the first look of the next; another that stands tells anew."""
        stop = self._stop
        if stop is None and not self._is_first:
            return
        untold = stop if stop is not None and self._is_untold(stop) else None
        if stop is not None:
            await self._over_straight(stop)
        lasting = {one.cause for one in await self._ground.database.read(self._lasting)}
        if lasting or untold is not None:
            await self._ground.database.write(partial(self._settle, causes=lasting, untold=untold))
        self._stop, self._is_first = None, False
        if untold is not None:
            await self._record("failed", untold)
        if lasting or untold is not None:
            await self._record("done", stop)

    def _is_untold(self, stop: _Stop) -> bool:
        """Whether it lasted, and the store did not take what was to be told of it."""
        return stop.told_at is None and self._ground.now() - stop.since >= PAST_THE_STORE

    def _lasting(self, tx: Session) -> Sequence[ExceptionRecord]:
        return open_under(tx, _CAUSES) if self._is_first else open_of(tx, self._cause)

    def _settle(self, tx: Session, causes: Set[str], untold: _Stop | None) -> None:
        if untold is not None:
            self._tell(tx, untold, Severity.MEDIUM)
        settle_exceptions(tx, at=self._ground.now(), causes={*causes, self._cause})

    def _tell(self, tx: Session, stop: _Stop, severity: Severity) -> None:
        """In a message of its own: whatever stands there of this cause may be by other hands."""
        strange = Strange(
            kind=Kind.UNCHECKED, severity=severity, who="Wicket", cause=self._replica, correlation=STORY, anew=True,
            facts={"replica": self._replica, "since": stop.since.isoformat(), "checks": list(stop.checks)},
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)

    async def _record(self, outcome: str, stop: _Stop | None) -> None:
        """On the record too, which may be what cannot be written: then the log has it."""
        facts: dict[str, recording.Fact] = {
            "replica": self._replica, **({"since": stop.since.isoformat()} if stop is not None else {}),
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


def stopping_alone(tx: Session) -> dict[str, datetime]:
    """The replicas that told of such a stop and not yet that it is over; when they told it first."""
    found = open_under(tx, _CAUSES)
    return {one.cause.removeprefix(_CAUSES): one.first_at for one in reversed(found)}
