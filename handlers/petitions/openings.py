"""The hour of a petition: opened when everything still holds, put off while something is unknown, closed in the end.

Its row is the schedule, so that nothing is lost by a crash; it opens nothing while a freeze stands (T-4).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from handlers.decisions.petitioning import in_the_end
from handlers.decisions.policy import PolicyDecision
from handlers.ground import Ground
from handlers.petitions import ends
from handlers.petitions.asking import stops
from handlers.petitions.attesting import Attesting
from handlers.petitions.ends import BY_WICKET
from handlers.petitions.outcomes import APPROVED, OPENED, Why
from handlers.petitions.standing_by import Count, StandingBy
from handlers.secure_page.visits import PageGround, Person
from storage import alarms, handles, petitions
from storage.faults import DirectoryUnavailable
from storage.handles import handle_by_id
from storage.outbox import ALERT, owe
from storage.records import Petition
from storage.states import PetitionKind, PetitionState, Result

log = structlog.get_logger(__name__)

PAGE_LIFE = timedelta(hours=24)
# Something is unknown, or not out yet: looked at again so soon, and given up a day after its hour.
AGAIN_IN = timedelta(minutes=1)
GIVEN_UP_AFTER = timedelta(hours=24)
BATCH = 20


@dataclass(frozen=True, kw_only=True)
class _Now:
    """What was looked up for one petition. decision: policy's, with everybody who still stands by it."""

    person: Person
    count: Count
    decision: PolicyDecision | None


class Openings:
    """What time brings to petitions. For the start and the schedule."""

    def __init__(self, ground: Ground, page: PageGround, attesting: Attesting) -> None:
        self._ground, self._page, self._attesting = ground, page, attesting
        self._standing_by = StandingBy(ground)

    async def settle_due(self) -> int:
        """See to all that is due; how many there were."""
        found = await self._ground.database.read(lambda tx: petitions.due(tx, self._ground.now(), BATCH))
        for petition_id in found:
            await self._settle(petition_id)
        return len(found)

    async def _settle(self, petition_id: str) -> None:
        petition = await self._ground.database.read(lambda tx: petitions.look(tx, petition_id))
        if petition is None:
            await self._ground.database.write(
                lambda tx: ends.end_spoilt(tx, petition_id, self._ground.now())
            )  # fmt: skip
            return
        if petition.ended_at is not None:
            return
        try:
            if petition.state == PetitionState.ASKED and petition.lapses_at > self._ground.now():
                await self._attesting.weigh(petition_id)
                return
            now = await self._look(petition) if petition.state == PetitionState.APPROVED else None
        except DirectoryUnavailable as fault:
            log.warning("petition.unknown", fault=str(fault))
            await self._ground.database.write(lambda tx: self._unknown(tx, petition_id))
            return
        await self._ground.database.write(lambda tx: self._due(tx, petition_id, now))

    async def _look(self, petition: Petition) -> _Now:
        """Everything that is asked again: the person, their account, and each who said that it is them."""
        handle = await self._ground.database.read(lambda tx: handle_by_id(tx, petition.id))
        person = await self._page.person_of(handle)
        if person.account is None or person.unfit:
            return _Now(person=person, count=Count.of_nobody(), decision=None)
        count = await self._standing_by.count(petition, person.account)
        question = in_the_end(PetitionKind(petition.kind), person.account, self._ground.now())
        decision = self._ground.policy.ask(replace(question, attested=count.attested))
        return _Now(person=person, count=count, decision=decision)

    def _due(self, tx: Session, petition_id: str, now: _Now | None) -> None:
        at, petition = self._ground.now(), petitions.get(tx, petition_id)
        if petition is None or petition.ended_at is not None or petition.next_at > at:
            return  # somebody was faster
        match petition.state:
            case PetitionState.ASKED:
                ends.end(tx, petition, PetitionState.LAPSED, Why.UNANSWERED, BY_WICKET, at)
            case PetitionState.OPEN:
                self._close(tx, petition, at)
            case PetitionState.APPROVED if now is not None:
                self._open(tx, petition, now, at)

    def _open(self, tx: Session, petition: Petition, now: _Now, at: datetime) -> None:
        """Open it, or say why not. What may still come right is put off."""
        kind = PetitionKind(petition.kind)
        if stops(tx, self._ground, kind) is not None:
            self._put_off(tx, petition, at, Why.STOPPED)
            return
        if petition.mailed_at is None:  # P-6: nobody is let in before its person was told outside Slack
            owe(
                tx, at=at, courier="mail", kind=APPROVED, subject=petition.id,
                recipient=petition.account, urgency=ALERT,
            )  # fmt: skip
            self._put_off(tx, petition, at, Why.NOT_TOLD)
            return
        why = self._why_not(tx, petition, now)
        if why is not None:
            decision = (now.count.broken or now.decision) if why == Why.AUTHORITY else None
            ends.end(tx, petition, PetitionState.VOIDED, why, BY_WICKET, at, decision=decision)
            return
        closes_at = at + PAGE_LIFE
        if not handles.reopen(tx, petition.id, expires_at=closes_at):
            ends.end(tx, petition, PetitionState.VOIDED, Why.VISIT_CLOSED, BY_WICKET, at)
            return
        petitions.move(tx, petition, PetitionState.OPEN, opened_at=at, closes_at=closes_at, next_at=closes_at)
        ends.record_about(tx, petition, "petition.opened", "done", BY_WICKET, at, decision=now.decision)
        ends.show(tx, petition, at)
        ends.tell(tx, petition, OPENED, at)

    def _why_not(self, tx: Session, petition: Petition, now: _Now) -> Why | None:
        if alarms.open_of(tx, petition.directory, petition.account):
            return Why.ALARM
        if now.person.unfit or now.person.account is None:
            return Why.PERSON
        if now.person.account.privileged and not petition.privileged:
            return Why.PERSON  # whoever decided did not know it
        if now.decision is None or not now.decision.allowed:
            return Why.AUTHORITY
        if petition.kind == PetitionKind.PROOFS and ends.has_proof_in_hand(tx, petition):
            return Why.FOUND
        return None

    def _close(self, tx: Session, petition: Petition, at: datetime) -> None:
        handle = handle_by_id(tx, petition.id)
        if handle is not None and handle.result == Result.CHANGING:
            petitions.move(tx, petition, PetitionState.OPEN, next_at=at + AGAIN_IN)
        elif handle is not None and handle.result != Result.OPEN:
            ends.used(tx, handle, at)
        else:
            ends.end(tx, petition, PetitionState.LAPSED, Why.UNUSED, BY_WICKET, at)

    def _put_off(self, tx: Session, petition: Petition, at: datetime, why: Why) -> None:
        """Look again soon; a day after its hour it is over."""
        if petition.opens_at is not None and at - petition.opens_at >= GIVEN_UP_AFTER:
            ends.end(tx, petition, PetitionState.LAPSED, why, BY_WICKET, at)
            return
        if petition.opens_at is not None and petition.next_at <= petition.opens_at:  # on the record once
            ends.record_about(tx, petition, "petition.put_off", "refused", BY_WICKET, at, facts={"why": why})
        petitions.move(tx, petition, PetitionState(petition.state), next_at=at + AGAIN_IN)

    def _unknown(self, tx: Session, petition_id: str) -> None:
        at, petition = self._ground.now(), petitions.get(tx, petition_id)
        if petition is not None and petition.ended_at is None and petition.next_at <= at:
            self._put_off(tx, petition, at, Why.PERSON)
