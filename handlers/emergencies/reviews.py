"""The mandatory review of an emergency by somebody else, and letting somebody again after it was found not justified.

It gives no access and takes none: it decides whether somebody can break glass another time (B-3).
"""

from collections.abc import Callable
from typing import Literal, TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.decisions.emergency_reviews import Finding, due_of
from handlers.decisions.policy import PolicyDecision
from handlers.emergencies.followups import owe_reminder, show_review
from handlers.emergencies.reviewed import (
    Looked,
    MayRestore,
    MayReview,
    NothingToRestore,
    NotOver,
    Restored,
    RestoreEligibility,
    ReviewedBefore,
    ReviewEmergency,
    ReviewKept,
)
from handlers.emergencies.reviewers import RESTORED, Reviewers, Standing
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, Severity, Strange, decided, named, tell_security, wrong_person
from handlers.ground import Ground
from handlers.outcomes import NotAllowed, Repeated, Unknown
from storage import deliveries, emergencies, emergency_reviews, reminders
from storage.records import Emergency
from storage.states import EmergencyState

T = TypeVar("T")
Refused = NotAllowed | ReviewedBefore | NotOver | NothingToRestore | Unknown | Repeated
Work = Callable[[Session, Emergency, PolicyDecision], T]


class EmergencyReviews:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground, reviewers: Reviewers) -> None:
        self._ground, self._reviewers = ground, reviewers

    async def consider(self, intent: ReviewEmergency) -> MayReview | Refused:
        """Whether this person may, with all that a reviewer has to see: asked when the form is about to open."""

        def work(tx: Session, row: Emergency, decision: PolicyDecision) -> MayReview | Refused:
            if (over := self._not_to_review(tx, intent, row)) is not None:
                return over
            self._record(tx, intent, row, "emergency.review_considered", "done", decision)
            return MayReview(looked=self.looked(tx, row))

        return await self._opened(intent, Finding.JUSTIFIED, work)

    async def review(self, intent: ReviewEmergency) -> ReviewKept | Refused:
        """Keep what they found. Not justified lapses eligibility until security lets them again; a drill never does."""

        def work(tx: Session, row: Emergency, decision: PolicyDecision) -> ReviewKept | Refused:
            if (over := self._not_to_review(tx, intent, row)) is not None:
                return over
            return self._keep(tx, intent, row, decision)

        return await self._opened(intent, intent.finding, work)

    async def consider_restoring(self, intent: RestoreEligibility) -> MayRestore | Refused:
        """Whether this person may let whoever it is about again."""

        def work(tx: Session, row: Emergency, decision: PolicyDecision) -> MayRestore | Refused:
            if (over := self._not_to_restore(tx, intent, row)) is not None:
                return over
            self._record(tx, intent, row, "emergency.restore_considered", "done", decision)
            return MayRestore(
                looked=self.looked(tx, row), reviewed_by=row.reviewed_by_name, words=row.review_words
            )

        return await self._opened(intent, RESTORED, work)

    async def restore(self, intent: RestoreEligibility) -> Restored | Refused:
        """Let them again."""

        def work(tx: Session, row: Emergency, decision: PolicyDecision) -> Restored | Refused:
            if (over := self._not_to_restore(tx, intent, row)) is not None:
                return over
            now, account = self._ground.now(), intent.actor.account
            emergency_reviews.restored(tx, row, at=now, by=account.id, name=account.name)
            self._record(
                tx, intent, row, "emergency.eligibility_restored", "done", decision,
                texts={"rationale": intent.rationale},
            )  # fmt: skip
            decided(tx, now, Kind.EMERGENCY_UNJUSTIFIED, row.id, by=account.name, rationale=intent.rationale)
            return Restored(who=named(row.name, row.login))

        return await self._opened(intent, RESTORED, work)

    def looked(self, tx: Session, row: Emergency) -> Looked:
        """What a reviewer has to see of it."""
        now, grant = self._ground.now(), reminders.seen(tx, row.grant)
        entitlement = self._ground.catalogue.entitlements.get(row.entitlement)
        began = row.opened_at or row.asked_at
        return Looked(
            id=row.id,
            who=named(row.name, row.login),
            what=entitlement.title if entitlement else row.entitlement,
            incident=row.incident,
            reason=row.reason,
            began_at=began,
            ended_at=max(began, emergency_reviews.ended_at(tx, row, now) or now),
            due_at=due_of(row, self._reviewers.days),
            ended_by=grant.ended_by if grant is not None else "",
            ended_why=grant.end_rationale if grant is not None else "",
            proved_by=row.proved_by,
            drill=row.drill,
            by_hand=not row.handle,
        )

    def _keep(
        self, tx: Session, intent: ReviewEmergency, row: Emergency, decision: PolicyDecision
    ) -> ReviewKept:
        now, account = self._ground.now(), intent.actor.account
        is_late = due_of(row, self._reviewers.days) <= now
        lapsed = intent.finding == Finding.NOT_JUSTIFIED and not row.drill
        if row.reminded_at is not None:  # what was said of it is brought up to date
            for again in (False, True):
                owe_reminder(tx, self._ground, row, again=again)
        emergency_reviews.reviewed(
            tx, row, at=now, by=account.id, name=account.name, finding=intent.finding, words=intent.words
        )
        self._record(
            tx, intent, row, "emergency.reviewed", "done", decision,
            facts={"finding": intent.finding.value, "late": is_late}, texts={"rationale": intent.words},
        )  # fmt: skip
        show_review(tx, self._ground, row)
        decided(
            tx, now, Kind.EMERGENCY_REVIEW, row.id, by=account.name, finding=intent.finding.value, words=intent.words
        )  # fmt: skip
        if lapsed:
            self._tell_unjustified(tx, row, account.name, intent.words)
        return ReviewKept(looked=self.looked(tx, row), finding=intent.finding, lapsed=lapsed)

    def _tell_unjustified(self, tx: Session, row: Emergency, reviewer: str, words: str) -> None:
        strange = Strange(
            kind=Kind.EMERGENCY_UNJUSTIFIED,
            severity=Severity.HIGH,
            who=named(row.name, row.login),
            cause=row.id,
            correlation=row.id,
            facts={
                "entitlement": row.entitlement, "incident": row.incident, "emergency": row.id,
                "reviewer": reviewer, "words": words,
            },
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)

    async def _opened(
        self,
        intent: ReviewEmergency | RestoreEligibility,
        finding: Finding | Literal["restored"],
        work: Work[T],
    ) -> T | Refused:
        row = await self._ground.database.read(lambda tx: emergencies.get(tx, intent.emergency))
        standing = await self._reviewers.standing(intent.actor.account, row) if row is not None else None
        return await self._ground.database.write(lambda tx: self._open(tx, intent, standing, finding, work))

    def _open(
        self,
        tx: Session,
        intent: ReviewEmergency | RestoreEligibility,
        standing: Standing | None,
        finding: Finding | Literal["restored"],
        work: Work[T],
    ) -> T | Refused:
        ground = self._ground
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        row = emergencies.get(tx, intent.emergency)
        if row is None or standing is None or row.state != EmergencyState.GRANTED:
            if emergency_reviews.is_spoilt(
                tx, intent.emergency
            ):  # whoever clicks what others changed is no forger
                return Unknown(what="emergency")
            return turn_away_forged(tx, ground, intent, "emergency.review_tampered", what="button")
        decision = self._reviewers.may(tx, standing, row, finding)
        if not decision.allowed:
            return self._turn_away(tx, intent, row, decision)
        return work(tx, row, decision)

    def _not_to_review(
        self, tx: Session, intent: ReviewEmergency, row: Emergency
    ) -> ReviewedBefore | NotOver | None:
        if row.reviewed_at is not None:
            self._record(tx, intent, row, "emergency.review_late", "refused")
            return ReviewedBefore(by=row.reviewed_by_name, at=row.reviewed_at, finding=Finding(row.finding))
        if emergency_reviews.ended_at(tx, row, self._ground.now()) is None:
            self._record(tx, intent, row, "emergency.review_early", "refused")
            return NotOver()
        return None

    def _not_to_restore(
        self, tx: Session, intent: RestoreEligibility, row: Emergency
    ) -> NothingToRestore | None:
        if row.finding == Finding.NOT_JUSTIFIED and row.restored_at is None:
            return None
        self._record(tx, intent, row, "emergency.restore_late", "refused")
        return NothingToRestore(by=row.restored_by_name, at=row.restored_at)

    def _turn_away(
        self,
        tx: Session,
        intent: ReviewEmergency | RestoreEligibility,
        row: Emergency,
        decision: PolicyDecision,
    ) -> NotAllowed:
        self._record(tx, intent, row, "emergency.review_refused", "refused", decision)
        strange = wrong_person(
            intent.actor.account, decision, about=row.id, correlation=row.id, entitlement=row.entitlement,
            facts={"emergency": True},
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)
        owner = self._ground.owner(row.entitlement)
        return NotAllowed(
            entitlement=row.entitlement, owner_name=owner.name if owner else "", reasons=decision.reasons
        )

    def _record(
        self,
        tx: Session,
        intent: ReviewEmergency | RestoreEligibility,
        row: Emergency,
        action: str,
        outcome: str,
        decision: PolicyDecision | None = None,
        *,
        facts: dict[str, recording.Fact] | None = None,
        texts: dict[str, str] | None = None,
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent), correlation=row.id,
            subject=row.account, resource=row.entitlement, decision=decision,
            facts={"incident": row.incident, "drill": row.drill, **(facts or {})}, texts=texts,
        )  # fmt: skip
