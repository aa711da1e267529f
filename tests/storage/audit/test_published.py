"""The file that checkpoints are published to: what is read of it, whatever somebody or a crash made of it (T-2)."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.audit.checkpoint import Checkpoint, Signer, sign
from storage.audit.published import Published, publish, read_published
from tests.full_disk import room_for

SIGNER = Signer.generate("wicket.example")


def note(size: int) -> str:
    return sign(Checkpoint(origin=SIGNER.name, size=size, root=bytes(32)), SIGNER)


def test_what_was_appended_is_read_back_in_order(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert read_published(file) == Published()
    for size in range(5):
        publish(file, note(size))
    assert read_published(file) == Published(notes=tuple(map(note, range(5))))
    assert stat.S_IMODE(file.stat().st_mode) & 0o022 == 0


def test_the_end_of_a_long_file_is_read_and_the_whole_of_it_on_demand(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("".join(f"{note(size)}\n" for size in range(4000)))
    end = read_published(file).notes
    assert end[-1] == note(3999)
    assert 500 < len(end) < 4000
    assert len(read_published(file, whole=True).notes) == 4000


def test_after_a_torn_one_the_next_stands_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    publish(file, note(1))
    with file.open("a") as half:
        half.write(note(2)[:-30])
    assert read_published(file) == Published(notes=(note(1),), rest=True)
    publish(file, note(3))
    found = read_published(file)
    assert (found.notes[0], found.notes[-1], found.rest) == (note(1), note(3), False)


@pytest.mark.parametrize("earlier", [0, 3])
def test_what_a_full_disk_takes_in_part_is_not_published(tmp_path: Path, earlier: int) -> None:
    """It would be remembered as published, and be missed at the next look; and nothing of it is left behind."""
    file = tmp_path / "file"
    for size in range(earlier):
        publish(file, note(size))
    before = read_published(file)
    with room_for(60 + (file.stat().st_size if earlier else 0)), pytest.raises(OSError, match="too large"):
        publish(file, note(9))
    assert read_published(file) == before
    publish(file, note(10))
    assert read_published(file) == Published(notes=(*before.notes, note(10)))


@pytest.mark.parametrize("line", ["a\n", "\u2014 a\n", "\n", "a\n\n", "\u2014 a\n\n", "a" * 90])
@pytest.mark.parametrize("whole", [False, True])
def test_a_file_of_something_else_is_looked_through_once(tmp_path: Path, line: str, whole: bool) -> None:
    """T-2: whatever path was named, as that of a log of some megabytes. Looked at from each line to its end again, it
    would hold up everything for hours.
    """
    file = tmp_path / "file"
    file.write_text(line * (600_000 // len(line)))
    found = read_published(file, whole=whole)
    assert (found.notes, found.rest) == ((), bool(line.strip()))
    publish(file, note(1))
    assert read_published(file, whole=whole).notes == (note(1),)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_fault(tmp_path_factory, noise: bytes) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path_factory.mktemp("noise") / "file"
    file.write_bytes(note(1).encode() + b"\n" + noise)
    assert isinstance(read_published(file), Published)
    publish(file, note(2))
    assert read_published(file).notes[-1] == note(2)


def test_what_is_no_file_is_told_and_nobody_waits_for_its_other_end(tmp_path: Path) -> None:
    """A pipe would keep whoever opens it, and a look at the store with them, until somebody opens the other end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for touch in (read_published, lambda path: publish(path, "note")):
        for other in (pipe, Path("/dev/zero"), tmp_path):
            with pytest.raises(OSError, match=r"no file|such device|directory"):
                touch(other)
