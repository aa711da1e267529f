"""When a try is made again, and when a removal that is late is told of, and of whom.

Pure: it knows no clock and no database.
"""

from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
OVERDUE_AFTER = timedelta(minutes=1)
# From here on a removal that is late is everybody's business: it is told with its owner's name, and again and again.
PAGE_AFTER = timedelta(minutes=15)
PAGE_AGAIN = timedelta(hours=1)


def is_page(due: datetime, now: datetime) -> bool:
    """Whether a removal that was due then is so late that its owner is told as well."""
    return now - due >= PAGE_AFTER


def told_again_at(due: datetime, now: datetime) -> datetime:
    """When a removal that is still not done, and is told of now, is told of the next time."""
    return now + PAGE_AGAIN if is_page(due, now) else due + PAGE_AFTER


def wait_before_retry(attempts: int, chance: float) -> timedelta:
    """Exponential backoff with jitter after the `attempts`-th failure; chance: a random number from 0 to 1.

    Between half and all of 1 s, 2 s, 4 s … and never more than five minutes: a revocation is tried for ever.
    """
    full = min(LONGEST_WAIT, FIRST_WAIT * (1 << min(max(attempts, 1) - 1, 20)))
    return full * (0.5 + chance / 2)
