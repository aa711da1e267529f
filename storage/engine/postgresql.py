"""PostgreSQL as a store that replicas share: one writing transaction at a time among all, and what errors mean.

It knows nothing of tables, of threads or of who waits for a transaction, and repeats no password.

Every writing transaction first takes one lock of the whole database, as BEGIN IMMEDIATE does on SQLite. So what a
transaction looks up stays so until it commits, on both engines alike: nothing has to be tried again, nobody gets a
thing twice, and the audit log, whose head every change moves anyway, grows without a gap. Rows are locked besides.
The driver is psycopg because its calls are synchronous: with asyncpg a transaction would be a coroutine, which could
wait for anything inside, with that lock in its hands.
"""

from contextlib import closing
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, Transaction, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg, PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from storage.clock import SharedClock, moment
from storage.engine.compiled import TOGETHER, Alike
from storage.engine.savepoints import PlainSavepoints
from storage.engine.stores import Server
from storage.faults import Locked, OutcomeUnknown, SchemaFault, StorageUnavailable
from storage.micros import from_micros

# The number of our lock; it lives in the database, so another database of the same server has one of its own.
WRITERS = int.from_bytes(b"wicket", "big")
OLDEST = 140000

# Unless the address says otherwise. A server that is gone without a word is noticed, not waited for.
_USUAL = {
    "application_name": "wicket",
    "connect_timeout": "2",
    "keepalives_idle": "3",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "8000",
}
# A process that stands still inside a transaction keeps the lock from the others for so long, then it is undone.
STILL_AFTER = 3.0
_READING_AFTER = 60.0

# One answer for the lock, the number by which the transaction can be asked for, and the time once the lock was had.
_BEGIN = (
    f"SELECT pg_advisory_xact_lock({WRITERS})::text, pg_current_xact_id()::text, "  # noqa: S608  a number of ours
    "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
)
_NUMBER = "wicket.number"


class PostgresDatabase:
    """A database with full durability. Its time is what the replicas go by."""

    # Smaller than on SQLite: another replica waits meanwhile, and each statement is a way over the network.
    group_limit = 16

    def __init__(self, server: Server, *, busy_timeout: float, readers: int, reads_within: float) -> None:
        self.now = SharedClock()
        self._server = server
        self._busy_timeout, self._reads_within = busy_timeout, reads_within
        self.writing = self._made("wicket", 1, self._connected_to_write)
        self.reading = self._made("wicketreading", readers, self._connected_to_read)
        event.listen(self.writing, "begin", self._begin)

    def to_write(self) -> Connection:
        """A connection to write on. The server prepares anew what was prepared before a table changed."""
        return self.writing.connect()

    def to_read(self) -> Connection:
        """The same to read on."""
        return self.reading.connect()

    def commit(self, connection: Connection, transaction: Transaction) -> None:
        """Make it durable. A connection that is lost over it leaves open whether it is: then the database is asked."""
        number = connection.info[_NUMBER]
        try:
            transaction.commit()
        except DBAPIError as error:
            if not error.connection_invalidated or not self._was_committed(number):
                raise

    def within(self, connection: Connection, seconds: float | None) -> None:
        """Break off each statement of this reading transaction that takes longer; None for as its server has it."""
        # What is usual was said as it connected, so that it costs no read a way over the network.
        if seconds != self._reads_within:
            at_most = "DEFAULT" if seconds is None else f"'{_milliseconds(seconds)}'"
            connection.exec_driver_sql(f"SET LOCAL statement_timeout TO {at_most}")

    def unavailable(self, error: DBAPIError) -> StorageUnavailable | None:
        """What to tell if the store was locked, full, read-only or away; None for an error of our own making."""
        found = error.orig
        troubles = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)
        if not isinstance(found, (*troubles, errors.InsufficientPrivilege)):
            return None
        if isinstance(found, errors.LockNotAvailable):
            return Locked()
        said = found.diag.message_primary or next(iter(str(found).splitlines()), type(found).__name__)
        return StorageUnavailable(f"The database cannot be used right now: {said.strip().rstrip('.')}.")

    def _begin(self, connection: Connection) -> None:
        """Wait for the lock of all writers, and hear what time it is."""
        asked = moment()
        _, number, micros = connection.exec_driver_sql(_BEGIN).one()
        self.now.hear(from_micros(micros), asked=asked)
        connection.info[_NUMBER] = number

    def _was_committed(self, number: str) -> bool:
        """Whether the transaction of this number is durable. OutcomeUnknown if nobody can say."""
        try:
            # Its own lock is released before anybody else has it, so no answer is "in progress".
            with closing(self._connected(STILL_AFTER, wait=STILL_AFTER + 1)) as asked:
                asked.execute(f"SELECT pg_advisory_xact_lock({WRITERS})")
                row = asked.execute("SELECT pg_xact_status(%s::xid8)", [number]).fetchone()
                return row is not None and row[0] == "committed"
        except psycopg.Error as error:
            raise OutcomeUnknown from error

    def _made(self, dialect: str, size: int, connected: Any) -> Engine:
        return create_engine(
            f"postgresql+{dialect}://",
            creator=connected,
            poolclass=QueuePool,
            pool_size=size,
            pool_pre_ping=True,  # after a failover the connections kept are dead; that is nobody's fault to hear of
            use_native_hstore=False,
            execution_options=TOGETHER,
        )

    def _connected_to_write(self) -> psycopg.Connection:
        # Who waits long for others may take as long: a new version loads what it migrates by while it has the lock.
        made = self._connected(max(STILL_AFTER, self._busy_timeout))
        made.autocommit = False
        # Each statement sees what is there when it begins, so all of them see what was there when the lock was had.
        made.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return made

    def _connected_to_read(self) -> psycopg.Connection:
        made = self._connected(_READING_AFTER)
        made.execute(
            "SELECT set_config('statement_timeout', %s, false)", [_milliseconds(self._reads_within)]
        ).fetchall()
        made.autocommit = False
        made.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        made.read_only = True
        return made

    def _connected(self, still_after: float, wait: float | None = None) -> psycopg.Connection:
        given = {name: str(value) for name, value in conninfo_to_dict(self._server.url).items()}
        secret = {} if self._server.password is None else {"password": self._server.password}
        address = make_conninfo(**{**_USUAL, **given, **secret, "client_encoding": "utf8"})
        made: psycopg.Connection = psycopg.connect(address, autocommit=True)
        try:
            unfit = why_unfit(made.info.server_version, made.info.parameter_status("server_encoding"))
            if unfit is not None:
                raise SchemaFault(unfit)
            asked = moment()
            at = _prepare(made, self._busy_timeout if wait is None else wait, still_after)
            self.now.hear(at, asked=asked)
        except BaseException:
            made.close()
            raise
        return made


def _prepare(connection: psycopg.Connection, busy_timeout: float, still_after: float) -> Any:
    """Set how long is waited for a lock, and how long a transaction may stand still; what time it is."""
    (*_, micros) = connection.execute(
        "SELECT set_config('lock_timeout', %s, false),"
        " set_config('idle_in_transaction_session_timeout', %s, false),"
        " CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END,"
        " (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        [_milliseconds(busy_timeout), _milliseconds(still_after)],
    ).fetchall()[0]
    return from_micros(micros)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def why_unfit(version: int, encoding: str | None) -> str | None:
    """What to tell of a server that is too old, or a database that cannot hold every name; None if it will do."""
    if version < OLDEST:
        return f"The PostgreSQL server is too old. Wicket needs version {OLDEST // 10000} or newer."
    if encoding != "UTF8":
        return (
            f"The database is kept in {encoding}, which cannot hold every name. "
            "Make one with: createdb --encoding=UTF8 --template=template0 NAME"
        )
    return None


class Dialect(Alike, PlainSavepoints, PGDialect_psycopg):
    """PostgreSQL with savepoints that cost little."""

    supports_statement_cache = True


class _LocksNothing(PGCompiler_psycopg):
    """What a writing transaction reads under a lock may be read without one too, as on SQLite."""

    def for_update_clause(self, *_: object, **__: object) -> str:
        """None: a reader gets no lock."""
        return ""


class ReadingDialect(Dialect):
    """The same for readers."""

    supports_statement_cache = True
    statement_compiler = _LocksNothing


registry.register("postgresql.wicket", __name__, Dialect.__name__)
registry.register("postgresql.wicketreading", __name__, ReadingDialect.__name__)
