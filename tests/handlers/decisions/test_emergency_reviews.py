"""What follows a break-glass, from calendar and rows alone: due times, reminders, and when eligibility lapses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.decisions.emergency_reviews import (
    Finding,
    Lapse,
    WorkingDays,
    drill_is_missing,
    due_of,
    lapse_of,
    review_due,
    to_be_reminded,
)

UTC_DAYS = WorkingDays()
BERLIN = WorkingDays(zone=ZoneInfo("Europe/Berlin"))
# A Monday.
ENDED = datetime(2026, 3, 2, 14, 2, tzinfo=UTC)
DUE = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Past:
    """One emergency that is over, as its row says it."""

    asked_at: datetime = ENDED - timedelta(hours=1)
    ends_at: datetime | None = ENDED
    drill: bool = False
    review_due_at: datetime | None = DUE
    reviewed_at: datetime | None = None
    reminded_at: datetime | None = None
    finding: str = ""
    restored_at: datetime | None = None


@pytest.mark.parametrize(
    ("ended", "due"),
    [
        ("2026-03-02T14:02", "2026-03-04T14:02"),  # Monday: Wednesday
        ("2026-03-05T14:02", "2026-03-09T14:02"),  # Thursday: Monday
        ("2026-03-06T14:02", "2026-03-10T14:02"),  # Friday: Tuesday
        ("2026-03-07T03:00", "2026-03-10T03:00"),  # in the night to Saturday: Tuesday
        ("2026-03-08T23:59", "2026-03-10T23:59"),  # Sunday: Tuesday
        ("2026-12-31T14:02", "2027-01-04T14:02"),  # a holiday is no weekend
    ],
)
def test_a_review_is_due_two_working_days_after_the_end(ended: str, due: str) -> None:
    """B-3: no day of the weekend counts, on whichever day it ended."""
    at = datetime.fromisoformat(ended).replace(tzinfo=UTC)
    assert review_due(at, UTC_DAYS) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_days_are_those_of_the_operators_clock() -> None:
    """Late on Friday in Berlin it is Saturday nowhere else; and a change of the clock leaves the hour as it is."""
    friday = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)  # 23:30 in Berlin; summer time begins on Sunday
    assert review_due(friday, BERLIN) == datetime(2026, 3, 31, 21, 30, tzinfo=UTC)
    saturday = datetime(2026, 3, 6, 23, 30, tzinfo=UTC)  # half past midnight on Saturday in Berlin
    assert review_due(saturday, BERLIN) == datetime(2026, 3, 9, 23, 30, tzinfo=UTC)


def test_the_weekend_is_the_operators_own() -> None:
    friday_and_saturday = WorkingDays(off=frozenset({5, 6}))
    thursday = datetime(2026, 3, 5, 9, tzinfo=UTC)
    assert review_due(thursday, friday_and_saturday) == datetime(2026, 3, 9, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="without a working day"):
        WorkingDays(off=frozenset(range(1, 8)))


def test_what_nobody_kept_is_due_all_the_same() -> None:
    """B-3: neither a schedule that stood still nor a row that says later makes a review due later."""
    assert due_of(Past(review_due_at=None), UTC_DAYS) == DUE
    assert due_of(Past(review_due_at=DUE + timedelta(days=9)), UTC_DAYS) == DUE
    early = DUE - timedelta(hours=1)  # its access was ended an hour before its time
    assert due_of(Past(review_due_at=early), UTC_DAYS) == early
    by_hand = Past(asked_at=ENDED + timedelta(days=7), review_due_at=None)
    assert due_of(by_hand, UTC_DAYS) == DUE + timedelta(days=7)


def test_reviewers_are_reminded_a_working_day_and_shortly_before_it_is_due() -> None:
    """B-3: each once, a late look catches up with the latest alone, and nothing comes after it is due or done."""

    def wanted(at: datetime, reminded_at: datetime | None = None, **how: datetime) -> bool:
        return to_be_reminded(Past(reminded_at=reminded_at, **how), at, UTC_DAYS)

    first, last = DUE - timedelta(days=1), DUE - timedelta(hours=4)
    assert not wanted(first - timedelta(seconds=1))
    assert wanted(first)
    assert not wanted(last - timedelta(seconds=1), reminded_at=first)
    assert wanted(last, reminded_at=first)
    assert wanted(last)
    assert not wanted(last + timedelta(hours=1), reminded_at=last)
    assert not wanted(DUE, reminded_at=first)
    assert not wanted(last, reviewed_at=first)
    tuesday = datetime(2026, 3, 10, 14, 2, tzinfo=UTC)  # it ended on a Friday: no weekend stands between
    friday = Past(ends_at=tuesday - timedelta(days=4), review_due_at=tuesday)
    assert to_be_reminded(friday, tuesday - timedelta(days=1), UTC_DAYS)
    assert not to_be_reminded(friday, tuesday - timedelta(days=1, seconds=1), UTC_DAYS)


def test_without_its_review_eligibility_lapses_and_comes_back_with_it() -> None:
    """B-3."""
    just_before = DUE - timedelta(seconds=1)
    assert lapse_of([], DUE, UTC_DAYS) is None
    assert lapse_of([Past()], just_before, UTC_DAYS) is None
    assert lapse_of([Past()], DUE, UTC_DAYS) == Lapse.OVERDUE
    assert lapse_of([Past(review_due_at=None)], DUE, UTC_DAYS) == Lapse.OVERDUE
    reviewed = Past(reviewed_at=DUE + timedelta(days=5), finding=Finding.JUSTIFIED)
    assert lapse_of([reviewed], DUE + timedelta(days=6), UTC_DAYS) is None
    assert lapse_of([reviewed, Past()], DUE, UTC_DAYS) == Lapse.OVERDUE
    assert lapse_of([Past(drill=True)], DUE, UTC_DAYS) == Lapse.OVERDUE


def test_what_was_not_justified_lapses_eligibility_until_security_gives_it_back() -> None:
    """B-3: it is the graver of two; a drill is held against nobody."""
    found = Past(reviewed_at=ENDED, finding=Finding.NOT_JUSTIFIED)
    assert lapse_of([found, Past()], DUE, UTC_DAYS) == Lapse.NOT_JUSTIFIED
    assert lapse_of([found], ENDED, UTC_DAYS) == Lapse.NOT_JUSTIFIED
    restored = Past(reviewed_at=ENDED, finding=Finding.NOT_JUSTIFIED, restored_at=DUE)
    assert lapse_of([restored], DUE, UTC_DAYS) is None
    drill = Past(reviewed_at=ENDED, finding=Finding.NOT_JUSTIFIED, drill=True)
    assert lapse_of([drill], DUE, UTC_DAYS) is None


def test_a_drill_is_missed_after_as_many_days_as_the_settings_say() -> None:
    """B-4: counted from the last one, or from the beginning where there was none; unknown and off miss nothing."""
    month = timedelta(days=30)
    assert drill_is_missing(ENDED, None, ENDED + month, month)
    assert not drill_is_missing(ENDED, None, ENDED + month - timedelta(seconds=1), month)
    assert drill_is_missing(None, ENDED, ENDED + month, month)
    assert not drill_is_missing(ENDED + timedelta(days=1), ENDED, ENDED + month, month)
    assert not drill_is_missing(None, None, ENDED + month, month)
    assert not drill_is_missing(ENDED, None, ENDED + 12 * month, None)
