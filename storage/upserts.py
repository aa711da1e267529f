"""Inserts that meet a row of the same key: SQLAlchemy has one kind of them for each engine.

It chooses by the engine of the transaction alone, and knows no table.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

# Otherwise the driver of PostgreSQL counts no inserts.
_COUNTED = {"preserve_rowcount": True}

# By the name of the engine. Built once: making a statement costs more than running it.
Upsert = Mapping[str, Insert]


def or_nothing(table: Table) -> Upsert:
    """Insert, unless there is a row of this key."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }


def or_replace(table: Table, columns: Collection[str]) -> Upsert:
    """Insert, or set these columns of the row that has this primary key."""
    made: dict[str, Insert] = {}
    for name, insert in (("sqlite", sqlite.insert(table)), ("postgresql", postgresql.insert(table))):
        changed = {column: insert.excluded[column] for column in columns}
        made[name] = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)
    return made


def or_add(table: Table, column: str) -> Upsert:
    """Insert, or add to this column of the row that has this primary key."""
    made: dict[str, Insert] = {}
    for name, insert in (("sqlite", sqlite.insert(table)), ("postgresql", postgresql.insert(table))):
        more = table.c[column] + insert.excluded[column]
        made[name] = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_={column: more})
    return made


def run(tx: Session, upsert: Upsert, values: Mapping[str, Any]) -> int:
    """Run it, without the ORM; how many rows it put there."""
    connection = tx.connection()
    return connection.execute(upsert[connection.dialect.name], values, execution_options=_COUNTED).rowcount
