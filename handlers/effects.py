"""Effects on directories: each holding brought to what its grants want, read back, recorded.

Directory calls run outside transactions, under lease and fence; nothing is believed that was not read back.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import wait_before_retry
from handlers.decisions.policy import PolicyDecision, role_of
from handlers.decisions.requests import Approver, still_granted
from handlers.exceptions import Kind, Severity, Strange, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from storage import grants, holdings
from storage.directories.base import Directory
from storage.faults import DirectoryUnavailable, StorageUnavailable, WicketFault
from storage.records import Approval, Grant, Holding
from storage.states import LIVE, GrantState

log = structlog.get_logger(__name__)

# Longer than any directory call may take, so that nobody else begins while we may still be at it.
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
            await self._void_unpermitted(directory, claimed)
            wanted = await self._ground.database.read(lambda tx: _wanted(tx, claimed))
            present = await self._change(directory, claimed, wanted=wanted)
            late = await self._ground.database.write(lambda tx: self._complete(tx, claimed, present=present))
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
        except StorageUnavailable as fault:
            log.error("effect.not_recorded", holding=claimed.id, fault=str(fault))

    async def _change(self, directory: Directory, claimed: Holding, *, wanted: bool) -> bool:
        """Bring the membership about; whether the account is a member, as read back from the directory."""
        present = await directory.is_member(claimed.account, claimed.group)
        stood = claimed.stood_before
        if stood is None:
            stood = present
            if wanted:  # durable before our first add, so that a crash in between cannot lose it (promise 8)
                await self._ground.database.write(
                    lambda tx: holdings.note_stood_before(tx, claimed, stood=present)
                )
        if wanted and not present:
            await directory.add_member(claimed.account, claimed.group)
        elif not wanted and present and not stood:
            await directory.remove_member(claimed.account, claimed.group)
        else:
            return present
        after = await directory.is_member(claimed.account, claimed.group)
        if after != wanted:
            raise DirectoryUnavailable(
                "The directory said it was done, but reading it back shows it was not."
            )
        return after

    async def _void_unpermitted(self, directory: Directory, claimed: Holding) -> None:
        """Ask policy a third time, before access exists: about the requester and each approver as they are now."""
        waiting = await self._ground.database.read(lambda tx: _approved(tx, claimed))
        for grant, approvals in waiting:
            refusal = await self._refusal(directory, grant, approvals)
            if refusal is not None:
                await self._ground.database.write(partial(self._void, grant_id=grant.id, refusal=refusal))

    async def _refusal(
        self, directory: Directory, grant: Grant, approvals: Sequence[Approval]
    ) -> "_Refusal | None":
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        requester = await directory.account(grant.account)
        if entitlement is None or requester is None:
            return _Refusal(reason="It can no longer be granted.", decision=None)
        owner = self._ground.catalogue.owner_of(entitlement)
        approvers: list[Approver] = []
        for approval in approvals:
            account = await directory.account(approval.approver)
            if account is not None:
                role = role_of(account, requester, owner, self._ground.security_group)
                approvers.append(Approver(account=account, role=role))
        question = self._ground.question_of(grant, requester, entitlement)
        verdict = still_granted(self._ground.policy, question, approvers)
        if verdict.granted:
            return None
        return _Refusal(reason=" ".join(verdict.reasons), decision=verdict.decision)

    def _void(self, tx: Session, *, grant_id: str, refusal: "_Refusal") -> None:
        grant = grants.get(tx, grant_id)
        if grant is None or grant.state != GrantState.APPROVED:
            return
        now = self._ground.now()
        grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=refusal.reason)
        self._record(tx, grant, "grant.voided", "refused", refusal.decision)
        tell_security(
            tx,
            now,
            Strange(
                kind=Kind.AUTHORITY_LOST,
                severity=Severity.MEDIUM,
                who=grant.requester_name,
                cause=grant.id,
                correlation=grant.id,
                facts={"entitlement": grant.entitlement, "reasons": [refusal.reason]},
            ),
        )
        self._ground.show(tx, grant)

    def _complete(self, tx: Session, claimed: Holding, *, present: bool) -> list[float]:
        """Record what the directory now holds, if the work is still ours, and move the grants along.

        How late each end was, in seconds.
        """
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            return []
        now = self._ground.now()
        wanted = _wanted(tx, claimed)
        stood = bool(holding.stood_before) or (holding.stood_before is None and present and not wanted)
        if wanted != present and not stood:  # the wish changed while we were at it: again, at once
            holdings.release(tx, holding, next_at=now, fault="")
            return []
        covering = grants.covering(
            tx, directory=holding.directory, account=holding.account, group=holding.group
        )
        ending = [grant for grant in covering if grant.state == GrantState.ENDING]
        for grant in covering:
            self._move_along(tx, grant, present=present, stood=stood, covered=wanted)
        holdings.settle(tx, holding, present=present, over=not wanted)
        return [max(0.0, (now - (grant.expires_at or now)).total_seconds()) for grant in ending]

    def _move_along(self, tx: Session, grant: Grant, *, present: bool, stood: bool, covered: bool) -> None:
        now = self._ground.now()
        if grant.state == GrantState.APPROVED and present:
            grants.move(tx, grant, GrantState.ACTIVE, active_at=now)
            self._record(tx, grant, "access.given", "done", facts={"read_back": True, "stood_before": stood})
        elif grant.state == GrantState.ENDING:
            grants.move(tx, grant, GrantState.ENDED, ended_at=now)
            kept = stood or covered
            late = int((now - (grant.expires_at or now)).total_seconds() * 1000)
            self._record(
                tx,
                grant,
                "access.kept" if kept else "access.removed",
                "done",
                facts={
                    "read_back": not present,
                    "stood_before": stood,
                    "covered_by_another": covered,
                    "late_ms": max(0, late),
                },
            )
        else:
            return
        self._ground.show(tx, grant)

    def _fail(self, tx: Session, claimed: Holding, reason: str) -> None:
        holding = holdings.held_under(tx, claimed)
        if holding is None:
            return
        now = self._ground.now()
        wait = wait_before_retry(holding.attempts, self._chance())
        holdings.release(tx, holding, next_at=now + wait, fault=reason)
        covering = grants.covering(
            tx, directory=holding.directory, account=holding.account, group=holding.group
        )
        for grant in covering:
            self._record(tx, grant, "access.change_failed", "failed", facts={"tries": holding.attempts})
        if holding.attempts == TELL_AFTER and covering:
            self._tell_failing(tx, holding, covering[0])

    def _tell_failing(self, tx: Session, holding: Holding, grant: Grant) -> None:
        tell_security(
            tx,
            self._ground.now(),
            Strange(
                kind=Kind.EFFECT_FAILED,
                severity=Severity.MEDIUM,
                who=grant.requester_name,
                cause=holding.id,
                correlation=grant.id,
                facts={
                    "entitlement": grant.entitlement,
                    "removal": not holding.wanted,
                    "tries": holding.attempts,
                    "fault": holding.last_fault,
                },
            ),
        )

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


def _wanted(tx: Session, holding: Holding) -> bool:
    covering = grants.covering(tx, directory=holding.directory, account=holding.account, group=holding.group)
    return any(grant.state in LIVE for grant in covering)


def _approved(tx: Session, holding: Holding) -> list[tuple[Grant, Sequence[Approval]]]:
    covering = grants.covering(tx, directory=holding.directory, account=holding.account, group=holding.group)
    return [(g, grants.approvals_of(tx, g.id)) for g in covering if g.state == GrantState.APPROVED]
