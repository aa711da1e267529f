"""What follows a break-glass: when its review is due and reminded of, and whether somebody's eligibility has lapsed.

Pure: the present and the calendar are given to it. Who may review is policy's, within the walls that stand here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

REVIEW_WITHIN = 2
"""Working days from the end of the access until somebody else has looked at it (B-3)."""

FIRST_REMINDED = 1
"""Working days from the end until the reviewers are reminded."""

LAST_REMINDED = timedelta(hours=4)
"""Before it is due."""

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
        here = at.astimezone(self.zone)
        on = here.date()
        for _ in range(days):
            on = self._next(on)
        return datetime.combine(on, here.time(), tzinfo=self.zone).astimezone(UTC)

    def _next(self, day: date) -> date:
        day += _DAY
        while day.isoweekday() in self.off:
            day += _DAY
        return day


class Followed(Protocol):
    """What is needed of an emergency to know what follows it."""

    @property
    def ends_at(self) -> datetime: ...
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
    """When its review is due: as it is kept, or as it follows from its latest end where nobody kept it yet."""
    latest = review_due(one.ends_at, days)
    return min(one.review_due_at, latest) if one.review_due_at else latest


def is_overdue(one: Followed, now: datetime, days: WorkingDays) -> bool:
    """Whether nobody reviewed it in time."""
    return one.reviewed_at is None and now >= due_of(one, days)


def to_be_reminded(one: Followed, ended_at: datetime, now: datetime, days: WorkingDays) -> bool:
    """Whether the reviewers are to be reminded now: once after a working day, once shortly before it is due."""
    due = due_of(one, days)
    if one.reviewed_at is not None or now >= due:
        return False
    moments = (days.after(ended_at, FIRST_REMINDED), due - LAST_REMINDED)
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
