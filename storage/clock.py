"""The clock that is passed in wherever time matters.

Nothing else in the program asks the machine for the time.
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)
