"""The life of a grant: what may follow a state, what is final, and when a try is made again.

Pure: it knows no clock and no database.
"""

from datetime import timedelta

from storage.states import FOLLOWS
from storage.states import GrantState as State

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
OVERDUE_AFTER = timedelta(minutes=1)


def may_become(now: State, then: State) -> bool:
    """Whether a grant in state `now` may move to `then`. A state with no way out is final."""
    return then in FOLLOWS.get(now, frozenset())


def is_final(state: State) -> bool:
    """Whether nothing follows this state."""
    return state not in FOLLOWS


def wait_before_retry(attempts: int, chance: float) -> timedelta:
    """Exponential backoff with jitter after the `attempts`-th failure; chance: a random number from 0 to 1.

    Between half and all of 1 s, 2 s, 4 s … and never more than five minutes: a revocation is tried for ever.
    """
    full = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(max(attempts, 1) - 1, 20)))
    return full * (0.5 + chance / 2)
