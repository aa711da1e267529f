"""Rows that SQLite hands over as it reads them, to a function of ours, and whoever asks for them.

It judges nothing of what it is handed, and imports no more than it needs: each process of a crew does so anew.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

# How a statement calls the function, with all that is wanted of a row: `SELECT count(wicket_handed(…)) FROM …`.
NAME = "wicket_handed"


class Handed:
    """The rows that one connection hands over: the same values, each of the kind that is stored.

    To step from row to row and fetch each column by itself takes twice as long.
    """

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._rows = list[Sequence[Any]]()
        hand = self._rows.append
        driver.create_function(NAME, -1, lambda *row: hand(row))

    def over(self, run: Callable[[], object]) -> Sequence[Sequence[Any]]:
        """All rows that are handed over while this runs."""
        try:
            run()
            return self._rows[:]
        finally:
            self._rows.clear()
