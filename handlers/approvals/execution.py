"""Policy asked a third time, before access exists: about the requester and each approver as they are now (promise 3).

It gives and takes nothing in a directory; what does not hold any more is voided, and is an exception.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from sqlmodel import Session

from handlers import recording
from handlers.approvals.stepping_up import as_given
from handlers.decisions.circumstances import Having, Recently
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.delegating import given_to
from handlers.decisions.policy import PolicyDecision, is_on_call, role_of
from handlers.decisions.requests import Approver, still_granted
from handlers.delegations.in_force import looked_up
from handlers.emergencies.execution import why_not_given
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named_holder, tell_security
from handlers.grants.unfollowed import tell_explained
from handlers.ground import Ground
from handlers.patience import in_call_time
from handlers.people.counterparts import target_now, uncertain
from handlers.people.recently import recently
from handlers.requests.beside import find_elsewhere, having
from storage import grants, holdings
from storage.approvals import counting_of, proof_of
from storage.emergencies import FORESEEN
from storage.records import Approval, Grant, Holding
from storage.sentences import template, told_together
from storage.states import GrantState

Waiting: TypeAlias = Sequence[tuple[Grant, Sequence[Approval]]]
"""Grants that wait for their access, each with its approvals."""


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """Why an approved request is not carried out after all."""

    reason: str
    decision: PolicyDecision | None = None
    target: NoCounterpart | None = None


class Execution:
    """Whether what was approved still holds at the moment of doing it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def permitted(self, claimed: Holding, waiting: Waiting) -> frozenset[str]:
        """The ids of the grants that still hold; the others are voided."""
        permitted: set[str] = set()
        for grant, approvals in waiting:
            refusal = await self._refusal(grant, approvals)
            if refusal is None:
                permitted.add(grant.id)
            else:
                await self._ground.database.write(
                    partial(self._void, claimed=claimed, grant_id=grant.id, refusal=refusal)
                )
        return frozenset(permitted)

    async def _refusal(self, grant: Grant, approvals: Sequence[Approval]) -> _Refusal | None:
        if self._ground.asked_for(grant) is None:
            await self._ground.database.glance(lambda tx: self._ground.asked_for_now(tx, grant))
        if grant.foreseen == FORESEEN:
            return await self._refusal_of_emergency(grant)
        entitlement = self._ground.asked_for(grant)
        home = self._ground.home(grant.requester_directory)
        requester = await in_call_time(home.account(grant.requester_account))
        if entitlement is None or requester is None:
            return _Refusal(reason=template("It can no longer be granted."))
        target = await in_call_time(target_now(self._ground, grant, requester))
        question = self._ground.question_of(grant, requester, target.account, entitlement, target.report)
        if approvals:
            question = await in_call_time(looked_up(self._ground, home, question))
        owner, fallback = question.owner, question.fallback
        approvers: list[Approver] = []
        for approval in approvals:
            account = await in_call_time(home.account(approval.approver))
            if account is not None:
                role = role_of(
                    account,
                    requester,
                    owner,
                    self._ground.security_group,
                    fallback,
                    for_security=approval.role == "security",
                    given=given_to(question, account),
                )
                approvers.append(
                    Approver(
                        account=account,
                        role=role,
                        on_call=is_on_call(account, requester, owner),
                        rationale_given=bool(approval.rationale.strip()),
                        proof=as_given(proof_of(approval), approval.at),
                        code_retyped=approval.retyped,
                    )
                )
        delegators = (one.by for one in question.delegations.given)
        people = (requester, target.report, *(one.account for one in approvers), *delegators)
        elsewhere = await in_call_time(find_elsewhere(self._ground, question.holder, [entitlement]))

        def look(tx: Session) -> tuple[Recently, Having]:
            has = having(tx, self._ground, question.holder, entitlement, elsewhere, grant.id)
            return recently(tx, self._ground.now, people), has

        lately, has = await self._ground.database.glance(look)
        question = replace(question, recently=lately, having=has)
        verdict = still_granted(self._ground.policy, question, approvers)
        if verdict.granted:
            return None
        if isinstance(target.account, NoCounterpart):
            return _Refusal(reason=target.account.finding, decision=verdict.decision, target=target.account)
        return _Refusal(reason=told_together(*verdict.reasons), decision=verdict.decision)

    async def _refusal_of_emergency(self, grant: Grant) -> _Refusal | None:
        found = await why_not_given(self._ground, grant)
        if found is None:
            return None
        if found.target is not None:
            return _Refusal(reason=found.target.finding, decision=found.decision, target=found.target)
        reasons = found.decision.reasons if found.decision else (template("It can no longer be granted."),)
        return _Refusal(reason=told_together(*reasons), decision=found.decision)

    def _void(self, tx: Session, *, claimed: Holding, grant_id: str, refusal: _Refusal) -> None:
        grant = grants.get(tx, grant_id)
        if holdings.held_under(tx, claimed) is None or grant is None or grant.state != GrantState.APPROVED:
            return
        now = self._ground.now()
        grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=refusal.reason)
        holdings.follow_grant(tx, grant, at=now, due_at=now)
        recording.record_grant(
            tx,
            grant,
            at=now,
            action="grant.voided",
            outcome="refused",
            **recording.BY_ITSELF,
            decision=refusal.decision,
        )
        tell_security(tx, now, _lost(grant, refusal))
        tell_explained(tx, self._ground, grant, removal=False)
        self._ground.show(tx, grant)


def _lost(grant: Grant, refusal: _Refusal) -> Strange:
    """What the security channel hears: authority that went, a policy that broke, or an account that is not certain."""
    if refusal.target is not None and refusal.target.is_uncertain:
        return uncertain(refusal.target, grant)
    who = named_holder(grant)
    if refusal.decision is not None and refusal.decision.errors:
        return broken_policy(refusal.decision, who=who, correlation=grant.id, entitlement=grant.entitlement)
    return Strange(
        kind=Kind.AUTHORITY_LOST,
        severity=Severity.MEDIUM,
        who=who,
        cause=grant.id,
        correlation=grant.id,
        facts={"entitlement": grant.entitlement, "reasons": [refusal.reason]},
    )


def still_ahead(grant: Grant, now: datetime) -> bool:
    """Whether the end of this grant is still to come."""
    return grant.expires_at is not None and grant.expires_at > now


def waiting_among(tx: Session, covering: Iterable[Grant], now: datetime) -> Waiting:
    """Those of these grants that wait for their access."""
    return [
        (grant, counting_of(tx, grant.id))
        for grant in covering
        if grant.state == GrantState.APPROVED and still_ahead(grant, now)
    ]
