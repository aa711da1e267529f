"""Asking to break the glass: who may, taken down with all that it rests on, and the way to the page to prove it.

It gives nothing: that is for handlers.emergencies.granting, once it is proven and everybody has been told.
"""

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import PolicyDecision
from handlers.emergencies.facts import Known, decision_of, known_of, theirs_in_an_emergency
from handlers.emergencies.outcomes import (
    BeingTold,
    BreakGlass,
    EmergencyAsked,
    EmergencyRefused,
    HeldAlready,
    MayBreakGlass,
    NotAsked,
    NotListed,
)
from handlers.emergencies.telling import show, tell_refused
from handlers.exceptions.strange import named
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import Repeated
from handlers.patience import in_time
from handlers.requests.own import refuse_gone
from handlers.requests.taking_up import stands
from handlers.stops.stopping import stopped
from storage import deliveries, emergencies
from storage.identifiers import new_id
from storage.records import Emergency
from storage.sentences import template
from storage.states import EmergencyState
from storage.step_ups import About

DRILL = "DRILL"
"""In the place of an incident's id, which is never written so."""

NOT_AGAIN = "break-glass-not-again"
"""The @id of the policy for which a second person is the way out."""

REAL = template("The drill was broken off by an emergency.")


class AskingEmergency:
    """One transaction a click, taken once per delivery; each is on the record, and the refused ones are told."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: Intent) -> MayBreakGlass | NotListed | Stopped | Repeated:
        """What this person may take so: asked when the form is about to open, of no directory."""
        account = intent.actor.account
        listed = theirs_in_an_emergency(self._ground, account)

        def work(tx: Session) -> MayBreakGlass | NotListed | Stopped | Repeated:
            if halt := stopped(tx, self._ground, intent, "emergency.stopped", correlation=account.id):
                return halt
            if listed:
                return MayBreakGlass(choices=tuple(listed), example=self._ground.emergencies.example)
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            self._record(tx, intent, "emergency.not_listed", correlation=account.id)
            tell_refused(
                tx, self._ground, who=named(account.name, account.login), account=account.id, stage="listed",
                severity="medium", correlation=account.id,
            )  # fmt: skip
            return NotListed()

        return await self._ground.database.write(work)

    async def ask(self, intent: BreakGlass) -> EmergencyAsked | NotAsked:
        """Take it down, for a proof to follow; or refuse what no proof would help."""
        entitlement = self._ground.catalogue.entitlements.get(intent.entitlement)
        if entitlement is None:
            return await self._ground.database.write(
                lambda tx: refuse_gone(tx, self._ground, intent, what="entitlement")
            )
        known = await in_time(known_of(self._ground, intent.actor.account, entitlement))
        return await self._ground.database.write(lambda tx: self._ask(tx, intent, known))

    def _ask(self, tx: Session, intent: BreakGlass, known: Known) -> EmergencyAsked | NotAsked:
        row = self._row(intent)
        if halt := stopped(
            tx, self._ground, intent, "emergency.stopped", correlation=row.account, resource=row.entitlement
        ):
            return halt
        before = emergencies.under_way_of(tx, row.directory, row.account, row.entitlement)
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            # The first answer may not have arrived, and it is the way to the page. Whichever comes first says the same.
            if before is None or not _can_be_proven(intent, before):
                return Repeated()
            return self._asked(tx, intent, before, again=not _asks_the_same(row, before))
        if before is not None and before.drill and not intent.drill:
            self._break_off(tx, intent, before)
        elif before is not None:
            return self._as_before(tx, intent, before)
        if not intent.drill and stands(tx, known.target, known.entitlement):
            self._record(tx, intent, "emergency.needless", correlation=row.account, row=row)
            return HeldAlready(entitlement=row.entitlement)
        decision = decision_of(tx, self._ground, known, row, suppose=True)
        if not decision.allowed:
            return self._refuse(tx, intent, row, decision)
        row.handle = self._begin(tx, intent, row, known)
        emergencies.make_way(tx, row)
        if not emergencies.add(tx, row):
            raise RuntimeError("somebody wrote beside us")
        self._record(tx, intent, "emergency.asked", correlation=row.id, row=row, decision=decision)
        show(tx, self._ground, row)
        return self._asked(tx, intent, row)

    def _row(self, intent: BreakGlass) -> Emergency:
        now, account = self._ground.now(), intent.actor.account
        return Emergency(
            id=new_id("g", now),
            state=EmergencyState.ASKED,
            directory=account.directory,
            account=account.id,
            login=account.login,
            name=account.name,
            slack_team=intent.actor.slack_team,
            slack_user=intent.actor.slack_user,
            entitlement=intent.entitlement,
            incident=DRILL if intent.drill else intent.incident,
            reason=intent.reason,
            minutes=intent.minutes,
            drill=intent.drill,
            handle="",
            asked_at=now,
            ask_by=now + self._ground.stepping_up.link_life,
        )

    def _begin(self, tx: Session, intent: BreakGlass, row: Emergency, known: Known) -> str:
        return self._ground.stepping_up.begin(
            tx, intent.actor, intent.where, about=row.id, kind=About.EMERGENCY, thing=known.entitlement.title,
            whom=row.incident, at=row.asked_at,
        )  # fmt: skip

    def _asked(
        self, tx: Session, intent: BreakGlass, row: Emergency, *, again: bool = False
    ) -> EmergencyAsked:
        return EmergencyAsked(
            emergency=row.id,
            entitlement=row.entitlement,
            handle=row.handle,
            until=row.ask_by,
            enrolled=self._ground.stepping_up.can_prove(tx, intent.actor),
            again=again,
        )

    def _as_before(self, tx: Session, intent: BreakGlass, before: Emergency) -> EmergencyAsked | BeingTold:
        """They asked twice: the first one stands, as it was written, and its own link is given again."""
        self._record(tx, intent, "emergency.repeated", correlation=before.id, row=before)
        if _can_be_proven(intent, before):
            return self._asked(tx, intent, before, again=True)
        return BeingTold(entitlement=before.entitlement)

    def _break_off(self, tx: Session, intent: BreakGlass, drill: Emergency) -> None:
        """What they only practise makes way: nobody has to finish it before they say that it is real."""
        emergencies.move(tx, drill, EmergencyState.REFUSED, refused_why=REAL)
        self._record(tx, intent, "emergency.refused", correlation=drill.id, row=drill)
        show(tx, self._ground, drill)

    def _refuse(
        self, tx: Session, intent: BreakGlass, row: Emergency, decision: PolicyDecision
    ) -> EmergencyRefused:
        self._record(tx, intent, "emergency.refused", correlation=row.id, row=row, decision=decision)
        tell_refused(
            tx, self._ground, who=named(row.name, row.login), account=row.account, stage="asked",
            severity=decision.severity or "medium", correlation=row.id, reasons=decision.reasons, row=row,
            decision=decision,
        )  # fmt: skip
        return EmergencyRefused(
            entitlement=row.entitlement, reasons=decision.reasons, again=decision.policy_ids == (NOT_AGAIN,)
        )

    def _record(
        self,
        tx: Session,
        intent: Intent,
        action: str,
        *,
        correlation: str,
        row: Emergency | None = None,
        decision: PolicyDecision | None = None,
    ) -> None:
        facts: dict[str, recording.Fact] = (
            {"minutes": row.minutes, "incident": row.incident, "drill": row.drill} if row else {}
        )
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome="done" if action == "emergency.asked" else "refused",
            **recording.by(intent),
            subject=intent.actor.account.id,
            resource=row.entitlement if row else None,
            correlation=correlation,
            decision=decision,
            facts=facts,
            texts={"justification": row.reason} if row else {},
        )


def _asks_the_same(row: Emergency, before: Emergency) -> bool:
    """Whether both were written by the same form."""
    return (row.incident, row.minutes, row.reason) == (before.incident, before.minutes, before.reason)


def _can_be_proven(intent: BreakGlass, before: Emergency) -> bool:
    """Whether it waits for its proof, from this Slack account; and whoever means to practise is led to no real one."""
    theirs = (intent.actor.slack_team, intent.actor.slack_user) == (before.slack_team, before.slack_user)
    return before.state == EmergencyState.ASKED and theirs and before.drill == intent.drill
