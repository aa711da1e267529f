"""The database's lines on a real PostgreSQL: whether it answers and will do, its tables and its audit log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.checking.database import examine_database
from storage.engine.stores import Server
from tests.bot.checking.conftest import Installation
from tests.storage.postgres import postgres


@pytest.fixture
def server(install: Installation) -> Iterator[Server]:
    """A database with every table, which the settings name."""
    running = postgres()
    with running.database(running.migrated) as name:
        found = running.server(name)
        install.edit({'url = "wicket.db"': f'url = "{found.url}"'})
        yield found


def levels(install: Installation, *, ahead: float = 0.0) -> dict[str, tuple[str, str]]:
    """Level and words by subject. ahead: by how many seconds this machine's clock is before the server's."""
    found = examine_database(install.settings(), now=datetime.now(UTC) + timedelta(seconds=ahead))
    assert all(one.advice for one in found if one.level == "failed")
    return {one.about: (one.level, one.found) for one in found}


def test_a_good_one(install: Installation, server: Server):
    seen = levels(install)
    # The role that the tests use made the tables, so it may do more to them than it should.
    assert {about: level for about, (level, _) in seen.items() if level != "ok"} == {"role": "warning"}
    assert set(seen) == {
        "server", "time", "tables", "role", "guards", "audit log", "checkpoint", "published checkpoints", "new access",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "level", "found"),
    [
        (0, "ok", "agrees with this machine's"),
        (45, "warning", "behind this machine's"),
        (-45, "warning", "before this machine's"),
        (200, "failed", "behind this machine's"),
    ],
)
def test_the_clock_that_all_replicas_go_by(
    install: Installation, server: Server, ahead: float, level: str, found: str
):
    """SL-6: signatures and codes are held against it, whatever this machine's own says."""
    seen = levels(install, ahead=ahead)["time"]
    assert seen[0] == level
    assert found in seen[1]


def test_one_without_tables_is_no_failure_and_gets_none(install: Installation, server: Server):
    running = postgres()
    with running.database() as name:
        install.edit({server.url: running.server(name).url})
        assert levels(install)["tables"][0] == "warning"
        with psycopg.connect(running.server(name).url) as raw:
            assert raw.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (
                0,
            )


def test_one_that_is_away(install: Installation, server: Server):
    install.edit({server.url: "postgresql://wicket@127.0.0.1:1/wicket"})
    install.environ["WICKET_DATABASE_PASSWORD"] = "a-password-of-the-test"
    seen = levels(install)
    assert set(seen) == {"server"}
    assert seen["server"][0] == "failed"
    assert "Connection refused" in seen["server"][1]
    assert "a-password" not in seen["server"][1]


def test_a_guard_that_is_switched_off_and_a_key_that_is_gone(install: Installation, server: Server):
    with psycopg.connect(server.url, autocommit=True) as raw:
        raw.execute("ALTER TABLE audit_texts DISABLE TRIGGER audit_texts_delete")
        raw.execute("ALTER TABLE audit_entries DROP CONSTRAINT audit_entries_id_key")
    level, said = levels(install)["guards"]
    assert level == "failed"
    assert "UNIQUE (id) on audit_entries, audit_texts_delete is missing" in said


def test_what_else_stands_on_the_tables_of_the_record(install: Installation, server: Server):
    with psycopg.connect(server.url, autocommit=True) as raw:
        raw.execute("CREATE RULE zz AS ON INSERT TO audit_texts DO INSTEAD NOTHING")
    level, said = levels(install)["guards"]
    assert level == "failed"
    assert said.startswith("rule zz on audit_texts is none of Wicket's")


def test_an_audit_log_that_lost_its_head(install: Installation, server: Server):
    with psycopg.connect(server.url, autocommit=True) as raw:
        raw.execute("ALTER TABLE audit_entries DISABLE TRIGGER ALL")
        raw.execute(
            "INSERT INTO audit_entries VALUES (0, 'e-1', 0, 'a', NULL, NULL, 'x', 'done', 'c', 'x', 'x', 'x')"
        )
    assert levels(install)["audit log"][0] == "failed"
