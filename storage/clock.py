"""The clocks that are passed in wherever time matters: the machine's, or the database's where replicas share one.

Nothing else in the program asks for the time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# Linux's own clock that is never set and goes on while the machine sleeps; elsewhere the next best.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def utc_now() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)


class SharedClock:
    """The time of a database as this process last heard it, and how long ago that was.

    A decision needs the time at once, so nobody is asked then: every transaction brings the database's time along,
    at least once a second in a running bot. In between a clock counts that nobody sets, so that replicas whose
    machines are set differently agree to within one answer of the database. Until it heard anything: the machine's.
    """

    def __init__(self) -> None:
        self._heard: tuple[datetime, float] | None = None

    def hear(self, at: datetime) -> None:
        """The database says that it is `at` now."""
        self._heard = (at.astimezone(UTC), time.clock_gettime(_STEADY))

    def __call__(self) -> datetime:
        """The database's time, aware UTC."""
        if self._heard is None:
            return utc_now()
        at, then = self._heard
        return at + timedelta(seconds=time.clock_gettime(_STEADY) - then)
