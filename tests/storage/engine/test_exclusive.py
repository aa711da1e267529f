"""One running Wicket per database: who comes second is refused, and whoever only reads is not."""

import fcntl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlmodel import text

from storage.database import Database
from storage.engine.exclusive import held_alone, is_held
from storage.faults import StorageUnavailable

HOLDER = """
import sys, time
from pathlib import Path
from storage.engine.exclusive import held_alone
with held_alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_holder_is_refused_and_one_that_comes_after_is_not(tmp_path: Path):
    with held_alone(tmp_path / "w.db"):
        with (
            pytest.raises(StorageUnavailable, match=r"Another Wicket is running on .*w\.db"),
            held_alone(tmp_path / "w.db"),
        ):
            pass
        with held_alone(tmp_path / "other.db"):
            pass
    with held_alone(tmp_path / "w.db"):
        pass


def test_another_process_keeps_it_until_it_is_killed(tmp_path: Path):
    """A lock that outlived a crash would keep the bot from coming back."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "w.db")], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StorageUnavailable, match="Another Wicket"), held_alone(tmp_path / "w.db"):
            pass
        other.kill()
        other.wait()
    with held_alone(tmp_path / "w.db"):
        pass


def test_two_names_for_one_file_are_one_database(tmp_path: Path):
    (tmp_path / "w.db").touch()
    (tmp_path / "alias.db").symlink_to(tmp_path / "w.db")
    with (
        held_alone(tmp_path / "w.db"),
        pytest.raises(StorageUnavailable, match="Another Wicket"),
        held_alone(tmp_path / "alias.db"),
    ):
        pass


def test_a_held_database_can_be_read_and_written_by_others(tmp_path: Path):
    with held_alone(tmp_path / "w.db"):
        database = Database(tmp_path / "w.db")
        try:
            database.write_now(lambda tx: tx.connection().execute(text("CREATE TABLE seen (id INTEGER)")))
            assert (
                database.read_now(lambda tx: tx.connection().execute(text("SELECT * FROM seen")).all()) == []
            )
        finally:
            database.close()


def test_holding_makes_no_database_and_only_its_owner_may_read_the_lock(tmp_path: Path):
    with held_alone(tmp_path / "w.db"):
        [lock] = tmp_path.iterdir()
    assert lock.name == "w.db.lock"
    assert lock.stat().st_mode & 0o077 == 0


def test_a_folder_that_is_not_there_is_told(tmp_path: Path):
    with (
        pytest.raises(StorageUnavailable, match="No such file or directory"),
        held_alone(tmp_path / "no" / "w.db"),
    ):
        pass


def test_whether_it_is_held_is_seen_from_beside_and_nothing_is_made(tmp_path: Path):
    assert not is_held(tmp_path / "w.db")
    assert list(tmp_path.iterdir()) == []
    with held_alone(tmp_path / "w.db"):
        assert is_held(tmp_path / "w.db")
    assert not is_held(tmp_path / "w.db")


def test_somebody_who_only_looks_at_that_moment_keeps_no_bot_away(tmp_path: Path):
    """Looking takes the lock for a moment, as anybody must who wants to know whether it is free."""
    with held_alone(tmp_path / "w.db"):
        pass
    with (tmp_path / "w.db.lock").open("rb") as look:
        fcntl.flock(look, fcntl.LOCK_SH)

        def let_go() -> None:
            time.sleep(0.01)
            fcntl.flock(look, fcntl.LOCK_UN)

        looking = threading.Thread(target=let_go)
        looking.start()
        with held_alone(tmp_path / "w.db"):
            pass
        looking.join()
