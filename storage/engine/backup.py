"""A copy of a SQLite store while others write to it, and putting one in its place: whole, private, over nothing.

It judges no content: what a copy holds is looked at by whoever asked for it.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from storage.faults import StorageUnavailable

Tell = Callable[[int, int | None], None]

# Between two steps others have their turn and the bar moves.
_PAGES = 1000
_BESIDE = ("-wal", "-shm")


def copy_store(path: Path, to: Path, *, patience: float, tell: Tell) -> None:
    """Copy the store as it is now to a new file that only its owner may read.

    It is one snapshot, whoever writes meanwhile, and nobody waits for it. patience: seconds to wait for a lock. tell:
    called with the pages done and their number. StorageUnavailable if it cannot be done; then no file is left behind.
    """
    _make(to)
    try:
        with _opened(path, patience) as source, _opened(to, patience) as copy:
            # A snapshot that is held while it is copied: a writer's next commit would have it begin anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(copy, pages=_PAGES, progress=lambda _, left, all_: tell(all_ - left, all_))
            copy.execute(
                "PRAGMA journal_mode=DELETE"
            )  # one file, whole; whoever opens it next sets it as they need
    except (sqlite3.Error, OSError) as fault:
        _remove(to)
        raise StorageUnavailable(
            f"The copy {to} could not be made: {fault}. It was removed again."
        ) from fault
    settle(to.parent)


def damage_of(path: Path) -> str | None:
    """What SQLite finds wrong with a file that nobody uses, after reading all of it; None if it is sound."""
    try:
        with _opened(path, 1.0, query="mode=ro&immutable=1") as copy:
            found = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as fault:
        return str(fault)
    return None if found == ("ok",) else str(found[0] if found else "nothing")


def swap(new: Path, path: Path, at: datetime) -> Path | None:
    """Put a store in the place of another, which keeps a name of its own: that name, None if there was none.

    At every moment there is a whole store at `path`. Nobody may use either. StorageUnavailable if it cannot be done.
    """
    aside = path.with_name(f"{path.name}.before-{at:%Y%m%dT%H%M%S}Z")
    try:
        _fold(new)
        is_there = path.exists()
        if is_there:
            with suppress(sqlite3.Error):  # one that is broken stays as it is, with what lies beside it
                _fold(path)
            os.link(path, aside)
            for end in _BESIDE:
                with suppress(FileNotFoundError):
                    path.with_name(f"{path.name}{end}").rename(aside.with_name(f"{aside.name}{end}"))
        new.replace(path)
        settle(path.parent)
    except (sqlite3.Error, OSError) as fault:
        raise StorageUnavailable(f"{new} could not be put in the place of {path}: {fault}.") from fault
    return aside if is_there else None


def remove(path: Path) -> None:
    """Throw a copy away, with what lies beside it."""
    for end in ("", *_BESIDE):
        _remove(path.with_name(f"{path.name}{end}"))


def folded(path: Path, *, patience: float) -> bool:
    """Move all that was written ahead into the file, and empty what lies beside it: nothing deleted stays there.

    False while others read what was before, or write. patience: seconds to wait for them.
    """
    with _opened(path, patience) as store:
        busy = store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def _fold(path: Path) -> None:
    """Have everything in the one file."""
    with _opened(path, 1.0) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        store.execute("PRAGMA journal_mode=DELETE").fetchone()


def _make(path: Path) -> None:
    """Make the file, for its owner's eyes alone; never over one that is there, nor where a link leads to."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except FileExistsError as fault:
        raise StorageUnavailable(
            f"{path} is there already. Choose another name; nothing was written."
        ) from fault
    except OSError as fault:
        raise StorageUnavailable(f"{path} cannot be made: {fault.strerror}.") from fault


@contextmanager
def _opened(path: Path, patience: float, *, query: str = "mode=rw") -> Iterator[sqlite3.Connection]:
    address = f"{path.resolve().as_uri()}?{query}"
    connection = sqlite3.connect(address, uri=True, timeout=patience, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def settle(folder: Path) -> None:
    """Have the folder's names on disk too."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
