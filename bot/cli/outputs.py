"""Where what a command prints goes, if there is no ordinary output.

It holds no words of any command.
"""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# What others wrote, as a terminal shows it and does nothing else: printable ASCII as it is, any other byte escaped.
_SHOWN = [bytes((one,)) if 0x20 <= one < 0x7F else b"\\x%02x" % one for one in range(256)]


class _Closed(io.RawIOBase):
    """What stands for an output that is closed: whatever is written there, nobody can read."""

    def writable(self) -> bool:
        return True

    def write(self, what: object) -> int:
        """Only nothing can be written."""
        if not what:
            return 0
        said = "Standard output is closed, so what there was to print could not be printed"
        raise OSError(errno.EBADF, said)


class _Unheard(io.RawIOBase):
    """Standard error, or what stands for it where that is closed: None; or an output that a log goes to. What cannot be
    written there is lost, since no other place is left to say so, and what is being done goes on. The exit code tells.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._descriptor is not None and os.isatty(self._descriptor)

    def fileno(self) -> int:
        if self._descriptor is None:
            raise io.UnsupportedOperation("fileno")
        return self._descriptor

    def write(self, what: "ReadableBuffer") -> int:
        """All of it, as far as anybody can tell."""
        left = whole = bytes(what)
        with suppress(OSError):
            while left and self._descriptor is not None:
                left = left[os.write(self._descriptor, left) :]
        return len(whole)


def settle() -> None:
    """Have a closed output refuse what is printed, and errors that cannot be printed change nothing: Python leaves
    nothing there, to which one prints in silence or by a fault in whatever printed.
    """
    for each in range(3):
        # Else the next file that is opened is there, and whatever a library prints is written into that.
        _fill(each)
    errors = sys.stderr
    if errors is None or isinstance(errors, io.TextIOWrapper):
        unheard = _Unheard(None if errors is None else errors.fileno())
        encoding = "utf-8" if errors is None else errors.encoding
        sys.stderr = io.TextIOWrapper(unheard, encoding=encoding, write_through=True)
    if sys.stdout is None:
        # Nothing may be left in it: Python would try once more at the end, with a traceback.
        sys.stdout = io.TextIOWrapper(_Closed(), encoding="utf-8", write_through=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without UTF-8 shows "?" for what it has no sign for, and the rest as it is.
            stream.reconfigure(errors="replace")


def _fill(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # the lowest that is free


def unheard() -> TextIO:
    """Standard output for a log: a line that cannot be written is lost, and not kept to be tried once more by Python at
    the end, whose failing would be the exit code of a bot that ended as it was told.
    """
    try:
        descriptor = sys.stdout.fileno()
    except io.UnsupportedOperation:  # no file: whoever reads it has all of it
        return sys.stdout
    file = cast("IO[bytes]", _Unheard(descriptor))
    return io.TextIOWrapper(file, encoding=sys.stdout.encoding, errors="replace", write_through=True)


def unwritten() -> OSError | None:
    """Why what was printed last could not be written, if it could not; it is given up then. Python would try once more
    at the end, say so in words of its own, and make 120 of the exit code.
    """
    try:
        sys.stdout.flush()
    except OSError as fault:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return fault
    return None


def is_closed() -> bool:
    """Whether whoever started this process closed its output."""
    return sys.__stdout__ is None


def on_terminal(line: bytes) -> bytes:
    """Bytes that others may have written: escaped where a terminal shows them, and otherwise as they are."""
    return b"".join(_SHOWN[one] for one in line) if sys.stdout.isatty() else line
