"""Answers to why somebody was refused, why approval is needed, and what they can ask for: about the asker alone.

It asks policy with the facts of now, changes and promises nothing, and tells nobody facts about others.
"""

import asyncio
from collections.abc import Sequence
from typing import TypeAlias

from sqlmodel import Session

from handlers.decisions.explaining import Verdict
from handlers.decisions.freezing import Stopped
from handlers.ground import Ground
from handlers.patience import in_time
from handlers.questions.explained import CanAsk, Explained, WhyApproval, WhyRefused
from handlers.questions.explaining import USUAL_MINUTES, Explaining, Standing
from handlers.requests.requestable import in_the_way
from storage.approvals import approvals_of
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.faults import DirectoryUnavailable
from storage.overviews import last_refused
from storage.records import Approval, Grant
from storage.states import GrantState

Told: TypeAlias = WhyRefused | WhyApproval | CanAsk

# A catalogue may be long, and the answer is read on a phone.
MOST = 100

_Found: TypeAlias = tuple[Grant, Approval | None]


class Why:
    """Explains to one person."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._explaining = Explaining(ground)

    async def refused(self, account: Account, entitlement: str = "") -> WhyRefused:
        """Why their last request was refused, denied or not answered. entitlement: of this one alone.

        DirectoryUnavailable when a directory that must be asked does not answer in time.
        """
        found = await self._ground.database.read(lambda tx: _came_to_nothing(tx, account, entitlement))
        if found is None and entitlement:
            return WhyRefused(how="never", entitlement=entitlement, now=await self._now(account, entitlement))
        if found is None:
            return WhyRefused(how="never")
        grant, denied = found
        now = None
        if grant.entitlement in self._ground.catalogue.entitlements:
            now = await self._now(account, grant.entitlement, grant)
        if grant.state == GrantState.DENIED:
            by, why = (denied.approver_name, denied.rationale) if denied else ("", "")
            return WhyRefused(
                how="denied",
                entitlement=grant.entitlement,
                at=grant.decided_at,
                by=by,
                rationale=why,
                now=now,
            )
        return WhyRefused(
            how="lapsed" if grant.state == GrantState.LAPSED else "refused",
            entitlement=grant.entitlement,
            at=grant.decided_at or grant.requested_at,
            reasons=tuple(grant.reasons) if grant.state == GrantState.REFUSED else (),
            now=now,
        )

    async def approval(self, account: Account, entitlement: str) -> WhyApproval:
        """Why approval is needed for it. DirectoryUnavailable as above."""
        return WhyApproval(now=await self._now(account, entitlement))

    async def can_ask(self, account: Account) -> CanAsk:
        """What they can ask for; a directory that does not answer is told as that, and spoils nothing else."""
        every = list(self._ground.catalogue.entitlements.values())
        looked, unknown = list[Standing](), list[str]()
        for directory in sorted({one.directory for one in every[:MOST]}):
            there = [one for one in every[:MOST] if one.directory == directory]
            try:
                looked += await in_time(self._explaining.standings(account, there))
            except DirectoryUnavailable:
                unknown.append(directory)
        stopped = await self._stopped()
        free = [one for one in looked if not one.held]
        verdicts = list[Verdict]()
        for one in free:
            verdicts.append(self._explaining.best(one))
            await asyncio.sleep(0)  # many policies asked about many things must not hold up the others
        possible = await self._possible(free, verdicts)
        told = [self._explained(one, verdict, stopped) for one, verdict in zip(free, possible, strict=True)]
        return CanAsk(
            at_once=_named(told, "automatic"),
            with_approval=tuple(one for one in told if one.outcome == "approval"),
            held=len(looked) - len(free),
            refused=len(_named(told, "refused")),
            more=max(0, len(every) - MOST),
            unknown=tuple(unknown),
            stopped=stopped,
        )

    async def _now(self, account: Account, name: str, grant: Grant | None = None) -> Explained:
        """What policy says now of the same request, or of a well-written one for an hour."""
        entitlement = self._ground.catalogue.entitlements[name]
        minutes = grant.minutes if grant else min(USUAL_MINUTES, _most(entitlement))
        (standing,) = await in_time(
            self._explaining.standings(
                account,
                [entitlement],
                minutes=minutes,
                justified=bool(grant.justification.strip()) if grant else True,
                ticket=bool(grant.ticket) if grant else True,
            )
        )
        verdict = self._explaining.verdict(standing.question)
        (possible,) = await self._possible([standing], [verdict])
        if possible is not verdict:
            return self._explained(standing, possible, await self._stopped())
        turns = await self._explaining.turns(standing.question, verdict)
        told = self._explained(standing, verdict, await self._stopped())
        return Explained(**{**vars(told), "turns": turns})

    async def _possible(self, standings: Sequence[Standing], verdicts: Sequence[Verdict]) -> list[Verdict]:
        """The same, but refused where what is offered is not there just now, or nobody can decide about it."""

        def look(tx: Session) -> list[Verdict]:
            return [
                self._weighed(tx, one.entitlement, verdict)
                for one, verdict in zip(standings, verdicts, strict=True)
            ]

        return await self._ground.database.read(look)

    def _weighed(self, tx: Session, entitlement: Entitlement, verdict: Verdict) -> Verdict:
        if verdict.outcome == "allowed":
            return verdict
        refused = in_the_way(tx, self._ground, entitlement).refused(self._ground.policy, verdict.outcome)
        if refused is None:
            return verdict
        return Verdict(outcome="refused", decision=refused, reasons=refused.reasons)

    def _explained(self, standing: Standing, verdict: Verdict, stopped: Stopped | None) -> Explained:
        missing = vars(verdict.missing) if verdict.missing else {}
        return Explained(
            entitlement=standing.entitlement.id,
            owner=self._ground.catalogue.owner_of(standing.entitlement).name,
            minutes=standing.question.minutes,
            outcome=verdict.outcome,
            reasons=verdict.reasons,
            missing={role: count for role, count in missing.items() if count},
            held=standing.held,
            stopped=stopped,
        )

    async def _stopped(self) -> Stopped | None:
        return await self._ground.database.glance(self._ground.stopped)


def _came_to_nothing(tx: Session, account: Account, entitlement: str) -> _Found | None:
    """The last request that they made for themselves and that was not granted; and the approval that denied it."""
    grant = last_refused(tx, account.directory, account.id, entitlement)
    if grant is None:
        return None
    denied = next((one for one in reversed(approvals_of(tx, grant.id)) if not one.approved), None)
    return grant, denied


def _named(told: Sequence[Explained], outcome: str) -> tuple[str, ...]:
    return tuple(one.entitlement for one in told if one.outcome == outcome)


def _most(entitlement: Entitlement) -> int:
    return max(1, int(entitlement.max_duration.total_seconds() // 60))
