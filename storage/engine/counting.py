"""Counting in a column of whole numbers, whatever somebody else left there.

It reads nothing: it makes the expression of a statement.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, case, cast

MOST: Final = 1_000_000_000
"""So far nobody counts: a column of PostgreSQL holds twice as much, and fails for more."""


def one_more(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """One more than there is; 1 again where that is more than MOST, or is no number at all."""
    return case((column.between(0, MOST), cast(column, Integer) + 1), else_=1)
