"""What follows a break-glass: when its review is due and reminded of, and whether somebody's eligibility has lapsed.

Pure: the present and the calendar are given to it. Who may review is policy's, within the walls that stand here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from handlers.decisions.emergency_questions import EmergencyReviewQuestion
from handlers.decisions.policy import PolicyDecision, PolicyEngine, Severity, refusal
from storage.sentences import template

REVIEW_WITHIN = 2
"""Working days from the end of the access until somebody else has looked at it (B-3)."""

FIRST_REMINDED = 1
"""Working days before it is due."""

LAST_REMINDED = timedelta(hours=4)
"""Before it is due, once more."""

_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 6, 7


class Finding(StrEnum):
    """What a review came to. A drill's is about how it went: nobody's conduct is judged."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"


class Lapse(StrEnum):
    """Why somebody cannot break glass for now."""

    OVERDUE = "review-overdue"
    NOT_JUSTIFIED = "not-justified"


@dataclass(frozen=True, kw_only=True)
class WorkingDays:
    """zone: of the clock by which days are counted. off: the days of the weekend, 1 is Monday and 7 is Sunday.

    Holidays are not known: a review that falls due on one is due all the same.
    """

    zone: tzinfo = UTC
    off: frozenset[int] = field(default=frozenset({SATURDAY, SUNDAY}))

    def __post_init__(self) -> None:
        if len(self.off) >= 7:
            raise ValueError("a week without a working day has no end")

    def after(self, at: datetime, days: int) -> datetime:
        """The same time of the clock, so many working days later (aware UTC). Days of the weekend do not count."""
        return self._moved(at, days, _DAY)

    def before(self, at: datetime, days: int) -> datetime:
        """The same, so many working days earlier."""
        return self._moved(at, days, -_DAY)

    def _moved(self, at: datetime, days: int, step: timedelta) -> datetime:
        here = at.astimezone(self.zone)
        on = here.date()
        for _ in range(days):
            on += step
            while on.isoweekday() in self.off:
                on += step
        return datetime.combine(on, here.time(), tzinfo=self.zone).astimezone(UTC)


class Followed(Protocol):
    """What is needed of an emergency to know what follows it."""

    @property
    def asked_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def drill(self) -> bool: ...
    @property
    def review_due_at(self) -> datetime | None: ...
    @property
    def reviewed_at(self) -> datetime | None: ...
    @property
    def reminded_at(self) -> datetime | None: ...
    @property
    def finding(self) -> str: ...
    @property
    def restored_at(self) -> datetime | None: ...


def review_due(ended_at: datetime, days: WorkingDays) -> datetime:
    """When the review of what ended then is due."""
    return days.after(ended_at, REVIEW_WITHIN)


def due_of(one: Followed, days: WorkingDays) -> datetime:
    """When its review is due: as it is kept, and never later than follows from the end that was promised.

    What was put on the record by hand after its end is due from when it was put there.
    """
    latest = review_due(max(one.ends_at or one.asked_at, one.asked_at), days)
    return min(one.review_due_at, latest) if one.review_due_at else latest


def is_overdue(one: Followed, now: datetime, days: WorkingDays) -> bool:
    """Whether nobody reviewed it in time."""
    return one.reviewed_at is None and now >= due_of(one, days)


def to_be_reminded(one: Followed, now: datetime, days: WorkingDays) -> bool:
    """Whether the reviewers are to be reminded now: once a working day before it is due, once shortly before."""
    due = due_of(one, days)
    if one.reviewed_at is not None or now >= due:
        return False
    moments = (days.before(due, FIRST_REMINDED), due - LAST_REMINDED)
    passed = [moment for moment in moments if moment <= now]
    return bool(passed) and (one.reminded_at is None or one.reminded_at < max(passed))


def lapse_of(emergencies: Iterable[Followed], now: datetime, days: WorkingDays) -> Lapse | None:
    """Why somebody with these behind them cannot break glass, the graver first; None if they can.

    What was found not justified counts until somebody of security lets them again. A drill that nobody looked at
    counts like any other, since whoever drilled did not finish it; what a drill came to is held against nobody.
    """
    found = list(emergencies)
    if any(
        one.finding == Finding.NOT_JUSTIFIED and not one.drill and one.restored_at is None for one in found
    ):
        return Lapse.NOT_JUSTIFIED
    return Lapse.OVERDUE if any(is_overdue(one, now, days) for one in found) else None


def drill_is_missing(
    last: datetime | None, since: datetime | None, now: datetime, every: timedelta | None
) -> bool:
    """Whether a drill should have taken place by now (B-4).

    last: when the last one was; since: since when Wicket is here at all, None if it is not known. every: None if
    nobody wants to be told.
    """
    begun = last or since
    return every is not None and begun is not None and now - begun >= every


_WALLS: tuple[tuple[str, str, Severity], ...] = (
    ("reviewers-are-others", template("Nobody reviews what they did themselves."), "high"),
    ("reviewers-report-to-others", template("You report to them, so somebody else has to review it."), "medium"),
    ("reviewers-answer-for-it", template("Only the team that owns this, and the security team, review it."), "medium"),
    ("restorers-are-of-security", template("Only the security team lets somebody break glass again."), "medium"),
)  # fmt: skip


def may_review(policy: PolicyEngine, question: EmergencyReviewQuestion) -> PolicyDecision:
    """Policy's answer; and whatever it says, nobody of themselves or their boss, and nobody of neither team (B-3)."""
    decision = policy.ask(question)
    restores = question.finding == "restored" and question.role != "security"
    stands = (question.oneself, question.reports_to, question.role is None, restores)
    if not decision.allowed or not any(stands):
        return decision
    rule, why, severity = _WALLS[stands.index(True)]
    return refusal(policy, rule, why, severity)
