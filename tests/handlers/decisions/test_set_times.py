"""When digest and checkpoint are due: by the operator's clock, through its changes, once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.decisions.set_times import SetTimes

BERLIN = SetTimes(zone=ZoneInfo("Europe/Berlin"), weekday=0, hour=9)


@pytest.mark.parametrize(
    ("now", "week", "day"),
    [
        ("2026-11-23T07:59:59", "2026-11-16", "2026-11-22"),
        ("2026-11-23T08:00:00", "2026-11-23", "2026-11-23"),
        ("2026-11-25T12:00:00", "2026-11-23", "2026-11-25"),
        ("2026-07-06T07:00:00", "2026-07-06", "2026-07-06"),  # in summer nine o'clock is two hours before
    ],
)
def test_it_is_due_at_the_hour_of_that_day_in_its_zone(now: str, week: str, day: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert (BERLIN.weekly(at).day, BERLIN.daily(at).day) == (week, day)


def test_weeks_follow_each_other_without_a_gap_when_the_clock_changes() -> None:
    at = datetime(2026, 10, 21, tzinfo=UTC)
    weeks = [BERLIN.weekly(at + timedelta(weeks=n)) for n in range(3)]
    assert [one.until for one in weeks[:-1]] == [one.since for one in weeks[1:]]
    assert {one.until - one.since for one in weeks} == {timedelta(weeks=1), timedelta(weeks=1, hours=1)}


def test_an_hour_that_the_clock_leaves_out_is_due_all_the_same() -> None:
    times = SetTimes(zone=ZoneInfo("Europe/Berlin"), weekday=6, hour=2)
    assert times.daily(datetime(2026, 3, 29, 12, tzinfo=UTC)).day == "2026-03-29"
