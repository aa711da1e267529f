"""Which entries somebody asks for, as conditions that an index answers however long the log is.

It reads nothing. Of several filters the one that leaves fewest entries leads; the others are put so that the store does
not begin with them.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypedDict

from sqlalchemy import BigInteger, ColumnElement, Connection, func, literal_column, or_, select, type_coerce

from storage.audit import times
from storage.audit.tables import DONE, ENTRIES
from storage.micros import to_micros


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


def conditions(connection: Connection, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """All that an entry must fulfil, said as the engine of this connection finds it by its indexes."""
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
    since, until = wanted.get("since"), wanted.get("until")
    yield from _in_time(since, until)
    if not led:
        yield from _where_of(connection, since, until)
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


def _in_time(since: datetime | None, until: datetime | None) -> Iterator[ColumnElement[bool]]:
    """As no index has it: the newest are wanted in order of index."""
    at = type_coerce(ENTRIES.c.at, BigInteger) + 0
    if since is not None:
        yield at >= to_micros(since)
    if until is not None:
        yield at < to_micros(until)


def _where_of(
    connection: Connection, since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    """Where to begin and to end, so that nothing else is read for these times."""
    if since is None and until is None:
        return
    # SQLite would look for the smallest by reading entries from the first on, and not in the index.
    number = ENTRIES.c.index + 0
    first = [] if since is None else [func.min(number).label("first")]
    last = [] if until is None else [func.max(number).label("last")]
    bounds = select(*first, *last).where(*times.near(connection, since, until)).cte("bounds")
    if first:
        yield ENTRIES.c.index >= select(bounds.c.first).scalar_subquery()
    if last:
        yield ENTRIES.c.index <= select(bounds.c.last).scalar_subquery()


def _aside(column: Any) -> Any:
    """The column as no index has it."""
    return column.concat("")
