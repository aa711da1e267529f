"""Effects on directories: each holding brought to what its grants want, read back, recorded.

Directory calls run outside transactions, under lease and fence; nothing is believed that was not read back.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import LONGEST_WAIT, OVERDUE_AFTER, wait_before_retry
from handlers.execution import Execution, Waiting, still_ahead, waiting_among
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from handlers.outages import TELL_AFTER
from handlers.patience import CALL, in_call_time
from handlers.resuming import take_over
from handlers.unfollowed import Gone, tell_explained, tell_failing, tell_gone, tell_overdue, tell_settled
from storage import grants, holdings
from storage.database import wake
from storage.directories.base import Directory
from storage.faults import DirectoryUnavailable, WicketFault
from storage.records import Grant, Holding
from storage.states import LIVE, GrantState

log = structlog.get_logger(__name__)

Tried = Literal["done", "failed"]

# A change is begun only if it must be over before the lease is, so that nobody else begins while we may still be at it.
# Short enough that the work of a process that died is taken over within 30 s, long enough for a slow directory.
LEASE = timedelta(seconds=20)
_OVERTAKEN = "The directory was so slow that the work went to another."
SLOTS = 32


class Effects:
    """The worker over the holdings. Each directory has its own slots, so a hung one stalls nobody else (promise 7)."""

    def __init__(
        self,
        ground: Ground,
        *,
        chance: Callable[[], float],
        slot_free: Callable[[], None],
        revoked_late: Callable[[float], None],
        tried: Callable[[Tried], None],
    ) -> None:
        """slot_free: called when a slot is free again. revoked_late: told by how many seconds a removal was late.

        tried: told what came of each try.
        """
        self._ground = ground
        self._chance = chance
        self._slot_free = slot_free
        self._revoked_late = revoked_late
        self._tried = tried
        self._execution = Execution(ground)
        self._busy: dict[str, set[asyncio.Task[None]]] = {name: set() for name in ground.directories}

    async def resume(self, *, alone: bool) -> None:
        """Take over what ran before, ahead of all new work (A-1). alone: no other bot works on this database.

        A directory that left the settings has slots too: what is due there fails, and so is told and not forgotten.
        """
        for name in await take_over(self._ground, alone=alone):
            self._busy.setdefault(name, set())

    async def settle_due(self) -> int:
        """Take up every holding that is due and for which there is a slot; how many. Does not wait for them."""
        taken = 0
        for name, busy in self._busy.items():
            free = SLOTS - len(busy)
            if free:
                taken += await self._take_up(name, busy, free)
        return taken

    @property
    def is_full(self) -> bool:
        """Whether a directory has all its slots taken: there may be more to give or take back than can be done now."""
        return any(len(busy) >= SLOTS for busy in self._busy.values())

    async def finish(self) -> None:
        """Wait until what was taken up is done."""
        for busy in self._busy.values():
            while busy:
                await asyncio.gather(*busy)

    async def _take_up(self, name: str, busy: set[asyncio.Task[None]], free: int) -> int:
        begun = await self._ground.database.write(lambda tx: self._begin(tx, name, free))
        for work in begun:
            task = asyncio.create_task(self._bring_about(work))
            busy.add(task)
            task.add_done_callback(partial(self._done, busy))
        return len(begun)

    def _begin(self, tx: Session, name: str, free: int) -> "list[_Work]":
        """Claim what is due, and write down that it is about to be done before the directory is asked (T-3)."""
        now = self._ground.now()
        claimed = holdings.claim(tx, directory=name, at=now, lease=LEASE, limit=free, longest=LONGEST_WAIT)
        covering = grants.covering_each(tx, claimed)
        return [self._begun(tx, holding, covering[holding.id], now) for holding in claimed]

    def _begun(self, tx: Session, claimed: Holding, covering: Sequence[Grant], now: datetime) -> "_Work":
        until = _until(covering, now)
        moving = GrantState.ENDING if until is None else GrantState.APPROVED
        grant = next((each for each in covering if each.state == moving), None) or grants.concerning(
            tx, claimed
        )
        if grant is not None:
            facts: dict[str, recording.Fact] = {"removal": until is None, "try": claimed.attempts}
            self._record(tx, grant, "effect.begun", "done", facts=facts)
        return _Work(claimed=claimed, waiting=waiting_among(tx, covering, now), until=until)

    def _done(self, busy: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        busy.discard(task)
        self._slot_free()

    async def _bring_about(self, work: "_Work") -> None:
        """One holding: ask policy again, change, read back, record. A fault is recorded and tried again later."""
        claimed, until = work.claimed, work.until
        try:
            directory = self._ground.directory(claimed.directory)
            permitted = await self._execution.permitted(claimed, work.waiting)
            if work.waiting:  # asking took its time, and may have voided some
                claimed, until = await self._ground.database.write(
                    partial(self._once_more, claimed=claimed, permitted=permitted)
                )
            seen = await self._change(directory, claimed, until)
            late = await self._ground.database.write(lambda tx: self._complete(tx, claimed, seen, permitted))
            for seconds in late:
                self._revoked_late(seconds)
            self._tried("done")
        except WicketFault as fault:
            await self._give_back(claimed, str(fault))
        except Exception as fault:
            log.error("effect.unexpected", holding=claimed.id, exc_info=fault)
            await self._give_back(claimed, f"An unexpected fault ({type(fault).__name__}).")

    async def _give_back(self, claimed: Holding, reason: str) -> None:
        """Record the failure and leave the work for a later try; if even that fails, the lease runs out."""
        self._tried("failed")
        try:
            await self._ground.database.write(lambda tx: self._fail(tx, claimed, reason))
        except WicketFault as fault:
            log.error("effect.not_recorded", holding=claimed.id, fault=str(fault))

    async def _change(self, directory: Directory, claimed: Holding, until: datetime | None) -> "_Seen":
        """Bring the membership about, if it is ours to change, and read it back. until: wanted so long; None: not."""
        before = await in_call_time(directory.membership(claimed.account, claimed.group))
        present, wanted = before.present, until is not None
        ours = claimed.stood_before is False
        # What stood before us is kept only while it stands: what we put in its place is ours (promises 1 and 8).
        if wanted and not ours and (claimed.stood_before is None or not present):
            await self._note_stood_before(claimed, stood=present)
            ours = not present
        is_short = until is not None and before.until is not None and before.until < until
        if (wanted == present and not is_short) or not ours:
            # It was there when it was read last, and we took nothing: what it belonged to may be gone.
            is_missed = ours and not wanted and claimed.present is True
            gone = await _what_is_gone(directory, claimed) if is_missed else None
            return _Seen(present=present, did="nothing", gone=gone)
        if claimed.lease_until is None or self._ground.now() + CALL > claimed.lease_until:
            raise DirectoryUnavailable("The directory was too slow to begin a change safely.")
        if wanted:
            await in_call_time(directory.add_member(claimed.account, claimed.group, until=until))
        else:
            await in_call_time(directory.remove_member(claimed.account, claimed.group))
        after = (await in_call_time(directory.membership(claimed.account, claimed.group))).present
        if after != wanted:
            raise DirectoryUnavailable(
                "The directory said it was done, but reading it back shows it was not."
            )
        if wanted == present:  # it only stays longer now
            return _Seen(present=after, did="nothing")
        return _Seen(present=after, did="added" if wanted else "removed")

    async def _note_stood_before(self, claimed: Holding, *, stood: bool) -> None:
        """Durable before our first add, so that a crash in between cannot lose it (promise 8)."""
        if not await self._ground.database.write(
            lambda tx: holdings.note_stood_before(tx, claimed, stood=stood)
        ):
            raise DirectoryUnavailable(_OVERTAKEN)

    def _once_more(
        self, tx: Session, *, claimed: Holding, permitted: Collection[str]
    ) -> tuple[Holding, datetime | None]:
        """Hold it from now on again, and see until when any grant still gives it.

        One that was approved since policy was asked waits for its own turn: it gives nothing yet (promise 3).
        """
        now = self._ground.now()
        held = holdings.renew(tx, claimed, until=now + LEASE)
        if held is None:
            raise DirectoryUnavailable(_OVERTAKEN)
        covering = grants.covering_holding(tx, held)
        asked = [one for one in covering if one.state != GrantState.APPROVED or one.id in permitted]
        return held, _until(asked, now)

    def _complete(
        self, tx: Session, claimed: Holding, seen: "_Seen", permitted: Collection[str]
    ) -> list[float]:
        """Record what the directory now holds, if the work is still ours, and move the grants along.

        How late each end was, in seconds.
        """
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            return []
        now = self._ground.now()
        covering = grants.covering_holding(tx, holding)
        wanted = _until(covering, now) is not None
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
        self, tx: Session, holding: Holding, seen: "_Seen", covering: Sequence[Grant], *, agrees: bool
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
        grants.move(tx, grant, GrantState.ACTIVE, active_at=self._ground.now())
        self._record(tx, grant, "access.given", "done", facts={"read_back": True, "stood_before": stood})
        tell_explained(tx, self._ground, grant, removal=False)
        self._ground.show(tx, grant)

    def _end(self, tx: Session, grant: Grant, seen: "_Seen", holding: Holding, *, covered: bool) -> float:
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
        taken_late = was_held and not seen.present and now - holding.due_at > OVERDUE_AFTER
        if taken_late and not holding.overdue_told:  # it was over before anybody looked for what is overdue
            tell_overdue(tx, self._ground, holding, grant, page=False)
        if seen.gone is not None:
            tell_gone(tx, self._ground, holding, grant, seen.gone)
        tell_explained(tx, self._ground, grant, removal=True)
        self._ground.show(tx, grant)
        return late.total_seconds()

    def _record_overtaken(self, tx: Session, holding: Holding, seen: "_Seen") -> None:
        """A change that no grant asks for any more was made all the same: nothing happens without its record."""
        grant = grants.concerning(tx, holding)
        if grant is not None:
            action = "access.given" if seen.did == "added" else "access.removed"
            self._record(tx, grant, action, "done", facts={"read_back": True, "overtaken": True})
            tell_explained(tx, self._ground, grant, removal=seen.did == "removed")

    def _fail(self, tx: Session, claimed: Holding, reason: str) -> None:
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            return
        now = self._ground.now()
        wait = wait_before_retry(holding.attempts, self._chance())
        holdings.release(tx, holding, next_at=now + wait, fault=reason)
        grant = grants.concerning(tx, holding)
        if grant is None:
            return
        removal = not holding.wanted
        if removal and now - holding.due_at > OVERDUE_AFTER:
            wake(tx, "overdue")  # whoever tells of what is late need not wait for their next look
        facts: dict[str, recording.Fact] = {"tries": holding.attempts, "removal": removal}
        self._record(tx, grant, "access.change_failed", "failed", facts=facts)
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
            actor=recording.WICKET,
            where=SCHEDULE,
            facts=facts,
        )


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A holding under our lease. waiting: the grants that wait for it. until: as long as any gives it; None: none."""

    claimed: Holding
    waiting: Waiting
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What was read back from the directory, and what we changed there. gone: what the membership went with."""

    present: bool
    did: Literal["added", "removed", "nothing"]
    gone: Gone | None = None


async def _what_is_gone(directory: Directory, claimed: Holding) -> Gone | None:
    """Whether the account or the group is not there any more. None as well where that cannot be had now."""
    try:
        if await in_call_time(directory.account(claimed.account)) is None:
            return "account"
        return "group" if await in_call_time(directory.group(claimed.group)) is None else None
    except DirectoryUnavailable:
        return None  # the access is gone all the same, and that is not held up


def _until(covering: Iterable[Grant], now: datetime) -> datetime | None:
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
