"""Which entries somebody asks for, as conditions that an index answers however long the log is.

It reads nothing. Of several filters the one that leaves fewest entries leads; the others are put so that the store does
not begin with them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import BigInteger, ColumnElement, func, literal_column, or_, select, type_coerce

from storage.audit.tables import DONE, ENTRIES
from storage.types import to_micros


class Wanted(TypedDict, total=False):
    """person: as actor or as subject. entitlement: as resource. since, until: aware UTC, inclusive and exclusive.

    after: only entries with a larger index. None is as if it were not there.
    """

    person: str | None
    entitlement: str | None
    correlation: str | None
    action: str | None
    outcome: str | None
    since: datetime | None
    until: datetime | None
    after: int | None


def conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """All that an entry must fulfil."""
    entries, led = ENTRIES.c, False
    few = (
        (wanted.get("correlation"), (entries.correlation,)),
        (wanted.get("person"), (entries.actor, entries.subject)),
        (wanted.get("entitlement"), (entries.resource,)),
    )
    for value, columns in few:
        if value is not None:
            yield or_(*((_aside(each) if led else each) == value for each in columns))
            led = True
    yield from _of_many(wanted.get("action"), wanted.get("outcome"), led=led)
    yield from _in_time(wanted.get("since"), wanted.get("until"), led=led)
    after = wanted.get("after")
    if after is not None:
        yield entries.index > after


def _of_many(action: str | None, outcome: str | None, *, led: bool) -> Iterator[ColumnElement[bool]]:
    """What happened, and how it ended. There is an index of both, but for what went well, as nearly all did."""
    entries = ENTRIES.c
    if action is not None:
        yield (_aside(entries.action) if led else entries.action) == action
    if outcome == DONE or (outcome is not None and led):
        yield _aside(entries.outcome) == outcome
    elif outcome is not None:
        yield entries.outcome == outcome
        # An index over some rows is taken only where it is seen that no others are asked for.
        yield entries.outcome != literal_column(f"'{DONE}'")


def _in_time(since: datetime | None, until: datetime | None, *, led: bool) -> Iterator[ColumnElement[bool]]:
    """The newest are wanted in order of index, so the times are looked up for where to begin and to end."""
    at, entries = type_coerce(ENTRIES.c.at, BigInteger) + 0, ENTRIES.c
    within = list[ColumnElement[bool]]()
    if since is not None:
        yield at >= to_micros(since)
        within.append(entries.at >= since)
    if until is not None:
        yield at < to_micros(until)
        within.append(entries.at < until)
    if led or not within:
        return
    # SQLite would look for the smallest by reading entries from the first on, and not in the index over times.
    number = entries.index + 0
    bounds = (
        select(func.min(number).label("first"), func.max(number).label("last")).where(*within).cte("bounds")
    )
    if since is not None:
        yield entries.index >= select(bounds.c.first).scalar_subquery()
    if until is not None:
        yield entries.index <= select(bounds.c.last).scalar_subquery()


def _aside(column: Any) -> Any:
    """The column as no index has it."""
    return column.concat("")
