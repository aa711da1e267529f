"""When which recipient may be written to again: after a trouble, when Slack asked to wait, with room for grave news.

It keeps nothing over a stop, when Slack says it again, and writes to nobody.
"""

import math
from datetime import datetime, timedelta

from handlers.decisions.lifecycle import LONGEST_WAIT
from storage.clock import Clock
from storage.outbox import GRAVE
from storage.records import Owed

# What Slack asks us to wait longer for than this is waited for here; the row says when it is looked at again.
LONGEST = LONGEST_WAIT
# Where grave news goes and Slack asked us to go slower, all else goes this slowly for a while: about one message a
# second is all that a channel takes, and what is grave must find room.
SPACED = timedelta(seconds=2)
SPACED_FOR = timedelta(minutes=1)


class Pacing:
    """By recipient. grave: the one whom grave news goes to."""

    def __init__(self, now: Clock, *, grave: str) -> None:
        self._now, self._grave = now, grave
        # Since when and until when nothing is said to them.
        self._held: dict[str, tuple[datetime, datetime]] = {}
        # When Slack last asked to go slower there, and from when on the next that is not grave may go.
        self._slowed: tuple[datetime, datetime] | None = None
        # When the next grave message is to be tried that was not taken.
        self._again_at: datetime | None = None

    def not_before(self, owed: Owed) -> datetime | None:
        """From when on it may be tried, if not now."""
        now = self._now()
        since, until = self._held.get(owed.recipient, (now, now))
        if since <= now < until:  # held since later than now: the clock was set back
            return min(until, now + LONGEST)
        self._held.pop(owed.recipient, None)
        if owed.urgency <= GRAVE or owed.recipient != self._grave or self._slowed is None:
            return None
        asked, room = self._slowed
        if not asked <= now < asked + SPACED_FOR:
            self._slowed = None
            return None
        return min(room, now + LONGEST) if room > now else None

    def hold(self, recipient: str, until: datetime) -> None:
        """Nothing is said to them until then."""
        self._held[recipient] = (self._now(), until)

    def slow(self, recipient: str, until: datetime) -> None:
        """Slack takes no more there before then. What is grave goes first after it."""
        if recipient == self._grave:
            self._slowed = (self._now(), until + SPACED / 2)

    def took(self, recipient: str) -> None:
        """One was taken: where it goes slowly, the next that is not grave waits."""
        if recipient == self._grave and self._slowed is not None:
            self._slowed = (self._slowed[0], self._now() + SPACED)

    def again(self, owed: Owed, at: datetime) -> None:
        """This one is tried again then. For what is grave that is known to the moment, and waits for no tick."""
        if owed.urgency <= GRAVE:
            self._again_at = at if self._again_at is None else min(at, self._again_at)

    def until_grave(self) -> float:
        """In how many seconds a grave one is to be tried again."""
        if self._again_at is None:
            return math.inf
        left = (self._again_at - self._now()).total_seconds()
        if left <= 0:
            self._again_at = None
        return max(0.0, left)
