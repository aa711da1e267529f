"""Letting new access begin again: by a person of the security team, looked up at the click, or by an operator.

It gives nothing itself: what waits goes on by its own rules, and policy is asked about it as ever.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.concerned import of_security
from handlers.decisions.freezing import RESUME_RESETS, may_resume
from handlers.decisions.policy import PolicyDecision, ResumeQuestion
from handlers.exceptions import Kind, Severity, cause_of, tell_security, wrong_person
from handlers.forged import turn_away_forged
from handlers.ground import Ground
from handlers.intents import Resume, Where
from handlers.outcomes import MayResume, NoLonger, NotAllowed, Repeated, Resumed, Unknown
from handlers.recently import recently
from storage import deliveries, freezes
from storage.audit import entry as audit
from storage.database import wake
from storage.exceptions import SETTLED, decide_exceptions
from storage.records import ExceptionRecord, Freeze
from storage.states import FreezeKind

T = TypeVar("T")
Refused = NotAllowed | NoLonger | Unknown | Repeated

RESUME = "resume"


class Lifting:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: Resume) -> MayResume | Refused:
        """Whether this person may: asked when the form is about to open."""

        def work(tx: Session, freeze: Freeze, decision: PolicyDecision) -> MayResume:
            self._record(tx, intent, freeze, "resume.considered", "done", decision)
            lost = freeze.facts.get("lost")
            return MayResume(
                exception=intent.freeze,
                kind=freeze.kind,
                since=freeze.since,
                lost=lost if isinstance(lost, int) else 0,
            )

        return await self._ground.database.write(lambda tx: self._open(tx, intent, work))

    async def resume(self, intent: Resume) -> Resumed | Refused:
        """Lift it, with the reason why that is right."""

        def work(tx: Session, freeze: Freeze, decision: PolicyDecision) -> Resumed:
            lift(
                tx, self._ground, freeze, actor=recording.person(intent.actor), by=intent.actor.account.name,
                rationale=intent.rationale, where=intent.where, decision=decision,
            )  # fmt: skip
            return Resumed()

        return await self._ground.database.write(lambda tx: self._open(tx, intent, work))

    def _open(
        self, tx: Session, intent: Resume, work: Callable[[Session, Freeze, PolicyDecision], T]
    ) -> T | Refused:
        """The freeze, if it can be lifted by this person; everything else is recorded."""
        ground = self._ground
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        row = tx.get(ExceptionRecord, intent.freeze)
        is_one = row is not None and row.kind == Kind.ACCESS_STOPPED
        freeze = freezes.get(tx, str(row.facts.get("freeze"))) if row is not None and is_one else None
        if freeze is None:
            return turn_away_forged(tx, ground, intent, "resume.tampered", what="exception")
        question = ResumeQuestion(
            principal=intent.actor.account,
            kind=freeze.kind,
            role="security" if of_security(ground, intent.actor.account) else None,
            now=ground.now(),
            recently=recently(tx, ground.now, (intent.actor.account,)),
        )
        decision = may_resume(ground.policy, question)
        if not decision.allowed:
            return self._turn_away(tx, intent, freeze, decision)
        if freeze.lifted_at is not None:
            self._record(tx, intent, freeze, "resume.late", "refused", decision)
            way = RESUME_RESETS if freeze.kind == FreezeKind.RESETS else RESUME
            return NoLonger(by=freeze.lifted_by, way=way, at=freeze.lifted_at)
        return work(tx, freeze, decision)

    def _turn_away(self, tx: Session, intent: Resume, freeze: Freeze, decision: PolicyDecision) -> NotAllowed:
        account = intent.actor.account
        self._record(tx, intent, freeze, "resume.refused", "refused", decision)
        strange = wrong_person(
            account,
            decision,
            about=freeze.id,
            correlation=freeze.id,
            facts={"resume": True},
            severity=Severity.HIGH,
        )
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(entitlement="this", owner_name="the security team", reasons=decision.reasons)

    def _record(
        self, tx: Session, intent: Resume, freeze: Freeze, action: str, outcome: str, decision: PolicyDecision
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, actor=recording.person(intent.actor),
            where=intent.where, correlation=freeze.id, decision=decision, facts={"kind": freeze.kind},
            texts={"rationale": intent.rationale} if intent.rationale else {},
        )  # fmt: skip


def lift(
    tx: Session,
    ground: Ground,
    freeze: Freeze,
    *,
    actor: audit.Actor,
    by: str,
    rationale: str,
    where: Where,
    decision: PolicyDecision | None = None,
) -> None:
    """Lift an open freeze, on the record and in its message. by: a name to show. For an operator there is no policy."""
    now = ground.now()
    freezes.lift(tx, freeze, at=now, by=by, rationale=rationale)
    recording.record(
        tx, at=now, action="access.resumed", outcome="done", actor=actor, where=where, correlation=freeze.id,
        decision=decision, facts={"kind": freeze.kind, "stopped_for_s": _seconds(freeze.since, now)},
        texts={"rationale": rationale, **({"by": by} if decision is None else {})},
    )  # fmt: skip
    facts = {
        "decided_by": by,
        "decided_at": now.isoformat(),
        "rationale": rationale,
        SETTLED: now.isoformat(),
    }
    decide_exceptions(tx, at=now, cause=cause_of(Kind.ACCESS_STOPPED, freeze.id), facts=facts)
    wake(tx, "holdings")


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))
