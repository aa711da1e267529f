"""The migrated tables are the tables of the code, and a database of another age is told apart."""

import re
import sqlite3
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from storage import records  # noqa: F401  its tables join the metadata
from storage.audit.tables import TRIGGERS_SQLITE
from storage.faults import SchemaFault, StorageUnavailable
from storage.migrating import is_current, migrate

LATER = "9999"


def run(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """One statement on a connection of its own, committed."""
    with closing(sqlite3.connect(path)) as raw, raw:
        return raw.execute(sql).fetchall()


def schema(path: Path) -> dict[str, str]:
    """What SQLite keeps of each table, index and trigger, but for Alembic's own table; white space evened."""
    rows = run(
        path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'"
    )
    return {name: _in_order(" ".join(sql.split())) for name, sql in rows}


def _in_order(sql: str) -> str:
    """A table's columns and conditions sorted: a column that was added later stands behind all others."""
    head, bracket, rest = sql.partition("(")
    if not head.startswith("CREATE TABLE"):
        return sql
    parts = re.split(r",\s*(?![^()]*\))", rest.removesuffix(")"))
    return head + bracket + ", ".join(sorted(part.strip() for part in parts)) + ")"


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    path = tmp_path / "wicket.db"
    migrate(path)
    return path


@pytest.fixture
def made_by_the_code(tmp_path: Path) -> Path:
    path = tmp_path / "models.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
        for trigger in TRIGGERS_SQLITE:
            connection.exec_driver_sql(trigger)
    engine.dispose()
    return path


def test_a_migrated_database_has_the_tables_indexes_and_triggers_of_the_code(
    migrated: Path, made_by_the_code: Path
):
    """Word for word but for the order, which holds partial indexes and triggers too: Alembic compares neither."""
    assert schema(migrated) == schema(made_by_the_code)


def test_alembic_finds_nothing_to_do_after_migrating(migrated: Path):
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing_and_keeps_what_is_there(migrated: Path):
    before = schema(migrated)
    run(migrated, "INSERT INTO deliveries VALUES ('Ev1', 1)")
    migrate(migrated)
    assert schema(migrated) == before
    assert run(migrated, "SELECT key FROM deliveries") == [("Ev1",)]


def test_the_triggers_of_the_audit_tables_refuse_a_change(migrated: Path):
    run(migrated, "INSERT INTO audit_head VALUES (1, 0, x'00')")
    with pytest.raises(sqlite3.IntegrityError, match="the audit head is never deleted"):
        run(migrated, "DELETE FROM audit_head")


def test_a_database_is_current_only_once_it_was_migrated(tmp_path: Path):
    path = tmp_path / "wicket.db"
    assert not is_current(path)
    assert not path.exists(), "asking makes no file"
    migrate(path)
    assert is_current(path)


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path):
    """A table of ours is there already: all of the revision is undone, not only what came after."""
    path = tmp_path / "wicket.db"
    run(path, "CREATE TABLE audit_texts (surprise)")
    with pytest.raises(StorageUnavailable):
        migrate(path)
    assert set(schema(path)) == {"audit_texts"}
    assert not is_current(path)


@pytest.mark.parametrize("ask", [migrate, is_current])
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    migrated: Path, ask: Callable[[Path], object]
):
    run(migrated, f"UPDATE alembic_version SET version_num = '{LATER}'")
    with pytest.raises(SchemaFault, match="made by a newer version of Wicket"):
        ask(migrated)
    assert run(migrated, "SELECT version_num FROM alembic_version") == [(LATER,)]


def test_two_that_start_at_once_both_find_it_migrated(tmp_path: Path):
    """Two processes share the file's lock; threads with connections of their own do so as well."""
    path, start = tmp_path / "wicket.db", threading.Barrier(2)

    def begin() -> None:
        start.wait()
        migrate(path)

    with ThreadPoolExecutor(2) as pool:
        for started in [pool.submit(begin) for _ in range(2)]:
            started.result()
    assert is_current(path)


def test_the_file_is_made_for_its_owner_alone(migrated: Path):
    assert stat.S_IMODE(migrated.stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(StorageUnavailable, match="cannot be made: No such file or directory"):
        migrate(tmp_path / "nowhere" / "wicket.db")


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    path = tmp_path / "wicket.db"
    path.write_text("not a database, but long enough to look like one at first sight " * 40)
    with pytest.raises(StorageUnavailable, match="not a database"):
        migrate(path)


def test_grants_from_before_were_asked_for_by_the_account_that_got_them(tmp_path: Path, migrated: Path):
    """Revision 4 fills what it adds: who asked and whose membership it is were one account until then."""
    old = tmp_path / "old.db"
    _stop_at(old, "0001")
    columns = [row[1] for row in run(old, "PRAGMA table_info(grants)")]
    assert "requester_account" not in columns
    known = {"id": "g-1", "directory": "corp", "account": "p-ada", "automatic": 0, "requested_at": 1}
    later = {"lapses_at", "decided_at", "expires_at", "active_at", "ended_at"}
    values = [None if column in later else known.get(column, "") for column in columns]
    with closing(sqlite3.connect(old)) as raw, raw:
        raw.execute(f"INSERT INTO grants VALUES ({', '.join('?' * len(columns))})", values)
    migrate(old)
    assert run(old, "SELECT requester_directory, requester_account FROM grants") == [("corp", "p-ada")]
    assert schema(old) == schema(migrated)


def _stop_at(path: Path, revision: str) -> None:
    """A file as an earlier version of the code made it."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
