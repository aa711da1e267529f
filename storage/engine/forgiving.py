"""SQLite's driver, but for text that is no UTF-8: that is read with replacement characters, so that it can be named.

It changes nothing of what is stored, and judges nothing of it.
"""

import sqlite3
from itertools import islice
from typing import Any


class _Cursor(sqlite3.Cursor):
    """Answers with text that is no UTF-8, too: whoever edited a row may have left any bytes there, and what the driver
    makes of them would else keep all other rows that were asked for from being read.
    """

    def fetchall(self) -> list[Any]:
        """All that is left."""
        return self._fetched(None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """So many at most."""
        return self._fetched(self.arraysize if size is None else size)

    def fetchone(self) -> Any:
        """The next; None behind the last."""
        try:
            return super().fetchone()
        except sqlite3.OperationalError as fault:
            return next(iter(self._in_spite_of(fault, 1)), None)

    def _fetched(self, most: int | None) -> list[Any]:
        found = list[Any]()
        try:
            found.extend(islice(self, most))  # what was read before a fault stays in there
        except sqlite3.OperationalError as fault:
            found += self._in_spite_of(fault, None if most is None else most - len(found))
        return found

    def _in_spite_of(self, fault: sqlite3.OperationalError, most: int | None) -> list[Any]:
        """From the row on that could not be read: the driver goes no further before it is."""
        if "decode" not in str(fault):
            raise fault
        before, self.connection.text_factory = self.connection.text_factory, _replacing
        try:
            return list(islice(self, most))
        finally:
            self.connection.text_factory = before


class Forgiving(sqlite3.Connection):
    """A connection whose cursors are forgiving."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


def _replacing(stored: bytes) -> str:
    return stored.decode(errors="replace")
