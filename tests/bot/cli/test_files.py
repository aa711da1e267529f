"""Files that commands write: whole, or not at all."""

from pathlib import Path

import pytest

from bot.cli.files import put
from tests.full_disk import room_for


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
