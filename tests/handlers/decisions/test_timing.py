"""When somebody is reminded, and how long something was held."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.timing import before_end, minutes_held, minutes_longer, while_waiting

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_request_is_reminded_of_half_way_and_passed_on_half_way_again():
    waiting = while_waiting(NOON, NOON + timedelta(hours=24))
    assert waiting.remind_at == NOON + timedelta(hours=12)
    assert waiting.pass_on_at == NOON + timedelta(hours=18)


@given(st.integers(1, 525_600))
def test_the_reminder_comes_within_the_time_and_five_minutes_before_the_end_or_not_at_all(minutes):
    ends = NOON + minutes * MINUTE
    at = before_end(minutes, ends, NOON)
    if minutes < 15:
        assert at is None
    else:
        assert at is not None
        assert NOON < at <= ends - 5 * MINUTE
        assert ends - at == max(minutes * MINUTE / 10, 5 * MINUTE)


def test_what_is_given_late_is_not_reminded_of_at_once():
    assert before_end(60, NOON + 6 * MINUTE, NOON) is None
    assert before_end(60, NOON + 7 * MINUTE, NOON) == NOON + MINUTE


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (1, 1), (60, 1), (61, 2), (3600, 60)])
def test_what_was_held_counts_from_its_first_minute(seconds, minutes):
    assert minutes_held(NOON - timedelta(seconds=seconds), NOON) == minutes


def test_what_was_not_held_counts_nothing():
    assert minutes_held(None, NOON) == 0


@pytest.mark.parametrize(
    ("minutes", "held", "left", "longer"),
    [
        (120, 110, 10, 120),  # as long as before
        (120, 400, 10, 80),  # what is left of eight hours
        (120, 470, 10, 120),  # no longer than it lasts anyway: policy says why not
        (120, 480, 5, 120),
    ],
)
def test_an_extension_is_as_long_as_before_or_as_much_as_is_left(minutes, held, left, longer):
    assert minutes_longer(minutes, longest=480, held=held, left=left * MINUTE) == longer
