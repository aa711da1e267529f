"""What a process knows of its store and cannot write there: that it could not be held against what was signed of it.

It is kept in memory alone. Whoever can write the database can keep a freeze from being written, but not this.
"""

from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain

from sqlmodel import Session

from storage.clock import Clock
from storage.faults import StorageUnavailable

UNCHECKED = "unchecked"

# A store that is locked or full for so long is no news: nothing new can be given by it meanwhile either.
_PASSES = timedelta(minutes=1)


class Unchecked:
    """Which checks failed, and since when (aware UTC)."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    def begin(self, check: str, at: datetime, found: Collection[str] = ()) -> None:
        """This check failed, or what it found could not be written. found: what that was, by name."""
        self._since.setdefault(check, at)
        self._found[check] = tuple(found)

    def end(self, check: str) -> None:
        """It was done since, and what it found is written."""
        self._since.pop(check, None)
        self._found.pop(check, None)

    @property
    def found(self) -> tuple[str, ...]:
        """All that was found, by name."""
        return tuple(chain.from_iterable(self._found.values()))

    @property
    def checks(self) -> tuple[str, ...]:
        """Which of them, in the order in which they failed."""
        return tuple(self._since)

    @property
    def since(self) -> datetime | None:
        """Since when the first of them failed; None if all were done."""
        return min(self._since.values(), default=None)


class Looks:
    """Looks for what waits in the store, made again and again. check: what counts as failed where one cannot be made:
    whoever can write the database could else leave there what keeps it from being made, and nobody would hear of it.
    """

    def __init__(self, unchecked: Unchecked, check: str, now: Clock) -> None:
        self._unchecked, self._check, self._now = unchecked, check, now
        self._failing: dict[Hashable, datetime] = {}

    @contextmanager
    def look(self, part: Hashable = None, *, is_done: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """One look. part: which, where there are several. is_done: asked after it, whether what it found is done."""
        try:
            yield
        except Exception as fault:
            now = self._now()
            since = self._failing.setdefault(part, now)
            if not isinstance(fault, StorageUnavailable) or now - since >= _PASSES:
                self._unchecked.begin(self._check, since)
            raise
        self._failing.pop(part, None)
        if not is_done():
            self._unchecked.begin(self._check, self._now())
        elif not self._failing:
            self._unchecked.end(self._check)


def unchecked_since(tx: Session) -> datetime | None:
    """Since when the store of this transaction is unchecked; None if it is not."""
    found = tx.info.get(UNCHECKED)
    return found.since if isinstance(found, Unchecked) else None
