"""Files that people hand to commands and get from them: checkpoints, proofs.

What stood in one is never lost to a disk that is full: it may be the only copy of a checkpoint.
"""

import os
from contextlib import suppress
from pathlib import Path

from storage.audit.checkpoint import BadNote, Verifier, verify_note
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
