"""What came of one effect, written down: the grants move along, the holding is put down, and whoever should know hears.

It writes under the fence, in one transaction, and never asks a directory.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.approvals.execution import still_ahead
from handlers.decisions.lifecycle import OVERDUE_AFTER, wait_before_retry
from handlers.grants.outages import TELL_AFTER
from handlers.grants.unfollowed import (
    Gone,
    tell_explained,
    tell_failing,
    tell_gone,
    tell_overdue,
    tell_settled,
)
from handlers.ground import Ground
from handlers.requests.reminding import planned_end
from storage import grants, holdings
from storage.database import wake
from storage.faults import NotKnownHere, WicketFault
from storage.holdings import Claim
from storage.records import Grant, Holding
from storage.sentences import Sentence
from storage.states import LIVE, GrantState

log = structlog.get_logger(__name__)

Tried = Literal["done", "failed"]
Change = Literal["added", "removed"]

# A change is begun only if it must be over before the lease is, so that nobody else begins while we may still be at it.
# Short enough that the work of a process that died is taken over within 30 s, long enough for a slow directory.
LEASE = timedelta(seconds=20)
# What only another replica can do is theirs to take up for so long.
_LEFT_FOR = timedelta(seconds=5)
TOO_SLOW = "The directory was too slow to begin a change safely."
UNDONE = "The directory said it was done, but reading it back shows it was not."


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was read back from the directory, and what we changed there. gone: what the membership went with.

    prolonged: it was there, and we asked for it to stay longer.
    """

    present: bool
    did: Literal["added", "removed", "nothing"]
    gone: Gone | None = None
    prolonged: bool = False

    @property
    def asked(self) -> Change | None:
        """The change that was asked of the directory, whether or not it made a difference."""
        if self.did != "nothing":
            return self.did
        return "added" if self.prolonged else None


class Unsure(WicketFault):
    """A change was asked for, and it is not known whether it is made, or will be yet."""

    def __init__(self, reason: str, asked: Change) -> None:
        super().__init__(reason)
        self.asked = asked


class Completion:
    """The end of each try, for the worker and those who watch it."""

    def __init__(
        self,
        ground: Ground,
        *,
        chance: Callable[[], float],
        revoked_late: Callable[[float], None],
        tried: Callable[[Tried], None],
    ) -> None:
        """chance: from 0 to 1, for the wait before the next try. The others: see handlers.grants.effects."""
        self._ground = ground
        self._chance = chance
        self._revoked_late = revoked_late
        self._tried = tried

    async def attempt(self, claimed: Claim, doing: Awaitable[None]) -> None:
        """Await it; a fault is recorded and tried again later."""
        try:
            await doing
        except NotKnownHere as fault:
            await self.give_back(claimed, str(fault), tried=False)
        except WicketFault as fault:
            asked = fault.asked if isinstance(fault, Unsure) else None
            await self.give_back(claimed, str(fault), asked)
        except Exception as fault:
            log.error("effect.unexpected", holding=claimed.id, exc_info=fault)
            await self.give_back(claimed, unexpected(fault))

    async def finish(self, claimed: Claim, seen: Seen, permitted: Collection[str] = ()) -> None:
        """Record what was seen. permitted: the grants that policy was asked about and that still hold."""
        try:
            late = await self._ground.database.write(lambda tx: self._complete(tx, claimed, seen, permitted))
        except WicketFault as fault:
            if seen.asked is None:
                raise
            raise Unsure(str(fault), seen.asked) from fault
        self.is_done(late)

    def is_done(self, late: Iterable[float], tries: int = 1) -> None:
        """Say so to those who watch. late: by how many seconds each end was."""
        for seconds in late:
            self._revoked_late(seconds)
        for _ in range(tries):
            self._tried("done")

    async def give_back(
        self, claimed: Claim, reason: str, asked: Change | None = None, *, tried: bool = True
    ) -> None:
        """Record the failure and leave the work for a later try; if even that fails, the lease runs out.

        asked: the change that was asked for and may have been made. tried: else it is another replica's, and did not
        fail.
        """
        if tried:
            self._tried("failed")
        try:
            await self._ground.database.write(lambda tx: self._fail(tx, claimed, reason, asked, tried=tried))
        except WicketFault as fault:
            log.error("effect.not_recorded", holding=claimed.id, fault=str(fault))

    def _complete(self, tx: Session, claimed: Claim, seen: Seen, permitted: Collection[str]) -> list[float]:
        """Record what the directory now holds, if the work is still ours, and move the grants along.

        How late each end was, in seconds.
        """
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            left = self._changed_late(tx, claimed, seen.asked)
            # Where another found and recorded the same, and it should be so, the late answer counts for nothing.
            if left is not None and not (seen.present == left.present == left.wanted):
                self._record_overtaken(tx, left, seen, late=True)
            return []
        now = self._ground.now()
        covering = grants.covering_holding(tx, holding)
        wanted = until_of(covering, now) is not None
        kept = seen.present and (wanted or holding.stood_before is not False)
        begun = [g for g in covering if g.state == GrantState.APPROVED and g.id in permitted and seen.present]
        over = [g for g in covering if g.state == GrantState.ENDING and (kept or not seen.present)]
        for grant in begun:
            self._give(tx, grant, stood=holding.stood_before is not False)
        late = [self._end(tx, grant, seen, holding, covered=wanted) for grant in over]
        if (seen.did == "added" and not begun) or (seen.did == "removed" and not over):
            self._record_overtaken(tx, holding, seen)
        self._put_down(tx, holding, seen, covering, agrees=seen.present == wanted or kept)
        return late

    def _put_down(
        self, tx: Session, holding: Holding, seen: Seen, covering: Sequence[Grant], *, agrees: bool
    ) -> None:
        """Leave the holding settled, or for another look."""
        now = self._ground.now()
        waiting = any(g.state == GrantState.APPROVED and still_ahead(g, now) for g in covering)
        if not agrees or waiting:  # the wish changed while we were at it: again, at once
            holdings.go_on(tx, holding, next_at=now)
            return
        tell_settled(tx, self._ground, holding)
        if holding.last_fault:
            # A call that seemed to fail may still land: look once more when it cannot any more.
            holdings.look_again(tx, holding, present=seen.present, at=now + LEASE)
        else:
            wanted = any(grant.state in LIVE for grant in covering)
            holdings.settle(tx, holding, present=seen.present, over=not wanted)

    def _give(self, tx: Session, grant: Grant, *, stood: bool) -> None:
        now = self._ground.now()
        grants.move(tx, grant, GrantState.ACTIVE, active_at=now, **planned_end(grant, now))
        self._record(tx, grant, "access.given", "done", facts={"read_back": True, "stood_before": stood})
        tell_explained(tx, self._ground, grant, removal=False)
        self._ground.show(tx, grant)

    def _end(self, tx: Session, grant: Grant, seen: Seen, holding: Holding, *, covered: bool) -> float:
        """How late it was, in seconds."""
        now, stood = self._ground.now(), holding.stood_before
        late = max(timedelta(0), now - (grant.expires_at or now))
        grants.move(tx, grant, GrantState.ENDED, ended_at=now)
        self._record(
            tx,
            grant,
            "access.kept" if seen.present else "access.removed",
            "done",
            facts={
                "read_back": True,
                "was_active": grant.active_at is not None,
                "stood_before": seen.present and stood is not False,
                "covered_by_another": seen.present and covered,
                "late_ms": late // timedelta(milliseconds=1),
                **({"gone": seen.gone} if seen.gone else {}),
            },
        )
        was_held = grant.active_at is not None or seen.did == "removed"
        taken_late = was_held and not seen.present and is_late(holding.due_at, now)
        if taken_late and not holding.overdue_told:  # it was over before anybody looked for what is overdue
            tell_overdue(tx, self._ground, holding, grant, page=False)
        if seen.gone is not None:
            tell_gone(tx, self._ground, holding, grant, seen.gone)
        tell_explained(tx, self._ground, grant, removal=True)
        self._ground.show(tx, grant)
        return late.total_seconds()

    def _changed_late(self, tx: Session, claimed: Claim, asked: Change | None) -> Holding | None:
        """Our lease was over, and the directory cannot know that: whoever has the work now is to look at it again.

        The holding, if we asked for a change at all. It may have come after everything that others did (promise 1).
        """
        if asked is None:
            return None
        log.warning("effect.late", holding=claimed.id, change=asked)
        return holdings.changed_late(tx, claimed, at=self._ground.now(), ours=asked == "added")

    def _record_overtaken(self, tx: Session, holding: Holding, seen: Seen, *, late: bool = False) -> None:
        """A change that no grant asks for any more was made all the same: nothing happens without its record.

        late: after the work had gone to another.
        """
        grant = grants.concerning(tx, holding)
        if grant is not None:
            removal = seen.asked == "removed"
            action = "access.removed" if removal else "access.given"
            facts: dict[str, recording.Fact] = {"read_back": True, "overtaken": True}
            self._record(tx, grant, action, "done", facts={**facts, **({"late": True} if late else {})})
            tell_explained(tx, self._ground, grant, removal=removal)

    def _fail(self, tx: Session, claimed: Claim, reason: str, asked: Change | None, *, tried: bool) -> None:
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            late = self._changed_late(tx, claimed, asked)
            if late is not None and (about := grants.concerning(tx, late)) is not None:
                told: dict[str, recording.Fact] = {"removal": asked == "removed", "overtaken": True}
                self._record(tx, about, "access.change_failed", "failed", facts=told)
            return
        now = self._ground.now()
        wait = wait_before_retry(holding.attempts, self._chance()) if tried else _LEFT_FOR
        holdings.release(tx, holding, next_at=now + wait, fault=reason, tried=tried)
        grant = grants.concerning(tx, holding)
        if grant is None:
            return
        removal = not holding.wanted
        if removal and is_late(holding.due_at, now):
            wake(tx, "overdue")  # whoever tells of what is late need not wait for their next look
        facts: dict[str, recording.Fact] = {"tries": holding.attempts, "removal": removal}
        self._record(tx, grant, "access.change_failed", "failed", facts=facts)
        if not tried:
            return
        if holding.attempts == 1:  # what takes longer than it should is not shown as if it stood as agreed
            self._ground.show(tx, grant)
        if holding.attempts >= TELL_AFTER:  # the very try may have died unrecorded
            tell_failing(tx, self._ground, holding, grant)

    def _record(
        self,
        tx: Session,
        grant: Grant,
        action: str,
        outcome: str,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            **recording.BY_ITSELF,
            facts=facts,
        )


def unexpected(fault: Exception) -> str:
    """What is kept as the reason when the fault is none that we foresaw: it may say anything."""
    return Sentence("An unexpected fault ({kind}).", kind=type(fault).__name__)


def is_late(due_at: datetime, now: datetime) -> bool:
    """Whether what was due then is so late by now that security hears of it."""
    return now - due_at > OVERDUE_AFTER


def until_of(covering: Iterable[Grant], now: datetime) -> datetime | None:
    """Until when a grant gives this access; None if none does.

    One whose time is over is not begun any more, even if no tick saw it yet.
    """
    return max(
        (
            grant.expires_at
            for grant in covering
            if grant.expires_at is not None
            and (
                grant.state == GrantState.ACTIVE
                or (grant.state == GrantState.APPROVED and still_ahead(grant, now))
            )
        ),
        default=None,
    )
