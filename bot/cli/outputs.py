"""Where what a command prints goes, if there is no ordinary output.

It holds no words of any command.
"""

import errno
import io
import sys

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


def settle() -> None:
    """Have a closed output refuse what is printed: Python leaves nothing there, to which one prints in silence or by a
    fault in whatever printed.
    """
    if sys.stdout is None:
        # Nothing may be left in it: Python would try once more at the end, with a traceback.
        sys.stdout = io.TextIOWrapper(_Closed(), encoding="utf-8", write_through=True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal without UTF-8 shows "?" for what it has no sign for, and the rest as it is.
            stream.reconfigure(errors="replace")


def is_closed() -> bool:
    """Whether whoever started this process closed its output."""
    return sys.__stdout__ is None


def on_terminal(line: bytes) -> bytes:
    """Bytes that others may have written: escaped where a terminal shows them, and otherwise as they are."""
    return b"".join(_SHOWN[one] for one in line) if sys.stdout.isatty() else line
