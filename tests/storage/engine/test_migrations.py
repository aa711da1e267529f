"""The migrated tables are the tables of the code, and a database of another age is told apart."""

import functools
import re
import shutil
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import ProgrammingError
from sqlmodel import SQLModel

from storage import records  # noqa: F401  its tables join the metadata
from storage.audit.guards import triggers
from storage.engine.migrating import migrate
from storage.engine.revisions import is_current, revisions
from storage.engine.stores import Server, Store
from storage.faults import SchemaFault, StorageUnavailable
from tests.storage.postgres import postgres

LATER = "9999"


# What PostgreSQL keeps of each column, index, constraint, trigger and function, in its own words.
_KEPT_BY_POSTGRESQL = """
SELECT table_name || '.' || column_name,
    concat_ws(' ', data_type, is_nullable, column_default, is_identity) FROM information_schema.columns
    WHERE table_schema = 'public'
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgname, tgenabled::text || ' ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def run(store: Store, sql: str) -> list[tuple[Any, ...]]:
    """One statement on a connection of its own, committed."""
    if isinstance(store, Server):
        with psycopg.connect(store.url, autocommit=True) as raw:
            done = raw.execute(sql)
            return done.fetchall() if done.description else []
    with closing(sqlite3.connect(store)) as raw, raw:
        return raw.execute(sql).fetchall()


def schema(store: Store) -> dict[str, str]:
    """What the engine keeps of everything in it but Alembic's own table; white space evened."""
    rows = run(
        store,
        _KEPT_BY_POSTGRESQL
        if isinstance(store, Server)
        else "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL",
    )
    return {name: _in_order(" ".join(sql.split())) for name, sql in rows if "alembic_version" not in name}


def _in_order(sql: str) -> str:
    """A table's columns and conditions sorted: a column that was added later stands behind all others."""
    head, bracket, rest = sql.partition("(")
    if not head.startswith("CREATE TABLE"):
        return sql
    parts = re.split(r",\s*(?![^()]*\))", rest.removesuffix(")"))
    return head + bracket + ", ".join(sorted(part.strip() for part in parts)) + ")"


MakeStore = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Makes stores in which there is nothing yet."""
    numbers = count()
    with ExitStack() as ends:
        if request.param == "sqlite":
            yield lambda: tmp_path / f"{next(numbers)}.db"
        else:
            yield lambda: postgres().server(ends.enter_context(postgres().database()))


@pytest.fixture
def fresh(make_store: MakeStore) -> Store:
    return make_store()


@pytest.fixture(scope="module")
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy."""
    made = tmp_path_factory.mktemp("migrated") / "wicket.db"
    migrate(made)
    return made


@pytest.fixture
def migrated(make_store: MakeStore, migrated_once: Path) -> Iterator[Store]:
    """What `migrate` makes; a copy of it."""
    store = make_store()
    if isinstance(store, Path):
        yield Path(shutil.copy(migrated_once, store))
    else:
        with postgres().database(postgres().migrated) as name:
            yield postgres().server(name)


@contextmanager
def opened(store: Store) -> Iterator[Connection]:
    """A connection for Alembic and for making tables; committed at the end."""
    url = f"sqlite:///{store}" if isinstance(store, Path) else "postgresql+psycopg://"
    creator = {} if isinstance(store, Path) else {"creator": functools.partial(psycopg.connect, store.url)}
    engine = create_engine(url, **creator)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def test_a_migrated_database_has_the_tables_indexes_and_triggers_of_the_code(
    migrated: Store, make_store: MakeStore
):
    """Word for word but for the order, which holds partial indexes and triggers too: Alembic compares neither."""
    made_by_the_code = make_store()
    with opened(made_by_the_code) as connection:
        SQLModel.metadata.create_all(connection)
        for trigger in triggers(connection):
            connection.exec_driver_sql(trigger)
    assert schema(migrated) == schema(made_by_the_code)


def test_the_revisions_that_a_store_is_held_against_are_those_that_alembic_runs():
    """They are read off the names of files, so that no start loads them."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert revisions() == tuple(one.revision for one in scripts.walk_revisions())[::-1]
    assert scripts.get_heads() == [revisions()[-1]]


def test_alembic_finds_nothing_to_do_after_migrating(migrated: Store):
    """It does not see that an index is for one engine alone: that it is not on the other is shown above."""
    with opened(migrated) as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    of_postgresql = {("add_index", "ix_audit_entries_at")} if isinstance(migrated, Path) else set()
    assert {(what, thing.name) for what, thing, *_ in found} == of_postgresql


def test_migrating_again_changes_nothing_and_keeps_what_is_there(migrated: Store):
    before = schema(migrated)
    run(migrated, "INSERT INTO deliveries VALUES ('Ev1', 1)")
    migrate(migrated)
    assert schema(migrated) == before
    assert run(migrated, "SELECT key FROM deliveries") == [("Ev1",)]


def test_the_triggers_of_the_audit_tables_refuse_a_change(migrated: Store):
    run(migrated, "INSERT INTO audit_head VALUES (1, 0, '', NULL, NULL)")
    with pytest.raises(
        (sqlite3.IntegrityError, psycopg.IntegrityError), match="the audit head is never deleted"
    ):
        run(migrated, "DELETE FROM audit_head")


def test_a_replica_of_before_moves_no_head_that_is_under_a_key(migrated: Store):
    """T-9: it would leave the MAC as it was, and the log would be nobody's. One that is nobody's goes on as that."""
    size = '(SELECT COALESCE(MAX("index") + 1, 0) FROM audit_entries)'
    run(migrated, "INSERT INTO audit_head VALUES (1, 0, '', NULL, NULL)")
    refused = pytest.raises((sqlite3.IntegrityError, psycopg.IntegrityError), match="the audit head moves on")
    columns = 'id, at, actor, subject, action, outcome, correlation, resource, leaf, leaf_hash, root, "index"'
    moves = (("", True), (", mac = 'k.1'", True), ("", False), (", mac = ''", True), ("", True))
    for number, (mac, goes_on) in enumerate(moves):
        run(
            migrated,
            f"INSERT INTO audit_entries ({columns}) VALUES ('e-{number}', 1, 'a', NULL, 'b', 'c', 'd', NULL, 'leaf', "
            f"'hash', 'root', {size})",
        )
        with nullcontext() if goes_on else refused:
            run(migrated, f"UPDATE audit_head SET size = {size}{mac}")


def test_a_database_is_current_only_once_it_was_migrated(fresh: Store):
    assert not is_current(fresh)
    assert isinstance(fresh, Server) or not fresh.exists(), "asking makes no file"
    migrate(fresh)
    assert is_current(fresh)


def test_a_migration_that_fails_leaves_nothing_behind(fresh: Store):
    """A table of ours is there already: all of the revision is undone, not only what came after."""
    run(fresh, "CREATE TABLE audit_texts (surprise integer)")
    before = schema(fresh)
    with pytest.raises((StorageUnavailable, ProgrammingError)):
        migrate(fresh)
    assert schema(fresh) == before
    assert not is_current(fresh)


@pytest.mark.parametrize("ask", [migrate, is_current])
def test_a_database_of_a_newer_version_is_refused_and_left_alone(
    migrated: Store, ask: Callable[[Store], object]
):
    run(migrated, f"UPDATE alembic_version SET version_num = '{LATER}'")
    with pytest.raises(SchemaFault, match="made by a newer version of Wicket"):
        ask(migrated)
    assert run(migrated, "SELECT version_num FROM alembic_version") == [(LATER,)]


def test_two_that_start_at_once_both_find_it_migrated(fresh: Store):
    """Two processes share the lock of all writers; threads with connections of their own do so as well."""
    start = threading.Barrier(2)

    def begin() -> None:
        start.wait()
        migrate(fresh)

    with ThreadPoolExecutor(2) as pool:
        for started in [pool.submit(begin) for _ in range(2)]:
            started.result()
    assert is_current(fresh)


def test_the_file_is_made_for_its_owner_alone(tmp_path: Path):
    migrate(tmp_path / "wicket.db")
    assert stat.S_IMODE((tmp_path / "wicket.db").stat().st_mode) == 0o600


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(StorageUnavailable, match="cannot be made: No such file or directory"):
        migrate(tmp_path / "nowhere" / "wicket.db")


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    path = tmp_path / "wicket.db"
    path.write_text("not a database, but long enough to look like one at first sight " * 40)
    with pytest.raises(StorageUnavailable, match="not a database"):
        migrate(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": "127.0.0.1", "port": "1"}, "Connection refused"),
        ({"user": "nobody"}, 'role "nobody" does not exist'),
    ],
)
@pytest.mark.parametrize("ask", [migrate, is_current])
def test_a_server_that_does_not_answer_or_does_not_know_us_is_told(
    ask: Callable[[Store], object], change: dict[str, str], said: str
):
    """In one sentence, which names no password."""
    server = postgres().server(**change)
    with pytest.raises(StorageUnavailable, match=said) as fault:
        ask(Server(url=server.url, password="a-password-of-the-test"))
    assert "a-password" not in str(fault.value)
    assert str(fault.value).count("\n") == 0


def test_a_database_that_is_not_there_is_told():
    with pytest.raises(StorageUnavailable, match='database "nowhere" does not exist'):
        migrate(postgres().server("nowhere"))


def test_a_database_that_cannot_hold_every_name_is_refused():
    """Names are written in every script; another encoding would fail on the first of them, in the middle of work."""
    running = postgres()
    running.run("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(SchemaFault, match=r"kept in LATIN1.*createdb --encoding=UTF8"):
        migrate(running.server("narrow"))
    running.run("DROP DATABASE narrow WITH (FORCE)")


def test_a_user_who_may_make_no_tables_is_told():
    running = postgres()
    running.run("CREATE ROLE reader LOGIN")
    with (
        running.database() as name,
        pytest.raises(StorageUnavailable, match="permission denied for schema public"),
    ):
        migrate(running.server(name, user="reader"))
    running.run("DROP ROLE reader")


def test_grants_from_before_were_asked_for_by_the_account_that_got_them(tmp_path: Path):
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
    migrate(tmp_path / "new.db")
    assert schema(old) == schema(tmp_path / "new.db")


def test_what_waits_and_lasts_from_before_is_reminded_of(tmp_path: Path):
    """Revision 8 fills what it adds for what is open; what is over or too short is left alone."""
    old, minute = tmp_path / "old.db", 60_000_000
    _stop_at(old, "0004")
    columns = [row[1] for row in run(old, "PRAGMA table_info(grants)")]
    rows = [
        {"id": "g-1", "state": "pending", "requested_at": 0, "lapses_at": 1440 * minute, "minutes": 60},
        {"id": "g-2", "state": "active", "expires_at": 480 * minute, "minutes": 480},
        {"id": "g-3", "state": "active", "expires_at": 30 * minute, "minutes": 30},
        {"id": "g-4", "state": "active", "expires_at": 10 * minute, "minutes": 10},
        {"id": "g-5", "state": "ended", "expires_at": 60 * minute, "minutes": 60},
    ]
    null = {"lapses_at", "decided_at", "expires_at", "active_at", "ended_at"}
    with closing(sqlite3.connect(old)) as raw, raw:
        for row in rows:
            known = {"automatic": 0, "requested_at": 1, **row}
            values = [known.get(column, None if column in null else "") for column in columns]
            raw.execute(f"INSERT INTO grants VALUES ({', '.join('?' * len(columns))})", values)
    migrate(old)
    assert run(old, "SELECT id, reminder, remind_at FROM grants ORDER BY id") == [
        ("g-1", "remind", 720 * minute),
        ("g-2", "end", 432 * minute),
        ("g-3", "end", 25 * minute),
        ("g-4", "", None),
        ("g-5", "", None),
    ]


def test_a_log_from_before_goes_on_with_marks_and_its_head_is_guarded_as_before(tmp_path: Path):
    """Revision 26 says so in the head: a file has one bot, and none of the version before goes on beside it."""
    old = tmp_path / "old.db"
    _stop_at(old, "0024")
    run(old, "INSERT INTO audit_head VALUES (1, 0, x'0000000000000000')")
    migrate(old)
    assert run(old, "SELECT size, marks FROM audit_head") == [(0, 1)]
    migrate(tmp_path / "new.db")
    assert schema(old) == schema(tmp_path / "new.db")


def test_exceptions_from_before_are_as_far_as_their_facts_say(tmp_path: Path):
    """Revision 28 fills what it adds: nobody is asked to click away what was over, or forgotten, long ago (W-1)."""
    old, now = tmp_path / "old.db", time.time_ns() // 1000
    _stop_at(old, "0027")
    rows = [
        ("x-1", "high", '{"decided_by": "Grace", "settled": "2026-11-01"}', now),
        ("x-2", "high", '{"settled": "2026-11-01"}', now),
        ("x-3", "low", '{"renewed": "2026-11-01"}', now),
        ("x-4", "medium", "{}", now - 8 * 86_400_000_000),
        ("x-5", "medium", "{}", now),
    ]
    for name, severity, facts, last in rows:
        values = f"'{name}', 'left', 'c', '{severity}', 'Ada', '{facts}', '', 1, {last}, {last}, NULL"
        run(old, f"INSERT INTO exceptions VALUES ({values})")
    migrate(old)
    assert run(old, "SELECT id, state, resolution, resolved_by FROM exceptions ORDER BY id") == [
        ("x-1", "resolved", "decided", "Grace"),
        ("x-2", "resolved", "settled", ""),
        ("x-3", "resolved", "renewed", ""),
        ("x-4", "resolved", "before", ""),
        ("x-5", "open", "", ""),
    ]
    ((due,),) = run(old, "SELECT due_at FROM exceptions WHERE id = 'x-5'")
    assert 0 <= due - now - 86_400_000_000 + 1_000_000 < 60_000_000
    migrate(tmp_path / "new.db")
    assert schema(old) == schema(tmp_path / "new.db")


def test_what_was_told_of_open_visits_before_is_told_again_and_looks_forged_to_nobody(tmp_path: Path):
    """Revision 40 binds these rows by a MAC: one that has none would be told to security as changed past Wicket."""
    old = tmp_path / "old.db"
    _stop_at(old, "0039")
    run(old, "INSERT INTO announcements VALUES ('h-1', 1, 1)")
    migrate(old)
    assert run(old, "SELECT * FROM announcements") == []
    migrate(tmp_path / "new.db")
    assert schema(old) == schema(tmp_path / "new.db")


def _stop_at(path: Path, revision: str) -> None:
    """A file as an earlier version of the code made it."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
