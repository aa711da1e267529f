"""What an approver gives beside the click: a fresh proof of who they are, and the request's code retyped.

It asks for what policy wants and finds what was given; without such a policy it costs nothing, and it decides nothing.
"""

from dataclasses import replace

from sqlmodel import Session

from handlers import recording
from handlers.approvals.stepping_up import as_given
from handlers.decisions.policy import AccessQuestion, PolicyDecision
from handlers.decisions.requests import may_decide
from handlers.decisions.wanting import Wanted, supposing, wanted
from handlers.exceptions.raising import Kind, Severity, Strange, named, tell_security
from handlers.ground import Ground
from handlers.intents import RATIONALE_LIMIT, Decide, OnGrant
from handlers.outcomes import NOTHING_MORE, Demand, NeedsMore, NeedsRationale
from handlers.requests.open_requests import Opened, OpenRequests
from storage.binding import mark
from storage.fresh import FreshProof
from storage.records import Grant
from storage.states import GrantState
from storage.step_ups import About

# So many approvals of one request by one person without a proof, and somebody may sit at their Slack account.
MANY_UNPROVEN = 3


class ApproverProofs:
    """Every method belongs to the transaction of the click."""

    def __init__(self, ground: Ground, requests: OpenRequests) -> None:
        self._ground = ground
        self._requests = requests

    def demand(self, tx: Session, intent: OnGrant, found: Opened, wants: Wanted) -> Demand:
        """What the form has to ask for, with what they had typed into the one before."""
        if not (wants.proof or wants.code):
            return NOTHING_MORE
        stepping, actor, grant, at = self._ground.stepping_up, intent.actor, found.grant, self._ground.now()
        code = stepping.code(actor, about=grant.id, shown=mark(grant)) if wants.code else ""
        if not wants.proof:
            return Demand(code=code)
        kept = stepping.kept(tx, actor, about=grant.id)
        proof = stepping.fresh_proof(tx, actor, about=grant.id, at=at)
        enough = proof is not None and self._is_enough(intent, found, proof)
        handle = "" if enough else stepping.begin(
            tx, actor, intent.where, about=grant.id, kind=About.APPROVAL, thing=found.entitlement.id,
            whom=grant.requester_name, at=at,
        )  # fmt: skip
        return Demand(
            handle=handle,
            proof=proof if enough else None,
            weak=proof is not None and not enough,
            enrolled=enough or stepping.can_prove(tx, actor),
            code=code,
            rationale=kept.rationale,
            minutes=kept.minutes,
        )

    def found(self, tx: Session, intent: Decide, found: Opened, asked: AccessQuestion) -> FreshProof | None:
        """The fresh proof of whoever policy wants one from; None for everybody else. asked: what was refused."""
        wants = wanted(self._ground.policy, asked, intent.actor.account, found.role)
        if not wants.proof:
            return None
        return self._ground.stepping_up.fresh_proof(
            tx, intent.actor, about=found.grant.id, at=self._ground.now()
        )

    def is_retyped(self, intent: Decide, grant: Grant) -> bool:
        """Whether they typed the code of the request as they saw it."""
        return bool(intent.code) and self._ground.stepping_up.is_code(
            intent.code, intent.actor, about=grant.id, shown=mark(grant)
        )

    def refuse(
        self, tx: Session, intent: Decide, found: Opened, wants: Wanted, decision: PolicyDecision
    ) -> NeedsMore | NeedsRationale:
        """They may, once they give what is wanted: no wrong person, unless it goes on. What was typed is kept."""
        unexplained = wants.rationale and not intent.rationale.strip()
        retype = wants.code and not self.is_retyped(intent, found.grant)
        demand = self.demand(tx, intent, found, wants)
        unproven = bool(demand.handle)
        if not (unproven or retype):
            self._requests.record(tx, intent, found.grant, "approval.unexplained", "refused", decision)
            return NeedsRationale(grant=found.grant.id)
        facts: dict[str, recording.Fact] = {"retyped": not retype} if wants.code else {}
        if unproven:
            facts |= self._unproven(tx, intent, found, demand)
        action = "approval.unproven" if unproven else "approval.unretyped"
        self._requests.record(tx, intent, found.grant, action, "refused", decision, facts)
        return NeedsMore(
            grant=found.grant.id,
            demand=replace(demand, rationale=intent.rationale, minutes=intent.minutes),
            rationale=unexplained,
            proof=unproven,
            code=retype,
        )

    def spend(self, tx: Session, proof: FreshProof | None) -> bool:
        """Let this decision rest on the proof. False if another one does already."""
        return proof is None or self._ground.stepping_up.spend(tx, proof, self._ground.now())

    def forget(self, tx: Session, intent: Decide, grant: Grant) -> None:
        """What was typed is not needed any more: theirs, and everybody's once the request is decided."""
        everybodys = grant.state != GrantState.PENDING
        self._ground.stepping_up.forget(tx, None if everybodys else intent.actor, about=grant.id)

    def _is_enough(self, intent: OnGrant, found: Opened, proof: FreshProof) -> bool:
        given = as_given(proof, self._ground.now())
        asked = replace(supposing(found.question), proof=given)
        return may_decide(self._ground.policy, asked, intent.actor.account, found.role).allowed

    def _unproven(
        self, tx: Session, intent: Decide, found: Opened, demand: Demand
    ) -> dict[str, recording.Fact]:
        """Keep what was typed and count the try; one too many is an exception. What the record says of it."""
        stepping, actor, grant = self._ground.stepping_up, intent.actor, found.grant
        why = "weak" if demand.weak else stepping.why_none(tx, actor, about=grant.id)
        tries = stepping.keep(
            tx,
            actor,
            demand.handle,
            about=grant.id,
            rationale=intent.rationale[:RATIONALE_LIMIT],
            minutes=intent.minutes,
        )
        if tries >= MANY_UNPROVEN:
            strange = Strange(
                kind=Kind.UNPROVEN,
                severity=Severity.MEDIUM,
                who=named(actor.account.name, actor.account.login),
                cause=f"{actor.account.id}:{grant.id}",
                correlation=grant.id,
                facts={
                    "entitlement": grant.entitlement,
                    "requester": named(grant.requester_name, grant.requester_login),
                    "tries": tries,
                    "enrolled": demand.enrolled,
                },
            )
            tell_security(tx, self._ground.now(), strange)
        return {"why": why, "tries": tries}
