"""A store as this version makes it, on either engine, with nothing in it.

It judges nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.engine.migrating import migrate
from storage.engine.stores import Store
from tests.storage.postgres import postgres


@contextmanager
def new_store(engine: str, folder: Path) -> Iterator[Store]:
    """engine: "sqlite" or "postgresql". folder: for SQLite's file."""
    if engine == "sqlite":
        migrate(folder / "wicket.db")
        yield folder / "wicket.db"
    else:
        running = postgres()
        with running.database(running.migrated) as name:
            yield running.server(name)
