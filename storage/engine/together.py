"""Many rows put into a table by one statement: for each one inside a savepoint SQLite copies every page it changes.

It takes values as the drivers do, changes none of them, and meets no row of the same key. One that fails leaves nothing
of its transaction, whatever its caller makes of that: SQLite keeps what a statement did before it failed where it is
told to, and then copies nothing beforehand to be able to undo it.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Dialect

from storage.engine.plain import Talk

# So few that no engine has too many values to take, and that one statement is soon over.
_AT_ONCE = 100


class Together:
    """An insert into these columns of a table."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        self._table, self._columns = table, tuple(columns)

    def put(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Put these there, in this order. Each has a value for each column: numbers, text, bytes or None."""
        with Talk(connection) as talk:
            self.put_by(talk, rows)

    def put_by(self, talk: Talk, rows: Sequence[Sequence[Any]]) -> None:
        """`put` among other statements."""
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            text = _text(talk.dialect, self._table, self._columns, len(some))
            talk.run_in_part(text, tuple(chain.from_iterable(some)))


@lru_cache
def _text(dialect: Dialect, table: str, columns: tuple[str, ...], count: int) -> str:
    quote = dialect.identifier_preparer.quote
    row = f"({', '.join([_mark(dialect)] * len(columns))})"
    names, rows = ", ".join(map(quote, columns)), ", ".join([row] * count)
    insert = "INSERT OR FAIL" if dialect.name == "sqlite" else "INSERT"
    return f"{insert} INTO {quote(table)} ({names}) VALUES {rows}"


def _mark(dialect: Dialect) -> str:
    return "?" if dialect.paramstyle == "qmark" else "%s"
