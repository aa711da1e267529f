"""A rate limit for each person, before any look-up: one fast hand cannot use up what others need.

It keeps counts in memory for a minute and knows nobody.
"""

from collections import OrderedDict

from storage.clock import Clock

_KEPT = 10_000


class Limiter:
    """A bucket of `a_minute` tokens for each person, refilled evenly."""

    def __init__(self, a_minute: int, now: Clock) -> None:
        self._size = float(a_minute)
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._told: set[str] = set()

    def allows(self, person: str) -> bool:
        """Whether this person may ask now; takes a token if so."""
        at = self._now().timestamp()
        tokens, since = self._buckets.get(person, (self._size, at))
        # A clock that is set back gives nothing, but it takes nothing away either.
        tokens = min(self._size, tokens + max(0.0, at - since) * self._size / 60)
        allowed = tokens >= 1
        self._buckets[person] = (tokens - 1 if allowed else tokens, at)
        self._buckets.move_to_end(person)
        if len(self._buckets) > _KEPT:
            self._told.discard(self._buckets.popitem(last=False)[0])
        if allowed:
            self._told.discard(person)
        return allowed

    def tells(self, person: str) -> bool:
        """Whether a person who may not ask now hears so: once, until they may again.

        A flood that was answered message by message would use up Slack's own limits, and hold up alerts (SL-11).
        """
        first = person not in self._told
        self._told.add(person)
        return first
