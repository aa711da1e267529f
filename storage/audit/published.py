"""The file outside the database that checkpoints are published to: only ever appended to, read from its end.

It signs and trusts nothing: a note in it is as good as its signature.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

# What is read of the end: some hundred checkpoints.
_TAIL = 256 * 1024
_NOTE = re.compile("(?:[^\n\u2014][^\n]*\n)+\n(?:\u2014 [^\n]*\n)+")


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the end of the file holds: whole notes, the latest last.

    rest: whether something stands after the last of them that is no whole note.
    """

    notes: tuple[str, ...] = ()
    rest: bool = False


def read_published(path: Path, *, whole: bool = False) -> Published:
    """The end of the file, or the whole of it; nothing for one that is not there yet. OSError if it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begins = 0 if whole else max(0, size - _TAIL)
            file.seek(begins)
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return Published()
    found = list(_NOTE.finditer(text))
    # Reading may have begun inside a note: what is before the first whole one is nobody's fault.
    after = text[found[-1].end() :] if found else text
    notes = [each.group() for each in found]
    return Published(
        notes=tuple(notes[1:] if begins and len(notes) > 1 else notes), rest=bool(after.strip())
    )  # fmt: skip


def publish(path: Path, note: str) -> None:
    """Append a note, on disk before this returns. OSError if it cannot be written."""
    # Whatever a crash left half-written stays behind an empty line.
    written = f"{note}\n" if _ends_whole(path) else f"\n\n{note}\n"
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, written.encode())
        os.fsync(file)
    finally:
        os.close(file)


def _ends_whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2))
            return file.read() in (b"", b"\n\n")
    except FileNotFoundError:
        return True
