"""Files that people hand to commands and get from them: checkpoints, proofs.

What stood in one is never lost to a disk that is full: it may be the only copy of a checkpoint.
"""

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from shutil import copymode
from typing import BinaryIO

import typer

from storage.audit.checkpoint import BadNote, Verifier, verify_note
from storage.audit.published import whole_notes
from storage.audit.sides import NotProven, Side, signed_side
from storage.faults import SettingsFault

# Of a longer file the end is read: some thousand checkpoints, the latest of those that were published there.
_READ_AT_MOST = 256 * 1024
_COPY_WHOLE = (
    "Copy the checkpoint whole, from the name of the log to the end of the line that begins with a dash."
)
# What to do about a checkpoint that is none, or another key's.
_WHICH = (
    "Give the file that holds the checkpoint, whole, and the public key that signed it. If the key was changed since, "
    "give the one that signed it by --key, or by --old-key where two checkpoints are compared and it is the earlier."
)
# How the proofs of both kinds begin (storage.audit.tlog_proof); no checkpoint does, since a log's name has no space.
_PROOF = re.compile(r"c2sp\.org/tlog-proof@|old [0-9]+\n")


def note_in(path: Path) -> str:
    """A checkpoint's text (`notes_in`). SettingsFault for several: which of them is meant, nobody can know."""
    found = _texts_in(path)
    if len(found) > 1:
        raise SettingsFault(
            f"{path}: holds several checkpoints, and one is needed. Put the one that you mean into a file of its own."
        )
    return found[0]


def notes_in(path: Path, verifier: Verifier | None) -> list[str]:
    """The checkpoint that somebody kept, or the latest ones of the file that the bot publishes them to.

    Whatever one was copied through may have changed its line ends, which are not signed, and put a mark before it. What
    is forged is the answer as it is; of several only the last, as a crash may have cut off others. SettingsFault for
    what is no checkpoint, or is another key's.
    """
    *earlier, last = _texts_in(path)
    if verifier is not None:
        side = side_in(path, verifier, last)
        if isinstance(side, NotProven) and not side.contradicts:
            raise SettingsFault(side.detail)
    return [*(each for each in earlier if not verifier or _is_signed(each, verifier)), last]


def side_in(path: Path, verifier: Verifier, note: str | None = None) -> Side | NotProven:
    """What the one checkpoint in a file says (`note_in`); where it cannot be trusted, the file is named with why, and
    with what to do where it is none or another key's. note: what was read of it already.
    """
    side = signed_side(note_in(path) if note is None else note, verifier)
    if not isinstance(side, NotProven):
        return side
    return replace(side, detail=f"{path}: {side.detail}{'' if side.contradicts else f' {_WHICH}'}")


def untrusted(found: Mapping[Path, Sequence[str]], verifier: Verifier | None) -> list[str]:
    """Those of the files in which `notes_in` found these of which one is not signed by this key; none without a key."""
    return [
        str(path)
        for path, notes in found.items()
        if verifier is not None and not all(_is_signed(one, verifier) for one in notes)
    ]


def to_read(path: Path) -> BinaryIO:
    """What somebody named, to be read. A pipe to which nobody writes holds nothing, instead of being waited for."""
    return open(path, "rb", opener=_at_once)


def _at_once(path: str, flags: int) -> int:
    file = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(file, True)
    return file


def _is_signed(text: str, verifier: Verifier) -> bool:
    return not isinstance(verify_note(text, verifier), BadNote)


def _texts_in(path: Path) -> list[str]:
    with to_read(path) as file:
        is_long = file.seekable() and file.seek(0, os.SEEK_END) > _READ_AT_MOST
        if file.seekable():
            file.seek(-_READ_AT_MOST if is_long else 0, os.SEEK_END if is_long else os.SEEK_SET)
        read = file.read(_READ_AT_MOST)
    try:
        text = read.decode("utf-8-sig", errors="replace" if is_long else "strict")
    except UnicodeDecodeError as wrong:
        raise SettingsFault(f"{path}: is not a checkpoint, which is text.") from wrong
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"
    if not text.strip():
        raise SettingsFault(f"{path}: is empty. {_COPY_WHOLE}")
    if _PROOF.match(text):
        raise SettingsFault(
            f"{path}: is a proof, and a checkpoint is needed here. `wicket audit verify-proof` takes proofs."
        )
    found = [text[begin:end] for begin, end in whole_notes(text)]
    if len(found) < 2:
        return [text]
    return found[1:] if is_long else found  # it may have begun inside the first


def put(path: Path, text: str) -> None:
    """Write it whole, or leave what stood there. OSError, with the path, where that cannot be done."""
    written = text.encode()
    if not path.is_file():
        with writing(path) as file:
            file.write(written)
        return
    before = path.read_bytes()
    # Not put in its place by renaming: it may be a link, or mounted there by itself.
    with path.open("r+b", buffering=0) as file:
        try:
            _write(file.fileno(), written)
        except OSError as fault:
            with suppress(OSError):  # it needs no more room than it had
                _write(file.fileno(), before)
            raise OSError(fault.errno, fault.strerror, str(path)) from fault


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that is there once this ends well; until then, and otherwise, what stood there stays.

    What is no ordinary file, like a pipe, gets it as it comes; and so does one beside which none may be made, as in a
    folder of somebody else. OSError, with the path, where that cannot be done.
    """
    place = path.resolve()  # a link stays one
    beside = place.with_name(f".{place.name}-{token_hex(4)}")
    if (path.exists() and not path.is_file()) or not _is_made(path, beside):
        with _named(path, path), path.open("wb") as file:
            yield file
            file.flush()
        return
    try:
        with _named(path, beside):
            with beside.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if place.exists():
                copymode(place, beside)
            beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _is_made(path: Path, beside: Path) -> bool:
    """Whether the second could be made, empty, for the first. OSError, with the first, where there is no room."""
    try:
        with _named(path, beside):
            beside.touch(exist_ok=False)
    except OSError as fault:
        if fault.errno in (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG):
            return False
        raise
    return True


@contextmanager
def _named(path: Path, written: Path) -> Iterator[None]:
    """Have a fault of what is written name the file that was asked for."""
    try:
        yield
    except OSError as fault:
        if fault.filename not in (None, str(written)):
            raise
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


def place_for(out: Path | None, option: str = "--out") -> None:
    """BadParameter where no file can be: told before work is done whose outcome would then have no place."""
    if out is None:
        return
    if out.is_dir():
        raise typer.BadParameter(f"{out} is a folder; name a file in it", param_hint=option)
    if not out.parent.is_dir():
        raise typer.BadParameter(f"There is no folder {out.parent}", param_hint=option)


def _write(file: int, whole: bytes) -> None:
    done = 0
    while done < len(whole):
        done += os.pwrite(file, whole[done:], done)
    os.ftruncate(file, done)
    os.fsync(file)
