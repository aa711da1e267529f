"""What an auditor mistypes, mixes up or breaks off: a sentence on what to do, the right code, nothing half-written."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from bot.cli.files import put, writing
from storage.audit.checkpoint import Checkpoint, Signer, sign
from tests.bot.cli.test_cli import AUDIT_KEY, Install, install
from tests.bot.cli.test_outputs import REPOSITORY, in_shell, typed
from tests.full_disk import room_for

__all__ = ["install"]

PERIOD = ("--from", "2026-01-01", "--to", "2026-02-01")


@pytest.fixture
def kept(install: Install) -> Path:
    """A checkpoint over three entries, beside a proof, a file that is empty and one of something else."""
    install.happened(3)
    file = install.checkpoint()
    assert install.run("audit", "prove", "1", "--out", str(file.with_name("proof"))).exit_code == 0
    file.with_name("empty").write_bytes(b"")
    file.with_name("notes").write_text("milk, bread\n")
    file.with_name("noise").write_bytes(b"\x00wicket\n" * 50_000)
    older = Signer.from_seed("wicket.example/audit", bytes([3] * 32))
    tree = Checkpoint(origin=older.name, size=3, root=bytes(32))
    file.with_name("older").write_text(sign(tree, older))
    file.with_name("forged").write_text(file.read_text().replace("\n3\n", "\n2\n"))
    return file


TAKES_ONE: list[tuple[str, ...]] = [
    ("prove", "1", "--checkpoint"),
    ("consistency", "2"),
    ("verify", "--checkpoint"),
    ("rebuild-tiles", "--checkpoint"),
    ("checkpoint", "--out"),
]


@pytest.mark.parametrize("words", TAKES_ONE, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("notes", 2, "it is not a text, a blank line and signature lines."),
        ("noise", 2, "it is too long to be a checkpoint."),
        ("older", 2, "it is not signed by the key"),
        ("forged", 1, "the signature of wicket.example"),
        ("empty", 2, "is empty. Copy the checkpoint whole"),
        ("proof", 2, "is a proof, and a checkpoint is needed here"),
    ],
)
def test_what_is_no_checkpoint_is_named_by_its_file(
    install: Install, kept: Path, words: tuple[str, ...], name: str, code: int, told: str
) -> None:
    file = kept.with_name(name)
    before = file.read_bytes()
    done = install.run("audit", *words, str(file))
    assert done.exit_code == code, done.output
    assert told in done.output
    assert str(file) in done.output
    if code == 2 and "cannot be trusted" in done.output:
        which = "If the key was changed since, give the one that signed it by --key"
        assert ("name another as --out" if words[0] == "checkpoint" else which) in done.output
    assert file.read_bytes() == before


def test_a_checkpoint_that_does_not_reach_as_far_is_named_by_its_file(install: Install, kept: Path) -> None:
    install.happened(1)
    done = install.run("audit", "prove", "3", "--checkpoint", str(kept))
    assert (done.exit_code, f"{kept}: The checkpoint covers 3 entries" in done.stderr) == (2, True)


def test_a_checkpoint_given_as_a_proof_is_named_with_what_is_wanted(install: Install, kept: Path) -> None:
    for name in (kept.name, "empty", "notes", "noise"):
        done = install.run("audit", "verify-proof", str(kept.with_name(name)))
        assert (done.exit_code, f"{kept.with_name(name)}: This is no proof" in done.stderr) == (2, True)
        assert "Give the whole file that `wicket audit prove`" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("verify", "--checkpoint"), ("prove", "1", "--checkpoint"), ("consistency", "2"), ("verify-proof",)],
    ids=lambda words: words[0],
)
def test_a_pipe_to_which_nobody_writes_is_not_waited_for(
    install: Install, kept: Path, words: tuple[str, ...]
) -> None:
    """Nor does what never ends fill the memory."""
    pipe = kept.with_name("pipe")
    os.mkfifo(pipe)
    for endless in (pipe, Path("/dev/zero")):
        done = install.run("audit", *words, str(endless))
        assert (done.exit_code, f"{endless}: " in done.stderr) == (2, True), done.output


def test_a_private_key_is_not_taken_for_a_public_one(install: Install, kept: Path) -> None:
    """Whoever typed it has it in the history of their shell, and hears which one is wanted."""
    done = install.run("audit", "verify", "--key", AUDIT_KEY)
    assert (done.exit_code, "That is the private key" in done.stderr) == (2, True)
    assert AUDIT_KEY not in done.output
    none = install.run("audit", "verify", "--key", "mine.txt")
    assert (none.exit_code, "as `wicket keygen` printed it" in none.stderr) == (2, True)


def test_a_key_that_signed_nothing_here_does_not_end_like_success(install: Install, kept: Path) -> None:
    """Of two installs, or of before a change of the key: nothing was compared with what was signed."""
    right, other = (Signer.from_seed("wicket.example/audit", bytes([one] * 32)) for one in (1, 2))
    install.environ["WICKET_AUDIT_KEY"] = right.secret_text()
    unsigned = install.run("audit", "verify")
    told = "None of the 1 checkpoints kept in the store is signed by this key"
    assert (unsigned.exit_code, told in unsigned.stderr) == (2, True)
    assert "Give the public key that signed them with --key" in unsigned.stderr
    assert install.run("audit", "checkpoint").exit_code == 0
    mixed = install.run("audit", "verify")
    assert (mixed.exit_code, "1 checkpoints kept in the store are not signed by" in mixed.stdout) == (0, True)
    wrong = install.run("audit", "verify", "--key", other.verifier.text)
    assert (wrong.exit_code, "None of the 2 checkpoints" in wrong.stderr) == (2, True)


def test_that_one_continues_another_is_told_to_a_program_too(install: Install, kept: Path) -> None:
    install.happened(2)
    later, proof = install.folder / "later.txt", install.folder / "continues"
    assert install.run("audit", "checkpoint", "--out", str(later)).exit_code == 0
    assert install.run("audit", "consistency", str(kept), str(later), "--out", str(proof)).exit_code == 0
    done = install.run("audit", "verify-proof", str(proof), "--checkpoint", str(kept), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"old": 3, "new": 6})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "--since", "2026-02-01", "--until", "2026-01-01"), "It is not after --since"),
        (("show", "--follow", "--until", "2026-01-01"), "Nothing can come before a time that is over"),
        (("controls", "--from", "2026-02-01", "--to", "2026-01-01"), "It is not before --to"),
        (("controls", "--from", "2999-01-01"), "It is not before now"),
        (("evidence", "--from", "2999-01-01", "--to", "2999-02-01"), "That day is yet to come"),
        (("evidence", *PERIOD, "--out", "{kept}/evidence"), "is a file, and no folder can be made in it"),
        (("verify", "--archives", "nowhere"), "'nowhere' does not exist"),
        (("prove", "1", "--archives", "{kept}"), "is a file"),
        (("leaves", "--archives", "nowhere"), "'nowhere' does not exist"),
        (("unarchive", "nowhere", "--by", "Olga", "--why", "x"), "'nowhere' does not exist"),
        (("prove", "1", "--out", "nowhere/proof"), "There is no folder nowhere"),
        (("consistency", "1", "{kept}", "--out", "."), "is a folder; name a file in it"),
        (("leaves", "--out", "."), "is a folder; name a file in it"),
        (
            ("verify", "--checkpoint", "nowhere"),
            "nowhere: No such file or directory. Check how it is spelled",
        ),
        (("consistency", "1", "."), ".: Is a directory. Name a file in it."),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_what_cannot_be_is_refused_with_what_to_do(
    install: Install, kept: Path, words: tuple[str, ...], told: str
) -> None:
    done = install.run("audit", *(word.format(kept=kept) for word in words))
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert told in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--person", "No entry here is by or about 'grcae'"),
        ("--entitlement", "No entry here is about 'grcae'"),
        ("--story", "No entry here is of the story 'grcae'"),
        ("--action", "No entry here is called 'grcae'"),
        ("--outcome", "No entry here ended as 'grcae'"),
    ],
)
def test_a_word_by_which_nothing_is_found_at_any_time_is_told(
    install: Install, kept: Path, option: str, told: str
) -> None:
    """A slip of the pen is no answer; that something did not happen in a time is one."""
    wrong = install.run("audit", "show", option, "grcae")
    assert (wrong.exit_code, "No entry fits." in wrong.stdout, told in wrong.stderr) == (0, True, True)
    right = install.run("audit", "show", "--action", "grant.requested", "--until", "2001-01-01")
    assert ("No entry fits." in right.stdout, right.stderr) == (True, "")


def test_evidence_about_nobody_is_told_to_be_about_nobody(install: Install, kept: Path) -> None:
    done = install.run("audit", "evidence", *PERIOD, "--person", "", "--out", str(install.folder / "out"))
    assert "No entry of the whole log is about ''." in done.stderr


# Nothing half-written


def test_no_checkpoint_is_signed_for_a_place_where_none_can_be(install: Install, kept: Path) -> None:
    install.happened(1)
    for out in (str(install.folder), str(install.folder / "nowhere" / "kept.txt")):
        assert install.run("audit", "checkpoint", "--out", out).exit_code == 2
    with closing(sqlite3.connect(install.store)) as raw:
        assert raw.execute("SELECT max(size) FROM audit_checkpoints").fetchone() == (3,)


def test_a_checkpoint_that_was_signed_and_finds_no_room_is_said_to_be_kept(
    install: Install, kept: Path
) -> None:
    done = install.run("audit", "checkpoint", "--out", "/dev/full")
    assert done.exit_code == 2
    assert "/dev/full: No space left on device. Make room there" in done.stderr
    assert "was signed and is kept in the store all the same" in done.stderr


def test_a_new_file_that_finds_no_room_is_not_there_afterwards(tmp_path: Path) -> None:
    """Half of the leaves look like all."""
    file = tmp_path / "proof"
    with room_for(100), pytest.raises(OSError, match="proof"):
        put(file, "a line\n" * 100)
    with room_for(100), pytest.raises(OSError, match="proof"), writing(file) as begun:
        begun.write(b"a line\n" * 100)
    assert list(tmp_path.iterdir()) == []


def _write_half(file: BinaryIO, fault: type[BaseException]) -> None:
    file.write(b"half")
    raise fault


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError])
def test_what_is_broken_off_leaves_what_stood_there(tmp_path: Path, fault: type[BaseException]) -> None:
    file, link = tmp_path / "leaves", tmp_path / "link"
    file.write_text("before\n")
    file.chmod(0o640)
    link.symlink_to(file)
    with pytest.raises(fault), writing(link) as begun:
        _write_half(begun, fault)
    assert file.read_text() == "before\n"
    with writing(link) as begun:
        begun.write(b"whole")
    assert (link.is_symlink(), file.read_text(), file.stat().st_mode & 0o777) == (True, "whole", 0o640)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["leaves", "link"]


def test_a_file_beside_which_none_can_be_made_is_written_all_the_same(tmp_path: Path) -> None:
    """As in a folder that belongs to somebody else, where one file is theirs who run this."""
    file = tmp_path / ("n" * 250)
    for text in (b"before\n", b"whole\n"):
        with writing(file) as begun:
            begun.write(text)
        assert file.read_bytes() == text
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "words", [("prove", "1"), ("consistency", "1", "{kept}"), ("leaves",)], ids=lambda words: words[0]
)
def test_a_full_disk_is_named_by_the_file_that_found_no_room(
    install: Install, kept: Path, words: tuple[str, ...]
) -> None:
    done = install.run("audit", *(word.format(kept=kept) for word in words), "--out", "/dev/full")
    assert (done.exit_code, "/dev/full: No space left on device." in done.stderr) == (2, True), done.output


# How it ends


def test_whoever_reads_no_further_is_not_told_that_something_is_unsound(install: Install, kept: Path) -> None:
    """1 is what a proof that fails ends with; an output that nobody reads any more says nothing of it."""
    for words in (("verify-proof", str(kept.with_name("proof"))), ("leaves",), ("show", "--json")):
        done = in_shell(install, '{ "$@"; echo $? >&2; } | exec true', "audit", *words)
        assert done.stderr.splitlines()[-1] in ("0", "2"), (words, done.stderr)
        assert len(done.stderr.splitlines()) == 1


def test_whoever_does_not_confirm_hears_that_nothing_was_done(install: Install, kept: Path) -> None:
    done = install.run("audit", "erase", "--person", "p-1", "--by", "Olga", "--why", "PRIV-1")
    assert (done.exit_code, "That was not confirmed, so nothing was done." in done.stderr) == (2, True)


_AS_IT_LOADS = """
import builtins, os, signal
from bot.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has what it starts behind it ignore this
real = builtins.__import__
def interrupted(name, *rest):
    if name == "bot.cli":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = interrupted
main()
"""


def test_ctrl_c_while_a_command_is_loaded_shows_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _AS_IT_LOADS], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_ctrl_c_while_a_command_works_ends_in_a_sentence(install: Install, kept: Path) -> None:
    pipe = kept.with_name("pipe")
    os.mkfifo(pipe)
    begun = subprocess.Popen(
        [sys.executable, "-m", "bot", *typed(install, "audit", "verify-proof", str(pipe))],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, **install.environ}, cwd=REPOSITORY,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # as above
    )  # fmt: skip
    with pipe.open("wb"):  # once it reads
        begun.send_signal(signal.SIGINT)
        _, said = begun.communicate(timeout=60)
    assert (begun.returncode, said) == (130, "Broken off before the end. Run the same again when you like.\n")
