"""When which recipient may be written to again: after a trouble, when Slack asked to wait, with room for grave news.

It keeps nothing over a stop, when Slack says it again, and writes to nobody.
"""

from datetime import UTC, datetime, timedelta

from handlers.decisions.lifecycle import LONGEST_WAIT
from storage.clock import Clock
from storage.outbox import GRAVE
from storage.records import Owed

# What Slack asks us to wait longer for than this is waited for here; the row says when it is looked at again.
LONGEST = LONGEST_WAIT
# Where grave news goes and Slack asked us to go slower, we do so for a while: about one message a second is all that a
# channel takes, and what is grave must find room. All else goes a little later after it than the next grave one would.
ONE = timedelta(seconds=1)
SPACED, AFTER_GRAVE = timedelta(seconds=2), timedelta(seconds=1.2)
SLOW_FOR = timedelta(minutes=1)


class Pacing:
    """By recipient. grave: the one whom grave news goes to."""

    def __init__(self, now: Clock, *, grave: str) -> None:
        self._now, self._grave = now, grave
        # Since when and until when nothing is said to them.
        self._held: dict[str, tuple[datetime, datetime]] = {}
        # When Slack last asked to go slower there, when the next grave one may go, and when any other.
        self._slow_since: datetime | None = None
        self._room = self._room_for_others = datetime.min.replace(tzinfo=UTC)

    def not_before(self, owed: Owed) -> datetime | None:
        """From when on it may be tried, if not now."""
        now = self._now()
        since, until = self._held.get(owed.recipient, (now, now))
        if since <= now < until:  # held since later than now: the clock was set back
            return min(until, now + LONGEST)
        self._held.pop(owed.recipient, None)
        if owed.recipient != self._grave or self._slow_since is None:
            return None
        if not self._slow_since <= now < self._slow_since + SLOW_FOR:
            self._slow_since = None
            return None
        room = self._room if owed.urgency <= GRAVE else self._room_for_others
        return min(room, now + LONGEST) if room > now else None

    def hold(self, recipient: str, until: datetime) -> None:
        """Nothing is said to them until then."""
        self._held[recipient] = (self._now(), until)

    def slow(self, recipient: str, until: datetime) -> None:
        """Slack takes no more there before then. What is grave goes first after it."""
        if recipient == self._grave:
            self._slow_since = self._now()
            self._room, self._room_for_others = until, until + AFTER_GRAVE

    def took(self, owed: Owed) -> None:
        """This one was taken: where it goes slowly, the next waits."""
        if owed.recipient == self._grave:
            now = self._now()
            self._room = now + ONE
            wait = AFTER_GRAVE if owed.urgency <= GRAVE else SPACED
            self._room_for_others = max(now + wait, min(self._room_for_others, now + SPACED))
