"""`wicket audit archive` and what belongs to it: said before it is done, found again, and brought back (A-17)."""

import json
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import new_audit_key, new_key
from storage.audit import log
from storage.audit.checkpoint import BadKey, Signer, read_signer
from storage.audit.merkle import WIDTH
from storage.audit.tiles import add_tiles, next_tiles
from storage.database import Database
from storage.macs import Macs
from storage.secrets import Vault
from tests.bot.cli.test_cli import Install, install
from tests.full_disk import room_for
from tests.handlers.audit.test_archives_planted import plant
from tests.handlers.audit.test_archiving import NOW, OLD, OLDEST, OLDS, TODAYS, entry

__all__ = ["install"]

BY = ("--by", "Olga", "--why", "RETENTION-7")
DAY = f"{OLDEST:%Y-%m-%d}"
KEYS = new_key()
OTHERS = Signer.generate("wicket.example").verifier.text
SCRIPT = Path(__file__).parents[3] / "docs" / "verify_audit.py"


@pytest.fixture
def folder(install: Install) -> Path:
    """Of an install whose log is old enough to be archived in part."""
    install.environ["WICKET_SECRET_KEYS"] = KEYS
    with closing(Database(install.store, macs=Macs(Vault([KEYS])))) as database:
        each = [
            entry(one, OLD + timedelta(minutes=one) if one < OLDS else NOW) for one in range(OLDS + TODAYS)
        ]
        database.write_now(lambda tx: log.append_each(tx, each))
        database.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
    assert install.run("audit", "checkpoint").exit_code == 0
    made = install.folder / "archive"
    made.mkdir()
    return made


def archived(install: Install, folder: Path) -> str:
    done = install.run("audit", "archive", "--before", DAY, "--to", str(folder), *BY, "--yes")
    assert done.exit_code == 0, done.output
    return done.stdout


def signer(install: Install) -> Signer:
    read = read_signer(install.environ["WICKET_AUDIT_KEY"])
    assert not isinstance(read, BadKey)
    return read


def test_it_says_what_leaves_and_asks(install: Install, folder: Path) -> None:
    asked = install.run("audit", "archive", "--before", DAY, "--to", str(folder), *BY)  # and nobody answers
    assert asked.exit_code != 0
    assert "Entries 0 to 767 are to be archived in " in asked.stdout
    assert list(folder.iterdir()) == []
    said = archived(install, folder)
    assert "768 entries were archived and 752 taken out. 16 stay as well: they may be asked about." in said
    assert f"Keep {folder} as you keep the database" in said
    assert [file.name.split(".", 1)[1] for file in sorted(folder.iterdir())] == [
        "leaves.jsonl", "statement.txt", "texts.jsonl",
    ]  # fmt: skip
    again = install.run("audit", "archive", "--before", DAY, "--to", str(folder), *BY, "--yes")
    assert (again.exit_code, "Nothing was archived" in again.stdout) == (0, True)


def test_what_the_siem_has_yet_to_take_is_left_and_said(install: Install, folder: Path) -> None:
    """Though no bot was started since it was set up, so that nothing in the store tells of it yet."""
    settings = install.folder / "wicket.toml"
    settings.write_text(settings.read_text() + '[siem]\nto = "file"\nfile = "events.jsonl"\n')
    said = archived(install, folder)
    assert "Entries from 0 on wait: your SIEM has not taken them yet" in said
    assert "Nothing was archived." in said
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--before", "tomorrow"), "a day, like 2026-01-01"),
        (("--before", f"{NOW:%Y-%m-%d}"), "may still be asked about: take"),
        (("--to", "nowhere"), "There is no folder nowhere"),
        (("--why", " "), "Say who and why"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    install: Install, folder: Path, options: tuple[str, str], told: str
) -> None:
    given = {
        "--before": DAY,
        "--to": str(folder),
        "--by": "Olga",
        "--why": "RETENTION-7",
        options[0]: options[1],
    }
    done = install.run("audit", "archive", *(each for pair in given.items() for each in pair), "--yes")
    assert (done.exit_code, told in " ".join(done.output.split())) == (2, True), done.output
    assert list(folder.iterdir()) == []


def test_verify_says_what_is_archived_and_looks_at_the_files_where_they_are_given(
    install: Install, folder: Path
) -> None:
    archived(install, folder)
    plain = install.run("audit", "verify")
    assert plain.exit_code == 0
    assert "The first 768 entries are archived: their hashes were verified" in plain.stdout
    whole = install.run("audit", "verify", "--archives", str(folder))
    assert (whole.exit_code, "their files are what was signed" in whole.stdout) == (0, True)
    [leaves] = folder.glob("*.leaves.jsonl")
    whole_file = leaves.read_bytes()
    leaves.write_bytes(whole_file.replace(b"p-ada", b"p-eve", 1))
    for command in (("verify",), ("leaves",), ("prove", "7")):
        wrong = install.run("audit", *command, "--archives", str(folder))
        assert wrong.exit_code == 1, command
        assert "is not the file that the archive was signed for" in wrong.output, command


def test_files_that_are_elsewhere_are_not_taken_for_unsound(install: Install, folder: Path) -> None:
    """Nothing is wrong with the log, and it is said which folder to give."""
    archived(install, folder)
    elsewhere = install.folder / "elsewhere"
    elsewhere.mkdir()
    for command in (("verify",), ("verify", "--to", "300"), ("leaves",), ("prove", "7")):
        done = install.run("audit", *command, "--archives", str(elsewhere))
        assert done.exit_code == 2, command
        assert "is not there. Give the folder in which the files of the archives are." in done.output, command


def test_an_archived_entry_is_proven_from_its_file(install: Install, folder: Path) -> None:
    before = json.loads(install.run("audit", "show", "--json", "--limit", "9999").stdout)[7]
    archived(install, folder)
    assert install.run("audit", "prove", before["id"]).exit_code == 2
    for named in (before["id"], "7"):
        proof = install.folder / "one.tlog-proof"
        done = install.run("audit", "prove", named, "--archives", str(folder), "--out", str(proof))
        assert done.exit_code == 0, done.output
        key = signer(install).verifier.text
        checked = subprocess.run(
            [sys.executable, str(SCRIPT), key, "proof", str(proof)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, before["id"] in checked.stdout) == (0, True), checked.stderr
    odd = install.run("audit", "prove", "²", "--archives", str(folder))
    assert (odd.exit_code, "no entry with that id or index" in odd.output) == (2, True), odd.output
    nobody = install.run("audit", "prove", "e-nobody", "--archives", str(folder))
    assert (nobody.exit_code, "There is no entry with that id" in nobody.output) == (2, True)


def test_an_auditor_counts_all_leaves_with_those_that_are_archived(install: Install, folder: Path) -> None:
    """T-6: files of archives, one behind the other with what is left, are the log; no other verifier is needed."""
    whole = install.run("audit", "leaves").stdout
    archived(install, folder)
    missing = install.run("audit", "leaves")
    assert missing.exit_code == 2  # nothing is wrong with it
    assert "are archived: give the folder with their files" in missing.output
    kept, out = install.folder / "kept.txt", install.folder / "leaves.jsonl"
    assert install.run("audit", "checkpoint", "--out", str(kept)).exit_code == 0
    assert install.run("audit", "leaves", "--archives", str(folder), "--out", str(out)).exit_code == 0
    assert out.read_text().startswith(whole)
    [leaves] = folder.glob("*.leaves.jsonl")
    assert out.read_bytes().startswith(leaves.read_bytes())
    checked = subprocess.run(
        [sys.executable, str(SCRIPT), signer(install).verifier.text, "leaves", str(out), str(kept)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, "HOLDS" in checked.stdout) == (0, True), checked.stdout + checked.stderr


def test_evidence_of_an_archived_time_waits_until_it_is_brought_back(install: Install, folder: Path) -> None:
    period = ("--from", f"{OLD:%Y-%m-%d}", "--to", f"{OLD + timedelta(days=2):%Y-%m-%d}")
    archived(install, folder)
    for command in (("evidence", "--out", str(install.folder / "evidence")), ("controls",)):
        refused = install.run("audit", *command, *period)
        assert (
            refused.exit_code,
            "Bring them back with `wicket audit unarchive FOLDER`" in refused.output,
        ) == (2, True)
    replayed = install.run("policy", "replay", "--since", period[1])
    assert (replayed.exit_code, "or take a later time" in replayed.output) == (2, True), replayed.output
    within = install.run("policy", "replay", "--since", f"{OLD + timedelta(days=4):%Y-%m-%d}")
    assert within.exit_code == 2, within.output  # policies look back for some days
    later = install.run("policy", "replay", "--since", f"{OLD + timedelta(days=10):%Y-%m-%d}")
    assert later.exit_code == 0, later.output
    shown = install.run("audit", "show", "--until", f"{OLDEST:%Y-%m-%d}")
    assert "are archived, and are not among these" in shown.output
    back = install.run("audit", "unarchive", str(folder), *BY)
    assert (back.exit_code, "One archive was brought back." in back.stdout) == (0, True), back.output
    assert (
        install.run("audit", *("evidence", "--out", str(install.folder / "evidence")), *period).exit_code == 0
    )
    assert install.run("audit", "verify").exit_code == 0
    again = install.run("audit", "unarchive", str(folder), *BY)
    assert (again.exit_code, "nothing was brought back" in again.stdout) == (0, True)
    assert "752 taken out" in archived(install, folder)


def test_no_statement_that_others_put_there_has_anybody_count_too_few(install: Install, folder: Path) -> None:
    """T-9: commands that need no key of the log take for true whatever is stated of what is not there."""
    archived(install, folder)
    with install.tx() as write:
        write(lambda tx: plant(tx, 0, WIDTH, until=OLD - timedelta(days=99)))
    for command in (("audit", "controls", "--from"), ("policy", "replay", "--since")):
        refused = install.run(*command, f"{OLD:%Y-%m-%d}")
        assert (refused.exit_code, "are archived. Bring them back" in refused.output) == (2, True), command
    assert "Most entries up to" in install.run("audit", "show", "--until", DAY).stderr


def test_whoever_erases_hears_that_what_is_archived_is_not_looked_through(
    install: Install, folder: Path
) -> None:
    """A-16: otherwise nothing would be known of somebody all of whose entries have left."""
    whom = ("--person", "p-grace", *BY, "--yes")
    assert "is archived for the most part" not in install.run("audit", "erase", *whom).output
    archived(install, folder)
    assert "is archived for the most part" in install.run("audit", "erase", *whom).output


def test_a_folder_without_the_files_brings_nothing_back(install: Install, folder: Path) -> None:
    archived(install, folder)
    done = install.run("audit", "unarchive", str(install.folder), *BY)
    assert done.exit_code != 0
    assert "leaves.jsonl is not there." in done.output


def test_after_a_new_key_archives_are_signed_by_it(install: Install, folder: Path) -> None:
    archived(install, folder)
    old = signer(install).verifier.text
    install.environ["WICKET_AUDIT_KEY"] = new_audit_key(signer(install).name)
    assert install.run("audit", "verify").exit_code == 1
    wrong = install.run("audit", "sign-archives", "--key", OTHERS, *BY)
    assert (wrong.exit_code, "Give the one that signed them" in wrong.stderr) == (2, True), wrong.output
    done = install.run("audit", "sign-archives", "--key", old, *BY)
    assert (done.exit_code, "One archive was signed by the new key." in done.stdout) == (0, True), done.output
    unsigned = install.run("audit", "verify")
    assert (unsigned.exit_code, "take a checkpoint under the new one" in unsigned.stderr) == (2, True)
    assert install.run("audit", "checkpoint").exit_code == 0
    assert install.run("audit", "verify").exit_code == 0
    same = install.run("audit", "sign-archives", "--key", signer(install).verifier.text, *BY)
    assert (same.exit_code, "give the one of before" in same.output) == (2, True)


def test_verify_of_a_part_says_what_of_it_is_archived_and_looks_at_the_files(
    install: Install, folder: Path
) -> None:
    archived(install, folder)
    part = install.run("audit", "verify", "--from", "100", "--to", "300")
    assert (
        part.exit_code,
        "The first 768 entries are archived: their hashes were verified" in part.stdout,
    ) == (0, True)
    later = install.run("audit", "verify", "--from", "800")
    assert (later.exit_code, "archived" in later.stdout) == (0, False)
    [leaves] = folder.glob("*.leaves.jsonl")
    leaves.write_bytes(b"")
    wrong = install.run("audit", "verify", "--from", "100", "--to", "300", "--archives", str(folder))
    assert (wrong.exit_code, "is not the file that the archive was signed for" in wrong.stdout) == (1, True)


def test_without_a_key_nothing_is_called_signed(install: Install, folder: Path) -> None:
    """T-9: whoever writes rows can state an archive; only a key tells that it was signed."""
    archived(install, folder)
    del install.environ["WICKET_AUDIT_KEY"]
    for more in ((), ("--archives", str(folder)), ("--to", "300")):
        said = install.run("audit", "verify", *more)
        assert (said.exit_code, "archived: so the store says itself" in said.stdout) == (0, True), said.output
        assert "signed of them" not in said.stdout
        assert "what was signed." not in said.stdout


def test_statements_that_count_for_nothing_call_nothing_archived(install: Install, folder: Path) -> None:
    archived(install, folder)
    other = Signer.from_seed("wicket.example/audit", bytes([7] * 32)).verifier.text
    said = install.run("audit", "verify", "--key", other)
    assert "1 statements of archives are not signed by this key" in said.stdout
    assert "entries are archived" not in said.stdout


def test_show_says_that_something_is_missing_between_entries_that_stayed(
    install: Install, folder: Path
) -> None:
    """A-17: as many entries as were asked for are no answer about a time of which most left."""
    archived(install, folder)
    told = "are archived, and are not among these"
    for asked, tells in (
        (("--action", "rules.changed", "--limit", "4"), True),
        (("--limit", "5"), False),
        (("--since", "1d"), False),
        (("--story", "g-1"), True),
    ):
        shown = install.run("audit", "show", *asked)
        assert (shown.exit_code, told in shown.stderr) == (0, tells), asked


def test_leaves_that_are_not_all_there_are_written_over_no_file(install: Install, folder: Path) -> None:
    archived(install, folder)
    out = install.folder / "leaves.jsonl"
    out.write_text("what was written before\n")
    assert install.run("audit", "leaves", "--out", str(out)).exit_code == 2
    assert out.read_text() == "what was written before\n"


def test_bringing_back_says_how_many_texts_the_files_lacked(install: Install, folder: Path) -> None:
    """A-16: a file that was cut looks like one of which lines were taken out, and what is on record stays there."""
    archived(install, folder)
    [texts] = folder.glob("*.texts.jsonl")
    lines = texts.read_bytes().splitlines(keepends=True)
    texts.write_bytes(b"".join(lines[3:]))  # of which the first stayed
    back = install.run("audit", "unarchive", str(folder), *BY)
    assert (back.exit_code, "2 texts were not in the files of texts" in back.stdout) == (0, True), back.output
    assert install.run("audit", "verify").exit_code == 0


def test_statements_that_others_put_there_are_named_with_what_to_do_and_stop_nothing(
    install: Install, folder: Path
) -> None:
    with install.tx() as write:
        write(lambda tx: plant(tx, 0, WIDTH))
    verified = install.run("audit", "verify")
    said = archived(install, folder)
    assert verified.exit_code == 1
    assert "kept as number 1, and the log does not say so: it was put there by other hands" in verified.stdout
    for told in (said, verified.stdout):
        assert (
            "1 statements of archives are not signed by this key or fit nowhere, and were not used. If"
            in told
        )
        assert "They excuse nothing and hold nothing up." in told
    assert "752 taken out" in said


@pytest.mark.parametrize(
    ("room", "told", "left"),
    [
        # For less than the leaves; for less than what the database writes when entries leave.
        (100_000, "archive: File too large.", 0),
        (400_000, "The database cannot be used right now: ", 3),
    ],
)
def test_a_full_disk_loses_nothing_and_the_same_command_goes_on(
    install: Install, folder: Path, room: int, told: str, left: int
) -> None:
    """A-17: it says what is full, leaves no file in part, and what did not leave stands there."""
    before = install.run("audit", "leaves").stdout
    with room_for(room):
        full = install.run("audit", "archive", "--before", DAY, "--to", str(folder), *BY, "--yes")
    assert full.exit_code == 2, full.output
    assert told in full.stderr
    assert full.stderr.endswith("and run the same again: it goes on from there.\n")
    assert len([*folder.iterdir()]) == left
    assert install.run("audit", "leaves").stdout.startswith(before)
    assert install.run("audit", "verify").exit_code == 0
    assert "752 taken out" in archived(install, folder)
    assert install.run("audit", "verify", "--archives", str(folder)).exit_code == 0
