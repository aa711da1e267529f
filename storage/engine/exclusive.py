"""One running Wicket per database: the lock on a file beside it, held as long as the process lives.

It never opens the database itself, and it keeps no reader and no short command away: those need no lock.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.faults import StorageUnavailable

# Seconds within which `is_held` has looked and let go again.
_A_LOOK = 0.05


@contextmanager
def held_alone(database: Path) -> Iterator[None]:
    """Hold this database against another process that runs a bot on it; the file need not be there yet.

    StorageUnavailable, at once, if another one holds it, or if its folder cannot be written.
    """
    real = database.resolve()  # two names for one file are one database
    lock = real.with_name(f"{real.name}.lock")
    try:
        held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as fault:
        raise StorageUnavailable(f"The database {database} cannot be used: {fault.strerror}.") from fault
    try:
        _take(held, database, lock)
        yield
    finally:
        # The file stays: whoever removed it could leave two processes with a lock each, on files of one name.
        os.close(held)


def is_held(database: Path) -> bool:
    """Whether a process runs a bot on this database now. OSError if its lock cannot be looked at."""
    real = database.resolve()
    try:
        lock = os.open(real.with_name(f"{real.name}.lock"), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _take(held: int, database: Path, lock: Path) -> None:
    """Take the lock; the system gives it back when the process ends, however it ends."""
    try:
        _lock(held)
    except BlockingIOError:
        raise StorageUnavailable(
            f"Another Wicket is running on {database}, and one database takes one. "
            "Stop that one first, or give this one a database of its own. Nothing was changed."
        ) from None
    except OSError as fault:
        raise StorageUnavailable(f"{lock} cannot be locked: {fault.strerror}.") from fault


def _lock(held: int) -> None:
    """Lock it alone. BlockingIOError if another one holds it, and not only while looking whether anybody does."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_A_LOOK)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
