"""Which revision of the tables a store holds, and which there are.

It changes nothing and loads no revision, nor what runs them: nearly every start finds that none is to be run.
"""

from functools import cache
from pathlib import Path
from pkgutil import iter_modules

from sqlalchemy import inspect, text
from sqlmodel import Session

from storage.database import Database
from storage.engine.stores import Store
from storage.faults import SchemaFault
from storage.migrations import versions

# Alembic's own table: one row, with the last revision that was run.
_HELD = "alembic_version"


def is_current(store: Store) -> bool:
    """Whether it holds exactly the tables of this version; False while there is none.

    SchemaFault for a database of a newer version; StorageUnavailable when it cannot be used.
    """
    if isinstance(store, Path) and not store.exists():
        return False
    database = Database(store)
    try:
        return database.read_now(holds_current)
    finally:
        database.close()


def holds_current(tx: Session) -> bool:
    """`is_current` for a session on the file. SchemaFault for a database of a newer version."""
    there, known = _held(tx), revisions()
    if there - set(known):
        raise SchemaFault(
            "The database was made by a newer version of Wicket. "
            "Nothing was changed; install that version or a later one."
        )
    return there == {known[-1]}


@cache
def revisions() -> tuple[str, ...]:
    """All that there are, the newest last: each is called by the four digits of its file, r0001_….py."""
    return tuple(sorted(one.name[1:5] for one in iter_modules(versions.__path__)))


def _held(tx: Session) -> set[str]:
    connection = tx.connection()
    if not inspect(connection).has_table(_HELD):
        return set()
    return set(connection.scalars(text(f"SELECT version_num FROM {_HELD}")))  # noqa: S608 - our own word
