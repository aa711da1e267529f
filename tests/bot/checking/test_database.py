"""The database's lines on real files: what is wrong with the file, its place, its tables and its audit log."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.checking.database import examine_database, free_space
from bot.settings.sections import AuditSection
from handlers.intents import Where
from handlers.recording import WICKET, record
from storage.audit.checkpoint import Checkpoint, sign
from storage.audit.guards import TRIGGERS_SQLITE
from storage.audit.published import place_of, publish
from storage.audit.sealing import sign_head, take_checkpoint
from storage.audit.tables import TABLES
from storage.database import Database
from storage.engine.exclusive import held_alone
from storage.exceptions import decide_exceptions, raise_exception, settle_exceptions
from storage.freezes import begin, remember_published
from tests.bot.checking.conftest import Installation

NOBODY = 65534


def levels(install: Installation) -> dict[str, tuple[str, str]]:
    """Level and words by subject."""
    found = examine_database(install.settings(), now=datetime.now(UTC))
    assert all(one.advice for one in found if one.level == "failed")
    return {one.about: (one.level, one.found) for one in found}


def happened(install: Installation, *, times: int = 1, signed: timedelta | None = None) -> None:
    """Write entries as the bot does, and sign them, so long ago."""
    now = datetime.now(UTC)

    def work(tx: Session) -> None:
        for _ in range(times):
            record(
                tx, at=now, action="grant.requested", outcome="done", actor=WICKET,
                where=Where(transport="cli"), correlation="g-1",
            )  # fmt: skip
        if signed is not None:
            take_checkpoint(tx, install.settings().secrets.signer(), at=now - signed)

    database = Database(install.store)
    database.write_now(work)
    database.close()


def raw(install: Installation, *statements: str) -> None:
    with closing(sqlite3.connect(install.store)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_good_one(install: Installation):
    seen = levels(install)
    assert {level for level, _ in seen.values()} == {"ok"}
    place, inside = (
        {"folder", "disk", "bot", "rights"},
        {"tables", "structure", "guards", "audit log", "checkpoint", "published checkpoints", "new access"},
    )
    assert set(seen) == place | inside
    assert seen["bot"][1] == "No bot runs on it now."


def test_none_yet_is_no_failure_and_none_is_made(install: Installation):
    """It is the state before the first start."""
    install.store.unlink()
    seen = levels(install)
    assert seen["file"][0] == "warning"
    assert "There is no database" in seen["file"][1]
    assert not install.store.exists()


def test_a_folder_that_is_not_there(install: Installation):
    install.edit({'url = "wicket.db"': 'url = "no/wicket.db"'})
    assert levels(install)["folder"][0] == "failed"


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Run as somebody who owns nothing; whoever is not root is that already."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_place_that_cannot_be_written(install: Installation):
    """A-7. It is still read."""
    settings = install.settings()
    with tempfile.TemporaryDirectory() as name:
        there = Path(name) / "wicket.db"
        there.write_bytes(install.store.read_bytes())
        there.chmod(0o444)
        Path(name).chmod(0o555)
        install.edit({'url = "wicket.db"': f'url = "{there}"'})
        settings = install.settings()
        with _as_nobody():
            found = {one.about: one for one in examine_database(settings, now=datetime.now(UTC))}
        Path(name).chmod(0o755)
    assert found["folder"].level == "failed"
    assert "cannot be written by this user" in found["folder"].found
    assert str(there) in found["folder"].found
    assert found["audit log"].level == "ok"


def test_a_full_disk():
    assert free_space(10**9 - 1, 10**10).level == "warning"
    assert free_space(4 * 10**9, 10**11).level == "warning", "under 5 %"
    assert free_space(10**10, 10**11).level == "ok"
    assert "Make room" in free_space(0, 0).advice


def test_a_running_bot_is_seen_and_its_lock_is_left_alone(install: Installation):
    with held_alone(install.store):
        assert levels(install)["bot"] == ("ok", "A bot runs on it now.")
    with held_alone(install.store):
        pass


def test_a_lock_that_cannot_be_looked_at(install: Installation):
    install.store.with_name("wicket.db.lock").symlink_to(install.config)
    level, found = levels(install)["bot"]
    assert level == "warning"
    assert "cannot be seen" in found


def test_a_file_that_others_may_read(install: Installation):
    install.store.chmod(0o644)
    level, found = levels(install)["rights"]
    assert level == "warning"
    assert "(644)" in found


def test_tables_of_an_earlier_version_are_left_as_they_are(install: Installation):
    raw(install, "DELETE FROM alembic_version")
    before = install.store.read_bytes()
    seen = levels(install)
    assert seen["tables"][0] == "warning"
    assert "structure" not in seen
    assert install.store.read_bytes() == before


def test_tables_of_a_newer_version(install: Installation):
    raw(install, "UPDATE alembic_version SET version_num = 'from-the-future'")
    level, found = levels(install)["tables"]
    assert level == "failed"
    assert "newer version" in found


def test_a_file_that_is_no_database(install: Installation):
    install.store.write_bytes(b"something else altogether\n" * 400)
    level, found = levels(install)["file"]
    assert level == "failed"
    assert "not a database" in found


def test_an_empty_file_is_not_taken_for_tables_of_before(install: Installation):
    install.store.write_bytes(b"")
    seen = levels(install)
    assert seen["file"][0] == "failed"
    assert "is empty" in seen["file"][1]
    assert "tables" not in seen


def test_a_damaged_file(install: Installation):
    happened(install, times=200)
    with install.store.open("r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(b"\xff" * 4096)
    level, found = levels(install)["structure"]
    assert level == "failed"
    assert "damaged" in found


def test_a_log_that_contradicts_what_was_signed(install: Installation):
    """T-2."""
    happened(install, times=3, signed=timedelta(hours=1))
    assert levels(install)["audit log"] == ("ok", "Its end is whole and agrees with the last checkpoint.")
    raw(
        install,
        *(f"DROP TRIGGER {trigger.split()[2]}" for trigger in TRIGGERS_SQLITE),
        'DELETE FROM audit_entries WHERE "index" = 2',
    )
    level, _ = levels(install)["audit log"]
    assert level == "failed"


@pytest.mark.parametrize(
    "how",
    [["ALTER TABLE {} RENAME TO elsewhere", "CREATE VIEW {} AS SELECT * FROM elsewhere"], ["DROP TABLE {}"]],
    ids=["a view", "nothing"],
)
@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_something_else_or_nothing_where_a_table_was(install: Installation, table: str, how: list[str]):
    """T-1: `wicket migrate` could put no guard back there, so it is not named as what helps."""
    happened(install)
    raw(install, *(each.format(table) for each in how))
    level, found = levels(install)["guards"]
    assert (level, found.startswith(f"{table} is no plain table any more: nothing stands there,")) == (
        "failed",
        True,
    )


def test_what_acts_on_another_table_and_is_none_of_wickets(install: Installation):
    """Promise 1: a bot on it gives nothing new."""
    raw(install, "CREATE TRIGGER zz BEFORE UPDATE ON grants BEGIN SELECT RAISE(IGNORE); END")
    level, said = levels(install)["tables"]
    assert (level, said.startswith("trigger zz on grants is none of Wicket's")) == ("failed", True)


def test_entries_that_nobody_signed(install: Installation):
    """T-2."""
    happened(install, times=2)
    assert levels(install)["checkpoint"] == ("warning", "There is none: none of 2 entries is signed.")


def test_a_checkpoint_of_long_ago(install: Installation):
    """T-2: one that covers everything is never too old."""
    happened(install, signed=timedelta(days=9))
    assert levels(install)["checkpoint"] == ("ok", "The last one was taken 9 days ago.")
    happened(install, times=4)
    assert levels(install)["checkpoint"] == (
        "warning",
        "The last one was taken 9 days ago, 4 entries before the end.",
    )


def test_checkpoints_in_a_place_that_nobody_named(install: Installation):
    """T-2: better than none, and worth a thought. One that is gone is said, and that an older copy is no sound one."""
    install.edit({'[audit]\npublished = "checkpoints.txt"': ""})
    happened(install, times=3)
    settings = install.settings()
    file, signer = settings.published, settings.secrets.signer()
    assert file is not None
    level, said = levels(install)["published checkpoints"]
    assert (level, "There is none in" in said, f"Nobody named {file}" in said) == ("warning", True, True)
    database = Database(install.store)
    note = database.read_now(lambda tx: sign_head(tx, signer))
    database.write_now(
        lambda tx: remember_published(tx, place=place_of(file), note=note, at=datetime.now(UTC))
    )
    database.close()
    assert levels(install)["published checkpoints"] == (
        "warning",
        f"{file} is gone or empty, though this database knows of one in it.",
    )
    publish(file, sign(Checkpoint(origin=signer.name, size=9, root=bytes(32)), signer))
    assert levels(install)["published checkpoints"][0] == "failed"


def test_checkpoints_that_leave_the_database_nowhere(install: Installation):
    """T-2: an older copy would not be noticed at a start."""
    install.edit({'published = "checkpoints.txt"': 'published = "no/such/checkpoints.txt"'})
    level, said = levels(install)["published checkpoints"]
    assert (level, "cannot be written" in said) == ("failed", True)
    nowhere = install.settings().model_copy(update={"audit": AuditSection(), "own_place": None})
    (found,) = [one for one in examine_database(nowhere, now=datetime.now(UTC)) if "published" in one.about]
    assert (found.level, "in the database alone" in found.found) == ("failed", True)


def test_published_checkpoints_that_agree_and_those_of_a_store_that_was_further(install: Installation):
    """T-2: what a start would stop new access for is said before it."""
    happened(install, times=3)
    file, signer = install.folder / "checkpoints.txt", install.settings().secrets.signer()
    database = Database(install.store)
    publish(file, database.read_now(lambda tx: sign_head(tx, signer)))
    database.close()
    assert levels(install)["published checkpoints"] == (
        "ok",
        "The last one is over 3 entries, and the store agrees with it.",
    )
    publish(file, sign(Checkpoint(origin=signer.name, size=9, root=bytes(32)), signer))
    level, said = levels(install)["published checkpoints"]
    assert level == "failed"
    assert "contradicts the checkpoint over 9 entries" in said


def test_new_access_that_is_stopped(install: Installation):
    now = datetime.now(UTC)
    database = Database(install.store)
    database.write_now(
        lambda tx: begin(tx, at=now - timedelta(hours=2), kind="restored", by="cli", lost_from=None, facts={})
    )
    database.close()
    assert levels(install)["new access"] == (
        "failed",
        "It is stopped for 2 hours: the records were restored from an older copy.",
    )


def test_new_access_that_a_running_bot_stops_by_itself(install: Installation):
    """T-2: it is no freeze of the store, and what the bot told of it says so to whoever else asks."""
    now, database = datetime.now(UTC), Database(install.store)
    database.write_now(
        lambda tx: raise_exception(
            tx, at=now - timedelta(minutes=3), kind="unchecked", cause="unchecked:wicket-1", severity="high",
            who="Wicket", correlation="unchecked", facts={"replica": "wicket-1"},
        )
    )  # fmt: skip
    assert levels(install)["new access"] == (
        "failed",
        "wicket-1 has stopped it by itself for 3 minutes: it cannot check the records, or not write a stop.",
    )
    gone = {"calm_since": (now - timedelta(minutes=2)).isoformat()}
    database.write_now(lambda tx: decide_exceptions(tx, at=now, cause="unchecked:wicket-1", facts=gone))
    assert levels(install)["new access"] == (
        "warning",
        "wicket-1 stopped it by itself, and has given it again for 2 minutes: that came and went within the last 3 "
        "minutes.",
    )
    for forged in (
        "yesterday",
        "2026-01-01T00:00:00",
    ):  # by other hands: it hides nothing, and breaks nothing
        made_up = {"calm_since": forged}
        database.write_now(
            lambda tx, facts=made_up: decide_exceptions(tx, at=now, cause="unchecked:wicket-1", facts=facts)
        )
        assert levels(install)["new access"][0] == "failed"
    database.write_now(lambda tx: settle_exceptions(tx, at=now, causes=["unchecked:wicket-1"]))
    database.close()
    assert levels(install)["new access"] == ("ok", "Nothing stops it.")
