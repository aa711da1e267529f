"""From the proof to the access of an emergency: proven, told to everybody who must hear first, and only then granted.

Each step is a row, so that a crash at any line leaves no access, or one that everybody was told of. It never grants by
what it did itself, only by what was written down (B-2).
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.approvals.stepping_up import proof_facts
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.policy import PolicyDecision
from handlers.emergencies.facts import Known, decision_of, enough_alone, known_now
from handlers.emergencies.telling import is_in_channel, notice_of, show, tell_refused
from handlers.exceptions.outside import WITHIN, Outside
from handlers.exceptions.strange import named
from handlers.ground import Ground
from handlers.patience import in_call_time
from storage import emergencies, grants, holdings
from storage.directories.base import Account
from storage.emergencies import FORESEEN
from storage.faults import DirectoryUnavailable, OutsideUnavailable, WicketFault
from storage.records import Emergency, Grant
from storage.sentences import template, told_together
from storage.spellings import ways
from storage.states import EmergencyState, GrantState
from storage.step_ups import Whose

log = structlog.get_logger(__name__)

# How long one try to tell somebody outside may take; it is tried again while there is time.
ONE_TRY = timedelta(seconds=WITHIN)
# What was told is granted at once, or not at all: an hour later nobody would expect it.
GIVEN_WITHIN = timedelta(seconds=60)

UNPROVEN = template("It was not proven in time who asked.")
STOPPED = template("New access is stopped, so nothing was given.")
TOO_LATE = template("It took too long until everything was ready, so nothing was given.")
GONE = template("The account, or what it asked for, is not there any more.")


class Emergencies:
    """The worker over what is under way. outside: the channels outside Slack; one that takes it is enough."""

    def __init__(self, ground: Ground, outside: Sequence[Outside] = ()) -> None:
        self._ground = ground
        self._outside = tuple(outside)

    async def go_on(self) -> int:
        """Bring each one as far as it can come now; how many are still under way. None waits for another."""
        rows = await self._ground.database.read(emergencies.under_way)
        await asyncio.gather(*(self._step(row) for row in rows))
        return len(await self._ground.database.read(emergencies.under_way)) if rows else 0

    async def _step(self, row: Emergency) -> None:
        try:
            if row.state == EmergencyState.ASKED:
                await self._prove(row)
            elif row.state == EmergencyState.TELLING:
                await self._tell(row)
            else:
                await self._grant(row)
        except DirectoryUnavailable as fault:
            log.warning("emergency.waits", emergency=row.id, fault=str(fault))
            await self._ground.database.write(lambda tx: self._give_up_if_late(tx, row.id))
        except WicketFault as fault:  # tried again soon; the others go on meanwhile
            log.error("emergency.failed", emergency=row.id, fault=str(fault))

    async def _prove(self, row: Emergency) -> None:
        """Once they proved who they are: ask policy again, and owe the alerts."""
        if not await self._ground.database.read(lambda tx: self._is_proven(tx, row)):
            if row.ask_by <= self._ground.now():
                await self._ground.database.write(lambda tx: self._lapse(tx, row.id))
            return
        known = await in_call_time(known_now(self._ground, row))
        await self._ground.database.write(lambda tx: self._begin_telling(tx, row.id, known))

    def _is_proven(self, tx: Session, row: Emergency) -> bool:
        proof = self._ground.stepping_up.proof_of(tx, _whose(row), about=row.id, at=self._ground.now())
        return proof is not None

    def _begin_telling(self, tx: Session, row_id: str, known: Known | None) -> None:
        row, now = self._held(tx, row_id, EmergencyState.ASKED), self._ground.now()
        stepping = self._ground.stepping_up
        proof = stepping.proof_of(tx, _whose(row), about=row.id, at=now) if row else None
        if row is None or proof is None or not stepping.spend(tx, proof, now):
            return
        emergencies.move(
            tx, row, EmergencyState.ASKED, proved_by=" ".join(proof.kinds), proven_at=proof.at
        )  # fmt: skip
        decision = self._decision(tx, known, row, before_telling=True)
        if self._is_refused(tx, row, decision, "proven", facts=proof_facts(proof)):
            return
        emergencies.move(tx, row, EmergencyState.TELLING, tell_by=now + self._ground.emergencies.tell_within)
        self._record(tx, row, "emergency.proven", "done", decision, proof_facts(proof))
        show(tx, self._ground, row)

    async def _tell(self, row: Emergency) -> None:
        """Whoever has not heard yet is told; once both have, or the time is over, it goes on with what is so."""
        by = ""
        if row.told_outside_at is None and not self._is_over(row):
            by = await self._tell_outside(row)
        await self._ground.database.write(lambda tx: self._told(tx, row.id, by))

    async def _tell_outside(self, row: Emergency) -> str:
        """The names of the channels that took it; "" if none did. They are told at once, and none waits for another."""
        notice = notice_of(self._ground, row, row.proven_at or row.asked_at)

        async def told(channel: Outside) -> str:
            try:
                async with asyncio.timeout(ONE_TRY.total_seconds()):
                    await channel.tell(notice)
            except (OutsideUnavailable, TimeoutError) as fault:
                log.warning("emergency.outside", channel=channel.name, fault=type(fault).__name__)
                return ""
            except Exception as fault:  # of one channel, whatever it is: the others may have taken it
                log.error("emergency.outside", channel=channel.name, exc_info=fault)
                return ""
            return channel.name

        taken = await asyncio.gather(*map(told, self._outside))
        return ", ".join(name for name in taken if name)

    def _told(self, tx: Session, row_id: str, by: str) -> None:
        row, now = self._held(tx, row_id, EmergencyState.TELLING), self._ground.now()
        if row is None:
            return
        if by and row.told_outside_at is None:
            emergencies.move(tx, row, EmergencyState.TELLING, told_outside_at=now, told_by=by)
            self._record(tx, row, "emergency.told", "done", facts={"to": "outside", "by": by})
        if row.told_security_at is None and is_in_channel(tx, row):
            emergencies.move(tx, row, EmergencyState.TELLING, told_security_at=now)
            self._record(tx, row, "emergency.told", "done", facts={"to": "security"})
        everybody = row.told_security_at is not None and row.told_outside_at is not None
        if not everybody and not self._is_over(row):
            return
        emergencies.move(
            tx, row, EmergencyState.TOLD, fallback=enough_alone(row, self._ground.emergencies.fallback)
        )
        if not everybody:
            facts: dict[str, recording.Fact] = {
                "security": row.told_security_at is not None, "outside": row.told_outside_at is not None,
            }  # fmt: skip
            self._record(tx, row, "emergency.not_told", "failed", facts=facts)

    async def _grant(self, row: Emergency) -> None:
        known = await in_call_time(known_now(self._ground, row))
        await self._ground.database.write(lambda tx: self._give(tx, row.id, known))

    def _give(self, tx: Session, row_id: str, known: Known | None) -> None:
        """The grant with its end, written before any access is (promise 1)."""
        row, now = self._held(tx, row_id, EmergencyState.TOLD), self._ground.now()
        if row is None:
            return
        if self._is_stale(row):
            self._refuse(tx, row, "told", TOO_LATE)
            return
        decision = self._decision(tx, known, row)
        refused = self._is_refused(tx, row, decision, "told")
        if refused or decision is None or known is None or isinstance(known.target, NoCounterpart):
            return
        if row.drill:
            self._practise(tx, row, decision, now)
            return
        grant = self._grant_of(tx, row, known, known.target, decision, now)
        grants.move(tx, grant, GrantState.APPROVED)
        emergencies.move(
            tx, row, EmergencyState.GRANTED, grant=grant.id, opened_at=now, ends_at=grant.expires_at
        )
        self._record(tx, row, "emergency.granted", "done", decision, {
            "told_security": row.told_security_at is not None, "told_outside": row.told_by,
            "fallback": row.fallback, "ends_at": row.ends_at.isoformat() if row.ends_at else "",
        })  # fmt: skip
        holdings.follow_grant(tx, grant, at=now, due_at=now)
        show(tx, self._ground, row)
        self._ground.show(tx, grant)

    def _practise(self, tx: Session, row: Emergency, decision: PolicyDecision, now: datetime) -> None:
        """A drill came as far as any: there never is a grant of it, so nothing can be given by it (B-4)."""
        emergencies.move(tx, row, EmergencyState.GRANTED, opened_at=now, ends_at=now)
        self._record(tx, row, "emergency.practised", "done", decision, {
            "told_security": row.told_security_at is not None, "told_outside": row.told_by,
            "fallback": row.fallback,
        })  # fmt: skip
        show(tx, self._ground, row)

    def _grant_of(
        self,
        tx: Session,
        row: Emergency,
        known: Known,
        target: Account,
        decision: PolicyDecision,
        now: datetime,
    ) -> Grant:
        account, entitlement = known.account, known.entitlement
        return Grant(
            id=row.id,
            state=GrantState.DRAFT,
            directory=entitlement.directory,
            account=target.id,
            requester_directory=account.directory,
            requester_account=account.id,
            target_account="",
            target_name="",
            target_login="",
            entitlement=entitlement.id,
            group=ways(tx, entitlement.directory, target.id, entitlement.group)[0],
            minutes=row.minutes,
            justification=row.reason,
            ticket=row.incident,
            slack_team=row.slack_team,
            slack_user=row.slack_user,
            requester_name=account.name,
            requester_login=account.login,
            requester_team=account.team,
            requester_employment=account.employment,
            manager_name="",
            standing=[],
            reasons=list(decision.reasons),
            missing={},
            policy_set=decision.policy_set,
            foreseen=FORESEEN,
            requested_at=row.asked_at,
            decided_at=now,
            expires_at=now + timedelta(minutes=row.minutes),
        )

    def _decision(
        self, tx: Session, known: Known | None, row: Emergency, *, before_telling: bool = False
    ) -> PolicyDecision | None:
        """Policy's answer as things are now; None if the person or the entitlement is gone."""
        return decision_of(tx, self._ground, known, row, suppose=before_telling) if known else None

    def _is_refused(
        self,
        tx: Session,
        row: Emergency,
        decision: PolicyDecision | None,
        stage: str,
        facts: dict[str, recording.Fact] | None = None,
    ) -> bool:
        """Whether nothing comes of it, with everything that goes with that."""
        if (halt := self._ground.stopped(tx)) is not None:
            self._refuse(
                tx, row, stage, STOPPED, facts={**(facts or {}), "freeze": halt.id, "kind": halt.kind}
            )
        elif decision is None:
            self._refuse(tx, row, stage, GONE, facts=facts)
        elif not decision.allowed:
            self._refuse(tx, row, stage, told_together(*decision.reasons), decision, facts)
        else:
            return False
        return True

    def _give_up_if_late(self, tx: Session, row_id: str) -> None:
        """A directory that does not answer holds up nothing for ever: what is too late is refused."""
        row = emergencies.get(tx, row_id)
        if row is not None and row.state == EmergencyState.ASKED and row.ask_by <= self._ground.now():
            self._lapse(tx, row_id)
        elif row is not None and row.state == EmergencyState.TOLD and self._is_stale(row):
            self._refuse(tx, row, "told", TOO_LATE)

    def _lapse(self, tx: Session, row_id: str) -> None:
        row = self._held(tx, row_id, EmergencyState.ASKED)
        if row is None:
            return
        emergencies.move(tx, row, EmergencyState.LAPSED, refused_why=UNPROVEN)
        self._over(tx, row, "emergency.lapsed", "unproven", "medium")

    def _refuse(
        self,
        tx: Session,
        row: Emergency,
        stage: str,
        why: str,
        decision: PolicyDecision | None = None,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        emergencies.move(tx, row, EmergencyState.REFUSED, refused_why=why)
        severity = (decision.severity if decision else None) or "high"
        self._over(tx, row, "emergency.refused", stage, severity, decision, facts)

    def _over(
        self,
        tx: Session,
        row: Emergency,
        action: str,
        stage: str,
        severity: str,
        decision: PolicyDecision | None = None,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        self._record(tx, row, action, "refused", decision, {"stage": stage, **(facts or {})})
        tell_refused(
            tx, self._ground, who=named(row.name, row.login), account=row.account, stage=stage, severity=severity,
            correlation=row.id, reasons=[row.refused_why], row=row, decision=decision,
        )  # fmt: skip
        show(tx, self._ground, row)

    def _held(self, tx: Session, row_id: str, state: EmergencyState) -> Emergency | None:
        """The row, if it still stands so: another replica may have been faster."""
        row = emergencies.get(tx, row_id)
        return row if row is not None and row.state == state else None

    def _is_over(self, row: Emergency) -> bool:
        """Whether no more time is left to tell anybody."""
        return row.tell_by is None or row.tell_by <= self._ground.now()

    def _is_stale(self, row: Emergency) -> bool:
        """Whether it was told so long ago that it is not given any more, or by a clock that was set back since."""
        if row.tell_by is None or row.proven_at is None:
            return True
        return not row.proven_at <= self._ground.now() <= row.tell_by + GIVEN_WITHIN

    def _record(
        self,
        tx: Session,
        row: Emergency,
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
            **recording.BY_ITSELF,
            subject=row.account,
            resource=row.entitlement,
            correlation=row.id,
            decision=decision,
            facts={"minutes": row.minutes, "incident": row.incident, "drill": row.drill, **(facts or {})},
        )


def _whose(row: Emergency) -> Whose:
    return Whose(
        directory=row.directory, account=row.account, slack_team=row.slack_team, slack_user=row.slack_user
    )
