"""What is owed after an emergency: its review asked for, reminded of, told of when it is late; and a drill each month.

The row is the schedule: a late look catches up, and no restart or replica tells of anything twice. It gives nothing.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from sqlmodel import Session

from handlers import recording
from handlers.decisions.emergency_reviews import (
    drill_is_missing,
    due_of,
    is_overdue,
    review_due,
    to_be_reminded,
)
from handlers.emergencies.lost import LostEmergencies
from handlers.emergencies.reviewed import Reminded
from handlers.emergencies.reviewers import Reviewers
from handlers.emergencies.telling import show
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named, tell_security
from handlers.ground import Ground
from storage import emergencies, emergency_reviews
from storage.audit import glimpses
from storage.exceptions import SECURITY, open_of, settle_exceptions
from storage.outbox import ALERT, OWNER, owe, where_posted
from storage.records import Emergency, Owed

REMINDER = "emergency-reminder"
"""In the thread of the message that asks for a review: it still waits."""

# A second reminder is another message, since an edit of the first would go unseen.
_AGAIN = "~again"

DRILL = "drill"
"""The story of drills that did not take place, and the cause of the exception."""


class EmergencyFollowups:
    """A tick calls `look`. drill_every: how often a drill has to take place, None if nobody wants to be told."""

    def __init__(self, ground: Ground, reviewers: Reviewers, *, drill_every: timedelta | None) -> None:
        self._ground, self._reviewers, self._drill_every = ground, reviewers, drill_every
        self.lost = LostEmergencies(ground, reviewers)

    async def look(self) -> int:
        """Do everything that is due by now; of how many emergencies something was."""
        due = await self._ground.database.read(
            lambda tx: [one for one in emergency_reviews.unreviewed(tx) if self._is_due(tx, one)]
        )
        for row in due:
            # Beside the transaction: a directory that hangs keeps nobody from being told.
            names = await self._reviewers.able(row)
            await self._ground.database.write(partial(self._take, emergency=row.id, names=names))
        await self._look_for_drills()
        return len(due)

    def _is_due(self, tx: Session, one: Emergency) -> bool:
        now, days = self._ground.now(), self._reviewers.days
        if one.review_due_at is None:
            return emergency_reviews.ended_at(tx, one, now) is not None
        overdue = is_overdue(one, now, days) and one.escalated_at is None
        return overdue or to_be_reminded(one, now, days)

    def _take(self, tx: Session, *, emergency: str, names: Sequence[str]) -> None:
        row, now, days = emergencies.get(tx, emergency), self._ground.now(), self._reviewers.days
        if row is None or row.reviewed_at is not None or not self._is_due(tx, row):
            return  # somebody else was quicker
        if row.review_due_at is None:
            ended = emergency_reviews.ended_at(tx, row, now) or now
            due = min(review_due(max(ended, row.asked_at), days), due_of(row, days))
            emergency_reviews.owe_review(tx, row, due_at=due)
            self._record(tx, row, "emergency.review_owed")
            show_review(tx, self._ground, row)
            if not is_overdue(row, now, days):  # else one message says so at once
                self._ask(tx, row, names)
        if is_overdue(row, now, days):
            emergency_reviews.escalated(tx, row, now)
            self._record(tx, row, "emergency.review_overdue", outcome="failed")
            self._ask(tx, row, names, overdue=True)
        elif to_be_reminded(row, now, days):
            owe_reminder(tx, self._ground, row, again=row.reminded_at is not None)
            emergency_reviews.reminded(tx, row, now)
            self._record(tx, row, "emergency.review_reminded")

    def _ask(self, tx: Session, row: Emergency, names: Sequence[str], *, overdue: bool = False) -> None:
        """In the security channel and in that of whose it is; once it is late in a message of its own, and graver."""
        owner = self._ground.owner(row.entitlement)
        due = due_of(row, self._reviewers.days)
        strange = Strange(
            kind=Kind.EMERGENCY_REVIEW,
            severity=Severity.HIGH if overdue else Severity.LOW if row.drill else Severity.MEDIUM,
            who=named(row.name, row.login),
            cause=row.id,
            correlation=row.id,
            facts={
                "entitlement": row.entitlement, "incident": row.incident, "emergency": row.id, "drill": row.drill,
                "by_hand": not row.handle, "due": due.isoformat(), "reviewers": list(names), "overdue": overdue,
                "owner": owner.name if owner else "",
            },
            owner=owner.id if owner else None,
            anew=overdue,
        )  # fmt: skip
        tell_security(tx, self._ground.now(), strange)

    async def _look_for_drills(self) -> None:
        if self._drill_every is None or not any(
            one.break_glass for one in self._ground.catalogue.entitlements.values()
        ):
            return
        if await self._ground.database.read(self._drill_to_tell):
            await self._ground.database.write(self._tell_of_drill)

    def _drill_to_tell(self, tx: Session) -> bool:
        """Whether there is news of it, in either direction."""
        told = bool(open_of(tx, cause_of(Kind.DRILL_MISSED, DRILL)))
        return told != self._is_missed(tx)

    def _is_missed(self, tx: Session) -> bool:
        last, since = emergency_reviews.last_drill(tx), glimpses.kept_since(tx)
        return drill_is_missing(last, since, self._ground.now(), self._drill_every)

    def _tell_of_drill(self, tx: Session) -> None:
        now, last = self._ground.now(), emergency_reviews.last_drill(tx)
        if not self._drill_to_tell(tx):
            return
        if not self._is_missed(tx):
            settle_exceptions(tx, at=now, causes=[cause_of(Kind.DRILL_MISSED, DRILL)])
            return
        facts: dict[str, recording.Fact] = {
            "last": last.isoformat() if last else "", "days": (self._drill_every or timedelta()).days,
        }  # fmt: skip
        recording.record(
            tx, at=now, action="emergency.drill_missed", outcome="failed", **recording.BY_ITSELF, correlation=DRILL,
            facts=facts,
        )  # fmt: skip
        strange = Strange(
            kind=Kind.DRILL_MISSED, severity=Severity.LOW, who="Wicket", cause=DRILL, correlation=DRILL, facts=facts
        )  # fmt: skip
        tell_security(tx, now, strange)

    def _record(self, tx: Session, row: Emergency, action: str, outcome: str = "done") -> None:
        due = due_of(row, self._reviewers.days)
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.BY_ITSELF, correlation=row.id,
            subject=row.account, resource=row.entitlement,
            facts={"incident": row.incident, "drill": row.drill, "due": due.isoformat()},
        )  # fmt: skip


def show_review(tx: Session, ground: Ground, row: Emergency) -> None:
    """The alert says how its review stands; what never went through Wicket has none."""
    if row.tell_by is not None:
        show(tx, ground, row)


def owe_reminder(tx: Session, ground: Ground, row: Emergency, *, again: bool) -> None:
    """Owe it to the security channel and to that of whose it is. again: as the second one."""
    owner = ground.owner(row.entitlement)
    subject = f"{row.id}{_AGAIN}" if again else row.id
    for place in (SECURITY, *([f"{OWNER}{owner.id}"] if owner else [])):
        owe(
            tx,
            at=ground.now(),
            courier="slack",
            kind=REMINDER,
            subject=subject,
            recipient=place,
            urgency=ALERT,
        )


def reminded_of(tx: Session, owed: Owed) -> Reminded | None:
    """What a reminder says now; None where there is nothing to say: it was reviewed before anybody read of it."""
    row = emergencies.get(tx, owed.subject.removesuffix(_AGAIN))
    if row is None or row.review_due_at is None:
        return None
    about = {"kind": owed.kind, "subject": owed.subject, "recipient": owed.recipient}
    if row.reviewed_at is not None and where_posted(tx, **about) is None:
        return None
    return Reminded(
        emergency=row.id, who=named(row.name, row.login), what=row.entitlement, due_at=row.review_due_at,
        drill=row.drill, reviewed_by=row.reviewed_by_name,
    )  # fmt: skip
