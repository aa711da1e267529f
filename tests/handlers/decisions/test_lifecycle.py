"""The life of a grant as a table, and the waiting between tries."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.lifecycle import (
    LONGEST_WAIT,
    is_page,
    told_again_at,
    wait_before_retry,
)
from storage.states import FOLLOWS, LIVE
from storage.states import GrantState as State

FINAL = {State.ENDED, State.DENIED, State.LAPSED, State.WITHDRAWN, State.VOIDED, State.REFUSED}


def test_what_is_over_stays_over() -> None:
    assert set(State) - FOLLOWS.keys() == FINAL


def test_access_is_only_reached_through_approval_and_only_left_by_its_end() -> None:
    """Promise 1: nothing that gives access simply stops; what is given once more is asked about once more."""
    assert [state for state, then in FOLLOWS.items() if State.ACTIVE in then] == [State.APPROVED]
    assert FOLLOWS[State.ACTIVE] == {State.APPROVED, State.ENDING}
    assert FOLLOWS[State.ENDING] == {State.ENDED}


def test_every_state_is_reached_and_every_life_comes_to_an_end() -> None:
    reached = {State.DRAFT}
    for _ in State:
        reached |= {then for state in reached for then in FOLLOWS.get(state, ())}
    assert reached == set(State)
    for state in LIVE:
        assert State.ENDING in FOLLOWS[state]


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (10**6, 300)]
)
def test_waits_double_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert wait_before_retry(attempts, 1.0) == timedelta(seconds=seconds)


@given(st.integers(min_value=0, max_value=10**9), st.floats(min_value=0, max_value=1))
def test_a_wait_is_between_half_and_all_of_it(attempts: int, chance: float) -> None:
    full = wait_before_retry(attempts, 1.0)
    assert full / 2 <= wait_before_retry(attempts, chance) <= full <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("late", "page", "again"),
    [(1, False, 15), (14, False, 15), (15, True, 75), (16, True, 76), (600, True, 660)],
)
def test_what_is_overdue_is_told_again_after_a_quarter_of_an_hour_and_then_each_hour(
    late: int, page: bool, again: int
) -> None:
    due = datetime(2026, 11, 23, 14, tzinfo=UTC)
    now = due + timedelta(minutes=late)
    assert is_page(due, now) == page
    assert told_again_at(due, now) == due + timedelta(minutes=again)
