"""The audit log sent on to another system, in order and without a gap, from where the last acceptance left off.

It knows no format and no way to send: what takes the entries is given to it; and it never waits with anything else.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.audit.following import Following
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from storage import streams, walks
from storage.audit import log as audit_log
from storage.audit.log import Row
from storage.audit.slices import BEGUN, POSITION
from storage.exceptions import is_open, settle_exceptions
from storage.faults import WicketFault
from storage.macs import SENDING
from storage.sentences import Sentence

log = structlog.get_logger(__name__)

# Of its story and cause; and of the row of a version that bound its place by no MAC.
SIEM = "siem"
TELL_AFTER = timedelta(minutes=15)

_AT_ONCE = 200
# Seconds for one visit of the schedule, so that a long way behind is caught up in turns.
_A_VISIT = 5.0
_SHORTEST, _LONGEST = timedelta(seconds=1), timedelta(minutes=1)
# So long it waits where the other side asks for it; longer would be as good as never.
_ASKED_AT_MOST = timedelta(hours=1)
_CAUSE = cause_of(Kind.NOT_STREAMED, SIEM)
# The same is said again after a day, since a stream that stands still loses nothing and is easily forgotten.
_AGAIN = timedelta(days=1)


class NotTaken(WicketFault):
    """What was sent was not accepted, and must be sent again. Its text says why, for the operator.

    after: what the other side asked to wait, if it said so. too_much: it may take less at once. too_late: likewise, and
    it may have taken all of it.
    """

    def __init__(
        self, why: str, *, after: timedelta | None = None, too_much: bool = False, too_late: bool = False
    ) -> None:
        super().__init__(why)
        self.after, self.too_much, self.too_late = after, too_much, too_late


class Taker(Protocol):
    """What takes entries; once it returns, they are its own. NotTaken if it did not take them all."""

    async def take(self, entries: Sequence[Row]) -> None: ...


class Streaming:
    """One stream. sender: this process among the replicas. behind: told how many entries wait, at each look."""

    def __init__(self, ground: Ground, taker: Taker, *, sender: str, behind: Callable[[int], None]) -> None:
        self._ground, self._taker, self._sender, self._behind = ground, taker, sender, behind
        self._place = Following(ground, SENDING, sender=sender, begins=self._begins)
        self._rests_until: datetime | None = None
        self._rest, self._most = _SHORTEST, _AT_ONCE
        # Of what another process told, or a version before, the row may not tell any more.
        self._has_sent = False

    async def send_due(self) -> int:
        """Send what waits, for some seconds at most; how many entries were accepted."""
        loop = asyncio.get_running_loop()
        ends, sent = loop.time() + _A_VISIT, 0
        while some := await self._send_some():
            sent += some
            if loop.time() >= ends:
                break
        return sent

    async def _send_some(self) -> int:
        database, now = self._ground.database, self._ground.now()
        behind = await database.read(self._place.behind)
        self._behind(behind)
        if behind <= 0 or self._rests(now):
            return 0
        before = await database.write(self._take)
        if before is None:
            return 0
        entries = await database.read(lambda tx: audit_log.following(tx, before, limit=self._most))
        try:
            await self._taker.take(entries)
        except NotTaken as fault:
            await self._not_taken(fault, len(entries))
            return 0
        self._rest, self._rests_until = _SHORTEST, None
        # In small steps: what was too much is too much again, and of what came too late all of it comes twice.
        self._most = min(self._most + max(1, self._most // 8), _AT_ONCE)
        # Of what was archived before a SIEM was there, a few entries stand between those that are gone.
        after = entries[-1].index + 1 if entries else before
        moved = await database.write(lambda tx: self._accepted(tx, before, after))
        self._has_sent = self._has_sent or moved
        return len(entries) if moved else 0

    def _take(self, tx: Session) -> int | None:
        """Hold its place. One that was given up and is set up again begins anew on the record, where it stood: from
        then on nothing is archived before it.
        """
        before = self._place.take(tx)
        if before is not None and walks.is_given_up(tx, SENDING):
            self._record_begun(tx, before)
        return before

    def _begins(self, tx: Session) -> int:
        """Where a version stood that bound its place by no MAC, once; from then on the record tells where that was."""
        begins = min(max(streams.unbound(tx, SIEM), 0), audit_log.head(tx).size)
        self._record_begun(tx, begins)
        return begins

    def _record_begun(self, tx: Session, position: int) -> None:
        recording.record(
            tx, at=self._ground.now(), action=BEGUN, outcome="done", actor=recording.WICKET, where=SCHEDULE,
            correlation=SENDING, facts={POSITION: position},
        )  # fmt: skip

    def _rests(self, now: datetime) -> bool:
        """Whether it waits still. What is further than anybody may ask was set before the clock was set back."""
        return self._rests_until is not None and now < self._rests_until <= now + _ASKED_AT_MOST

    def _accepted(self, tx: Session, before: int, now: int) -> bool:
        if not self._has_sent or streams.failing_since(tx, SENDING) is not None:
            settle_exceptions(tx, at=self._ground.now(), causes=[_CAUSE])
        return self._place.move(tx, before, now)

    async def _not_taken(self, fault: NotTaken, sent: int) -> None:
        """Wait ever longer, up to a minute or what was asked for; and say so when it lasts. Of what was too much, or
        took too long, half is sent next: the same would never be taken. Of what was too much with no wait.
        """
        now = self._ground.now()
        if fault.too_much or fault.too_late:
            self._most = max(1, sent // 2)
        if not fault.too_much or sent <= 1:
            self._rests_until = now + max(self._rest, min(fault.after or self._rest, _ASKED_AT_MOST))
            self._rest = min(self._rest * 2, _LONGEST)
        log.warning("stream.not_taken", fault=str(fault))
        await self._ground.database.write(lambda tx: self._refused(tx, now, str(fault)))

    def _refused(self, tx: Session, at: datetime, why: str) -> None:
        since = streams.refused(tx, SENDING, sender=self._sender, at=at)
        if at - since < TELL_AFTER or is_open(tx, _CAUSE, since=at - _AGAIN):
            return
        strange = Strange(
            kind=Kind.NOT_STREAMED, severity=Severity.MEDIUM, who=Sentence("audit log"), cause=SIEM,
            correlation=SENDING, facts={"since": since.isoformat(), "behind": self._place.behind(tx), "fault": why},
        )  # fmt: skip
        tell_security(tx, at, strange)
