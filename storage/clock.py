"""The clocks that are passed in wherever time matters: the machine's, or the database's where replicas share one.

Nothing else in the program asks for the time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

# Linux's own clock that is never set and goes on while the machine sleeps; elsewhere the next best.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def moment() -> float:
    """Seconds of a clock that nobody sets, for how long something took."""
    return time.clock_gettime(_STEADY)


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

    def hear(self, at: datetime, *, asked: float) -> None:
        """The database said that it was `at`, at some time since it was asked (a `moment`).

        A process that stood still before it could hear the answer hears it late: it would take the past for now, and
        a lease that is over for one that holds. So what it counted goes on, as far as the answer leaves that open.
        """
        heard, earliest = moment(), at.astimezone(UTC)
        latest = earliest + timedelta(seconds=max(0.0, heard - asked))
        counted = earliest if self._heard is None else self._counted(self._heard, heard)
        self._heard = (min(max(counted, earliest), latest), heard)

    def __call__(self) -> datetime:
        """The database's time, aware UTC."""
        return utc_now() if self._heard is None else self._counted(self._heard, moment())

    @staticmethod
    def _counted(heard: tuple[datetime, float], now: float) -> datetime:
        at, then = heard
        return at + timedelta(seconds=now - then)
