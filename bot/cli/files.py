"""Files that commands write for whoever asked: a checkpoint, a proof.

What stood in one is never lost to a disk that is full: it may be the only copy of a checkpoint.
"""

import os
from contextlib import suppress
from pathlib import Path


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
