"""What a process knows of its store and cannot write there: that it could not be held against what was signed of it.

It is kept in memory alone. Whoever can write the database can keep a freeze from being written, but not this.
"""

from collections.abc import Collection
from datetime import datetime
from itertools import chain

from sqlmodel import Session

UNCHECKED = "unchecked"


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


def unchecked_since(tx: Session) -> datetime | None:
    """Since when the store of this transaction is unchecked; None if it is not."""
    found = tx.info.get(UNCHECKED)
    return found.since if isinstance(found, Unchecked) else None
