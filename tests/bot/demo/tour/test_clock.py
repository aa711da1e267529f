"""The clock of the tour: skipped forward, never beyond the real time unless the story has to begin now."""

from datetime import timedelta

import pytest

from bot.demo.tour.scene import TourClock
from storage.clock import utc_now

SOON = timedelta(seconds=10)


def test_what_a_story_leaves_behind_is_not_in_the_future() -> None:
    clock = TourClock(timedelta(days=2))
    clock.skip(timedelta(days=1))
    assert abs(utc_now() - timedelta(days=1) - clock.now()) < SOON
    with pytest.raises(ValueError, match="overtake"):
        clock.skip(timedelta(days=2))
    assert clock.catch_up() == timedelta(days=1)
    assert abs(utc_now() - clock.now()) < SOON


def test_a_story_beside_a_real_clock_begins_now_and_runs_ahead() -> None:
    """Whatever such a server says happened lies in the story's past, as it does for a company."""
    clock = TourClock(None)
    assert abs(utc_now() - clock.now()) < SOON
    clock.skip(timedelta(hours=26))
    assert clock.catch_up() == timedelta(0)
    assert abs(utc_now() + timedelta(hours=26) - clock.now()) < SOON
