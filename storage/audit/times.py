"""When an entry was written, as an index answers it: on SQLite the one over ids, for it has none over times.

It changes nothing, and takes nothing for granted of the order in which entries stand: a clock may have been set back.
An id is of the moment of its entry (entry.Entry), to the millisecond, and ids sort by time; but only byte by byte. A
database of PostgreSQL sorts as a language does, and may have "aa" behind "z": there times have an index of their own.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select

from storage.audit.entry import PREFIX
from storage.audit.tables import ENTRIES
from storage.engine.plain import Plain, rows
from storage.identifiers import LAST, first_of, last_of
from storage.micros import EPOCH


def near(
    connection: Connection, since: datetime | None = None, until: datetime | None = None
) -> Iterator[ColumnElement[bool]]:
    """All entries from `since` until before `until` (aware UTC), and perhaps others of the same two milliseconds.

    Whoever reads the rows asks for the time itself besides, which then costs nothing; whoever only looks for where to
    begin is answered by the index alone.
    """
    entries, by_ids = ENTRIES.c, _by_ids(connection)
    if since is not None:
        yield entries.id >= first_of(PREFIX, since) if by_ids else entries.at >= since
    if until is not None:
        yield entries.id <= last_of(PREFIX, until) if by_ids else entries.at < until


def lowest_from(connection: Connection, moment: datetime) -> int | None:
    """The lowest index of the first moment from this one on (aware UTC) at which there are entries, if not of its
    millisecond; None if there are none.

    However many follow, only those of one moment are looked at, of which any may have the smallest id.
    """
    plain = _LOWEST_BY_IDS if _by_ids(connection) else _LOWEST_BY_TIMES
    ((index,),) = rows(connection, plain, {"id": first_of(PREFIX, moment), "at": moment})
    return None if index is None else int(index)


def _by_ids(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


_LOWEST = select(func.min(ENTRIES.c.index + 0))
_NEXT_ID = (
    select(ENTRIES.c.id).where(ENTRIES.c.id >= bindparam("id")).order_by(ENTRIES.c.id).limit(1)
).scalar_subquery()
_LAST_BESIDE_IT = func.substr(_NEXT_ID, 1, len(first_of(PREFIX, EPOCH))).concat(literal_column(f"'{LAST}'"))
_LOWEST_BY_IDS = Plain(_LOWEST.where(ENTRIES.c.id >= bindparam("id"), ENTRIES.c.id <= _LAST_BESIDE_IT))
_AT = bindparam("at", type_=ENTRIES.c.at.type)
_NEXT_TIME = select(ENTRIES.c.at).where(ENTRIES.c.at >= _AT).order_by(ENTRIES.c.at).limit(1).scalar_subquery()
_LOWEST_BY_TIMES = Plain(_LOWEST.where(ENTRIES.c.at == _NEXT_TIME))
