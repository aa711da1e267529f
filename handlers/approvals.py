"""Deciding a request: who may, what their click does, and what happens when it comes too late.

Policy is asked at the click and again at execution; this file never changes a directory.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.counterparts import Target, target_now, uncertain
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.policy import AccessQuestion, Approvals, PolicyDecision, Role, role_of, same_person
from handlers.decisions.requests import ApprovalVerdict, may_decide, weigh_approval, weigh_request
from handlers.exceptions import Kind, Severity, Strange, broken_policy, tell_security
from handlers.forged import turn_away_forged
from handlers.ground import Ground
from handlers.intents import Decide, Intent, OnGrant
from handlers.outcomes import Decided, MayDecide, NotAllowed, Repeated, TooLate, Unknown
from handlers.patience import in_time
from handlers.strange import named
from storage import deliveries, grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.records import Approval, Grant
from storage.states import GrantState

T = TypeVar("T")

_NAMES_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the directory says now, read before the transaction.

    target: who gets it, with their account in the entitlement's directory; None without a requester. counted: ids of
    those who approved when it was read. approved: the active ones among them, as they are now.
    can: names of who could decide.
    """

    requester: Account | None = None
    target: Target | None = None
    counted: frozenset[str] = frozenset()
    approved: tuple[Account, ...] = ()
    can: tuple[str, ...] = ()


class Deciding:
    """What approvers do. A request is locked, asked about again and settled in one transaction."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: OnGrant) -> MayDecide | NotAllowed | TooLate | Unknown | Repeated:
        """Whether this person may decide: asked when the form is about to open. A wrong person is an exception."""

        def work(tx: Session, facts: _Facts) -> MayDecide | NotAllowed | TooLate | Unknown | Repeated:
            found = self._open(tx, intent, facts)
            if not isinstance(found, _Open):
                return found
            role = self._role(intent, found)
            decision = may_decide(self._ground.policy, found.question, intent.actor.account, role)
            if not decision.allowed:
                return self._turn_away(tx, intent, found, decision, facts.can)
            return MayDecide(
                grant=found.grant.id,
                entitlement=found.grant.entitlement,
                requester_name=found.grant.requester_name,
                minutes=found.grant.minutes,
                justification=found.grant.justification,
            )

        return await self._with_facts(intent.grant, work)

    async def decide(self, intent: Decide) -> Decided | NotAllowed | TooLate | Unknown | Repeated:
        """Approve or deny, once per person and for good."""

        def work(tx: Session, facts: _Facts) -> Decided | NotAllowed | TooLate | Unknown | Repeated:
            found = self._open(tx, intent, facts)
            if not isinstance(found, _Open):
                return found
            role = self._role(intent, found)
            approvals = self._counted(found, intent.actor.account if intent.approve else None)
            verdict = weigh_approval(
                self._ground.policy,
                found.question,
                approver=intent.actor.account,
                role=role,
                approvals=approvals,
            )
            if role is None or verdict.outcome == "not_allowed":
                return self._turn_away(tx, intent, found, verdict.decision, facts.can)
            return self._count(tx, intent, found, role, verdict)

        return await self._with_facts(intent.grant, work)

    async def _with_facts(self, grant_id: str, work: Callable[[Session, _Facts], T]) -> T:
        """One transaction on facts that are not older than the last approval: two at one instant must both count."""

        def on(facts: _Facts, tx: Session) -> tuple[T] | None:
            fresh = _approvers(grants.counting_of(tx, grant_id)) == facts.counted
            return (work(tx, facts),) if fresh else None

        while True:
            facts = await in_time(self._facts(grant_id))
            done = await self._ground.database.write(partial(on, facts))
            if done is not None:
                return done[0]

    async def _facts(self, grant_id: str) -> _Facts:
        grant, approvals = await self._ground.database.read(
            lambda tx: (grants.get(tx, grant_id), grants.counting_of(tx, grant_id))
        )
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement) if grant else None
        if grant is None or entitlement is None:
            return _Facts(counted=_approvers(approvals))
        home = self._ground.home(grant.requester_directory)
        counted = _approvers(approvals)
        (requester, target), approved, can = await asyncio.gather(
            self._requester(home, grant),
            _accounts(home, sorted(counted)),
            self._others(home, grant, entitlement),
        )
        return _Facts(requester=requester, target=target, counted=counted, approved=approved, can=can)

    async def _requester(self, home: Directory, grant: Grant) -> tuple[Account | None, Target | None]:
        """Who asked, as they are now, and who gets it."""
        requester = await home.account(grant.requester_account)
        return requester, None if requester is None else await target_now(self._ground, grant, requester)

    async def _others(self, home: Directory, grant: Grant, entitlement: Entitlement) -> tuple[str, ...]:
        """Names of who could decide."""
        approving = await home.group(self._ground.catalogue.owner_of(entitlement).approvers)
        concerned = {grant.requester_account, grant.target_account}
        ids = sorted(approving.members - concerned)[:_NAMES_SHOWN] if approving else []
        return tuple(account.name for account in await _accounts(home, ids))

    def _open(
        self, tx: Session, intent: OnGrant | Decide, facts: _Facts
    ) -> "_Open | TooLate | Unknown | Repeated":
        """The request, if it can still be decided. Everything else is recorded: failed clicks are, too."""
        now = self._ground.now()
        if not deliveries.take(tx, intent.delivery, now):
            return Repeated()
        grant = grants.get(tx, intent.grant)
        if grant is None or grant.lapses_at is None:
            turn_away_forged(tx, self._ground, intent, "approval.tampered")
            return Unknown(what="request")
        approvals = grants.approvals_of(tx, grant.id)
        if grant.state != GrantState.PENDING or grant.lapses_at <= now:
            self._record(tx, intent, grant, "approval.late", "refused")
            return _settled_before(grant, approvals, now)
        others = [account for account in facts.approved if same_person(account, intent.actor.account)]
        if others or any(approval.approver == intent.actor.account.id for approval in approvals):
            self._record(tx, intent, grant, "approval.repeated", "refused")
            return _settled_before(grant, approvals, now)
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        if (
            entitlement is None
            or facts.requester is None
            or facts.target is None
            or not facts.requester.active
        ):
            self._void(tx, intent, grant, "it can no longer be granted")
            return _settled_before(grant, approvals, now)
        target = facts.target
        question = self._ground.question_of(
            grant, facts.requester, target.account, entitlement, target.report
        )
        if isinstance(question.goes_to, NoCounterpart):
            self._lose_account(tx, intent, grant, question.goes_to, question)
            return _settled_before(grant, approvals, now)
        return _Open(grant=grant, entitlement=entitlement, approved=facts.approved, question=question)

    def _count(
        self, tx: Session, intent: Decide, found: "_Open", role: Role, verdict: ApprovalVerdict
    ) -> Decided:
        now, grant = self._ground.now(), found.grant
        if intent.approve and verdict.outcome == "void":
            self._void(tx, intent, grant, " ".join(verdict.reasons), verdict.grant)
            self._tell_of_void(tx, found, verdict)
            return Decided(grant=grant.id, state=grant.state, reasons=verdict.reasons)
        account = intent.actor.account
        grants.add_approval(
            tx,
            at=now,
            grant=grant.id,
            approver=account.id,
            approver_name=account.name,
            slack_user=intent.actor.slack_user,
            role=role,
            approved=intent.approve,
            rationale=intent.rationale,
        )
        state: GrantState = GrantState.DENIED
        if not intent.approve:
            grants.move(tx, grant, state, decided_at=now, ended_by=account.name)
        elif verdict.outcome == "granted":
            state = GrantState.APPROVED
            # The end is durable here, before the access exists, and no delay of ours moves it (promise 1).
            grants.move(
                tx,
                grant,
                state,
                decided_at=now,
                expires_at=now + timedelta(minutes=grant.minutes),
                missing={},
            )
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        else:
            state = GrantState.PENDING
            missing = vars(verdict.missing) if verdict.missing else {}
            grants.move(tx, grant, state, missing={r: n for r, n in missing.items() if n})
        action = "approval.given" if intent.approve else "approval.denied"
        self._record(tx, intent, grant, action, "done", verdict.decision, {"role": role, "state": state})
        if state == GrantState.APPROVED:
            self._record(tx, intent, grant, "grant.approved", "done", verdict.grant)
        self._ground.show(tx, grant)
        return Decided(grant=grant.id, state=state, reasons=verdict.reasons)

    def _turn_away(
        self,
        tx: Session,
        intent: OnGrant | Decide,
        found: "_Open",
        decision: PolicyDecision,
        can: tuple[str, ...],
    ) -> NotAllowed:
        account, entitlement = intent.actor.account, found.entitlement
        self._record(tx, intent, found.grant, "approval.refused", "refused", decision)
        strange = Strange(
            kind=Kind.WRONG_APPROVER,
            severity=Severity.HIGH if decision.severity == "high" else Severity.MEDIUM,
            who=named(account.name, account.login),
            cause=f"{account.id}:{found.grant.id}",
            correlation=found.grant.id,
            facts={
                "entitlement": entitlement.id,
                "requester": named(found.grant.requester_name, found.grant.requester_login),
                "own": same_person(account, found.question.requester),
                # Without a policy that says so, the reason is simply that they are none of its approvers.
                "reasons": list(decision.reasons) if decision.policy_ids or decision.errors else [],
                "policies": list(decision.policy_ids),
            },
        )
        if decision.errors:
            strange = broken_policy(
                decision, who=strange.who, correlation=found.grant.id, entitlement=entitlement.id
            )
        tell_security(tx, self._ground.now(), strange)
        owner = self._ground.catalogue.owner_of(entitlement)
        others = tuple(name for name in can if name != account.name)
        return NotAllowed(
            entitlement=entitlement.id, owner_name=owner.name, reasons=decision.reasons, can=others
        )

    def _lose_account(
        self, tx: Session, intent: Intent, grant: Grant, target: NoCounterpart, question: AccessQuestion
    ) -> None:
        """The account that it was asked for is gone, or not certainly theirs any more: nobody guesses another."""
        decision = weigh_request(self._ground.policy, question).decision
        self._void(tx, intent, grant, target.finding, decision)
        if target.is_uncertain:
            tell_security(tx, self._ground.now(), uncertain(target, grant))

    def _void(
        self,
        tx: Session,
        intent: Intent,
        grant: Grant,
        why: str,
        decision: PolicyDecision | None = None,
    ) -> None:
        grants.move(tx, grant, GrantState.VOIDED, ended_at=self._ground.now(), end_reason=why)
        self._record(tx, intent, grant, "grant.voided", "refused", decision)
        self._ground.show(tx, grant)

    def _tell_of_void(self, tx: Session, found: "_Open", verdict: ApprovalVerdict) -> None:
        """Somebody who may approve met a request that is not possible: news if policy broke or takes it seriously."""
        grant, decision = found.grant, verdict.grant
        if decision is None or (verdict.severity is None and not decision.errors):
            return
        strange = Strange(
            kind=Kind.REFUSED_REQUEST,
            severity=Severity(verdict.severity or Severity.MEDIUM),
            who=named(grant.requester_name, grant.requester_login),
            cause=grant.id,
            correlation=grant.id,
            facts={
                "entitlement": grant.entitlement,
                "minutes": grant.minutes,
                "employment": found.question.requester.employment,
                "company": found.question.requester.company,
                "policies": list(decision.policy_ids),
                "reasons": list(verdict.reasons),
            },
        )
        if decision.errors:
            strange = broken_policy(
                decision, who=strange.who, correlation=grant.id, entitlement=grant.entitlement
            )
        tell_security(tx, self._ground.now(), strange)

    def _role(self, intent: Intent, found: "_Open") -> Role | None:
        return self._role_now(intent.actor.account, found)

    def _role_now(self, account: Account, found: "_Open") -> Role | None:
        return role_of(account, found.question.requester, found.question.owner, self._ground.security_group)

    def _counted(self, found: "_Open", one_more: Account | None) -> Approvals:
        """The approvals so far, each person once and in the role they have now, and this one."""
        people: list[Account] = []
        for account in (*found.approved, *([one_more] if one_more else [])):
            if not any(same_person(account, other) for other in people):
                people.append(account)
        roles = [self._role_now(account, found) for account in people]
        return Approvals.of(role for role in roles if role is not None)

    def _record(
        self,
        tx: Session,
        intent: Intent,
        grant: Grant,
        action: str,
        outcome: Literal["done", "refused"],
        decision: PolicyDecision | None = None,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        texts = {"rationale": intent.rationale} if isinstance(intent, Decide) and intent.rationale else {}
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=recording.person(intent.actor),
            where=intent.where,
            decision=decision,
            facts={"minutes": grant.minutes, **(facts or {})},
            texts=texts,
        )


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A request that can be decided now, with the question that it puts."""

    grant: Grant
    entitlement: Entitlement
    approved: tuple[Account, ...]
    question: AccessQuestion


async def _accounts(directory: Directory, ids: Sequence[str]) -> tuple[Account, ...]:
    """The active accounts among these."""
    found = [await directory.account(one) for one in ids]
    return tuple(account for account in found if account is not None and account.active)


def _approvers(approvals: Iterable[Approval]) -> frozenset[str]:
    return frozenset(approval.approver for approval in approvals)


_BY_NOBODY = (GrantState.LAPSED, GrantState.WITHDRAWN, GrantState.VOIDED)


def _settled_before(grant: Grant, approvals: Sequence[Approval], now: datetime) -> TooLate:
    over = grant.state == GrantState.PENDING and grant.lapses_at is not None and grant.lapses_at <= now
    state = GrantState.LAPSED if over else GrantState(grant.state)
    if state in _BY_NOBODY or not approvals:
        at = grant.lapses_at if over else grant.ended_at or grant.decided_at
        return TooLate(entitlement=grant.entitlement, state=state, by="", at=at)
    last = approvals[-1]
    return TooLate(entitlement=grant.entitlement, state=state, by=last.approver_name, at=last.at)
