"""T-5: the sealer keeps the stored tree behind the log, one at a time among many, whoever is killed when."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from handlers.audit.tiling import Tiling
from storage.audit import log
from storage.audit.entry import Actor, Entry, Where
from storage.audit.tiles import sealed
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.stores import Store
from tests.handlers.audit.stores import new_store
from tests.handlers.made_once import copy_empty_database
from tests.storage.rows import numbered

ENTRIES = 256 * 20 + 100
# A child of this process, which has no thread, seals in one transaction and dies before its n-th statement; n grows
# until one gets through. After each the file is looked at: there is all of the transaction, or nothing.
KILLED = """
import os, signal, sqlite3, sys
from sqlalchemy import create_engine, event
from storage.audit.tiles import add_tiles, next_tiles, sealed

def child(last):
    engine, said = create_engine(f"sqlite:///{sys.argv[1]}"), 0
    def count(_):
        nonlocal said
        said += 1
        if said == last:
            os.kill(os.getpid(), signal.SIGKILL)
    event.listen(engine, "connect", lambda raw, _: raw.set_trace_callback(count))
    with engine.begin() as tx:
        add_tiles(tx, next_tiles(tx, most=3))
    os._exit(0)

for last in range(1, 60):
    process = os.fork()
    if process == 0:
        child(last)
    _, status = os.waitpid(process, 0)
    with sqlite3.connect(sys.argv[1]) as rows:
        (tiles,) = rows.execute("SELECT count(*) FROM audit_tiles").fetchone()
    print(os.WIFSIGNALED(status), tiles)
    if not os.WIFSIGNALED(status):
        break
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Some twenty tiles of entries, as an earlier version left them: none is sealed."""
    with new_store(request.param, tmp_path) as made:
        fill(made, ENTRIES)
        yield made


def fill(store: Store, count: int) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    database = Database(store)
    size = database.read_now(lambda tx: log.head(tx).size)
    entries = [
        Entry(
            id=numbered(number, at), at=at, action="grant.requested", outcome="done",
            actor=Actor(type="person", id="p-ada"), correlation="c", where=Where(transport="cli", replica="r"),
        )
        for number in range(size, size + count)
    ]  # fmt: skip
    database.write_now(lambda tx: log.append_each(tx, entries))
    database.close()


async def test_replicas_fill_an_existing_store_together_and_each_tile_once(store: Store):
    """T-5: three at it from the beginning, and entries that come meanwhile."""
    databases = [Database(store) for _ in range(3)]
    try:
        await asyncio.gather(*(Tiling(database).seal_due() for database in databases))
        assert await databases[0].read(sealed) == ENTRIES // 256 * 256
        fill(store, 300)
        await asyncio.gather(*(Tiling(database).seal_due() for database in databases))
        assert await databases[0].read(sealed) == (ENTRIES + 300) // 256 * 256
        report = await databases[0].read(verify_log)
        assert report.sound, report.conclusion
    finally:
        for database in databases:
            database.close()


def test_a_sealer_killed_before_any_statement_leaves_whole_tiles_or_none(tmp_path: Path):
    """T-5: and the next one goes on where the last that was kept ended."""
    store = copy_empty_database(tmp_path / "wicket.db")
    fill(store, 256 * 3 + 5)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, store], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    seen = [line.split() for line in done.stdout.splitlines()]
    assert seen[-1] == ["False", "3"]
    assert {tiles for _, tiles in seen[:-1]} == {"0"}
    assert len(seen) > 5
    database = Database(store)
    assert database.read_now(verify_log).sound
    database.close()


async def test_what_does_not_fit_is_logged_once_and_stops_the_sealer_alone(tmp_path: Path):
    """T-5: a duty that complains each second hides other complaints."""
    copy_empty_database(tmp_path / "wicket.db")
    fill(tmp_path / "wicket.db", 256 * 3)
    database = Database(tmp_path / "wicket.db")
    try:
        database.write_now(lambda tx: tx.connection().exec_driver_sql("DROP TRIGGER audit_entries_update"))
        database.write_now(
            lambda tx: tx.connection().exec_driver_sql(
                'UPDATE audit_entries SET leaf_hash = zeroblob(32) WHERE "index" = 600'
            )
        )
        tiling = Tiling(database)
        await tiling.seal_due()
        await tiling.seal_due()
        assert await database.read(sealed) == 0
    finally:
        database.close()
