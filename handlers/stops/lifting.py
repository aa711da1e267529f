"""Letting new access begin again: by a person of the security team, looked up at the click, or by an operator.

What security itself stopped takes two of them (`seconding`). It gives nothing itself: what waits goes on by its
own rules, and policy is asked about it as ever.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar, Unpack

from sqlmodel import Session

from handlers import recording
from handlers.decisions.freezing import RESUME_RESETS
from handlers.decisions.halting import NEEDED
from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, Severity, decided, tell_security, wrong_person
from handlers.ground import Ground
from handlers.intents import Resume, Where
from handlers.outcomes import MayResume, NoLonger, NotAllowed, Repeated, Resumed, Unknown
from handlers.stops.outcomes import OperatorsDoNotCount, WordKept
from handlers.stops.seconding import Seconding, Speakers, may_lift
from storage import deliveries, exception_work, freezes
from storage.database import wake
from storage.records import Freeze, LiftWord
from storage.states import FreezeKind

T = TypeVar("T")
Refused = NotAllowed | NoLonger | Unknown | Repeated

RESUME = "resume"


class Lifting:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground, *, operators_count: bool = False) -> None:
        self._ground = ground
        self._seconding = Seconding(ground, operators_count=operators_count)

    async def consider(self, intent: Resume) -> MayResume | WordKept | Refused:
        """Whether this person may: asked when the form is about to open."""

        def work(
            tx: Session, freeze: Freeze, decision: PolicyDecision, speakers: Speakers
        ) -> MayResume | WordKept:
            self._record(tx, intent, freeze, "resume.considered", "done", decision)
            account, said = intent.actor.account, self._seconding.counting(tx, freeze, speakers)
            others = [one for one in said if (one.directory, one.account) != (account.directory, account.id)]
            if said and not others:
                return WordKept(again=True)
            return MayResume(
                exception=intent.freeze,
                kind=freeze.kind,
                since=freeze.since,
                lost=freezes.lost_in(tx, freeze),
                said=tuple(one.name for one in others),
            )

        return await self._with_speakers(intent, work)

    async def resume(self, intent: Resume) -> Resumed | WordKept | Refused:
        """Lift it, with the reason why that is right; of an emergency stop, say so as one of two."""

        def work(
            tx: Session, freeze: Freeze, decision: PolicyDecision, speakers: Speakers
        ) -> Resumed | WordKept:
            account = intent.actor.account
            words: Sequence[LiftWord] = ()
            if freeze.kind == FreezeKind.EMERGENCY:
                words, again = self._seconding.say(
                    tx, freeze, speakers, account, name=account.name, why=intent.rationale
                )
                if len(words) < NEEDED:
                    action = "resume.said_before" if again else "resume.said"
                    self._record(tx, intent, freeze, action, "refused" if again else "done", decision)
                    return WordKept(again=again)
            lift(
                tx, self._ground, freeze, by=_names(words) or account.name, rationale=intent.rationale,
                decision=decision, words=words, **recording.by(intent),
            )  # fmt: skip
            return Resumed()

        return await self._with_speakers(intent, work)

    async def by_operator(
        self, kind: FreezeKind, *, by: str, rationale: str, where: Where
    ) -> Sequence[Freeze] | WordKept | OperatorsDoNotCount:
        """Lift what is stopped for this reason; those that were. DirectoryUnavailable if nobody can say who counts."""
        found = await self._ground.database.read(lambda tx: _open_of(tx, kind))
        if kind == FreezeKind.EMERGENCY and found and not self._seconding.operators_count:
            return OperatorsDoNotCount()
        lifted: list[Freeze] = []
        for freeze in found:
            speakers = await self._seconding.speakers_of(freeze.id)

            def work(tx: Session, of: str = freeze.id, speakers: Speakers = speakers) -> Freeze | None:
                one = next((each for each in _open_of(tx, kind) if each.id == of), None)
                if one is None:
                    return None
                words = self._operator_says(tx, one, speakers, by=by, rationale=rationale, where=where)
                if kind == FreezeKind.EMERGENCY and len(words) < NEEDED:
                    return None
                lift(
                    tx, self._ground, one, actor=recording.OPERATOR, by=_names(words) or by, rationale=rationale,
                    where=where, words=words,
                )  # fmt: skip
                return one

            done = await self._ground.database.write(work)
            lifted += [done] if done is not None else []
        return WordKept() if found and not lifted else lifted

    def _operator_says(
        self, tx: Session, freeze: Freeze, speakers: Speakers, *, by: str, rationale: str, where: Where
    ) -> Sequence[LiftWord]:
        if freeze.kind != FreezeKind.EMERGENCY:
            return ()
        words, again = self._seconding.say(tx, freeze, speakers, None, name=by, why=rationale)
        if len(words) < NEEDED:
            recording.record(
                tx, at=self._ground.now(), action="resume.said_before" if again else "resume.said",
                outcome="refused" if again else "done", actor=recording.OPERATOR, where=where,
                correlation=freeze.id, facts={"kind": freeze.kind}, texts={"rationale": rationale, "by": by},
            )  # fmt: skip
        return words

    async def _with_speakers(
        self, intent: Resume, work: Callable[[Session, Freeze, PolicyDecision, Speakers], T]
    ) -> T | Refused:
        """Do it knowing how those stand now who gave a word; once more if somebody gave one meanwhile."""
        while True:
            speakers = await self._seconding.speakers(intent.freeze)

            def look(tx: Session, speakers: Speakers = speakers) -> T | Refused | None:
                freeze = _freeze_of(tx, intent.freeze)
                if freeze is not None and not self._seconding.are_all(tx, freeze.id, speakers):
                    return None
                return self._open(
                    tx, intent, lambda tx, freeze, decision: work(tx, freeze, decision, speakers)
                )

            if (done := await self._ground.database.write(look)) is not None:
                return done

    def _open(
        self, tx: Session, intent: Resume, work: Callable[[Session, Freeze, PolicyDecision], T]
    ) -> T | Refused:
        """The freeze, if it can be lifted by this person; everything else is recorded."""
        ground = self._ground
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        freeze = _freeze_of(tx, intent.freeze, held=True)
        if freeze is None:
            return turn_away_forged(tx, ground, intent, "resume.tampered", what="exception")
        decision = may_lift(tx, ground, freeze.kind, intent.actor.account)
        if not decision.allowed:
            return self._turn_away(tx, intent, freeze, decision)
        if freeze.lifted_at is not None:
            self._record(tx, intent, freeze, "resume.late", "refused", decision)
            way = RESUME_RESETS if freeze.kind == FreezeKind.RESETS else RESUME
            return NoLonger(by=freeze.lifted_by, way=way, at=freeze.lifted_at)
        return work(tx, freeze, decision)

    def _turn_away(self, tx: Session, intent: Resume, freeze: Freeze, decision: PolicyDecision) -> NotAllowed:
        self._record(tx, intent, freeze, "resume.refused", "refused", decision)
        strange = wrong_person(
            intent.actor.account, decision, about=freeze.id, correlation=freeze.id, facts={"resume": True},
            severity=Severity.HIGH,
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(entitlement="this", owner_name="the security team", reasons=decision.reasons)

    def _record(
        self, tx: Session, intent: Resume, freeze: Freeze, action: str, outcome: str, decision: PolicyDecision
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent), correlation=freeze.id,
            decision=decision, facts={"kind": freeze.kind},
            texts={"rationale": intent.rationale} if intent.rationale else {},
        )  # fmt: skip


def lift(
    tx: Session,
    ground: Ground,
    freeze: Freeze,
    *,
    by: str,
    rationale: str,
    decision: PolicyDecision | None = None,
    words: Sequence[LiftWord] = (),
    **who: Unpack[recording.By],
) -> None:
    """Lift an open freeze, on the record and in its message. by: a name to show. For an operator there is no policy.

    words: of those who lift it together.
    """
    now = ground.now()
    freezes.lift(tx, freeze, at=now, by=by, rationale=rationale)
    recording.record(
        tx, at=now, action="access.resumed", outcome="done", **who, correlation=freeze.id, decision=decision,
        facts={
            "kind": freeze.kind,
            "stopped_for_s": _seconds(freeze.since, now),
            **({"said": [one.account for one in words]} if words else {}),
        },
        texts={"rationale": rationale, **({"by": by} if decision is None else {})},
    )  # fmt: skip
    decided(tx, now, Kind.ACCESS_STOPPED, freeze.id, by=by, rationale=rationale)
    wake(tx, "holdings")


def _freeze_of(tx: Session, exception: str, *, held: bool = False) -> Freeze | None:
    """The freeze that this exception tells of, if it does. held: until the transaction ends."""
    row = exception_work.get(tx, exception)
    if row is None or row.kind != Kind.ACCESS_STOPPED:
        return None
    freeze = str(row.facts.get("freeze"))
    return freezes.get(tx, freeze) if held else tx.get(Freeze, freeze)


def _open_of(tx: Session, kind: FreezeKind) -> list[Freeze]:
    return [one for one in freezes.open_ones(tx) if one.kind == kind]


def _names(words: Sequence[LiftWord]) -> str:
    return ", ".join(one.name for one in words)


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))
