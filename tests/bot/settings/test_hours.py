"""[hours]: when the company works, and what is wrong with it in words."""

from datetime import UTC, datetime, time

import pytest

from bot.policies import hours_of

HOURS = '[hours]\ntime_zone = "Europe/Berlin"\ndays = ["monday", "sunday"]\nends = "12:30"\n[security]'


def test_hours_are_those_of_the_zone_and_the_week(load):
    """A-10: nine in Berlin is eight in UTC in winter; what is not said is 09:00 to 17:00."""
    hours = hours_of(load(replace={"[security]": HOURS}))
    assert hours is not None
    assert (hours.days, hours.begins, hours.ends) == (frozenset({1, 7}), time(9), time(12, 30))
    assert hours.within(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    assert not hours.within(datetime(2026, 3, 3, 8, 0, tzinfo=UTC))


def test_nobody_guesses_hours_that_are_not_set(load):
    """A-10: without the section they are unknown."""
    assert hours_of(load()) is None


def test_hours_bear_on_security(load):
    """Longer hours may let more in, so they are in the hash of every decision."""
    digests = {
        load(replace={"[security]": HOURS.replace("12:30", end)}).security_digest
        for end in ("12:30", "18:00")
    }
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"12:30"', '"24:00"', "hours.ends: is not a time of day"),
        ('"12:30"', '"9:00"', "hours.ends: is not a time of day"),
        ('"12:30"', '"08:00"', "hours: begins must be before ends, on the same day"),
        ('"Europe/Berlin"', '"Berlin"', "hours.time_zone: is no time zone that this machine knows"),
        ('"monday"', '"mon"', "hours.days"),
        ('["monday", "sunday"]', "[]", "hours.days: "),
    ],
)
def test_wrong_hours_are_named(old, new, told, wrong):
    assert f"  {told}" in wrong(replace={"[security]": HOURS.replace(old, new)})
