"""The file outside the database that checkpoints are published to: whole ones are added, read from its end.

It signs and trusts nothing: a note in it is as good as its signature.
"""

import errno
import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# What is read of the end: some hundred checkpoints.
_TAIL = 256 * 1024
# The empty line within a note, and its signatures.
_SIGNED = re.compile("\n\n(?:\u2014 [^\n]*\n)+")


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the end of the file holds: whole notes, the latest last.

    rest: whether something stands after the last of them that is no whole note.
    """

    notes: tuple[str, ...] = ()
    rest: bool = False


def place_of(path: Path) -> str:
    """What the database calls this file: machines may have one of the same name."""
    return f"{socket.gethostname()}:{path}"


def read_published(path: Path, *, whole: bool = False) -> Published:
    """The end of the file, or the whole of it; nothing for one that is not there yet. OSError if it cannot be read."""
    try:
        with os.fdopen(_opened(path, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            begins = 0 if whole else max(0, size - _TAIL)
            file.seek(begins)
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return Published()
    found = list(whole_notes(text))
    # Reading may have begun inside a note: what is before the first whole one is nobody's fault.
    after = text[found[-1][1] :] if found else text
    notes = [text[begin:end] for begin, end in found]
    return Published(
        notes=tuple(notes[1:] if begins and len(notes) > 1 else notes), rest=bool(after.strip())
    )  # fmt: skip


def publish(path: Path, note: str) -> None:
    """Append a note, on disk before this returns. OSError if it cannot be written whole."""
    # Whatever a crash left half-written stays behind an empty line.
    written = (f"{note}\n" if _ends_whole(path) else f"\n\n{note}\n").encode()
    file = _opened(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        _add(file, written)
    finally:
        os.close(file)


def _opened(path: Path, flags: int) -> int:
    """OSError for what is no file: a pipe is opened only once somebody is at its other end, a device may never end."""
    file = os.open(path, flags | os.O_NONBLOCK, 0o644)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "It is no file", str(path))
    return file


def _add(file: int, written: bytes) -> None:
    before, done = os.fstat(file).st_size, 0
    try:
        while done < len(written):  # a disk that becomes full takes a part, and says so only at the next
            done += os.write(file, written[done:])
        os.fsync(file)
    except OSError:
        with suppress(OSError):  # where it may only be added to, it stays
            if os.fstat(file).st_size == before + done:  # nobody added to it meanwhile
                os.ftruncate(file, before)
        raise


def whole_notes(text: str) -> Iterator[tuple[int, int]]:
    """Where each begins and ends. It looks at no line twice: what the operator named may be any file, however long."""
    after = 0
    for signed in _SIGNED.finditer(text):
        begins = ends = signed.start() + 1  # of what is signed
        for line in reversed(text[after : ends - 1].split("\n")):
            if not line or line.startswith("\u2014"):
                break
            begins -= len(line) + 1
        if begins < ends:
            yield begins, signed.end()
        after = signed.end()


def _ends_whole(path: Path) -> bool:
    try:
        with os.fdopen(_opened(path, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 2))
            return file.read() in (b"", b"\n\n")
    except FileNotFoundError:
        return True
