"""Lifting an alarm: by a person of the security team, looked up at the click, or by an operator; on the record (P-6).

It switches an account on only if the alarm switched it off, and brings back nothing that was closed.
"""

from dataclasses import replace
from typing import Unpack

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.alarms.reported import MayRelease, NotReleased, Released
from handlers.decisions.policy import PolicyDecision, same_person
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, Severity, decided, tell_security, wrong_person
from handlers.ground import Ground
from handlers.intents import Resume
from handlers.outcomes import NoLonger, NotAllowed, Repeated, Unknown
from handlers.patience import in_call_time
from handlers.stops.seconding import may_lift
from storage import alarms, deliveries, exception_work
from storage.alarms import Effect
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable
from storage.records import Alarm

log = structlog.get_logger(__name__)

RELEASE = "release"
Refused = NotAllowed | NoLonger | Unknown | Repeated


class Releasing:
    """Each click is taken once; the refused ones are on the record, too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: Resume) -> MayRelease | Refused:
        """Whether this person may: asked when the form is about to open."""
        whose = await self._whose(intent)

        def work(tx: Session) -> MayRelease | Refused:
            found = self._open(tx, intent, whose)
            if not isinstance(found, Alarm):
                return found
            told = exception_work.get(tx, intent.freeze)  # under a MAC: whom the message names
            who = told.who if told is not None else found.name
            return MayRelease(exception=intent.freeze, who=who, disabled=found.disabled)

        return await self._ground.database.write(work)

    async def release(self, intent: Resume) -> Released | NotReleased | Refused:
        """Lift it, with the reason why that is right."""
        whose = await self._whose(intent)
        found = await self._ground.database.write(lambda tx: self._open(tx, intent, whose))
        if not isinstance(found, Alarm):
            return found
        return await self.lift(
            found.directory, found.account, by=intent.actor.account.name, rationale=intent.rationale,
            **recording.by(intent),
        )  # fmt: skip

    async def lift(
        self, directory: str, account: str, *, by: str, rationale: str, **who: Unpack[recording.By]
    ) -> Released | NotReleased:
        """Everything that is open about an account. by: a name to show. For an operator there is no policy.

        The account is switched on first: while that is not known to be done, the alarm stands. What is reported
        meanwhile nobody looked at: it stands, and the account is switched off by it once more.
        """
        found = await self._ground.database.read(lambda tx: alarms.open_of(tx, directory, account))
        is_ours = any(one.disabled in (Effect.WANTED, Effect.DONE) for one in found)
        if is_ours:
            try:
                await switch_on(self._ground.directory(directory), account)
            except DirectoryUnavailable as fault:
                log.warning("alarm.not_released", fault=str(fault))
                return NotReleased()

        known = {one.handle for one in found}

        def work(tx: Session) -> Released:
            now = alarms.open_of(tx, directory, account)
            for one in now:
                # Whoever found it off by then found what these had done.
                if one.handle not in known and (
                    one.disabled == Effect.DONE or (is_ours and one.disabled == Effect.ALREADY)
                ):
                    alarms.want_anew(tx, one)
            names = [self._lift(tx, one, by, rationale, who) for one in now if one.handle in known]
            return Released(who=names[0] if names else "")

        return await self._ground.database.write(work)

    def _lift(self, tx: Session, alarm: Alarm, by: str, rationale: str, who: recording.By) -> str:
        at = self._ground.now()
        disabled = alarm.disabled
        alarms.lift(tx, alarm, at=at, by=by, rationale=rationale)
        recording.record(
            tx, at=at, action="account.released", outcome="done", **who, correlation=alarm.handle,
            subject=alarm.account, facts={"disabled": disabled},
            texts={"rationale": rationale, "by": by},
        )  # fmt: skip
        decided(tx, at, Kind.NOT_ME, alarm.handle, by=by, rationale=rationale)
        return alarm.name

    async def _whose(self, intent: Resume) -> Account | None:
        """The account that the button is about; None where there is none, or the directory does not say."""
        alarm = await self._ground.database.read(lambda tx: _about(tx, intent))
        if alarm is None:
            return None
        try:
            return await in_call_time(self._ground.directory(alarm.directory).account(alarm.account))
        except DirectoryUnavailable:
            return None

    def _open(self, tx: Session, intent: Resume, whose: Account | None) -> Alarm | Refused:
        """The alarm, if it can be lifted by this person; everything else is recorded."""
        ground = self._ground
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        alarm = _about(tx, intent, held=True)
        if alarm is None:
            return turn_away_forged(tx, ground, intent, "release.tampered", what="exception")
        decision = may_lift(tx, ground, "reported", intent.actor.account)
        # Whoever holds an account does not say that it is theirs again.
        actor = intent.actor.account
        own = (actor.directory, actor.id) == (alarm.directory, alarm.account)
        own = own or (whose is not None and same_person(actor, whose))
        if own or not decision.allowed:
            return self._turn_away(tx, intent, alarm, decision)
        if alarm.lifted_at is not None:
            self._record(tx, intent, alarm, "release.late", "refused", decision)
            return NoLonger(by=alarm.lifted_by, way=RELEASE, at=alarm.lifted_at)
        self._record(tx, intent, alarm, "release.considered", "done", decision)
        return alarm

    def _turn_away(self, tx: Session, intent: Resume, alarm: Alarm, decision: PolicyDecision) -> NotAllowed:
        self._record(tx, intent, alarm, "release.refused", "refused", decision)
        if decision.allowed:  # it is their own: of that policy says nothing
            decision = replace(decision, reasons=())
        strange = wrong_person(
            intent.actor.account, decision, about=alarm.handle, correlation=alarm.handle,
            facts={"release": alarm.name}, severity=Severity.HIGH,
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(entitlement="this", owner_name="the security team", reasons=decision.reasons)

    def _record(
        self, tx: Session, intent: Resume, alarm: Alarm, action: str, outcome: str, decision: PolicyDecision
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent),
            correlation=alarm.handle, subject=alarm.account, decision=decision,
            texts={"rationale": intent.rationale} if intent.rationale else {},
        )  # fmt: skip


async def switch_on(directory: Directory, account: str) -> None:
    """Let them in. DirectoryUnavailable if that is not known to be done; nobody switches on whoever was deleted."""
    if await in_call_time(directory.account(account)) is not None:
        await in_call_time(directory.switch(account, active=True))


def _about(tx: Session, intent: Resume, *, held: bool = False) -> Alarm | None:
    """The alarm whose button was clicked, if it is one. held: until the transaction ends."""
    row = exception_work.get(tx, intent.freeze)
    if row is None or row.kind != Kind.NOT_ME:
        return None
    handle = str(row.facts.get("handle"))
    return alarms.get(tx, handle) if held else tx.get(Alarm, handle)
