"""A look at a database file from beside whoever writes to it: one snapshot, read as it stands.

It changes nothing, not the file's settings and not what lies beside it, and it makes no file that is not there.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlmodel import Session

from storage.audit.heads import MACS
from storage.engine.forgiving import Forgiving
from storage.faults import StorageUnavailable
from storage.macs import Macs

# How many steps of SQLite's machine lie between two looks at the clock.
_STEPS = 10_000


@contextmanager
def looked_at(path: Path, *, patience: float, macs: Macs | None = None) -> Iterator[Session]:
    """A session that only reads. patience: seconds to wait for a lock. StorageUnavailable if it cannot be read.

    macs: the keys by which it knows what is Wicket's; without them it cannot tell.
    """
    engine = create_engine("sqlite://", creator=lambda: _connect(path, patience), poolclass=NullPool)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    try:
        with Session(engine) as session:
            session.info[MACS] = macs
            yield session
    except DBAPIError as error:
        raise StorageUnavailable(f"The database cannot be read: {error.orig}.") from error
    finally:
        engine.dispose()


def damage(tx: Session, *, within: float) -> str | None:
    """What SQLite finds wrong with the file's structure first, or None. TimeoutError if that takes longer."""
    raw = tx.connection().connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("not a connection to SQLite")
    ends = time.monotonic() + within
    raw.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
    try:
        found = raw.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if time.monotonic() > ends:
            raise TimeoutError from None
        return str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        raw.set_progress_handler(None, 0)
    return None if found == ("ok",) else str(found[0] if found else "nothing")


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    # Without a log beside it nobody has the file open, and SQLite would leave one behind unless it is told so.
    alone = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    return sqlite3.connect(
        address, uri=True, timeout=patience, isolation_level=None, check_same_thread=False, factory=Forgiving
    )
