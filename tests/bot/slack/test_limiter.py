"""One fast hand waits; nobody else does."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.slack.limiter import Limiter


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_so_many_a_minute_and_then_no_more(clock):
    limiter = Limiter(20, clock)
    assert [limiter.allows("U0ADA") for _ in range(22)] == [True] * 20 + [False] * 2


def test_another_person_is_not_held_up(clock):
    limiter = Limiter(1, clock)
    assert limiter.allows("U0ADA")
    assert not limiter.allows("U0ADA")
    assert limiter.allows("U0GRACE")


def test_it_refills_evenly_and_never_beyond_a_minute(clock):
    limiter = Limiter(20, clock)
    for _ in range(20):
        limiter.allows("U0ADA")
    clock.forward(2.9)
    assert not limiter.allows("U0ADA")
    clock.forward(0.1)
    assert limiter.allows("U0ADA")
    clock.forward(3600)
    assert [limiter.allows("U0ADA") for _ in range(21)] == [True] * 20 + [False]


def test_asking_in_vain_costs_nothing(clock):
    limiter = Limiter(1, clock)
    limiter.allows("U0ADA")
    for _ in range(100):
        assert not limiter.allows("U0ADA")
    clock.forward(60)
    assert limiter.allows("U0ADA")


def test_a_clock_that_is_set_back_locks_nobody_out(clock):
    limiter = Limiter(20, clock)
    assert limiter.allows("U0ADA")
    clock.forward(-3600)
    assert limiter.allows("U0ADA")
    clock.forward(3)
    assert limiter.allows("U0ADA")


def test_its_memory_does_not_grow_with_the_company(clock):
    """Beyond ten thousand it forgets who was quiet the longest: to their advantage, never to their harm."""
    limiter = Limiter(1, clock)
    limiter.allows("U0ADA")
    for number in range(10_000):
        assert limiter.allows(f"U{number}")
    assert limiter.allows("U0ADA")
    assert not limiter.allows("U9999")
