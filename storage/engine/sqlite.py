"""SQLite as a store: one file, one writer, readers beside it, and what its errors mean.

It knows nothing of tables, of threads or of who waits for a transaction.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, Transaction, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool, StaticPool

from storage.clock import moment, utc_now
from storage.engine.compiled import TOGETHER, Alike
from storage.engine.forgiving import Forgiving
from storage.engine.savepoints import PlainSavepoints
from storage.faults import StorageUnavailable

# Waiting transactions that share one commit. Larger batches gain little and make the unlucky first one wait.
GROUP_LIMIT = 64
# How many steps of SQLite's machine lie between two looks at the clock: some milliseconds.
_STEPS = 1_000_000
_OTHERS_WROTE = "PRAGMA data_version"
_SEEN = "seen"
# Of each of these SQLite has finer ones, which end in the same byte.
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_RESTORE = (
    "Its file is damaged, or is no database of Wicket: keep it as it is, and go back to a backup with `wicket restore "
    "COPY`, or correct [database] url."
)


class SqliteFile:
    """A file with full durability. A writing transaction takes the file's one write lock when it begins."""

    group_limit = GROUP_LIMIT

    def __init__(self, path: Path, *, busy_timeout: float, readers: int) -> None:
        self.now = utc_now
        # How often somebody else was found to have written; a connection to read on remembers it of when it was made.
        self._anew = 0
        self.writing = _engine(path, "wicket", busy_timeout, readers=0, seen=_version)
        self.reading = _engine(
            path, "wicketreading", busy_timeout, readers=readers, seen=lambda _: self._anew
        )

    def to_write(self) -> Connection:
        """A connection to write on: a new one once somebody else wrote.

        What was prepared for a view that reads no table goes on answering as that did, for SQLite has no table to see
        the change by: who put one in the place of a table, and took it away, would have left it there for this process.
        """
        connection = self.writing.connect()
        if _version(_driver(connection.connection)) != connection.info[_SEEN]:
            connection.invalidate()
            self._anew += 1
        return connection

    def to_read(self) -> Connection:
        """The same to read on, once anything was written here since; that goes on all the time."""
        connection = self.reading.connect()
        # Each by itself and at once: whole pools that are thrown away keep their files open until garbage is collected.
        while connection.info[_SEEN] != self._anew:
            connection.invalidate()  # what comes in its place may be another that is as old
        return connection

    def commit(self, connection: Connection, transaction: Transaction) -> None:  # noqa: ARG002 - PostgreSQL needs both
        """Make it durable."""
        transaction.commit()

    def within(self, connection: Connection, seconds: float | None) -> None:
        """Break off what is read in this transaction and takes longer from now on; None for never."""
        driver = _driver(connection.connection)
        if seconds is None:
            driver.set_progress_handler(None, 0)
            return
        ends = moment() + seconds
        driver.set_progress_handler(lambda: moment() >= ends, _STEPS)

    def unavailable(self, error: DBAPIError) -> StorageUnavailable | None:
        """What to tell if the store was locked, full, read-only or broken; None for an error of our own making."""
        of_ours = isinstance(error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError)
        if isinstance(error.orig, sqlite3.DatabaseError) and not of_ours:
            first = _first(error).orig
            what = f" {_RESTORE}" if getattr(first, "sqlite_errorcode", 0) & 0xFF in _BROKEN else ""
            return StorageUnavailable(f"The database cannot be used right now: {first}.{what}")
        return None


def _version(driver: sqlite3.Connection) -> int:
    """Another one whenever others wrote to the file. DBAPIError if it cannot be read."""
    try:
        return int(driver.execute(_OTHERS_WROTE).fetchone()[0])
    except sqlite3.Error as error:
        raise DBAPIError.instance(_OTHERS_WROTE, None, error, sqlite3.Error) from error


def _first(error: DBAPIError) -> DBAPIError:
    """What went wrong first: after a full disk the way back fails too, and would hide the reason."""
    before = error.__context__
    while before is not None:
        error = before if isinstance(before, DBAPIError) else error
        before = before.__context__
    return error


class ReadingDialect(Alike, PlainSavepoints, SQLiteDialect_pysqlite):
    """SQLite whose transactions we begin ourselves. What has no answer goes to the driver as it is: it costs least."""

    supports_statement_cache = True
    begin = "BEGIN"

    def do_begin(self, dbapi_connection: PoolProxiedConnection) -> None:
        """Begin a transaction; the driver is told to leave that to us."""
        _driver(dbapi_connection).execute(self.begin)

    def say(self, connection: Connection, statement: str) -> None:
        """Run a statement that has no answer."""
        try:
            _driver(connection.connection).execute(statement)
        except sqlite3.Error as error:
            raise DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=self) from error


class WritingDialect(ReadingDialect):
    """The same for the writer, who takes the file's one write lock at once."""

    supports_statement_cache = True
    begin = "BEGIN IMMEDIATE"


registry.register("sqlite.wicket", __name__, WritingDialect.__name__)
registry.register("sqlite.wicketreading", __name__, ReadingDialect.__name__)


def _driver(connection: PoolProxiedConnection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.driver_connection)


def _engine(
    path: Path, dialect: str, busy_timeout: float, *, readers: int, seen: Callable[[sqlite3.Connection], int]
) -> Engine:
    engine = create_engine(
        f"sqlite+{dialect}:///{path}",
        connect_args={"timeout": busy_timeout, "check_same_thread": False, "factory": Forgiving},
        execution_options=TOGETHER,
        **({"poolclass": QueuePool, "pool_size": readers} if readers else {"poolclass": StaticPool}),
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is the dialect's to say
        _write_ahead(connection, within=busy_timeout)
        # What each statement would be undone with stays in memory: in a file it took half the time of all writing.
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if readers:
            connection.execute("PRAGMA query_only=ON")
        record.info[_SEEN] = seen(connection)

    return engine


def _write_ahead(connection: sqlite3.Connection, *, within: float) -> None:
    """Have the file written ahead. The first to open it changes that for good, and whoever comes meanwhile is told at
    once that it is locked, whatever the time-out.
    """
    ends = time.monotonic() + within
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault) or time.monotonic() >= ends:
                raise
            time.sleep(0.01)
