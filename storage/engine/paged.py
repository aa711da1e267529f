"""Rows of which there may be very many: never in memory all at once, on neither engine. Mostly there are few.

It knows no table. A statement of few rows is said to the driver as it is, since a cursor on the server costs more.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, bindparam
from sqlmodel import Session

from storage.engine.plain import NO_VALUES, Plain, Values, rows, with_states

AT_ONCE = 500


class Paged:
    """A statement without a limit of its own, that takes its values by name (storage.engine.plain)."""

    def __init__(self, statement: Select[Any]) -> None:
        self._all, self._few = with_states(statement), Plain(statement.limit(bindparam("most")))

    def pages(self, tx: Session, values: Values = NO_VALUES) -> Iterator[Sequence[Sequence[Any]]]:
        """Its rows, some at a time: to be read to the end within the transaction."""
        few = rows(tx.connection(), self._few, {**values, "most": AT_ONCE + 1})
        if len(few) <= AT_ONCE:
            yield few
            return
        options = {"yield_per": AT_ONCE}
        yield from tx.connection().execute(self._all, values, execution_options=options).partitions()
