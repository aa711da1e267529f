"""The command line on real SQLite files: what it prints, what it refuses, and with which exit code."""

import asyncio
import atexit
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlmodel import Session, col, select
from typer.testing import Result

from bot.settings import new_audit_key
from handlers.intents import Where
from handlers.recording import WICKET, record, stranger
from storage.audit import entry as audit
from storage.audit.checkpoint import BadKey, Checkpoint, read_signer, verify_note
from storage.audit.guards import TRIGGERS_SQLITE
from storage.audit.log import append_each, rows
from storage.audit.tiles import add_tiles, next_tiles
from storage.claims import due, take
from storage.clock import utc_now
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.revisions import is_current
from storage.exceptions import SECURITY
from storage.failures import count_attempt, is_locked
from storage.grants import add
from storage.holdings import follow_grant, held_under, release
from storage.identifiers import new_id
from storage.records import Grant, Owed
from storage.states import GrantState
from tests.bot.typed import typed
from tests.handlers.made_once import copy_empty_database
from tests.storage.rows import erase_text

SETTINGS = """
[slack]
teams = ["T0123ABCD"]
security_channel = "C0SECURITY"
[server]
public_url = "https://wicket.example.com"
[directories.staff]
kind = "local"
path = "people.db"
[mail]
host = "smtp.example.com"
sender = "wicket@example.com"
[security]
approvers_group = "security-team"
[[owner]]
id = "data-platform"
name = "Data Platform"
channel = "C0DATAOWNR"
approvers = "data-platform-leads"
[[entitlement]]
id = "prod-db"
title = "Production database"
directory = "staff"
group = "prod-db-rw"
owner = "data-platform"
risk = 4
people = 1
environment = "production"
kind = "database"
access = "read and write"
max = "8h"
"""
ADA, GRACE = "p-1", "p-2"
ESCAPE = "\x1b[2J"
WHERE = Where(transport="slack", team="T0123ABCD", channel="D1")
AUDIT_KEY = new_audit_key("wicket.example")


@dataclass
class Install:
    """A folder with wicket.toml, a migrated store and a directory, and the command run in it."""

    folder: Path
    environ: dict[str, str] = field(default_factory=lambda: {"WICKET_AUDIT_KEY": AUDIT_KEY})

    @property
    def store(self) -> Path:
        return self.folder / "wicket.db"

    def run(self, *arguments: str) -> Result:
        """Run `wicket --config … arguments`."""
        return typed(["--config", str(self.folder / "wicket.toml"), *arguments], self.environ)

    @contextmanager
    def tx(self) -> Iterator[Callable[[Callable[[Session], object]], object]]:
        """Write to the store as the bot does."""
        database = Database(self.store)
        try:
            yield database.write_now
        finally:
            database.close()

    def happened(self, count: int = 3, *, ago: timedelta = timedelta()) -> list[str]:
        """Put entries into the log: Ada asks for prod-db. Their ids."""
        with self.tx() as write:
            made = [
                write(
                    lambda tx, number=number: record(
                        tx,
                        at=utc_now() - ago,
                        action="grant.requested",
                        outcome="done",
                        actor=audit.Actor(type="person", id=ADA, slack_user="U1", slack_team="T0123ABCD"),
                        where=WHERE,
                        correlation=f"g-{number}",
                        subject=ADA,
                        resource="prod-db",
                        facts={"minutes": 120},
                        texts={"justification": f"fix INC-{number}{ESCAPE}"},
                    )
                )
                for number in range(count)
            ]
        return [str(each) for each in made]

    def tamper(self, *statements: str) -> None:
        """Change the file behind everybody's back, as somebody with the disk in hand could."""
        with closing(sqlite3.connect(self.store)) as raw, raw:
            for trigger in TRIGGERS_SQLITE:
                raw.execute(f"DROP TRIGGER IF EXISTS {trigger.split()[2]}")
            for statement in statements:
                raw.execute(statement)

    def checkpoint(self) -> Path:
        """Take a checkpoint into a file."""
        path = self.folder / "elsewhere.txt"
        assert self.run("audit", "checkpoint", "--out", str(path)).exit_code == 0
        return path


async def _people(path: Path) -> None:
    directory = LocalDirectory(path, name="staff", cost=Scrypt(n=2))
    await directory.add_account(ADA, login="ada", name="Ada Lovelace", mail="ada@example.com")
    await directory.add_account(GRACE, login="grace", name="Grace Hopper", mail="grace@example.com")
    directory.close()


def installed(folder: Path) -> Install:
    (folder / "wicket.toml").write_text(SETTINGS)
    for made in _first_day().iterdir():
        shutil.copy(made, folder)
    return Install(folder)


@cache
def _first_day() -> Path:
    """A folder with both files as they are before anything happened, to copy."""
    folder = Path(mkdtemp(prefix="wicket-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy_empty_database(folder / "wicket.db")
    asyncio.run(_people(folder / "people.db"))
    return folder


@pytest.fixture
def install(tmp_path: Path) -> Install:
    return installed(tmp_path)


def granted(state: GrantState, *, entitlement: str = "prod-db", account: str = ADA) -> Grant:
    """A grant as the bot keeps it."""
    at = utc_now()
    return Grant(
        id=new_id("g", at), state=state, directory="staff", account=account, entitlement=entitlement,
        requester_directory="staff", requester_account=account,
        group="prod-db-rw", minutes=120, justification=f"because of {state}", slack_team="T0123ABCD",
        slack_user="U1", requester_name="Ada Lovelace", requester_login="ada", requester_team="Payments",
        requester_employment="employee", manager_name="", standing=[], reasons=[], missing={},
        policy_set="", requested_at=at,
    )  # fmt: skip


# Sentences instead of tracebacks


def test_a_missing_settings_file_is_one_sentence(tmp_path: Path):
    done = Install(tmp_path).run("migrate")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "there is no such file" in done.stderr
    assert "Traceback" not in done.output


def test_serving_without_a_secret_names_it_and_starts_nothing(install: Install):
    install.environ.clear()
    done = install.run("serve")
    assert done.exit_code == 2
    assert "WICKET_SLACK_BOT_TOKEN: is missing." in done.stderr
    assert "WICKET_SECRET_KEYS: is missing." in done.stderr
    assert "Traceback" not in done.output


def test_help_names_a_value_only_where_one_is_typed(install: Install):
    """An option that is on or off takes no word after it, whichever command has it."""
    for words in (
        (),
        ("--help",),
        ("check", "--help"),
        ("audit", "verify", "--help"),
        ("exceptions", "--help"),
    ):
        assert "<bool>" not in install.run(*words).stdout, words
    assert "--since WHEN" in " ".join(install.run("exceptions", "--help").stdout.split())
    assert "restore [OPTIONS] [FILE]" in install.run("restore", "--help").stdout


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("audit", "shw"), "Did you mean 'show'? See: wicket audit --help"),
        (("audit", "show", "--persn", "ada"), "--person"),
        (
            ("check", "--config", "wicket.toml"),
            "--config stands before the command: wicket --config FILE check",
        ),
        (("grants", "list", "--limit", "many"), "--limit"),
        (("audit", "show", "--since", "whenever"), 'like "2h", or a day'),
        (("audit", "show", "--since", "0001-01-01T00:00+14:00"), "a day, like 2026-11-01"),
        (("audit", "show", "--until", "whenever"), "--until"),
        (("audit", "show", "--limit", "9" * 30), "--limit"),
        (("audit", "show", "--story", "\udcff"), "no text in UTF-8"),
        (("audit", "show", "--person", "\udcff"), "no text in UTF-8"),
        (("audit", "prove", "e-\udc80"), "no text in UTF-8"),
        (("audit", "controls", "--from", "0001-01-01T00:00+14:00"), "Write a day"),
        (("audit", "controls", "--to", "9999-12-31T23:59-14:00"), "Write a day"),
        (("audit", "verify", "--key", "no key"), "is no public key"),
        (("audit", "verify", "--checkpoint", "nowhere.txt"), "nowhere.txt: No such file"),
        (("keygen", "--log", "two words"), "--log"),
        (("proofs", "unlock", "nobody"), "No directory knows anybody"),
        (("resume",), "Choose from: restored, mismatch, emergency, resets. See: wicket resume --help"),
        (("resume", "it", "--by", "Ann", "--why", "so"), "resets': 'it' is not one of"),
        (("demo", "--port", "99999"), "'--port': Input should be less than or equal to 65535. See:"),
        (("policy", "show", "zzz"), "There is no policy or file zzz. Without a name they are all listed."),
        (("policy", "show", "no-standing-admn"), "Did you mean `no-standing-admin`?"),
    ],
)
def test_a_wrong_command_is_told_in_one_sentence(install: Install, typed: tuple[str, ...], told: str):
    done = install.run(*typed)
    assert done.exit_code == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_reading_makes_no_database_and_says_how_to_have_one(tmp_path: Path):
    (tmp_path / "wicket.toml").write_text(SETTINGS)
    install = Install(tmp_path)
    done = install.run("audit", "show")
    assert done.exit_code == 2
    assert "There is no database at" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wicket.toml"]


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (
            0,
            "is empty, so nothing of Wicket is in it. Check the path. If there was something, keep what lies beside",
        ),
        (20_000, "Its file is damaged, or is no database of Wicket: keep it as it is"),
    ],
)
def test_a_database_that_was_cut_off_is_told_and_a_backup_takes_its_place(
    install: Install, size: int, told: str
):
    """Whoever reads that it is of an earlier version migrates what is lost."""
    install.happened(1)
    copy = install.folder / "copy.db"
    assert install.run("backup", str(copy)).exit_code == 0
    os.truncate(install.store, size)
    for words in (("grants", "list"), ("audit", "verify")):
        done = install.run(*words)
        assert (done.exit_code, told in done.stderr) == (2, True), done.output
        assert "`wicket restore COPY`" in done.stderr
    assert install.store.stat().st_size == size
    cut, pipe = install.folder / "cut.db", install.folder / "pipe"
    os.mkfifo(pipe)
    shutil.copy(install.store, cut)
    for file, wrong in ((cut, "is not a whole database: "), (pipe, "There is no file")):
        done = install.run("restore", str(file))
        assert (done.exit_code, wrong in done.stderr) == (2, True), done.output
    assert install.store.stat().st_size == size
    assert install.run("restore", str(copy)).exit_code == 0
    assert install.run("audit", "verify").exit_code == 0


def test_a_database_of_a_newer_version_is_told(install: Install):
    install.tamper("UPDATE alembic_version SET version_num = '9999'")
    done = install.run("grants", "list")
    assert done.exit_code == 2
    assert done.stderr.startswith("The database was made by a newer version of Wicket.")


def test_without_a_command_the_help_names_them_all():
    done = typed([])
    assert done.exit_code == 0
    for command in (
        "serve",
        "migrate",
        "manifest",
        "keygen",
        "demo",
        "drift",
        "audit",
        "grants",
        "exceptions",
        "proofs",
        "keys",
    ):
        assert command in done.output


# Preparing


def test_migrate_makes_the_database(tmp_path: Path):
    (tmp_path / "wicket.toml").write_text(SETTINGS)
    done = Install(tmp_path).run("migrate")
    assert done.exit_code == 0
    assert "is up to date" in done.stdout
    assert is_current(tmp_path / "wicket.db")


def test_the_manifest_is_json_and_follows_the_settings(install: Install):
    assert json.loads(install.run("manifest").stdout)["settings"]["socket_mode_enabled"] is True
    install.environ["WICKET_SLACK__TRANSPORT"] = "http"
    assert json.loads(install.run("manifest").stdout)["settings"]["socket_mode_enabled"] is False


def test_the_manifest_over_http_needs_two_settings_and_no_more(tmp_path: Path):
    """It is wanted while the app, whose tokens and channels the others name, is not there yet."""
    public = 'public_url = "https://wicket.example.com"'
    (tmp_path / "wicket.toml").write_text(f'[slack]\ntransport = "http"\n[server]\n{public}\n')
    done = Install(tmp_path).run("manifest")
    assert done.exit_code == 0, done.stderr
    url = json.loads(done.stdout)["settings"]["event_subscriptions"]["request_url"]
    assert url == "https://wicket.example.com/slack/events"


def test_keygen_prints_lines_that_the_settings_take(install: Install):
    done = install.run("keygen", "--log", "log.example")
    given = dict(line.split("=", 1) for line in done.stdout.splitlines() if not line.startswith("#"))
    assert sorted(given) == ["WICKET_AUDIT_KEY", "WICKET_SECRET_KEYS"]
    install.environ = given
    assert install.run("audit", "checkpoint").exit_code == 0
    signer = read_signer(given["WICKET_AUDIT_KEY"])
    assert not isinstance(signer, BadKey)
    assert f"#   {signer.verifier.text}\n" in done.stdout


# The log shown


def test_entries_are_shown_with_names_and_words_and_no_terminal_command(install: Install):
    install.happened(1)
    done = install.run("audit", "show")
    assert done.exit_code == 0
    assert "Ada Lovelace" in done.stdout
    for shown in ("grant.requested", "done", "prod-db", "g-0", "justification: “fix INC-0 [2J”"):
        assert shown in done.stdout
    assert "\x1b" not in done.stdout


def test_an_id_that_no_directory_knows_is_shown_as_it_is(install: Install):
    with install.tx() as write:
        write(
            lambda tx: record(
                tx, at=utc_now(), action="access.removed", outcome="done", actor=WICKET, where=WHERE,
                correlation="g-1", subject="p-gone", resource="prod-db",
            )
        )  # fmt: skip
    assert "p-gone" in install.run("audit", "show").stdout


def test_a_stranger_is_shown_by_their_slack_account(install: Install):
    with install.tx() as write:
        write(
            lambda tx: record(
                tx, at=utc_now(), action="identity.refused", outcome="refused", actor=stranger("T9", "U0EVE"),
                where=WHERE, correlation="c-1",
            )
        )  # fmt: skip
    assert "unknown (U0EVE)" in install.run("audit", "show").stdout


def test_json_holds_what_the_leaf_says_and_the_texts(install: Install):
    first, *_ = install.happened(2)
    read = json.loads(install.run("audit", "show", "--json").stdout)
    assert [each["index"] for each in read] == [0, 1]
    assert read[0]["id"] == first
    assert read[0]["actor"]["id"] == ADA
    assert read[0]["facts"] == {"minutes": 120}
    assert read[0]["texts"]["justification"]["text"] == f"fix INC-0{ESCAPE}"
    assert datetime.fromisoformat(read[0]["at"]).tzinfo is not None


def test_json_of_no_entry_is_an_empty_list(install: Install):
    assert json.loads(install.run("audit", "show", "--json").stdout) == []


def test_an_erased_text_is_said_to_be_erased(install: Install):
    (entry,) = install.happened(1)
    at = utc_now()
    with install.tx() as write:
        write(
            lambda tx: erase_text(
                tx,
                entry,
                "justification",
                record=audit.Entry(
                    id=new_id("e", at), at=at, action="text.erased", outcome="done",
                    actor=audit.Actor(type="operator", id="cli"), correlation="c",
                    where=audit.Where(transport="cli", replica="main"),
                ),
            )
        )  # fmt: skip
    shown = install.run("audit", "show").stdout
    assert "justification erased" in shown
    assert "INC-0" not in shown


@pytest.mark.parametrize("word", ["ada", "ADA", ADA])
def test_a_person_is_found_by_login_or_id(install: Install, word: str):
    install.happened(1)
    assert len(json.loads(install.run("audit", "show", "--json", "--person", word).stdout)) == 1
    assert json.loads(install.run("audit", "show", "--json", "--person", "grace").stdout) == []


def test_entries_can_be_narrowed_by_time_entitlement_and_number(install: Install):
    install.happened(2, ago=timedelta(days=3))
    install.happened(3)
    today = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"

    def shown(*options: str) -> int:
        return len(json.loads(install.run("audit", "show", "--json", *options).stdout))

    assert (shown(), shown("--since", "2h"), shown("--since", today), shown("--since", "4 days")) == (
        5,
        3,
        3,
        5,
    )
    assert (shown("--entitlement", "prod-db"), shown("--entitlement", "vpn")) == (5, 0)
    assert [
        e["index"] for e in json.loads(install.run("audit", "show", "--json", "--limit", "2").stdout)
    ] == [3, 4]
    assert (shown("--until", today), shown("--until", "2h", "--since", "4 days")) == (2, 2)
    assert (shown("--action", "grant.requested"), shown("--action", "grant.approved")) == (5, 0)
    assert (shown("--outcome", "done", "--until", today), shown("--outcome", "refused")) == (2, 0)


# The log signed and verified


def test_a_checkpoint_is_printed_kept_and_owed_to_the_security_channel(install: Install):
    install.happened(3)
    done = install.run("audit", "checkpoint")
    assert done.exit_code == 0
    signer = read_signer(AUDIT_KEY)
    assert not isinstance(signer, BadKey)
    read = verify_note(done.stdout, signer.verifier)
    assert isinstance(read, Checkpoint)
    assert read.size == 3
    with install.tx() as write:
        owed = write(lambda tx: tx.exec(select(Owed).order_by(col(Owed.id))).all())
    assert [(one.courier, one.kind, one.subject, one.recipient) for one in owed] == [
        ("slack", "checkpoint", "1", SECURITY)
    ]


def test_a_checkpoint_needs_the_key_and_says_so(install: Install):
    install.environ.clear()
    done = install.run("audit", "checkpoint")
    assert done.exit_code == 2
    assert "WICKET_AUDIT_KEY: is missing." in done.stderr


def test_a_log_without_a_checkpoint_is_called_internally_consistent_only(install: Install):
    install.happened(3)
    done = install.run("audit", "verify")
    assert done.exit_code == 0
    assert done.stdout.startswith("Internally consistent only: 3 entries")
    assert done.stderr == ""


def test_a_log_that_agrees_with_a_checkpoint_is_sound(install: Install):
    install.happened(3)
    note = install.checkpoint()
    done = install.run("audit", "verify", "--checkpoint", str(note))
    assert done.exit_code == 0
    assert done.stdout == (
        "Sound up to the checkpoint: the first 3 entries agree with it. The 1 after it is internally consistent only.\n"
    )


def test_an_edited_entry_is_named(install: Install):
    entries = install.happened(3)
    install.tamper("""UPDATE audit_entries SET leaf = replace(leaf, '120', '999') WHERE "index" = 1""")
    done = install.run("audit", "verify")
    assert done.exit_code == 1
    assert done.stdout.startswith(
        f"Not sound. Entry {entries[1]} at index 1 was edited after it was written."
    )


@pytest.mark.parametrize("column", ["id", "actor", "subject", "resource", "action", "outcome", "correlation"])
def test_what_is_no_text_where_text_was_is_shown_and_named(install: Install, column: str):
    """SQLite keeps bytes in a column of texts."""
    install.happened(3)
    install.tamper(f"""UPDATE audit_entries SET "{column}" = x'ff00' WHERE "index" = 1""")
    for words in (("show",), ("show", "--json"), ("show", "--story", "g-1")):
        done = install.run("audit", *words)
        assert done.exit_code == 0, done.output
    done = install.run("audit", "verify")
    assert (done.exit_code, f"Column `{column}` of entry" in done.stdout) == (1, True)


def test_an_edited_entry_says_nothing_to_the_terminal_and_no_verdict_of_its_own(install: Install):
    """O-4: whoever edits the log chooses what stands in it, and its id is told to whoever verifies it."""
    install.happened(3)
    entry = f"x{ESCAPE}\nSound. Nothing was edited.".replace("\n", "'||char(10)||'").replace(
        "\x1b", "'||char(27)||'"
    )
    install.tamper(f"""UPDATE audit_entries SET id = '{entry}' WHERE "index" = 1""")
    done = install.run("audit", "verify")
    assert done.exit_code == 1
    assert "\x1b" not in done.output
    assert not any(line.startswith("Sound") for line in done.stdout.splitlines())
    assert "Sound. Nothing was edited" in done.stdout


def test_a_text_that_was_changed_is_named(install: Install):
    entries = install.happened(3)
    install.tamper("""UPDATE audit_texts SET text = 'another reason' WHERE "index" = 2""")
    done = install.run("audit", "verify")
    assert done.exit_code == 1
    assert (
        f"The justification of entry {entries[2]} at index 2 is not the text that was written" in done.stdout
    )


def test_a_damaged_tile_is_named_with_the_command_that_mends_it(install: Install):
    """T-5: and with a process more the answer is the same."""
    install.happened(257)
    install.checkpoint()
    assert "Nothing is wrong" in install.run("audit", "rebuild-tiles").stdout
    with install.tx() as write:
        write(lambda tx: add_tiles(tx, next_tiles(tx, most=1)))
    install.tamper("UPDATE audit_tiles SET root = zeroblob(32)")
    done = install.run("audit", "verify", "--jobs", "2")
    assert done.exit_code == 1
    assert "Tile 0 of level 0" in done.stdout
    assert "`wicket audit rebuild-tiles` makes them anew" in done.stdout
    mended = install.run("audit", "rebuild-tiles")
    assert (
        mended.stdout == "The stored tree was made anew for the first 257 entries, and that is on record.\n"
    )
    assert install.run("audit", "verify").exit_code == 0
    assert "log.tiles_rebuilt" in install.run("audit", "show", "--action", "log.tiles_rebuilt").stdout


def test_a_tree_is_not_made_anew_over_an_edited_entry_or_without_a_checkpoint(install: Install):
    """T-5."""
    install.happened(256)
    with install.tx() as write:
        write(lambda tx: add_tiles(tx, next_tiles(tx, most=1)))
    install.tamper("UPDATE audit_tiles SET root = zeroblob(32)")
    done = install.run("audit", "rebuild-tiles")
    assert (done.exit_code, "No signed checkpoint covers any entry" in done.stderr) == (1, True)
    install.tamper("""UPDATE audit_entries SET outcome = 'refused' WHERE "index" = 9""")
    done = install.run("audit", "rebuild-tiles")
    assert done.exit_code == 1
    assert "More than the stored tree is wrong, so nothing was done." in done.stdout


def test_a_deleted_entry_is_named(install: Install):
    install.happened(3)
    install.tamper("""DELETE FROM audit_entries WHERE "index" = 1""")
    done = install.run("audit", "verify")
    assert done.exit_code == 1
    assert "What stood at index 1 is missing" in done.stdout


@pytest.fixture
def cut(install: Install) -> tuple[Install, Path]:
    """A log whose newest entries were taken out so well that it agrees with itself, and a checkpoint from before."""
    install.happened(2)
    with install.tx() as write:
        (frontier,) = write(
            lambda tx: tx.connection().exec_driver_sql("SELECT frontier FROM audit_head").one()
        )
    install.happened(1)
    note = install.checkpoint()
    install.tamper(
        'DELETE FROM audit_entries WHERE "index" >= 2',
        'DELETE FROM audit_texts WHERE "index" = 2',
        "DELETE FROM audit_checkpoints",
        f"UPDATE audit_head SET size = 2, frontier = x'{frontier.hex()}'",
    )
    return install, note


def test_a_cut_tail_is_found_with_a_checkpoint_and_only_with_it(cut: tuple[Install, Path]):
    install, note = cut
    assert install.run("audit", "verify").exit_code == 0
    done = install.run("audit", "verify", "--checkpoint", str(note))
    assert done.exit_code == 1
    assert done.stdout == (
        "Not sound. A signed checkpoint covers 3 entries, but only 2 are here: the tail was cut.\n"
    )


def test_a_log_that_contradicts_the_file_is_not_signed_over_it(cut: tuple[Install, Path]):
    """The file may be the only proof of what was there: it is not overwritten by what contradicts it."""
    install, note = cut
    before = note.read_text()
    done = install.run("audit", "checkpoint", "--out", str(note))
    assert done.exit_code == 1
    assert "contradicts the checkpoint over 3 entries. No checkpoint was signed." in done.stderr
    assert note.read_text() == before


def test_a_newer_checkpoint_takes_the_place_of_one_that_agrees(install: Install):
    install.happened(2)
    note = install.checkpoint()
    install.happened(1)
    done = install.run("audit", "checkpoint", "--out", str(note))
    assert done.exit_code == 0
    assert note.read_text().split("\n")[1] == "4"  # one tells of the checkpoint before


@pytest.mark.parametrize("copied", ["\n{}", "{}\n\n", "{}".strip(), "\r\n{}\r\n"])
def test_a_checkpoint_copied_from_a_message_is_still_one(install: Install, copied: str):
    """Copying loses or adds the newline at the end, or changes line ends; what is signed is between them."""
    install.happened(2)
    note = install.checkpoint()
    text = copied.format(note.read_text().rstrip("\n"))
    note.write_text(text.replace("\n", "\r\n") if "\r" in copied else text, newline="")
    assert install.run("audit", "verify", "--checkpoint", str(note)).exit_code == 0


def test_a_part_of_the_log_is_verified_alone(install: Install):
    """T-1: with a checkpoint over more, and what is wrong elsewhere left aside."""
    install.happened(6)
    note = install.checkpoint()
    done = install.run("audit", "verify", "--from", "2", "--to", "4", "--checkpoint", str(note))
    assert (done.exit_code, done.stdout) == (
        0,
        "Sound: the entries 2 to 4 are those that the checkpoint over 6 entries was signed for.\n",
    )
    install.tamper("""UPDATE audit_entries SET leaf = replace(leaf, '120', '999') WHERE "index" = 1""")
    assert install.run("audit", "verify", "--from", "2").exit_code == 0
    assert install.run("audit", "verify", "--to", "1").exit_code == 1
    done = install.run("audit", "verify", "--from", "7")
    assert (done.exit_code, "There are 7 entries" in done.stderr) == (2, True)
    done = install.run("audit", "verify", "--from", "5", "--to", "3")
    assert (done.exit_code, "It is before --from" in done.stderr) == (2, True), "which of the two is wrong"


def test_whoever_is_shown_a_part_hears_that_there_is_more(install: Install):
    """Else an auditor who counts what a filter let through takes a hundred for all."""
    install.happened(3)
    for more in ((), ("--json",)):
        done = install.run("audit", "show", "--action", "grant.requested", "--limit", "2", *more)
        assert (done.exit_code, done.stderr) == (
            0,
            "These are the newest 2, and there are older ones that fit. Show more with --limit.\n",
        ), more
        assert ("INC-0" in done.stdout, "INC-1" in done.stdout) == (False, True), more
    done = install.run("audit", "show", "--action", "grant.requested", "--limit", "3")
    assert (done.stderr, "INC-0" in done.stdout) == ("", True)


def test_one_story_is_shown_alone(install: Install):
    install.happened(3)
    shown = json.loads(install.run("audit", "show", "--json", "--story", "g-1").stdout)
    assert [entry["correlation"] for entry in shown] == ["g-1"]


def test_a_story_is_told_in_sentences_as_it_is_in_slack(install: Install):
    """AU-12: with the time, the policy and the words of each entry."""
    install.happened(1)
    told = install.run("audit", "show", "--story", "g-0")
    assert told.exit_code == 0
    assert " asked for " in told.stdout
    assert "Why: “" in told.stdout


def test_what_is_added_is_shown_as_it_comes(install: Install):
    """A-6: one line each, until one has seen enough."""
    install.happened(2)
    # Whoever runs the tests in the background has it ignored, and so would what they start.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from bot.cli import main; main()"
    typed = [sys.executable, "-c", heard, "--config", str(install.folder / "wicket.toml")]
    with subprocess.Popen(
        [*typed, "audit", "show", "--follow", "--json"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, **install.environ}, cwd=Path(__file__).parents[3],
    ) as following:  # fmt: skip
        try:
            assert following.stdout is not None
            assert [json.loads(following.stdout.readline())["index"] for _ in range(2)] == [0, 1]
            install.happened(2)
            assert [json.loads(following.stdout.readline())["index"] for _ in range(2)] == [2, 3]
            following.send_signal(signal.SIGINT)
            assert following.wait(20) == 0
        finally:
            following.kill()


def test_however_many_come_at_once_each_is_shown_in_order(install: Install, monkeypatch: pytest.MonkeyPatch):
    """A-6: nothing is left out where a store is written to fast, or the command stood still for a while."""
    install.happened(1)
    came, looks = 10_050, iter([True])

    def wait(_: float) -> None:
        if not next(looks, False):
            raise KeyboardInterrupt
        with install.tx() as write:
            write(lambda tx: append_each(tx, [noted(number) for number in range(came)]))

    monkeypatch.setattr("bot.cli.audit.time.sleep", wait)
    done = install.run("audit", "show", "--follow", "--json")
    assert done.exit_code == 0
    assert [json.loads(line)["index"] for line in done.stdout.splitlines()] == list(range(1 + came))


def test_of_what_comes_only_what_fits_is_shown(install: Install, monkeypatch: pytest.MonkeyPatch):
    """A-6: one story is followed among all the others."""
    looks = iter([True])

    def wait(_: float) -> None:
        if not next(looks, False):
            raise KeyboardInterrupt
        with install.tx() as write:
            write(lambda tx: append_each(tx, map(noted, range(5))))

    monkeypatch.setattr("bot.cli.audit.time.sleep", wait)
    done = install.run("audit", "show", "--follow", "--json", "--story", "g-3")
    assert [json.loads(line)["correlation"] for line in done.stdout.splitlines()] == ["g-3"]


def noted(number: int) -> audit.Entry:
    """An entry of which many can be made quickly."""
    at = utc_now()
    return audit.Entry(
        at=at, id=new_id("e", at), action="grant.requested", outcome="done", correlation=f"g-{number}",
        where=audit.Where(transport="cli", replica="r1"),
        actor=audit.Actor(type="person", id=ADA, slack_user="U1", slack_team="T0123ABCD"),
    )  # fmt: skip


def test_an_auditor_verifies_with_the_public_key_alone(install: Install):
    install.happened(2)
    note = install.checkpoint()
    signer = read_signer(install.environ.pop("WICKET_AUDIT_KEY"))
    assert not isinstance(signer, BadKey)
    without = install.run("audit", "verify", "--checkpoint", str(note))
    assert without.exit_code == 2
    assert "--key" in without.stderr
    done = install.run("audit", "verify", "--checkpoint", str(note), "--key", signer.verifier.text)
    assert (done.exit_code, done.stdout) == (
        0,
        "Sound up to the checkpoint: the first 2 entries agree with it. The 1 after it is internally consistent "
        "only.\n",
    )


def test_a_checkpoint_of_another_key_does_not_count(install: Install):
    install.happened(2)
    note = install.checkpoint()
    install.environ["WICKET_AUDIT_KEY"] = new_audit_key("wicket.example")
    done = install.run("audit", "verify", "--checkpoint", str(note))
    assert done.exit_code == 2
    assert f"{note}: A checkpoint cannot be trusted: it is not signed by the key" in done.stderr
    assert "If the key was changed since, give the one that signed it by --key" in done.stderr


# What is kept


def test_open_grants_are_listed_and_all_of_them_when_asked(install: Install):
    with install.tx() as write:
        for state in (GrantState.DRAFT, GrantState.PENDING, GrantState.ACTIVE, GrantState.ENDED):
            write(lambda tx, state=state: add(tx, granted(state)))
        write(lambda tx: add(tx, granted(GrantState.ACTIVE, entitlement="vpn", account=GRACE)))
    shown = install.run("grants", "list").stdout
    assert "because of pending" in shown
    assert shown.count("because of active") == 2
    assert "because of ended" not in shown
    everything = install.run("grants", "list", "--all").stdout
    assert "because of ended" in everything
    assert "because of draft" not in everything
    every, cut = (install.run("grants", "list", "--all", "--limit", many) for many in ("4", "3"))
    assert (every.stdout, every.stderr) == (everything, "")
    assert (
        cut.stderr == "These are the newest 3, and there are older ones that fit. Show more with --limit.\n"
    )
    assert cut.stdout.count("because of") == everything.count("because of") - 1 == 3
    assert "vpn" not in install.run("grants", "list", "--person", "ada").stdout
    assert "prod-db" not in install.run("grants", "list", "--entitlement", "vpn").stdout


def test_what_was_asked_for_a_report_is_listed_as_theirs(install: Install):
    """Both who asked and whoever has it find it, and who has it is said first."""
    for_grace = granted(GrantState.ACTIVE)
    for_grace.target_account, for_grace.target_name, for_grace.account = GRACE, "Grace Hopper", GRACE
    with install.tx() as write:
        write(lambda tx: add(tx, for_grace))
    for person in ("ada", "grace"):
        assert (
            "Grace Hopper, asked by Ada Lovelace" in install.run("grants", "list", "--person", person).stdout
        )


def test_no_open_grant_is_said_in_words(install: Install):
    assert install.run("grants", "list").stdout == "None is open. --all shows those that are over.\n"


def test_what_is_overdue_is_listed_with_its_owner_and_its_fault(install: Install):
    """Exit code 1 says that there is some, so that a watch can be built on it."""
    at = utc_now() - timedelta(minutes=20)
    with install.tx() as write:
        for entitlement in ("prod-db", "left-over"):
            grant = granted(GrantState.ENDING, entitlement=entitlement, account=f"p-{entitlement}")
            grant.expires_at = grant.decided_at = at
            write(lambda tx, grant=grant: follow_grant(tx, add(tx, grant), at=at, due_at=at))
        live = granted(GrantState.ACTIVE, entitlement="not-begun", account="p-live")
        live.expires_at = live.decided_at = at
        write(lambda tx: add(tx, live))
        (held, _) = write(
            lambda tx: take(
                tx,
                due(tx, directory="staff", at=at, limit=2, longest=timedelta(minutes=5)),
                until=at + timedelta(minutes=1),
            )
        )
        write(
            lambda tx: release(
                tx, held_under(tx, held), next_at=at + timedelta(minutes=30), fault="The directory said no."
            )
        )
    done = install.run("grants", "overdue")
    assert done.exit_code == 1
    (prod,) = [line for line in done.stdout.splitlines() if "prod-db" in line]
    assert f"{at:%Y-%m-%d %H:%M:%S}" in prod
    for word in ("Ada Lovelace", "Data Platform", "1"):
        assert word in prod
    assert "The directory said no." in done.stdout
    (left,) = [line for line in done.stdout.splitlines() if "left-over" in line]
    assert "not in wicket.toml" in left
    (live,) = [line for line in done.stdout.splitlines() if "not-begun" in line]
    assert "its end has not" in live


def test_nothing_overdue_is_said_in_words(install: Install):
    """What ends just now is not overdue, nor is what is still to be given."""
    at = utc_now()
    with install.tx() as write:
        for state, account in ((GrantState.ENDING, "p-1"), (GrantState.APPROVED, "p-2")):
            grant = granted(state, account=account)
            due = at if state == GrantState.ENDING else at - timedelta(hours=1)
            write(lambda tx, grant=grant, due=due: follow_grant(tx, add(tx, grant), at=due, due_at=due))
    done = install.run("grants", "overdue")
    assert (done.exit_code, done.stdout) == (0, "Nothing is overdue.\n")


def test_unlocking_lets_the_person_prove_again_on_the_record(install: Install):
    def lock(tx: Session) -> None:
        for _ in range(3):
            count_attempt(tx, directory="staff", account=ADA, at=utc_now(), limit=3, lock=timedelta(days=1))

    with install.tx() as write:
        write(lock)
    done = install.run("proofs", "unlock", "ada")
    assert (done.exit_code, done.stdout) == (0, "Ada Lovelace can give proofs on the secure page again.\n")
    with install.tx() as write:
        locked = write(
            lambda tx: is_locked(tx, directory="staff", account=ADA, at=utc_now(), lock=timedelta(days=1))
        )
        (entry,) = write(rows)
    assert not locked
    assert (entry.action, entry.said()["actor"]["type"], entry.said()["where"]["transport"], entry.subject) == (
        "proofs.unlocked", "operator", "cli", ADA,
    )  # fmt: skip
    assert "nothing to lift" in install.run("proofs", "unlock", "ada").stdout


def test_reading_goes_on_while_a_bot_writes(install: Install):
    install.happened(2)
    with closing(sqlite3.connect(install.store)) as bot:
        bot.execute("BEGIN IMMEDIATE")
        bot.execute("INSERT INTO deliveries VALUES ('Ev1', 1)")
        assert install.run("audit", "verify").exit_code == 0
        assert install.run("grants", "list").exit_code == 0
        bot.rollback()
