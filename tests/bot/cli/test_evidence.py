"""The commands for auditors, on a real store: a folder that proves itself from outside, and the map of controls."""

import base64
import hmac
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.settings import new_audit_key
from handlers.recording import record
from storage.audit.entry import Actor
from storage.audit.merkle import Frontier, leaf_hash
from storage.clock import utc_now
from tests.bot.cli.test_audit_proofs import key_of
from tests.bot.cli.test_cli import ADA, GRACE, WHERE, Install, installed

TODAY, TOMORROW = (str((datetime.now(UTC) + timedelta(days=days)).date()) for days in (0, 1))
PERIOD = ("--from", str(datetime.now(UTC).date() - timedelta(days=1)), "--to", TOMORROW)


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    made = installed(tmp_path_factory.mktemp("evidence"))
    made.happened(3)
    return made


def test_the_folder_is_checked_with_the_public_key_alone(install: Install, tmp_path: Path) -> None:
    """AU-12, T-6: every entry that is told is proven, under the checkpoint that lies beside it."""
    folder = tmp_path / "out"
    done = install.run("audit", "evidence", *PERIOD, "--out", str(folder))
    assert (done.exit_code, done.stdout) == (0, f"Wrote 3 requests with 3 entries in 11 files to {folder}.\n")
    auditor = Install(tmp_path / "nowhere", environ={})
    proofs = sorted((folder / "proofs").iterdir())
    entries = [json.loads(line)["id"] for line in (folder / "entries.jsonl").read_text().splitlines()]
    assert [proof.stem for proof in proofs] == sorted(entries)
    held = ("--checkpoint", str(folder / "checkpoint.txt"), "--key", key_of(install).text)
    for proof in proofs:
        assert auditor.run("audit", "verify-proof", str(proof), *held).exit_code == 0
    assert "Ada Lovelace" in (folder / "report.html").read_text()


def test_the_folder_names_whoever_it_is_about_though_no_entry_of_theirs_is_in_it(tmp_path: Path) -> None:
    """AU-12: in whose place somebody decided, and who is asked about."""
    install = installed(tmp_path)
    install.happened(1)
    with install.tx() as write:
        write(
            lambda tx: record(
                tx, at=utc_now(), action="approval.given", outcome="done", actor=Actor(type="person", id=ADA),
                where=WHERE, correlation="g-0", subject=ADA, resource="prod-db",
                facts={"role": "owner", "delegation": "dg-1", "delegator": GRACE},
            )
        )  # fmt: skip
    assert install.run("audit", "evidence", *PERIOD, "--out", str(tmp_path / "all")).exit_code == 0
    assert "by delegation from <bdi>Grace Hopper" in (tmp_path / "all" / "report.html").read_text()
    assert '"dg-1","p-2","Grace Hopper"' in (tmp_path / "all" / "decisions.csv").read_text()
    asked = (*PERIOD, "--person", "grace", "--out", str(tmp_path / "hers"))
    assert install.run("audit", "evidence", *asked).exit_code == 0
    assert ", of <bdi>Grace Hopper" in (tmp_path / "hers" / "report.html").read_text()


def test_a_text_is_held_against_what_its_entry_commits_to(install: Install, tmp_path: Path) -> None:
    """Promise 2, T-6: whoever hands the folder out can put no other reason into somebody's mouth."""
    folder = tmp_path / "out"
    assert install.run("audit", "evidence", *PERIOD, "--out", str(folder)).exit_code == 0
    for entry in map(json.loads, (folder / "entries.jsonl").read_text().splitlines()):
        extra = (folder / "proofs" / f"{entry['id']}.txt").read_text().splitlines()[1]
        leaf = json.loads(base64.b64decode(extra.removeprefix("extra ")))
        made = {
            name: hmac.digest(bytes.fromhex(kept["salt"]), kept["text"].encode(), "sha256").hex()
            for name, kept in entry["texts"].items()
        }
        assert made
        assert made == leaf["texts"]


def test_a_folder_that_is_there_is_not_written_over(install: Install, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = install.run("audit", "evidence", *PERIOD, "--out", str(tmp_path))
    assert (done.exit_code, "is there already" in done.stderr) == (2, True)


def test_a_name_that_the_log_never_heard_of_is_told_and_not_only_counted_as_nothing(
    install: Install, tmp_path: Path
) -> None:
    """Else a slip of the pen is evidence that nobody asked for anything."""
    for which, word in (("--person", "adda"), ("--entitlement", "prod-bd")):
        done = install.run("audit", "evidence", *PERIOD, which, word, "--out", str(tmp_path / word))
        assert (done.exit_code, "Wrote 0 requests" in done.stdout) == (0, True)
        assert f"No entry of the whole log is about {word}" in done.stderr, word
    known = ("--person", "ada", "--entitlement", "prod-db")
    done = install.run("audit", "evidence", *PERIOD, *known, "--out", str(tmp_path / "known"))
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [("tomorrow", TOMORROW, "Write a day"), (TODAY, TODAY, "It is not after --from")],
)
def test_a_period_that_is_none_is_said_to_be(
    install: Install, tmp_path: Path, since: str, until: str, said: str
) -> None:
    done = install.run("audit", "evidence", "--from", since, "--to", until, "--out", str(tmp_path / "out"))
    assert (done.exit_code, said in done.stderr) == (2, True)


def test_without_the_key_it_says_what_is_missing(install: Install, tmp_path: Path) -> None:
    keyless = Install(install.folder, environ={})
    done = keyless.run("audit", "evidence", *PERIOD, "--out", str(tmp_path / "out"))
    assert (done.exit_code, "no checkpoint and no proofs" in done.stderr) == (0, True)
    assert not (tmp_path / "out" / "proofs").exists()


def test_a_log_that_contradicts_its_checkpoint_is_no_evidence(tmp_path: Path) -> None:
    """T-2: nobody signs what is not sound."""
    other = installed(tmp_path)
    other.happened(2)
    other.checkpoint()
    other.environ = {"WICKET_AUDIT_KEY": new_audit_key("wicket.example")}
    other.tamper("UPDATE audit_head SET size = 1")
    done = other.run("audit", "evidence", *PERIOD, "--out", str(tmp_path / "out"))
    assert done.exit_code != 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE audit_entries SET actor = 'p-mallory' WHERE \"index\" = 1",
        'UPDATE audit_entries SET at = 0 WHERE "index" = 0',
        "UPDATE audit_entries SET id = '../../../made-by-the-database' WHERE \"index\" = 1",
        "UPDATE audit_texts SET text = 'the auditor asked for it' WHERE \"index\" = 1",
    ],
)
def test_what_stands_beside_the_leaves_is_no_evidence_unless_it_is_what_they_say(
    tmp_path: Path, lie: str
) -> None:
    """T-1, AU-12: whoever can write the database changes no name, time or reason that an auditor reads."""
    other = installed(tmp_path)
    other.happened(2)
    other.tamper(lie)
    done = other.run("audit", "evidence", *PERIOD, "--out", str(tmp_path / "a" / "b" / "out"))
    assert (done.exit_code, "No evidence was written." in done.stderr) == (1, True)
    assert not (tmp_path / "a").exists()


def test_an_entry_that_cannot_be_read_is_named_with_what_is_wrong_and_what_helps(tmp_path: Path) -> None:
    """T-2, AU-12: a period without what nobody can read would look whole, so none of it is told."""
    other = installed(tmp_path)
    _, odd = other.happened(2)
    with closing(sqlite3.connect(other.store)) as raw:
        [(first,)] = raw.execute('SELECT leaf_hash FROM audit_entries WHERE "index" = 0')
    tree = Frontier().append(first).append(leaf_hash(b"[]"))
    other.tamper(
        f"UPDATE audit_entries SET leaf = X'{b'[]'.hex()}', leaf_hash = X'{leaf_hash(b'[]').hex()}',"
        f" root = X'{tree.root.hex()}' WHERE \"index\" = 1",
        f"UPDATE audit_head SET frontier = X'{tree.to_bytes().hex()}'",
    )
    done = other.run("audit", "evidence", *PERIOD, "--out", str(tmp_path / "out"))
    assert done.exit_code == 1
    assert done.stderr == (
        f"Entry {odd} at index 1 cannot be read: the leaf is of an unknown format. No evidence was written. "
        "`wicket audit verify` names all that does not fit.\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_quarter_before_the_first_days_there_are_is_as_much_as_there_is(install: Install) -> None:
    done = install.run("audit", "controls", "--to", "0001-01-02")
    assert (done.exit_code, "A count is no verdict." in done.stdout) == (0, True)


def test_controls_are_counted(install: Install) -> None:
    done = install.run("audit", "controls", "--json")
    rows = {(row["framework"], row["id"]): row for row in json.loads(done.stdout)}
    assert rows["NIST CSF 2.0", "PR.AA-05"]["entries"] == 0, "a request alone is no decision"
    done = install.run("audit", "controls")
    assert "A count is no verdict." in done.stdout
