"""Deciding a request: who may, what their click does, and what happens when it comes too late.

Policy is asked at the click and again at execution; this file never changes a directory.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import Session

from handlers import recording
from handlers.approvals.proofs import ApproverProofs
from handlers.approvals.stepping_up import as_given, proof_facts
from handlers.decisions.but import but
from handlers.decisions.delegating import delegation_of
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import AccessQuestion, Approvals, PolicyDecision, Role, Way, is_standing_in
from handlers.decisions.requests import ApprovalVerdict, may_decide, weigh_approval
from handlers.decisions.wanting import Wanted, wanted
from handlers.delegations.in_force import facts_of
from handlers.exceptions.raising import Kind, Severity, Strange, broken_policy, named, tell_security
from handlers.ground import Ground
from handlers.intents import Decide, OnGrant
from handlers.outcomes import (
    Changed,
    Decided,
    MayDecide,
    NeedsMore,
    NeedsRationale,
    NotAllowed,
    NotYet,
    Repeated,
    TooLate,
    Unknown,
)
from handlers.requests.open_requests import Facts, Opened, OpenRequests
from handlers.stops.stopping import stopped
from storage import grants, holdings
from storage.approvals import add_approval, counting_of, void_approval
from storage.binding import mark
from storage.directories.base import Account
from storage.fresh import FreshProof
from storage.records import Grant
from storage.sentences import told_together
from storage.states import GrantState

Refused = NotAllowed | NotYet | TooLate | Unknown | Repeated
"""Why somebody cannot decide."""


class Deciding:
    """What approvers do. A request is locked, asked about again and settled in one transaction."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._requests = OpenRequests(ground)
        self._proofs = ApproverProofs(ground, self._requests)

    async def consider(self, intent: OnGrant, way: Way = "approve") -> MayDecide | Refused:
        """Whether this person may do this: asked when the form is about to open. A wrong person is an exception."""
        account, may = intent.actor.account, list[tuple[Opened, Wanted]]()

        def work(tx: Session, facts: Facts) -> MayDecide | Refused:
            found = self._requests.find(tx, intent, facts, way)
            if not isinstance(found, Opened):
                return found
            wants = wanted(self._ground.policy, found.question, account, found.role)
            if not wants.decision.allowed:
                return self._requests.turn_away(tx, intent, found, wants.decision)
            may.append((found, wants))
            return MayDecide(
                grant=found.grant.id,
                shown=mark(found.grant),
                why=wants.decision.reasons,
                explains=wants.rationale,
                demand=self._proofs.demand(tx, intent, found, wants),
            )

        outcome = await self._requests.with_facts(intent.grant, work, opens=True)
        if may and way == "approve":
            found, wants = may[-1]
            self._foresee(account, found, explained=wants.rationale)
        return await self._requests.with_names(intent.grant, outcome, account)

    async def decide(
        self, intent: Decide
    ) -> Decided | NeedsRationale | NeedsMore | Changed | Refused | Stopped:
        """Approve, approve a shorter time, or deny: once per person and for good."""

        def work(
            tx: Session, facts: Facts
        ) -> Decided | NeedsRationale | NeedsMore | Changed | Refused | Stopped:
            halt = intent.approve and stopped(
                tx, self._ground, intent, "approval.stopped", correlation=intent.grant
            )
            if halt:
                return halt
            found = self._requests.find(tx, intent, facts, intent.way)
            if not isinstance(found, Opened):
                return found
            asked, proof = self._asked(intent, found), None
            verdict = self._weigh(intent, found, asked)
            if verdict.outcome == "not_allowed" and (proof := self._proofs.found(tx, intent, found, asked)):
                verdict = self._weigh(intent, found, but(asked, proof=as_given(proof, self._ground.now())))
            if verdict.outcome == "not_allowed" or found.role is None:
                return self._not_so(tx, intent, found, asked, verdict.decision)
            if intent.shown != mark(found.grant) or not _is_shorter(intent, found.grant):
                return self._changed(tx, intent, found)
            if not self._proofs.spend(tx, proof):
                return self._not_so(tx, intent, found, asked, verdict.decision)
            return self._count(tx, intent, found, found.role, verdict, proof)

        outcome = await self._requests.with_facts(intent.grant, work)
        return await self._requests.with_names(intent.grant, outcome, intent.actor.account)

    async def minutes_asked(self, grant_id: str) -> int:
        """For how long a request is asked, so that a form can say what is shorter; 0 if there is none."""
        grant = await self._ground.database.read(lambda tx: grants.get(tx, grant_id))
        return grant.minutes if grant else 0

    def was_asked(self, grant: str) -> bool:
        """Whether policy was asked ahead about this request: its form was opened here."""
        return self._requests.is_known(grant)

    async def ask_ahead(self, account: Account, grant: str, *, explained: bool) -> None:
        """Ask policy what an approval by this person would ask, while it is not certain yet that it is theirs.

        explained: whether they said why. Where `was_asked` already there is no need.
        """
        found = await self._requests.as_read(grant, account)
        if found is not None:
            self._foresee(account, found, explained=explained)

    def _foresee(self, account: Account, found: Opened, *, explained: bool) -> None:
        """Ask policy what it will be asked once the form is sent. It answers at once then, if nothing has changed; the
        answer of now counts for nothing.
        """
        question = but(found.question, rationale_given=explained)
        weigh_approval(
            self._ground.policy, question, approver=account, role=found.role, so_far=question.approvals
        )

    def _asked(self, intent: Decide, found: Opened) -> AccessQuestion:
        """What is put to policy about this click, before any proof is looked for."""
        question = found.question
        minutes = question.minutes if intent.minutes is None else intent.minutes
        explained, retyped = bool(intent.rationale.strip()), self._proofs.is_retyped(intent, found.grant)
        asked = (question.minutes, question.rationale_given, question.code_retyped)
        if asked == (minutes, explained, retyped):
            return question
        return but(question, minutes=minutes, rationale_given=explained, code_retyped=retyped)

    def _weigh(self, intent: Decide, found: Opened, question: AccessQuestion) -> ApprovalVerdict:
        """What policy says of this person deciding so; of an approval, also what becomes of the request."""
        account, policy = intent.actor.account, self._ground.policy
        if not intent.approve:
            decision = may_decide(policy, question, account, found.role)
            return ApprovalVerdict(
                outcome="waiting" if decision.allowed else "not_allowed",
                decision=decision,
                reasons=decision.reasons,
            )
        # Whoever approved a longer time has not approved this one.
        so_far = question.approvals if intent.minutes is None else Approvals()
        return weigh_approval(policy, question, approver=account, role=found.role, so_far=so_far)

    def _not_so(
        self, tx: Session, intent: Decide, found: Opened, asked: AccessQuestion, decision: PolicyDecision
    ) -> NeedsRationale | NeedsMore | Changed | NotAllowed | NotYet:
        """Who only has to say why, to prove who they are or to retype a code is no wrong person."""
        wants = wanted(self._ground.policy, asked, intent.actor.account, found.role)
        if not wants.decision.allowed or found.role is None:
            return self._requests.turn_away(tx, intent, found, wants.decision)
        if intent.rationale.strip() and intent.shown != mark(found.grant):
            return self._changed(tx, intent, found)
        return self._proofs.refuse(tx, intent, found, wants, decision)

    def _changed(self, tx: Session, intent: Decide, found: Opened) -> Changed:
        self._requests.record(tx, intent, found.grant, "approval.outdated", "refused")
        return Changed(grant=found.grant.id)

    def _count(
        self,
        tx: Session,
        intent: Decide,
        found: Opened,
        role: Role,
        verdict: ApprovalVerdict,
        proof: FreshProof | None,
    ) -> Decided:
        grant = found.grant
        if intent.approve and verdict.outcome == "void":
            self._requests.void(tx, intent, grant, told_together(*verdict.reasons), verdict.grant)
            self._tell_of_void(tx, found, verdict)
            self._proofs.forget(tx, intent, grant)
            return Decided(grant=grant.id, state=grant.state, reasons=verdict.reasons)
        facts: dict[str, recording.Fact] = {}
        asked, retyped = found.question, self._proofs.is_retyped(intent, grant)
        if is_standing_in(intent.actor.account, role, asked.requester, asked.owner, asked.fallback):
            facts["stands_in"] = grant.passed_on_to
        delegation = delegation_of(asked, intent.actor.account, role)
        if delegation is not None:
            facts |= facts_of(delegation)
        if intent.minutes is not None:
            facts["asked_minutes"] = grant.minutes
            self._shorten(tx, intent, grant, intent.minutes)
        account = intent.actor.account
        add_approval(
            tx,
            grant,
            at=self._ground.now(),
            approver=account.id,
            approver_name=account.name,
            slack_user=intent.actor.slack_user,
            role=role,
            approved=intent.approve,
            rationale=intent.rationale,
            given=found.decided,
            proof=proof,
            retyped=retyped,
            delegation=delegation.id if delegation is not None else "",
        )
        state = self._settle(tx, intent, grant, verdict)
        action = "approval.given" if intent.approve else "approval.denied"
        facts |= {"role": role, "state": state, "shown": mark(grant)}
        if retyped:
            facts["retyped"] = True
        if proof is not None:
            facts |= proof_facts(proof)
        if proof is not None or state != GrantState.PENDING:  # who typed need not be who decides
            self._proofs.forget(tx, intent, grant)
        steps = [recording.Step(action=action, outcome="done", decision=verdict.decision, facts=facts)]
        if state == GrantState.APPROVED:
            steps.append(recording.Step(action="grant.approved", outcome="done", decision=verdict.grant))
        self._requests.record_each(tx, intent, grant, steps)
        self._ground.show(tx, grant)
        return Decided(grant=grant.id, state=state, reasons=verdict.reasons)

    def _settle(self, tx: Session, intent: Decide, grant: Grant, verdict: ApprovalVerdict) -> GrantState:
        """Move the request to what it has become."""
        now = self._ground.now()
        if not intent.approve:
            grants.move(tx, grant, GrantState.DENIED, decided_at=now, ended_by=intent.actor.account.name)
        elif verdict.outcome == "granted":
            # The end is durable here, before the access exists, and no delay of ours moves it (promise 1).
            ends = now + timedelta(minutes=grant.minutes)
            grants.move(tx, grant, GrantState.APPROVED, decided_at=now, expires_at=ends, missing={})
            holdings.have_follow(tx, grant, at=now, due_at=now)
        else:
            missing = vars(verdict.missing) if verdict.missing else {}
            grants.move(tx, grant, GrantState.PENDING, missing={r: n for r, n in missing.items() if n})
        return GrantState(grant.state)

    def _shorten(self, tx: Session, intent: Decide, grant: Grant, minutes: int) -> None:
        """What was approved before was another request: those approvals are void, each on the record."""
        now, longer = self._ground.now(), counting_of(tx, grant.id)
        asked = grant.asked_minutes or grant.minutes
        for approval in longer:
            void_approval(tx, approval, at=now, why="the time was made shorter after it")
            facts: Mapping[str, recording.Fact] = {
                "approval": approval.id,
                "approver": approval.approver,
                "role": approval.role,
            }
            self._requests.record(tx, intent, grant, "approval.voided", "done", facts=facts)
        grants.move(tx, grant, GrantState.PENDING, minutes=minutes, asked_minutes=asked)

    def _tell_of_void(self, tx: Session, found: Opened, verdict: ApprovalVerdict) -> None:
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


def _is_shorter(intent: Decide, grant: Grant) -> bool:
    return intent.minutes is None or 0 < intent.minutes < grant.minutes
