"""Deciding a request: who may, what their click does, and what happens when it comes too late.

Policy is asked at the click and again at execution; this file never changes a directory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlmodel import Session

from handlers import recording
from handlers.decisions.policy import AccessQuestion, Approvals, PolicyDecision, Role, role_of, same_person
from handlers.decisions.requests import ApprovalVerdict, may_decide, weigh_approval
from handlers.exceptions import Kind, Severity, Strange, tell_security
from handlers.ground import Ground
from handlers.intents import Decide, Intent, OnGrant
from handlers.outcomes import Decided, MayDecide, NotAllowed, Repeated, TooLate, Unknown
from handlers.patience import in_time
from storage import deliveries, grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.records import Approval, Grant
from storage.states import GrantState

_NAMES_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the directory says now, read before the transaction.

    approved: those who approved so far, as they are now. can: names of who could decide.
    """

    requester: Account | None
    approved: tuple[Account, ...] = ()
    can: tuple[str, ...] = ()


class Deciding:
    """What approvers do. A request is locked, asked about again and settled in one transaction."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: OnGrant) -> MayDecide | NotAllowed | TooLate | Unknown | Repeated:
        """Whether this person may decide: asked when the form is about to open. A wrong person is an exception."""
        facts = await in_time(self._facts(intent.grant))

        def work(tx: Session) -> MayDecide | NotAllowed | TooLate | Unknown | Repeated:
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

        return await self._ground.database.write(work)

    async def decide(self, intent: Decide) -> Decided | NotAllowed | TooLate | Unknown | Repeated:
        """Approve or deny, once per person and for good."""
        facts = await in_time(self._facts(intent.grant))

        def work(tx: Session) -> Decided | NotAllowed | TooLate | Unknown | Repeated:
            found = self._open(tx, intent, facts)
            if not isinstance(found, _Open):
                return found
            role = self._role(intent, found)
            approvals = self._counted(found, role if intent.approve else None)
            verdict = weigh_approval(
                self._ground.policy,
                found.question,
                approver=intent.actor.account,
                role=role,
                approvals=approvals,
            )
            if verdict.outcome == "not_allowed":
                return self._turn_away(tx, intent, found, verdict.decision, facts.can)
            return self._count(tx, intent, found, role or "owner", verdict)

        return await self._ground.database.write(work)

    async def _facts(self, grant_id: str) -> _Facts:
        grant, approvals = await self._ground.database.read(
            lambda tx: (grants.get(tx, grant_id), grants.approvals_of(tx, grant_id))
        )
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement) if grant else None
        if grant is None or entitlement is None:
            return _Facts(requester=None)
        directory = self._ground.directory(grant.directory)
        members = await directory.members(self._ground.catalogue.owner_of(entitlement).approvers)
        others = sorted((members or frozenset()) - {grant.account})[:_NAMES_SHOWN]
        can = await _accounts(directory, others)
        return _Facts(
            requester=await directory.account(grant.account),
            approved=await _accounts(directory, [a.approver for a in approvals if a.approved]),
            can=tuple(account.name for account in can),
        )

    def _open(
        self, tx: Session, intent: OnGrant | Decide, facts: _Facts
    ) -> "_Open | TooLate | Unknown | Repeated":
        """The request, if it can still be decided. Everything else is recorded: failed clicks are, too."""
        now = self._ground.now()
        if not deliveries.take(tx, intent.delivery, now):
            return Repeated()
        grant = grants.get(tx, intent.grant)
        if grant is None or grant.lapses_at is None:
            self._click_on_nothing(tx, intent)
            return Unknown(what="request")
        approvals = grants.approvals_of(tx, grant.id)
        if grant.state != GrantState.PENDING or grant.lapses_at <= now:
            self._record(tx, intent, grant, "approval.late", "refused")
            return _settled_before(grant, approvals)
        others = [account for account in facts.approved if same_person(account, intent.actor.account)]
        if others or any(approval.approver == intent.actor.account.id for approval in approvals):
            self._record(tx, intent, grant, "approval.repeated", "refused")
            return _settled_before(grant, approvals)
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement)
        if entitlement is None or facts.requester is None:
            self._void(tx, intent, grant, "it can no longer be granted")
            return _settled_before(grant, approvals)
        question = self._ground.question_of(grant, facts.requester, entitlement)
        return _Open(grant=grant, entitlement=entitlement, approved=facts.approved, question=question)

    def _count(
        self, tx: Session, intent: Decide, found: "_Open", role: Role, verdict: ApprovalVerdict
    ) -> Decided:
        now, grant = self._ground.now(), found.grant
        if intent.approve and verdict.outcome == "void":
            self._void(tx, intent, grant, " ".join(verdict.reasons), verdict.grant)
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
        tell_security(
            tx,
            self._ground.now(),
            Strange(
                kind=Kind.POLICY_ERROR if decision.errors else Kind.WRONG_APPROVER,
                severity=Severity.HIGH if decision.severity == "high" or decision.errors else Severity.MEDIUM,
                who=account.name,
                cause=f"{account.id}:{found.grant.id}",
                correlation=found.grant.id,
                facts={
                    "entitlement": entitlement.id,
                    "requester": found.grant.requester_name,
                    "own": account.id == found.grant.account,
                    "reasons": list(decision.reasons),
                    "policies": list(decision.policy_ids),
                    "errors": list(decision.errors),
                },
            ),
        )
        owner = self._ground.catalogue.owner_of(entitlement)
        others = tuple(name for name in can if name != account.name)
        return NotAllowed(
            entitlement=entitlement.id, owner_name=owner.name, reasons=decision.reasons, can=others
        )

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

    def _click_on_nothing(self, tx: Session, intent: OnGrant | Decide) -> None:
        """A button of ours never names a request that does not exist: somebody made this one up."""
        recording.record(
            tx,
            at=self._ground.now(),
            action="approval.tampered",
            outcome="refused",
            actor=recording.person(intent.actor),
            where=intent.where,
            correlation=intent.actor.account.id,
        )
        tell_security(
            tx,
            self._ground.now(),
            Strange(
                kind=Kind.TAMPERED,
                severity=Severity.HIGH,
                who=intent.actor.account.name,
                cause=intent.actor.account.id,
                correlation=intent.actor.account.id,
            ),
        )

    def _role(self, intent: Intent, found: "_Open") -> Role | None:
        return self._role_now(intent.actor.account, found)

    def _role_now(self, account: Account, found: "_Open") -> Role | None:
        return role_of(account, found.question.requester, found.question.owner, self._ground.security_group)

    def _counted(self, found: "_Open", one_more: Role | None) -> Approvals:
        """The approvals so far, each approver in the role they have now, and this one."""
        roles = [self._role_now(account, found) for account in found.approved]
        return Approvals.of(role for role in [*roles, one_more] if role is not None)

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
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=recording.person(intent.actor),
            subject=grant.account,
            resource=grant.entitlement,
            correlation=grant.id,
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


def _settled_before(grant: Grant, approvals: Sequence[Approval]) -> TooLate:
    last = approvals[-1] if approvals else None
    state = GrantState.LAPSED if grant.state == GrantState.PENDING and last is None else grant.state
    return TooLate(
        entitlement=grant.entitlement,
        state=state,
        by=last.approver_name if last else "",
        at=last.at if last else grant.ended_at or grant.decided_at,
    )
