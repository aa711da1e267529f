"""A database that tests are lent again is as it was made, and one that is not is thrown away."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.storage.postgres import Postgres, postgres


@pytest.fixture
def running() -> Postgres:
    return postgres()


@pytest.fixture
def connections() -> Iterator[list[psycopg.Connection]]:
    """To be closed, whatever comes of the test."""
    opened: list[psycopg.Connection] = []
    yield opened
    for each in opened:
        each.close()


def lent_next(running: Postgres) -> str:
    with running.empty() as name:
        return name


def test_what_one_test_wrote_is_gone_for_the_next_and_nobody_is_left_in_it(
    running: Postgres, connections: list[psycopg.Connection]
) -> None:
    """Numbers begin anew, and the log of the audit, of which nothing may ever be deleted, is empty again."""
    with running.empty() as name:
        left = running.connect(name)
        connections.append(left)
        left.execute("INSERT INTO audit_checkpoints (size, at, note) VALUES (1, 2, 'three')")
    assert lent_next(running) == name
    with pytest.raises(psycopg.OperationalError, match="terminat"):
        left.execute("SELECT 1")
    with running.empty() as again, running.connect(again) as ours:
        assert ours.execute("SELECT count(*) FROM audit_checkpoints").fetchone() == (0,)
        assert ours.execute("SELECT nextval('audit_checkpoints_id_seq')").fetchone() == (1,)
        ours.execute("INSERT INTO audit_checkpoints (size, at, note) VALUES (1, 2, 'three')")
        with pytest.raises(psycopg.IntegrityError, match="never deleted"):
            ours.execute("DELETE FROM audit_checkpoints")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE outbox ALTER COLUMN kind DROP NOT NULL",
        "DROP TABLE outbox",
        "CREATE TABLE more (id int)",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "UPDATE alembic_version SET version_num = '9999'",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 7', current_database()); END $$",
    ],
)
def test_one_that_was_changed_is_not_lent_again(running: Postgres, change: str) -> None:
    with running.empty() as name, running.connect(name) as ours:
        ours.execute(change)
    assert lent_next(running) != name
