"""What a verification asks of the store, over and over: each question once, as SQL.

It judges nothing of what it reads.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, bindparam, cast, func, select, type_coerce
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import NullType

from storage.audit import lean
from storage.audit.handed import NAME, Handed
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import MAX_SIZE
from storage.audit.tables import CHECKPOINTS, ENTRIES, TEXTS, TILES
from storage.engine.plain import Plain, rows
from storage.faults import AuditFault

_TILES_AT_ONCE = 16

# Bytes as the driver has them: what it has otherwise does not fit.
_ROW = (
    *(ENTRIES.c[name] for name in lean.COPIES),
    type_coerce(ENTRIES.c.at, BigInteger),
    ENTRIES.c.index,
    *(type_coerce(ENTRIES.c[name], NullType()) for name in ("leaf", "leaf_hash", "root")),
)
_TEXT = (TEXTS.c.index, TEXTS.c.name, TEXTS.c.text, type_coerce(TEXTS.c.salt, NullType()), TEXTS.c.erased_by)
_OF_TEXTS = (TEXTS.c.index > bindparam("after"), TEXTS.c.index <= bindparam("last"))

_QUESTIONS: Mapping[str, Plain] = {
    lean.ROWS: Plain(
        select(*_ROW)
        .where(ENTRIES.c.index > bindparam("after"), ENTRIES.c.index < bindparam("below"))
        .order_by(ENTRIES.c.index)
        .limit(lean.BATCH)
    ),
    lean.TEXTS: Plain(select(*_TEXT).where(*_OF_TEXTS).order_by(TEXTS.c.index, TEXTS.c.name)),
    lean.TILES: Plain(
        select(TILES.c.index, cast(TILES.c.root, LargeBinary), cast(TILES.c.hashes, LargeBinary))
        .where(
            TILES.c.level == bindparam("level"),
            TILES.c.index >= bindparam("first"),
            TILES.c.index < bindparam("end"),
        )
        .order_by(TILES.c.index)
        .limit(_TILES_AT_ONCE)
    ),
    lean.SIGNED: Plain(
        select(CHECKPOINTS.c.size).where(
            CHECKPOINTS.c.size > bindparam("first"), CHECKPOINTS.c.size <= bindparam("end")
        )
    ),
}
# The same as SQLite hands over rows. It has no limit of rows, which would have it copy each: so many indexes instead.
_handed = getattr(func, NAME)
_OF_INDEXES = (
    ENTRIES.c.index > bindparam("after"),
    ENTRIES.c.index < func.min(bindparam("below"), bindparam("after") + lean.BATCH + 1),
)
_HANDED: Mapping[str, Plain] = {
    lean.ROWS: Plain(select(func.count(_handed(*_ROW))).where(*_OF_INDEXES)),
    lean.TEXTS: Plain(select(func.count(_handed(*_TEXT))).where(*_OF_TEXTS)),
}


def asking(tx: Transaction) -> lean.Ask:
    """Whoever answers these questions within this transaction. lean.Unreadable for texts of SQLite's that are none."""
    connection = connection_of(tx)
    handed = _handed_by(connection)

    def ask(question: str, values: Mapping[str, int]) -> Sequence[Sequence[Any]]:
        try:
            if handed and question in lean.HANDED:
                return handed.over(partial(rows, connection, _HANDED[question], values))
            return rows(connection, _QUESTIONS[question], values)
        except OperationalError as fault:
            if question == lean.TEXTS:
                raise lean.Unreadable from fault
            raise

    return ask


def _handed_by(connection: Connection) -> Handed | None:
    """What SQLite hands over by this connection. It is told once: it may not be while anything else is read."""
    pooled = connection.connection
    if isinstance(pooled.driver_connection, sqlite3.Connection) and NAME not in pooled.info:
        pooled.info[NAME] = Handed(pooled.driver_connection)
    return pooled.info.get(NAME)


def as_sqlite_takes_them() -> Mapping[str, tuple[str, Sequence[str], Mapping[str, Any]]]:
    """Each question as its text, the names of its values in their order, and those that it brings itself."""
    all_of_them = {**_QUESTIONS, **_HANDED}
    said = {question: plain.said_to(SQLiteDialect_pysqlite()) for question, plain in all_of_them.items()}
    return {question: (each.text, each.names, dict(each.fixed)) for question, each in said.items()}


def batch_after(tx: Transaction, index: int, *, below: int) -> Sequence[Sequence[Any]]:
    """The next rows in order of index, for `lean.fit`."""
    return rows(connection_of(tx), _QUESTIONS[lean.ROWS], {"after": index, "below": below})


def each_leaf(tx: Transaction, *, first: int = 0, below: int = MAX_SIZE) -> Iterator[bytes]:
    """The leaves from `first` up to `below`, in order; a batch in memory. AuditFault for one that is not even bytes."""
    after = first - 1
    while batch := batch_after(tx, after, below=below):
        for row in batch:
            if not isinstance(row[lean.LEAF], bytes):
                raise AuditFault(f"What stands at index {row[lean.INDEX]} is no leaf.")
            yield row[lean.LEAF]
        after = lean.last_of(batch)
