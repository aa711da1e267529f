"""The life of a grant as a table, and the waiting between tries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.decisions.lifecycle import LONGEST_WAIT, is_final, may_become, wait_before_retry
from storage.states import LIVE
from storage.states import GrantState as State

FINAL = {State.ENDED, State.DENIED, State.LAPSED, State.WITHDRAWN, State.VOIDED, State.REFUSED}


def test_what_is_over_stays_over() -> None:
    assert {state for state in State if is_final(state)} == FINAL
    assert not [(state, then) for state in FINAL for then in State if may_become(state, then)]


def test_access_is_only_reached_through_approval_and_only_left_by_its_end() -> None:
    """Promise 1: nothing that gives access simply stops; what is given once more is asked about once more."""
    assert [state for state in State if may_become(state, State.ACTIVE)] == [State.APPROVED]
    assert [then for then in State if may_become(State.ACTIVE, then)] == [State.APPROVED, State.ENDING]
    assert [then for then in State if may_become(State.ENDING, then)] == [State.ENDED]


def test_every_state_is_reached_and_every_life_comes_to_an_end() -> None:
    reached = {State.DRAFT}
    for _ in State:
        reached |= {then for state in reached for then in State if may_become(state, then)}
    assert reached == set(State)
    for state in LIVE:
        assert may_become(state, State.ENDING)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (10**6, 300)]
)
def test_waits_double_up_to_five_minutes(attempts: int, seconds: int) -> None:
    assert wait_before_retry(attempts, 1.0) == timedelta(seconds=seconds)


@given(st.integers(min_value=0, max_value=10**9), st.floats(min_value=0, max_value=1))
def test_a_wait_is_between_half_and_all_of_it(attempts: int, chance: float) -> None:
    full = wait_before_retry(attempts, 1.0)
    assert full / 2 <= wait_before_retry(attempts, chance) <= full <= LONGEST_WAIT
