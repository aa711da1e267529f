"""Inserts that meet a row of the same key: SQLAlchemy has one kind of them for each engine.

It makes them for both and knows no table.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from storage.engine.plain import Plain

_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def or_nothing(table: Table) -> Plain:
    """Insert, unless there is a row of this key."""
    return Plain({name: insert(table).on_conflict_do_nothing() for name, insert in _INSERTS.items()})


def or_replace(table: Table, columns: Collection[str]) -> Plain:
    """Insert, or set these columns of the row that has this primary key."""
    key = [column.name for column in table.primary_key]
    return Plain({name: _upsert(insert(table), key, columns) for name, insert in _INSERTS.items()})


def or_add(table: Table, column: str) -> Plain:
    """Insert, or add to this column of the row that has this primary key."""
    key = list(table.primary_key)
    made: dict[str, Insert] = {}
    for name, insert in _INSERTS.items():
        adding = insert(table)
        more = {column: table.c[column] + adding.excluded[column]}
        made[name] = adding.on_conflict_do_update(index_elements=key, set_=more)
    return Plain(made)


def or_change(
    table: Table,
    values: Mapping[str, Any],
    *,
    key: Collection[str],
    anew: Collection[str],
    besides: Mapping[str, Any],
) -> Mapping[str, Insert]:
    """Insert these values; or set, of the row of this key, the columns `anew` to the same, and others besides."""
    return {
        name: _upsert(insert(table).values(values), key, anew, besides) for name, insert in _INSERTS.items()
    }


def _upsert(
    adding: Any,
    key: Collection[str],
    columns: Collection[str],
    besides: Mapping[str, Any] = MappingProxyType({}),
) -> Insert:
    made: Insert = adding.on_conflict_do_update(
        index_elements=list(key), set_={**{column: adding.excluded[column] for column in columns}, **besides}
    )
    return made
