"""The end of things, on time: grants whose time is over, requests nobody answered, removals that are overdue.

It moves grants and makes holdings follow; the directory itself is changed by handlers.grants.effects.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from math import inf

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.apart import Apart
from handlers.approvals.stepping_up import APART
from handlers.decisions.lifecycle import OVERDUE_AFTER
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.grants.lateness import BATCH, Lateness
from handlers.grants.outages import is_any_told, tell_outages
from handlers.ground import Ground
from handlers.intents import whole_minutes
from handlers.requests.reminding import planned_end
from handlers.stops.stopping import LONG_OVER, put_off
from storage import deliveries, emergencies, endings, grants, holdings, step_ups, tallies
from storage.endings import Ending
from storage.holdings import Standing
from storage.records import Grant
from storage.states import LIVE, GrantState
from storage.truly import given_truly

log = structlog.get_logger(__name__)

# The end of a grant is four plain statements for many at once, so more of them take no longer.
ENDS = 200
KEEP_DRAFTS = timedelta(days=1)
# What approvers typed before they proved who they are, once the link to do so is over.
KEEP_TYPED = timedelta(hours=1)
CLOCK_AHEAD = "clock-ahead"
# The story of a clock that was set back: of whatever it granted before each has its own.
CLOCK = "clock"


class Revocation:
    """What time itself does. A tick calls each method; a late one catches up, since the rows are the schedule.

    is_ending: more grants are over than one transaction ends, and they are being ended now.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self.is_ending = False
        self._looked, self._waits = ground.now(), False
        self._ends = Apart(ground.database, ground.now, "end")
        self._lapses = Apart(ground.database, ground.now, "lapse")
        self._lateness = Lateness(ground)

    async def end_due(self) -> int:
        """Begin the end of every grant whose time is over, the longest overdue first; how many.

        None waits for another: what cannot be moved is passed over, and told once it is late (`tell_overdue`).
        """
        ended, found = 0, ENDS
        try:
            while found == ENDS:
                done = await self._ends.work(self._due, self._end, most=ENDS)
                found, ended = done.found, ended + sum(done.results)
                self.is_ending = found == ENDS
        finally:
            self.is_ending = False
        return ended

    async def end_sooner(self) -> int:
        """Have what was granted by a clock that was ahead end its minutes from now, not from then; how many."""
        at = self._ground.now() + APART
        ids = await self._ground.database.read(lambda tx: endings.ahead(tx, at))
        moved = 0
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            moved += await self._ground.database.write(partial(self._end_sooner, ids=some, before=moved))
        return moved

    async def until_next_end(self) -> float:
        """Seconds until the next grant is over, as things stand; infinite if none will be.

        What was over when they were looked for last, and is not moved, waits for the next tick.
        """
        at = await self._ground.database.glance(partial(endings.next_end, after=self._looked))
        return (at - self._ground.now()).total_seconds() if at is not None else inf

    async def standing(self) -> Standing:
        """How much is being worked on and how much is overdue, for those who watch."""
        before = self._ground.now() - OVERDUE_AFTER
        return await self._ground.database.read(lambda tx: holdings.standing(tx, before))

    async def lapse_unanswered(self) -> int:
        """Let lapse every request that nobody answered in time; how many."""
        done = await self._lapses.work(self._unanswered, self._lapse, most=BATCH)
        if self._waits and not done.found:
            return await self._ground.database.write(lambda tx: put_off(tx, self._ground, BATCH))
        return sum(done.results)

    async def tell_overdue(self) -> int:
        """Tell of each removal and each end that is overdue: once, and again while it goes on; how many."""
        told = await self._lateness.tell(self._ends.failed)
        if told or await self._ground.database.read(is_any_told):
            await self._ground.database.write(lambda tx: tell_outages(tx, self._ground))
        return told

    async def forget_old(self) -> None:
        """Drop what is kept only for a while: delivery keys, unsent drafts, answered questions, old counts."""

        def work(tx: Session) -> None:
            now = self._ground.now()
            deliveries.forget_old(tx, now)
            tallies.forget_old(tx, now)
            step_ups.erase_old(tx, now - KEEP_TYPED)
            grants.drop_drafts(tx, now - KEEP_DRAFTS)
            grants.drop_questions(tx, now - KEEP_DRAFTS)

        await self._ground.database.write(work)

    def _due(self, tx: Session, most: int) -> Sequence[Ending]:
        self._looked = self._ground.now()
        return endings.due(tx, self._looked, most)

    def _end(self, tx: Session, due: Sequence[Ending]) -> int:
        now = self._ground.now()
        endings.begin(tx, [grant.id for grant in due], reason="its time is over")
        holdings.follow_each(tx, due, at=now)
        recording.record_each(tx, ((grant, {}) for grant in due), at=now, action="grant.expired")
        return len(due)

    def _end_sooner(self, tx: Session, ids: Sequence[str], before: int) -> int:
        """Those of these that outlast their minutes; how many. before: how many there were in this round already."""
        now, moved = self._ground.now(), list[Grant]()
        # What is not as Wicket wrote it is ended as such, and not signed by this.
        for grant in given_truly(tx, filter(None, (grants.get(tx, one) for one in ids))):
            was_to_end, ends = grant.expires_at, now + timedelta(minutes=grant.minutes)
            if grant.state not in LIVE or was_to_end is None or was_to_end <= ends:
                continue  # another replica was quicker, or it is over
            grants.end_sooner(tx, grant, ends)
            emergencies.end_sooner(tx, grant.id, ends)
            if grant.state == GrantState.ACTIVE:
                grants.move(tx, grant, GrantState.ACTIVE, **planned_end(grant, now))
            facts: dict[str, recording.Fact] = {
                "why": CLOCK_AHEAD, "decided_at": grant.decided_at.isoformat() if grant.decided_at else "",
                "was_to_end": was_to_end.isoformat(), "ends": ends.isoformat(),
            }  # fmt: skip
            recording.record_grant(
                tx, grant, at=now, action="grant.ends_sooner", outcome="done", **recording.BY_ITSELF, facts=facts
            )  # fmt: skip
            self._ground.show(tx, grant)
            log.warning("grant.ends_sooner", grant=grant.id, **facts)
            moved.append(grant)
        if moved:
            ahead = whole_minutes(max(grant.decided_at or now for grant in moved) - now)
            recording.record(
                tx, at=now, action="clock.set_back", outcome="done", **recording.BY_ITSELF, correlation=CLOCK,
                facts={"grants": [grant.id for grant in moved], "ahead": ahead},
            )  # fmt: skip
            tell_security(tx, now, _clock_ahead({"grants": before + len(moved), "ahead": ahead}))
        return len(moved)

    def _unanswered(self, tx: Session, most: int) -> Sequence[Grant]:
        now, self._waits = self._ground.now(), self._ground.stopped(tx) is not None
        return grants.unanswered(tx, now - LONG_OVER if self._waits else now, most)

    def _lapse(self, tx: Session, unanswered: Sequence[Grant]) -> int:
        now = self._ground.now()
        for grant in unanswered:
            grants.move(tx, grant, GrantState.LAPSED, ended_at=now)
            recording.record_grant(
                tx, grant, at=now, action="grant.lapsed", outcome="done", **recording.BY_ITSELF
            )
            self._ground.show(tx, grant)
        return len(unanswered)


def _clock_ahead(facts: Mapping[str, recording.Fact]) -> Strange:
    """One exception for all that a clock granted: it is the clock that somebody has to look at."""
    return Strange(
        kind=Kind.CLOCK_AHEAD, severity=Severity.MEDIUM, who="Wicket", cause=CLOCK, correlation=CLOCK, facts=facts
    )  # fmt: skip
