"""When somebody is reminded, and how long something was held: of requests that wait and of grants that last.

Pure: it knows no clock and no database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Whoever holds it for less than this saw its end when they got it.
SHORTEST_REMINDED = timedelta(minutes=15)
LATEST = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """When a request that waits is reminded of, and when it is passed on to the fallback."""

    remind_at: datetime
    pass_on_at: datetime


def while_waiting(asked_at: datetime, lapses_at: datetime) -> Waiting:
    """Half-way to the lapse, and half-way again: the fallback has a quarter of the time."""
    length = lapses_at - asked_at
    return Waiting(remind_at=asked_at + length / 2, pass_on_at=asked_at + length * 3 / 4)


def before_end(minutes: int, ends_at: datetime, now: datetime) -> datetime | None:
    """When the holder is reminded of the end: a tenth of the time before, at least five minutes.

    None for what is too short, and for what is given so late that its end is as near as that.
    """
    length = timedelta(minutes=minutes)
    at = ends_at - max(length / 10, LATEST)
    return at if length >= SHORTEST_REMINDED and at > now else None


def minutes_held(since: datetime | None, at: datetime) -> int:
    """For how many minutes it had been held without a break, rounded up; 0 if it was not."""
    return 0 if since is None else max(1, -(-(at - since) // _MINUTE))


def minutes_longer(minutes: int, *, longest: int, held: int, left: timedelta) -> int:
    """For how long something is extended: as long as before, or as much as is left of the longest time.

    left: until its end. Where that would be no longer than it lasts anyway, as long as before: policy says why not.
    """
    rest = min(minutes, longest - held)
    return rest if timedelta(minutes=rest) > left else minutes
