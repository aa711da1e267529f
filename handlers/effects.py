"""Effects on directories: each holding brought to what its grants want, read back, recorded.

Directory calls run outside transactions, under lease and fence; nothing is believed that was not read back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, TypeVar

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import OVERDUE_AFTER, wait_before_retry
from handlers.decisions.policy import PolicyDecision, role_of
from handlers.decisions.requests import Approver, still_granted
from handlers.exceptions import Kind, Severity, Strange, broken_policy, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from handlers.strange import named
from handlers.unfollowed import tell_failing, tell_overdue, tell_settled
from storage import grants, holdings
from storage.directories.base import Directory
from storage.faults import DirectoryUnavailable, WicketFault
from storage.records import Approval, Grant, Holding
from storage.states import LIVE, GrantState

log = structlog.get_logger(__name__)

T = TypeVar("T")

# How long one directory call may take here, whatever its connector promises.
CALL = timedelta(seconds=10)
# A change is begun only if it must be over before the lease is, so that nobody else begins while we may still be at it.
LEASE = timedelta(seconds=30)
SLOTS = 32
TELL_AFTER = 3


class Effects:
    """The worker over the holdings. Each directory has its own slots, so a hung one stalls nobody else (promise 7)."""

    def __init__(
        self,
        ground: Ground,
        *,
        chance: Callable[[], float],
        slot_free: Callable[[], None],
        revoked_late: Callable[[float], None],
    ) -> None:
        """slot_free: called when a slot is free again. revoked_late: told by how many seconds a removal was late."""
        self._ground = ground
        self._chance = chance
        self._slot_free = slot_free
        self._revoked_late = revoked_late
        self._busy: dict[str, set[asyncio.Task[None]]] = {name: set() for name in ground.directories}

    async def settle_due(self) -> int:
        """Take up every holding that is due and for which there is a slot; how many. Does not wait for them."""
        taken = 0
        for name, busy in self._busy.items():
            free = SLOTS - len(busy)
            if free:
                taken += await self._take_up(name, busy, free)
        return taken

    async def finish(self) -> None:
        """Wait until what was taken up is done."""
        for busy in self._busy.values():
            while busy:
                await asyncio.gather(*busy)

    async def _take_up(self, name: str, busy: set[asyncio.Task[None]], free: int) -> int:
        now = self._ground.now()
        claimed = await self._ground.database.write(
            lambda tx: holdings.claim(tx, directory=name, at=now, lease=LEASE, limit=free)
        )
        for holding in claimed:
            task = asyncio.create_task(self._bring_about(holding))
            busy.add(task)
            task.add_done_callback(partial(self._done, busy))
        return len(claimed)

    def _done(self, busy: set[asyncio.Task[None]], task: asyncio.Task[None]) -> None:
        busy.discard(task)
        self._slot_free()

    async def _bring_about(self, claimed: Holding) -> None:
        """One holding: read, ask policy again, change, read back, record. A fault is recorded and tried again later."""
        try:
            directory = self._ground.directory(claimed.directory)
            waiting, wanted = await self._ground.database.read(lambda tx: self._wish(tx, claimed))
            permitted = await self._permitted(directory, claimed, waiting)
            if waiting:  # asking took its time, and may have voided some
                _, wanted = await self._ground.database.read(lambda tx: self._wish(tx, claimed))
            seen = await self._change(directory, claimed, wanted=wanted)
            late = await self._ground.database.write(lambda tx: self._complete(tx, claimed, seen, permitted))
            for seconds in late:
                self._revoked_late(seconds)
        except WicketFault as fault:
            await self._give_back(claimed, str(fault))
        except Exception as fault:
            log.error("effect.unexpected", holding=claimed.id, exc_info=fault)
            await self._give_back(claimed, f"An unexpected fault ({type(fault).__name__}).")

    async def _give_back(self, claimed: Holding, reason: str) -> None:
        """Record the failure and leave the work for a later try; if even that fails, the lease runs out."""
        try:
            await self._ground.database.write(lambda tx: self._fail(tx, claimed, reason))
        except WicketFault as fault:
            log.error("effect.not_recorded", holding=claimed.id, fault=str(fault))

    async def _change(self, directory: Directory, claimed: Holding, *, wanted: bool) -> "_Seen":
        """Bring the membership about, if it is ours to change, and read it back."""
        present = (await _in_time(directory.membership(claimed.account, claimed.group))).present
        ours = claimed.stood_before is False
        # What stood before us is kept only while it stands: what we put in its place is ours (promises 1 and 8).
        if wanted and not ours and (claimed.stood_before is None or not present):
            await self._note_stood_before(claimed, stood=present)
            ours = not present
        if wanted == present or not ours:
            return _Seen(present=present, did="nothing")
        if claimed.lease_until is None or self._ground.now() + CALL > claimed.lease_until:
            raise DirectoryUnavailable("The directory was too slow to begin a change safely.")
        change = directory.add_member if wanted else directory.remove_member
        await _in_time(change(claimed.account, claimed.group))
        after = (await _in_time(directory.membership(claimed.account, claimed.group))).present
        if after != wanted:
            raise DirectoryUnavailable(
                "The directory said it was done, but reading it back shows it was not."
            )
        return _Seen(present=after, did="added" if wanted else "removed")

    async def _note_stood_before(self, claimed: Holding, *, stood: bool) -> None:
        """Durable before our first add, so that a crash in between cannot lose it (promise 8)."""
        if not await self._ground.database.write(
            lambda tx: holdings.note_stood_before(tx, claimed, stood=stood)
        ):
            raise DirectoryUnavailable("The directory was so slow that the work went to another.")

    def _wish(self, tx: Session, claimed: Holding) -> tuple["_Waiting", bool]:
        """The grants that wait for their access, with their approvals; and whether any grant gives it."""
        now, covering = self._ground.now(), grants.covering_holding(tx, claimed)
        return _approved(tx, covering, now), _wanted(covering, now)

    async def _permitted(self, directory: Directory, claimed: Holding, waiting: "_Waiting") -> frozenset[str]:
        """Ask policy a third time, before access exists: about the requester and each approver as they are now.

        The ids of the grants that still hold; the others are voided.
        """
        permitted: set[str] = set()
        for grant, approvals in waiting:
            refusal = await self._refusal(directory, grant, approvals)
            if refusal is None:
                permitted.add(grant.id)
            else:
                await self._ground.database.write(
                    partial(self._void, claimed=claimed, grant_id=grant.id, refusal=refusal)
                )
        return frozenset(permitted)

    async def _refusal(
        self, directory: Directory, grant: Grant, approvals: Sequence[Approval]
    ) -> "_Refusal | None":
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        requester = await _in_time(directory.account(grant.account))
        if entitlement is None or requester is None:
            return _Refusal(reason="It can no longer be granted.", decision=None)
        owner = self._ground.catalogue.owner_of(entitlement)
        approvers: list[Approver] = []
        for approval in approvals:
            account = await _in_time(directory.account(approval.approver))
            if account is not None:
                role = role_of(account, requester, owner, self._ground.security_group)
                approvers.append(Approver(account=account, role=role))
        question = self._ground.question_of(grant, requester, entitlement)
        verdict = still_granted(self._ground.policy, question, approvers)
        if verdict.granted:
            return None
        return _Refusal(reason=" ".join(verdict.reasons), decision=verdict.decision)

    def _void(self, tx: Session, *, claimed: Holding, grant_id: str, refusal: "_Refusal") -> None:
        grant = grants.get(tx, grant_id)
        if holdings.held_under(tx, claimed) is None or grant is None or grant.state != GrantState.APPROVED:
            return
        now = self._ground.now()
        grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=refusal.reason)
        holdings.follow_grant(tx, grant, at=now, due_at=now)
        self._record(tx, grant, "grant.voided", "refused", refusal.decision)
        strange = Strange(
            kind=Kind.AUTHORITY_LOST,
            severity=Severity.MEDIUM,
            who=named(grant.requester_name, grant.requester_login),
            cause=grant.id,
            correlation=grant.id,
            facts={"entitlement": grant.entitlement, "reasons": [refusal.reason]},
        )
        if refusal.decision is not None and refusal.decision.errors:
            strange = broken_policy(
                refusal.decision,
                who=strange.who,
                correlation=grant.id,
                entitlement=grant.entitlement,
            )
        tell_security(tx, now, strange)
        tell_settled(tx, self._ground, grant, removal=False)
        self._ground.show(tx, grant)

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
        wanted = _wanted(covering, now)
        kept = seen.present and (wanted or holding.stood_before is not False)
        begun = [g for g in covering if g.state == GrantState.APPROVED and g.id in permitted and seen.present]
        over = [g for g in covering if g.state == GrantState.ENDING and (kept or not seen.present)]
        for grant in begun:
            self._begin(tx, grant, stood=holding.stood_before is not False)
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
        waiting = any(g.state == GrantState.APPROVED and _still_ahead(g, now) for g in covering)
        if not agrees or waiting:  # the wish changed while we were at it: again, at once
            holdings.go_on(tx, holding, next_at=now)
        elif holding.last_fault:
            # A call that seemed to fail may still land: look once more when it cannot any more.
            holdings.look_again(tx, holding, present=seen.present, at=now + LEASE)
        else:
            wanted = any(grant.state in LIVE for grant in covering)
            holdings.settle(tx, holding, present=seen.present, over=not wanted)

    def _begin(self, tx: Session, grant: Grant, *, stood: bool) -> None:
        grants.move(tx, grant, GrantState.ACTIVE, active_at=self._ground.now())
        self._record(tx, grant, "access.given", "done", facts={"read_back": True, "stood_before": stood})
        tell_settled(tx, self._ground, grant, removal=False)
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
            },
        )
        was_held = grant.active_at is not None or seen.did == "removed"
        taken_late = was_held and not seen.present and now - holding.due_at > OVERDUE_AFTER
        if taken_late and not holding.overdue_told:  # it was over before anybody looked for what is overdue
            tell_overdue(tx, self._ground, holding, grant)
        tell_settled(tx, self._ground, grant, removal=True)
        self._ground.show(tx, grant)
        return late.total_seconds()

    def _record_overtaken(self, tx: Session, holding: Holding, seen: "_Seen") -> None:
        """A change that no grant asks for any more was made all the same: nothing happens without its record."""
        grant = grants.concerning(tx, holding)
        if grant is not None:
            action = "access.given" if seen.did == "added" else "access.removed"
            self._record(tx, grant, action, "done", facts={"read_back": True, "overtaken": True})
            tell_settled(tx, self._ground, grant, removal=seen.did == "removed")

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
        facts: dict[str, recording.Fact] = {"tries": holding.attempts, "removal": removal}
        self._record(tx, grant, "access.change_failed", "failed", facts=facts)
        if holding.attempts == 1:  # what takes longer than it should is not shown as if it stood as agreed
            self._ground.show(tx, grant)
        if holding.attempts == TELL_AFTER:
            tell_failing(tx, self._ground, holding, grant)

    def _record(
        self,
        tx: Session,
        grant: Grant,
        action: str,
        outcome: str,
        decision: PolicyDecision | None = None,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=recording.WICKET,
            subject=grant.account,
            resource=grant.entitlement,
            correlation=grant.id,
            where=SCHEDULE,
            decision=decision,
            facts=facts,
        )


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """Why an approved request is not carried out after all."""

    reason: str
    decision: PolicyDecision | None


_Waiting = Sequence[tuple[Grant, Sequence[Approval]]]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What was read back from the directory, and what we changed there in this round."""

    present: bool
    did: Literal["added", "removed", "nothing"]


def _still_ahead(grant: Grant, now: datetime) -> bool:
    """Whether the end of this grant is still to come."""
    return grant.expires_at is not None and grant.expires_at > now


def _wanted(covering: Iterable[Grant], now: datetime) -> bool:
    """Whether a grant gives this access. One whose time is over is not begun any more, even if no tick saw it yet."""
    return any(
        grant.state == GrantState.ACTIVE or (grant.state == GrantState.APPROVED and _still_ahead(grant, now))
        for grant in covering
    )


def _approved(tx: Session, covering: Iterable[Grant], now: datetime) -> "_Waiting":
    return [
        (grant, grants.counting_of(tx, grant.id))
        for grant in covering
        if grant.state == GrantState.APPROVED and _still_ahead(grant, now)
    ]


async def _in_time(call: Awaitable[T]) -> T:
    """The answer of one directory call, or DirectoryUnavailable once it takes too long."""
    try:
        async with asyncio.timeout(CALL.total_seconds()):
            return await call
    except TimeoutError as late:
        raise DirectoryUnavailable("The directory did not answer in time.") from late
