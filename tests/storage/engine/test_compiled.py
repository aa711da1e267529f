"""What was compiled for one database serves the next, and never one that needs other words."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import CacheStats
from sqlmodel import Session, col, select

from storage.database import Database
from storage.engine.postgresql import Dialect, ReadingDialect
from storage.engine.stores import Server, Store
from storage.records import Owed


@pytest.fixture
def said() -> Iterator[list[tuple[str, CacheStats]]]:
    """Each statement that any engine runs, and whether it had to be compiled."""
    heard: list[tuple[str, CacheStats]] = []

    def hear(
        _connection: Connection, _cursor: Any, statement: str, _given: Any, context: Any, _many: bool
    ) -> None:
        heard.append((statement, context.cache_hit))

    event.listen(Engine, "before_cursor_execute", hear)
    yield heard
    event.remove(Engine, "before_cursor_execute", hear)


def locked(tx: Session) -> None:
    tx.exec(select(Owed).where(col(Owed.id) == 1).with_for_update()).all()


async def test_a_second_database_compiles_nothing_anew(
    store: Store, said: list[tuple[str, CacheStats]]
) -> None:
    """A process opens its store more than once while it starts."""
    for _ in range(2):
        opened = Database(store)
        await opened.write(locked)
        await opened.read(locked)
        opened.close()
    *_, write, read = [hit for statement, hit in said if "FROM outbox" in statement]
    assert (write, read) == (CacheStats.CACHE_HIT, CacheStats.CACHE_HIT)


@pytest.mark.parametrize("first", ["write", "read"])
async def test_a_reader_never_says_what_was_compiled_for_a_writer(
    server: Server, said: list[tuple[str, CacheStats]], first: str
) -> None:
    """Nor the other way round: a reader has no lock to give, and a writer without one would overwrite another."""
    opened = Database(server)
    for _ in range(2):
        for how in (first, "write", "read"):
            await (opened.write if how == "write" else opened.read)(locked)
    opened.close()
    asked = [statement for statement, _ in said if "FROM outbox" in statement]
    is_locking = ["FOR UPDATE" in statement for statement in asked]
    assert is_locking == [how == "write" for how in (first, "write", "read") * 2]


def test_servers_of_different_versions_are_not_alike() -> None:
    """What is compiled may depend on the version that is spoken to."""
    new, old, unknown = Dialect(), Dialect(), Dialect()
    new.server_version_info, old.server_version_info = (17, 2), (14, 0)
    assert len({new, old, unknown}) == 3
    assert new != ReadingDialect()
