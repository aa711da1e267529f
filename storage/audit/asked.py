"""What a verification asks of the store, over and over: each question once, as SQL.

It judges nothing of what it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, LargeBinary, bindparam, cast, select, type_coerce
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import NullType

from storage.audit import lean
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import MAX_SIZE
from storage.audit.tables import CHECKPOINTS, ENTRIES, TEXTS, TILES
from storage.engine.plain import Plain, rows
from storage.faults import AuditFault

_TILES_AT_ONCE = 16

# Bytes as the driver has them: what it has otherwise does not fit.
_QUESTIONS: Mapping[str, Plain] = {
    lean.ROWS: Plain(
        select(
            *(ENTRIES.c[name] for name in lean.COPIES),
            type_coerce(ENTRIES.c.at, BigInteger),
            ENTRIES.c.index,
            *(type_coerce(ENTRIES.c[name], NullType()) for name in ("leaf", "leaf_hash", "root")),
        )
        .where(ENTRIES.c.index > bindparam("after"), ENTRIES.c.index < bindparam("below"))
        .order_by(ENTRIES.c.index)
        .limit(lean.BATCH)
    ),
    lean.TEXTS: Plain(
        select(
            TEXTS.c.index,
            TEXTS.c.name,
            TEXTS.c.text,
            type_coerce(TEXTS.c.salt, NullType()),
            TEXTS.c.erased_by,
        ).where(TEXTS.c.index > bindparam("after"), TEXTS.c.index <= bindparam("last"))
    ),
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


def asking(tx: Transaction) -> lean.Ask:
    """Whoever answers these questions within this transaction. lean.Unreadable for texts of SQLite's that are none."""
    connection = connection_of(tx)

    def ask(question: str, values: Mapping[str, int]) -> Sequence[Sequence[Any]]:
        try:
            return rows(connection, _QUESTIONS[question], values)
        except OperationalError as fault:
            if question == lean.TEXTS:
                raise lean.Unreadable from fault
            raise

    return ask


def as_sqlite_takes_them() -> Mapping[str, tuple[str, Sequence[str], Mapping[str, Any]]]:
    """Each question as its text, the names of its values in their order, and those that it brings itself."""
    said = {question: plain.said_to(SQLiteDialect_pysqlite()) for question, plain in _QUESTIONS.items()}
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
