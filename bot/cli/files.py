"""Files that people hand to commands and get from them: checkpoints, proofs.

What stood in one is never lost to a disk that is full: it may be the only copy of a checkpoint.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from storage.audit.checkpoint import BadNote, Verifier, verify_note
from storage.audit.proving import NotProven, Side, signed_side
from storage.audit.published import whole_notes
from storage.faults import SettingsFault

# Of a longer file the end is read: some thousand checkpoints, the latest of those that were published there.
_READ_AT_MOST = 256 * 1024


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
    is no checkpoint is the answer as it is; of several only the last, as a crash may have cut off others. SettingsFault
    for what is not even text.
    """
    *earlier, last = _texts_in(path)
    return [*(each for each in earlier if not verifier or _is_signed(each, verifier)), last]


def side_in(path: Path, verifier: Verifier) -> Side | NotProven:
    """What the one checkpoint in a file says (`note_in`); where it cannot be trusted, the file is named with why."""
    side = signed_side(note_in(path), verifier)
    return replace(side, detail=f"{path}: {side.detail}") if isinstance(side, NotProven) else side


def untrusted(found: Mapping[Path, Sequence[str]], verifier: Verifier | None) -> list[str]:
    """Those of the files in which `notes_in` found these of which one is not signed by this key; none without a key."""
    return [
        str(path)
        for path, notes in found.items()
        if verifier is not None and not all(_is_signed(one, verifier) for one in notes)
    ]


def _is_signed(text: str, verifier: Verifier) -> bool:
    return not isinstance(verify_note(text, verifier), BadNote)


def _texts_in(path: Path) -> list[str]:
    with path.open("rb") as file:
        is_long = file.seekable() and file.seek(0, os.SEEK_END) > _READ_AT_MOST
        if file.seekable():
            file.seek(-_READ_AT_MOST if is_long else 0, os.SEEK_END if is_long else os.SEEK_SET)
        read = file.read(_READ_AT_MOST)
    try:
        text = read.decode("utf-8-sig", errors="replace" if is_long else "strict")
    except UnicodeDecodeError as wrong:
        raise SettingsFault(f"{path}: is not a checkpoint, which is text.") from wrong
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"
    found = [text[begin:end] for begin, end in whole_notes(text)]
    if len(found) < 2:
        return [text]
    return found[1:] if is_long else found  # it may have begun inside the first


def put(path: Path, text: str) -> None:
    """Write it whole, or leave what stood there. OSError, with the path, where that cannot be done."""
    written = text.encode()
    if not path.is_file():
        path.write_bytes(written)
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


def _write(file: int, whole: bytes) -> None:
    done = 0
    while done < len(whole):
        done += os.pwrite(file, whole[done:], done)
    os.ftruncate(file, done)
    os.fsync(file)
