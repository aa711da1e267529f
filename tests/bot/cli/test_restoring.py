"""Backing up, going back and letting new access begin again, by command: whole, private, and never unnoticed."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlmodel import select

from handlers.recording import BY_ITSELF, record
from storage.audit import log
from storage.audit.checkpoint import Checkpoint, read_signer, verify_note
from storage.audit.epochs import OPENED
from storage.clock import utc_now
from storage.database import Database
from storage.engine.exclusive import held_alone
from storage.freezes import open_ones
from storage.grants import get
from storage.holdings import follow_grant
from storage.macs import Macs
from storage.records import ExceptionRecord
from storage.secrets import Vault, generate_key
from storage.states import GrantState
from tests.bot.cli.test_cli import AUDIT_KEY, Install, granted, installed
from tests.bot.cli.test_postgresql import OnServer, installed_on_server
from tests.storage.audit.forging import forge
from tests.storage.postgres import postgres


@pytest.fixture
def install(tmp_path: Path) -> Install:
    return installed(tmp_path)


@pytest.fixture
def on_server(tmp_path: Path) -> Iterator[OnServer]:
    with installed_on_server(tmp_path) as made:
        yield made


def looked(install: Install, work):
    database = Database(install.store)
    try:
        return database.read_now(work)
    finally:
        database.close()


def facts_of_epoch(install: Install):
    rows = looked(install, lambda tx: log.rows(tx, limit=100))
    return next(row.said()["facts"] for row in reversed(rows) if row.action == OPENED)


# Backup


def test_a_backup_is_whole_private_and_says_what_it_holds(install: Install):
    """T-1: verified by reading all of it, and by its own checkpoint."""
    install.happened(5)
    install.checkpoint()
    install.happened(2)
    copy = install.folder / "copy.db"
    done = install.run("backup", str(copy))
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Internally consistent only: 8 entries agree with one another, and the first 5" in done.stdout
    assert "The latest checkpoint in it is over 5 entries" in done.stdout
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(each.name for each in install.folder.glob("copy.db*")) == ["copy.db"]
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT count(*) FROM audit_entries").fetchone() == (8,)


def test_a_backup_is_one_moment_while_others_write_to_the_store(install: Install):
    """A writer that never rests neither waits for the copy nor makes it begin anew."""
    install.happened(200)
    ends = threading.Event()
    written = []

    def write() -> None:
        while not ends.is_set():
            written.append(install.happened(1))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        done = install.run("backup", str(install.folder / "copy.db"))
    finally:
        ends.set()
        writer.join()
    assert done.exit_code == 0, done.output
    assert done.stdout.count("Internally consistent only") == 1
    assert written


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_backup_never_goes_over_what_is_there(install: Install, kind: str):
    there = install.folder / "there.db"
    if kind == "file":
        there.write_text("mine")
    else:
        there.symlink_to(install.folder / "elsewhere.db")
    done = install.run("backup", str(there))
    assert done.exit_code == 2
    assert "is there already. Choose another name; nothing was written." in done.stderr
    assert not (install.folder / "elsewhere.db").exists()
    assert kind == "link" or there.read_text() == "mine"


def test_a_backup_of_a_log_that_was_changed_says_so(install: Install):
    """T-1: it is copied all the same, and nobody takes it for sound."""
    install.happened(3)
    install.tamper("UPDATE audit_entries SET actor = 'p-9' WHERE \"index\" = 1")
    done = install.run("backup", str(install.folder / "copy.db"))
    assert done.exit_code == 1
    assert "Not sound." in done.stdout


def test_a_backup_that_finds_no_room_leaves_nothing_behind(install: Install):
    """The disk of the copy is full: a limit on the size of files stands for it."""
    install.happened(300)
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from bot.cli import main; main()"
    )
    copy = install.folder / "copy.db"
    done = subprocess.run(
        [sys.executable, "-c", code, "--config", install.folder / "wicket.toml", "backup", copy],
        env={**os.environ, **install.environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "could not be made: " in done.stderr
    assert "It was removed again." in done.stderr
    assert "Traceback" not in done.stderr
    assert not copy.exists()


def test_a_server_is_dumped_by_its_own_means_and_the_command_says_how(on_server: OnServer):
    done = on_server.run("backup", "wicket.dump")
    assert done.exit_code == 2
    assert f"pg_dump --format=custom --file=wicket.dump '{on_server.server.url}'" in done.stderr


# Restore


def test_a_restored_store_knows_it_and_its_log_cites_what_was_signed_last(install: Install):
    """T-2: the store that is put aside is the one that knew most, so that is what the new epoch cites."""
    install.happened(4)
    copy = install.folder / "copy.db"
    assert install.run("backup", str(copy)).exit_code == 0
    install.happened(3)
    (install.folder / "wicket.db.restoring").write_text("what a power cut left of an earlier try")
    with install.tx() as write:
        write(lambda tx: tx.add(granted(GrantState.PENDING)))
    done = install.run("restore", str(copy))
    assert done.exit_code == 0, done.output
    assert "New access is stopped." in done.stdout
    (aside,) = install.folder.glob("wicket.db.before-*")
    assert str(aside) in done.stdout
    with closing(sqlite3.connect(aside)) as raw:
        assert raw.execute("SELECT count(*) FROM grants").fetchone() == (1,)
    (freeze,) = looked(install, open_ones)
    assert (freeze.kind, freeze.facts["lost"]) == ("restored", 3)
    facts = facts_of_epoch(install)
    assert facts["agrees"] == 4
    signer = read_signer(AUDIT_KEY)
    (cited,) = [verify_note(note, signer.verifier) for note in facts["cites"]]  # type: ignore[union-attr]
    assert isinstance(cited, Checkpoint)
    assert cited.size == 7
    assert stat.S_IMODE(install.store.stat().st_mode) == 0o600
    assert not list(install.folder.glob("*.restoring*"))


def test_the_first_entry_after_a_restore_opens_the_epoch(install: Install):
    install.happened(2)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    install.run("restore", str(copy))
    assert [row.action for row in looked(install, lambda tx: log.rows(tx))][2] == OPENED


def test_a_copy_to_which_other_hands_added_is_not_restored(install: Install):
    """T-9: with the keys it shows, though all of it fits together; and without them nothing is added to it."""
    key, copy = generate_key(), install.folder / "copy.db"
    database = Database(install.store, macs=Macs(Vault([key])))
    database.write_now(
        lambda tx: record(tx, at=utc_now(), action="note.made", outcome="done", **BY_ITSELF, correlation="c")
    )
    database.close()
    install.run("backup", str(copy))
    keyless = install.run("restore", str(copy))
    assert (keyless.exit_code, "WICKET_SECRET_KEYS" in keyless.stderr) == (2, True), keyless.output
    other = create_engine(f"sqlite:///{copy}")
    with other.begin() as tx:
        forge(tx, "account.released", "h-1", at=utc_now())
    other.dispose()
    install.environ["WICKET_SECRET_KEYS"] = key
    refused = install.run("restore", str(copy))
    assert refused.exit_code == 1
    assert "is no sound copy. Not sound. Something was added to the audit log" in refused.stderr


def test_what_was_approved_and_not_given_is_void_after_a_restore(install: Install):
    """It may have been given, ended or denied again in the time that is lost."""
    grant = granted(GrantState.APPROVED)
    grant.expires_at = utc_now() + timedelta(hours=2)
    with install.tx() as write:
        write(lambda tx: (tx.add(grant), tx.flush(), follow_grant(tx, grant, at=utc_now(), due_at=utc_now())))
    name = grant.id
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    assert install.run("restore", str(copy)).exit_code == 0
    found = looked(install, lambda tx: get(tx, name))
    assert found.state == GrantState.VOIDED
    assert "restored from an older copy" in found.end_reason


def test_verify_tells_of_the_epoch_and_calls_nobody_a_liar(install: Install):
    """T-1: a checkpoint over what is lost is no contradiction, since the log owns up to it; one of before agrees."""
    install.happened(4)
    before = install.checkpoint().rename(install.folder / "before.txt")
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    install.happened(3)
    lost = install.checkpoint().rename(install.folder / "lost.txt")
    install.run("restore", str(copy))
    install.happened(9)
    after = install.checkpoint().rename(install.folder / "after.txt")
    done = install.run("audit", "verify", *(f"--checkpoint={each}" for each in (before, lost, after)))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(
        "Sound up to the checkpoint: the first 18 entries agree with it. The 1 after"
    )
    assert "Epoch 2 (" in done.stdout
    assert "4 that were signed are lost." in done.stdout
    assert "1 of the checkpoints given is about entries that are lost" in done.stdout
    assert after.read_text().startswith("wicket.example/epoch-")


def test_an_old_copy_that_was_slipped_in_without_saying_so_is_found_by_the_lost_checkpoint(install: Install):
    """T-1: whoever owns up to nothing is found out, epochs or not."""
    install.happened(4)
    kept = install.store.read_bytes()
    install.happened(3)
    lost = install.checkpoint()
    for each in install.folder.glob("wicket.db*"):
        each.unlink()
    install.store.write_bytes(kept)
    done = install.run("audit", "verify", "--checkpoint", str(lost))
    assert done.exit_code == 1
    assert "the tail was cut" in done.stdout


def test_a_running_bot_is_not_restored_under_its_feet(install: Install):
    install.happened(1)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    with held_alone(install.store):
        done = install.run("restore", str(copy))
    assert done.exit_code == 2
    assert "Another Wicket is running on" in done.stderr
    assert not looked(install, open_ones)


@pytest.mark.parametrize("wrong", ["torn", "edited", "not there", "no database"])
def test_a_copy_that_is_not_sound_replaces_nothing(install: Install, wrong: str):
    """T-1: yesterday's bad copy is worse than today's bad day."""
    install.happened(60)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    if wrong == "torn":
        copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    elif wrong == "edited":
        with closing(sqlite3.connect(copy)) as raw, raw:
            raw.execute("DROP TRIGGER audit_entries_update")
            raw.execute("UPDATE audit_entries SET action = 'grant.denied' WHERE \"index\" = 2")
    elif wrong == "not there":
        copy.unlink()
    else:
        copy.write_text("hello")
    done = install.run("restore", str(copy))
    assert done.exit_code in (1, 2)
    assert "Traceback" not in done.output
    assert not looked(install, open_ones)
    assert not list(install.folder.glob("wicket.db.before-*"))
    assert not list(install.folder.glob("*.restoring*"))


def test_a_store_that_cannot_be_read_any_more_is_replaced_and_kept(install: Install):
    install.happened(3)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    for each in install.folder.glob("wicket.db*"):
        each.unlink()
    install.store.write_bytes(b"no database any more" * 500)
    done = install.run("restore", str(copy))
    assert done.exit_code == 0, done.output
    assert "cannot be read, so it is not cited" in done.stderr
    (aside,) = install.folder.glob("wicket.db.before-*")
    assert aside.read_bytes().startswith(b"no database")
    assert len(looked(install, open_ones)) == 1


def test_a_checkpoint_from_the_channel_is_cited_and_a_forged_one_is_not(install: Install, tmp_path: Path):
    install.happened(2)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    install.happened(4)
    channel = install.checkpoint()
    forged = tmp_path / "forged.txt"
    forged.write_text(channel.read_text().replace("\n6\n", "\n900\n"))
    for each in install.folder.glob("wicket.db*"):
        each.unlink()
    install.run("restore", str(copy), "--checkpoint", str(channel), "--checkpoint", str(forged))
    assert [note.split("\n")[1] for note in facts_of_epoch(install)["cites"]] == ["6"]
    assert looked(install, open_ones)[0].facts["lost"] == 4


def test_a_server_that_was_restored_is_told_so(on_server: OnServer):
    """T-2: dumped, gone on, restored into an empty database, and marked by `wicket restore` without a file."""
    on_server.run("migrate")
    on_server.happened(3)
    running, dump = postgres(), on_server.folder / "wicket.dump"
    running.program("pg_dump", "--format=custom", f"--file={dump}", on_server.server.url)
    on_server.happened(2)
    channel = on_server.checkpoint()
    with running.database() as name:
        restored = running.server(name)
        running.program("pg_restore", "--exit-on-error", f"--dbname={restored.url}", dump)
        settings = (on_server.folder / "wicket.toml").read_text().replace(on_server.server.url, restored.url)
        (on_server.folder / "wicket.toml").write_text(settings)
        on_server.server = restored
        assert "restore with pg_restore" in on_server.run("restore", "some.file").stderr.casefold()
        done = on_server.run("restore", "--checkpoint", str(channel))
        assert done.exit_code == 0, done.output
        (freeze,) = looked(on_server, open_ones)
        assert (freeze.kind, freeze.facts["lost"]) == ("restored", 2)
        verified = on_server.run("audit", "verify", "--checkpoint", str(channel))
        assert verified.exit_code == 0, verified.output
        assert "2 that were signed are lost" in verified.stdout


# Resume


def test_an_operator_lets_new_access_begin_again_with_name_and_reason_on_the_record(install: Install):
    install.happened(2)
    copy = install.folder / "copy.db"
    install.run("backup", str(copy))
    install.run("restore", str(copy))
    done = install.run(
        "resume", "restored", "--by", "Sam Spade", "--why", "Compared the channel's checkpoints."
    )
    assert done.exit_code == 0
    assert "New access begins again." in done.stdout
    assert not looked(install, open_ones)
    rows = looked(install, lambda tx: log.rows(tx))
    assert rows[-1].action == "access.resumed"
    assert {name: kept.text for name, kept in rows[-1].texts.items()} == {
        "by": "Sam Spade",
        "rationale": "Compared the channel's checkpoints.",
    }
    told = looked(install, lambda tx: tx.exec(select(ExceptionRecord)).one())
    assert told.facts["decided_by"] == "Sam Spade"
    assert "nothing to lift" in install.run("resume", "restored", "--by", "Sam", "--why", "again").stdout


def test_an_operator_stops_new_access_and_is_none_of_the_two_who_lift_it(install: Install):
    """AC-3(2): the command line stops at once, and lifts only where the settings count it."""
    assert install.run("freeze", "--reason", " ").exit_code == 2
    done = install.run("freeze", "--reason", "Somebody is in.")
    assert (done.exit_code, [one.kind for one in looked(install, open_ones)]) == (0, ["emergency"])
    assert "stopped already" in install.run("freeze", "--reason", "Again.").stdout
    told = looked(install, lambda tx: tx.exec(select(ExceptionRecord)).one())
    assert (told.facts["by"], told.facts["why"]) == ("", "Somebody is in.")
    refused = install.run("resume", "emergency", "--by", "Sam", "--why", "because")
    assert refused.exit_code == 2
    assert "operators_lift" in refused.output
    assert looked(install, open_ones) != ()


def test_everything_of_somebody_whom_nobody_knows_revokes_nothing(install: Install):
    assert install.run("revoke-all", "nobody", "--reason", "leaked").exit_code == 2
    assert looked(install, lambda tx: [row.action for row in log.rows(tx)]) == []


def test_nobody_lets_it_begin_again_without_a_word(install: Install):
    assert install.run("resume", "restored", "--by", "Sam").exit_code == 2
    assert install.run("resume", "restored", "--by", " ", "--why", "because").exit_code == 2


def test_a_copy_of_a_version_before_is_brought_up_to_date_and_restored(install: Install):
    """Its log has no MAC of its head yet."""
    install.happened(3)
    copy = install.folder / "copy.db"
    assert install.run("backup", str(copy)).exit_code == 0
    with closing(sqlite3.connect(copy)) as rows, rows:
        rows.execute("DROP TRIGGER audit_head_update")
        rows.execute("ALTER TABLE audit_head DROP COLUMN mac")
        rows.execute("ALTER TABLE standings DROP COLUMN mac")
        rows.execute("UPDATE alembic_version SET version_num = '0042'")
    done = install.run("restore", str(copy))
    assert (done.exit_code, "New access is stopped" in done.stdout) == (0, True), done.output
    assert facts_of_epoch(install)["kind"] == "restored"
