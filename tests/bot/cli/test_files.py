"""Files that commands write, whole or not at all, and the checkpoints that they are given."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli.files import notes_in, put
from storage.audit.checkpoint import Checkpoint, Signer, sign
from storage.audit.published import publish
from tests.bot.cli.test_cli import Install, installed
from tests.full_disk import room_for

SIGNER = Signer.generate("wicket.example")


def note(size: int) -> str:
    return sign(Checkpoint(origin=SIGNER.name, size=size, root=bytes(32)), SIGNER)


def test_a_file_is_written_over_and_keeps_its_place_behind_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "kept.txt", tmp_path / "link"
    link.symlink_to(file)
    put(link, "one\n")
    put(link, "two\n")
    assert (file.read_bytes(), link.is_symlink()) == (b"two\n", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.txt", "link"]


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path) -> None:
    """T-2: a checkpoint that somebody kept is not lost to the one that was to follow."""
    file = tmp_path / "kept.txt"
    put(file, "a checkpoint\n")
    with room_for(100), pytest.raises(OSError, match=r"kept\.txt"):
        put(file, "another\n" * 100)
    assert file.read_text() == "a checkpoint\n"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("place", ["", "nowhere/kept.txt"])
def test_where_no_file_can_be_it_says_where(tmp_path: Path, place: str) -> None:
    with pytest.raises(OSError, match=r"No such file|Is a directory") as told:
        put(tmp_path / place, "x")
    assert told.value.filename == str(tmp_path / place)


def with_marks_of_windows(written: bytes) -> bytes:
    return b"\xef\xbb\xbf" + written.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("through", [bytes, with_marks_of_windows])
def test_a_file_of_one_checkpoint_or_of_many_is_read(
    tmp_path: Path, through: Callable[[bytes], bytes]
) -> None:
    """T-2: of the file outside the latest thousand, however long it is; what a crash cut off in it is none."""
    file = tmp_path / "file"
    file.write_bytes(through(note(1).encode()))
    assert notes_in(file, SIGNER.verifier) == [note(1)]
    file.write_bytes(through("\n\n".join((note(1), note(2)[:-30], note(3), "")).encode()))
    assert notes_in(file, SIGNER.verifier) == [note(1), note(3)]
    file.write_bytes(through("".join(f"{note(size)}\n" for size in range(3000)).encode()))
    assert (found := notes_in(file, SIGNER.verifier)) == [
        note(size) for size in range(3000 - len(found), 3000)
    ]
    assert len(found) > 1000


@pytest.fixture
def published(tmp_path: Path) -> tuple[Install, Path]:
    """Six entries, and a checkpoint of every two in one file outside."""
    made, file = installed(tmp_path), tmp_path / "published.txt"
    for _ in range(3):
        made.happened(2)
        publish(file, made.checkpoint().read_text())
    return made, file


def test_the_file_outside_is_what_the_log_is_verified_against(published: tuple[Install, Path]) -> None:
    """T-2: all that was published, as an operator who was told of a mismatch has it at hand."""
    install, file = published
    done = install.run("audit", "verify", "--checkpoint", str(file))
    assert (done.exit_code, "the first 8 entries agree with it" in done.stdout) == (0, True), done.output
    publish(file, note(6))
    done = install.run("audit", "verify", "--checkpoint", str(file))
    assert (done.exit_code, "it is not signed by the key" in done.stderr) == (2, True)


@pytest.mark.parametrize("part", [(), ("--to", "1")])
def test_of_several_checkpoints_that_which_was_not_copied_whole_is_named(
    published: tuple[Install, Path], tmp_path: Path, part: tuple[str, ...]
) -> None:
    """T-2: with what to do: an operator who has two files before them took the log for what was wrong."""
    install, _ = published
    whole, cut = install.checkpoint(), tmp_path / "cut.txt"
    cut.write_text(whole.read_text().rstrip()[:-3])
    typed = ("--checkpoint", str(whole), "--checkpoint", str(cut), *part)
    done = install.run("audit", "verify", *typed)
    assert done.exit_code == 2
    assert f"{cut}: A checkpoint cannot be trusted: a signature line is malformed; copy" in done.stderr
    cut.write_text(whole.read_text().replace("\n", "\n1", 1))
    done = install.run("audit", "verify", *typed)
    assert (done.exit_code, f"What cannot be trusted stands in {cut}.\n" in done.stdout) == (1, True)
    done = install.run("audit", "consistency", str(whole), str(cut))
    assert (done.exit_code, f"{cut}: A checkpoint cannot be trusted" in done.stderr) == (1, True), done.output
    install.run("audit", "prove", "1", "--checkpoint", str(whole), "--out", str(tmp_path / "proof"))
    done = install.run("audit", "verify-proof", str(tmp_path / "proof"), "--checkpoint", str(cut))
    assert (done.exit_code, f"{cut}: A checkpoint cannot be trusted" in done.stderr) == (1, True), done.output
    assert "stands in" not in install.run("audit", "verify", "--checkpoint", str(whole), *part).stdout


def test_where_one_checkpoint_is_needed_many_are_none_and_stay(published: tuple[Install, Path]) -> None:
    """T-6: it was told to be a forgery."""
    install, file = published
    before = file.read_bytes()
    for typed in (
        ("prove", "1", "--checkpoint", str(file)),
        ("consistency", str(file), "6"),
        ("checkpoint", "--out", str(file)),
    ):
        done = install.run("audit", *typed)
        assert (done.exit_code, "holds several checkpoints" in done.stderr) == (2, True), done.output
    assert file.read_bytes() == before
