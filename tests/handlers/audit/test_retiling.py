"""T-5: a damaged tree is made anew from verified entries under a signed checkpoint, on record, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Executable

from handlers.audit.retiling import REBUILT, Rebuilt, rebuild_tiles
from handlers.intents import Where
from storage.audit import log, proving
from storage.audit.checkpoint import Signer
from storage.audit.findings import Report
from storage.audit.guards import missing_guards
from storage.audit.sealing import take_checkpoint
from storage.audit.tiles import add_tiles, next_tiles, sealed
from storage.audit.tlog_proof import Inclusion
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.stores import Store
from tests.handlers.audit.stores import filled_store
from tests.handlers.audit.test_tiling import fill

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier
ENTRIES = 256 * 3 + 20


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Three tiles of entries, sealed."""
    with filled_store(request.param, tmp_path, "sealed", filled) as made:
        yield made


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store)
    yield opened
    opened.close()


def filled(store: Store) -> None:
    fill(store, ENTRIES)
    opened = Database(store)
    opened.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=3)))
    opened.close()


def done_to(database: Database, table: str, *statements: str | Executable) -> None:
    """What somebody does who may do anything: the guards of a table away, statements, the guards back as they were."""

    def run(connection: Connection) -> None:
        for statement in statements:
            if isinstance(statement, str):
                connection.exec_driver_sql(statement)
            else:
                connection.execute(statement)

    def work(tx: log.Transaction) -> None:
        connection = log.connection_of(tx)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            run(connection)
            guards = connection.exec_driver_sql(
                f"SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = '{table}'::regclass"
            )
            for (name,) in guards.all():
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
            return
        guards = connection.exec_driver_sql(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"
        ).all()
        for name, _ in guards:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        run(connection)
        for _, made in guards:
            connection.exec_driver_sql(made)

    database.write_now(work)


def rebuilt(database: Database) -> Rebuilt | Report:
    return rebuild_tiles(
        database, verifier=KEY, notes=(), where=Where(transport="cli"), tell=lambda _done, _all: None
    )


def signed(database: Database) -> None:
    database.write_now(lambda tx: take_checkpoint(tx, SIGNER, at=database.now()))


def verified(database: Database) -> Report:
    return database.read_now(lambda tx: verify_log(tx, verifier=KEY))


def proven(database: Database) -> bool:
    def work(tx: log.Transaction) -> bool:
        row = proving.find_entry(tx, "300")
        assert row is not None
        return isinstance(proving.prove(tx, row, KEY), Inclusion)

    return database.read_now(work)


DEEDS = [
    """UPDATE audit_tiles SET hashes = root || substr(hashes, 33) WHERE level = 0 AND "index" = 1""",
    """DELETE FROM audit_tiles WHERE level = 0 AND "index" = 1""",
]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_damaged_or_lost_tile_is_made_anew_and_that_is_on_record(database: Database, deed: str):
    """T-5: and proofs that it blocked can be made again."""
    signed(database)
    done_to(database, "audit_tiles", deed)
    assert (verified(database).only_tiles, proven(database)) == (True, False)
    assert rebuilt(database) == Rebuilt(entries=ENTRIES)
    assert (verified(database).sound, proven(database)) == (True, True)
    assert database.read_now(missing_guards) == []
    last = database.read_now(log.latest)
    assert last is not None
    assert (last.action, last.said()["facts"]["entries"], last.said()["actor"]["type"]) == (
        REBUILT,
        ENTRIES,
        "operator",
    )
    again = rebuilt(database)
    assert isinstance(again, Report)
    assert again.sound


def test_a_tree_over_entries_that_were_changed_is_left_as_it_is(database: Database):
    """T-5: whoever changed an entry does not get it put into the tree."""
    signed(database)
    done_to(database, "audit_tiles", DEEDS[0])
    done_to(database, "audit_entries", "UPDATE audit_entries SET outcome = 'refused' WHERE \"index\" = 700")
    report = rebuilt(database)
    assert isinstance(report, Report)
    assert (report.only_tiles, [finding.kind for finding in report.findings]) == (False, ["tile", "column"])
    assert database.read_now(log.head).size == ENTRIES


def test_a_tree_that_no_checkpoint_vouches_for_is_not_made_anew(database: Database):
    """T-5: entries that agree with one another alone may all have been made by whoever damaged the tile."""
    done_to(database, "audit_tiles", DEEDS[1])
    report = rebuilt(database)
    assert isinstance(report, Report)
    assert (report.only_tiles, report.covered) == (True, 0)
    assert database.read_now(sealed) == 256 * 3
    assert database.read_now(log.head).size == ENTRIES
