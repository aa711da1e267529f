"""A store as this version makes it, on either engine, with nothing in it or with what a test file begins with.

It judges nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.engine.stores import Store
from tests.handlers.made_once import copy_empty_database, copy_filled_database
from tests.storage.postgres import postgres


@contextmanager
def new_store(engine: str, folder: Path) -> Iterator[Store]:
    """engine: "sqlite" or "postgresql". folder: for SQLite's file."""
    if engine == "sqlite":
        yield copy_empty_database(folder / "wicket.db")
    else:
        running = postgres()
        with running.empty() as name:
            yield running.server(name)


@contextmanager
def filled_store(engine: str, folder: Path, name: str, fill: Callable[[Store], object]) -> Iterator[Store]:
    """The same with what `fill` puts there, which each engine is asked for once; name: what that is."""
    if engine == "sqlite":
        yield copy_filled_database(folder / "wicket.db", name, fill)
    else:
        running = postgres()
        with running.database(running.filled(name, fill)) as copy:
            yield running.server(copy)
