"""The clock that replicas share: what a database said, and how long ago that was."""

from datetime import timedelta

import pytest

from storage.clock import SharedClock, moment

STILL = timedelta(seconds=24)
SOON = timedelta(seconds=1)


def test_an_answer_heard_late_does_not_set_the_clock_back(now):
    """Whoever stood still over it would think that their lease still holds (promise 6)."""
    clock = SharedClock()
    clock.hear(now, asked=moment())
    clock.hear(now - STILL, asked=moment() - STILL.total_seconds())
    assert now <= clock() < now + SOON


@pytest.mark.parametrize("by", [STILL, -STILL])
def test_a_database_whose_clock_is_set_is_followed_at_once(now, by):
    clock = SharedClock()
    clock.hear(now, asked=moment())
    clock.hear(now + by, asked=moment())
    assert now + by <= clock() < now + by + SOON
