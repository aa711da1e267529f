"""A look at a database from beside: it sees what is committed, changes nothing, and leaves nothing behind."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import Session, text

from storage.database import Database
from storage.engine.reading import damage, looked_at
from storage.faults import StorageUnavailable


def rows(tx: Session) -> list[int]:
    return [row[0] for row in tx.connection().execute(text("SELECT id FROM seen ORDER BY id")).all()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database that nobody has open, in a folder with a name that addresses must quote."""
    folder = tmp_path / "it is 100%"
    folder.mkdir()
    database = Database(folder / "w.db")
    database.write_now(lambda tx: tx.connection().execute(text("CREATE TABLE seen (id INTEGER)")))
    database.close()
    return folder / "w.db"


def test_a_file_that_nobody_has_open_is_read_and_nothing_is_left_beside_it(path: Path):
    before = path.read_bytes(), path.stat().st_mtime_ns
    with looked_at(path, patience=1) as tx:
        assert rows(tx) == []
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(path.parent.iterdir()) == [path]


def test_beside_a_writer_one_snapshot_of_what_is_committed_is_seen(path: Path):
    database = Database(path)
    try:
        database.write_now(lambda tx: tx.connection().execute(text("INSERT INTO seen VALUES (1)")))
        with looked_at(path, patience=1) as tx:
            assert rows(tx) == [1]
            database.write_now(lambda tx: tx.connection().execute(text("INSERT INTO seen VALUES (2)")))
            assert rows(tx) == [1]
        with looked_at(path, patience=1) as tx:
            assert rows(tx) == [1, 2]
    finally:
        database.close()


def test_a_change_is_refused(path: Path):
    with pytest.raises(StorageUnavailable, match="readonly"), looked_at(path, patience=1) as tx:
        tx.connection().execute(text("INSERT INTO seen VALUES (3)"))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path):
    with (
        pytest.raises(StorageUnavailable, match="unable to open"),
        looked_at(tmp_path / "no.db", patience=1) as tx,
    ):
        rows(tx)
    assert list(tmp_path.iterdir()) == []


def test_a_sound_file_has_no_damage_and_a_torn_one_has(path: Path):
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany("INSERT INTO seen VALUES (?)", ((number,) for number in range(5000)))
    with looked_at(path, patience=1) as tx:
        assert damage(tx, within=5) is None
        assert len(rows(tx)) == 5000
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    with looked_at(path, patience=1) as tx:
        assert damage(tx, within=5)


def test_a_look_that_would_take_too_long_ends(path: Path):
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany("INSERT INTO seen VALUES (?)", ((number,) for number in range(100_000)))
    with looked_at(path, patience=1) as tx:
        with pytest.raises(TimeoutError):
            damage(tx, within=0)
        assert rows(tx)[:1] == [0], "and the session goes on"
