"""Transactions: one writer thread whose waiting transactions share a commit, and readers that cannot write.

It knows nothing of tables; a transaction is a plain function of a Session, so it cannot wait for the network inside.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlmodel import Session

from storage.faults import StorageUnavailable

T = TypeVar("T")
Work = Callable[[Session], T]
Woken = Callable[[frozenset[str]], None]

# Waiting transactions that share one commit. Larger batches gain little and make the unlucky first one wait.
GROUP_LIMIT = 64
# Two, since they share one interpreter: with more of them the loop waits longer for its turn, and no more is read.
READERS = 2

CLOSED = "The database is closed, so nothing was done."


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Work[T]
    done: "Future[T]"


def wake(tx: Session, what: str) -> None:
    """Ask that, once this transaction is committed, whoever waits for `what` ("outbox", "holdings") be woken."""
    tx.info.setdefault("wake", set()).add(what)


class Database:
    """One SQLite file. `write` runs on the writer thread in BEGIN IMMEDIATE; `read` on a small pool of readers.

    Both raise StorageUnavailable when the store is locked, full, read-only or broken; then nothing was done.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 1.5, woken: Woken | None = None) -> None:
        self._woken = woken
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writing = _engine(path, "BEGIN IMMEDIATE", busy_timeout, readers=0)
        self._reading = _engine(path, "BEGIN", busy_timeout, readers=READERS)
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="wicket-read")
        self._writer = threading.Thread(target=self._write_loop, name="wicket-write", daemon=True)
        self._writer.start()
        self._closed = False

    def on_wake(self, woken: Woken, loop: asyncio.AbstractEventLoop) -> None:
        """Call `woken` on this loop after each commit that asked for it."""
        self._woken, self._loop = woken, loop

    async def write(self, work: Work[T]) -> T:
        """Run one transaction; return what it returned, once it is durable. Its exception undoes it alone."""
        return await asyncio.wrap_future(self._submit(work))

    def write_now(self, work: Work[T]) -> T:
        """`write` for the command line: waits in this thread."""
        return self._submit(work).result()

    async def read(self, work: Work[T]) -> T:
        """Run a reading function on a snapshot; an attempt to write fails."""
        if self._closed:
            raise StorageUnavailable(CLOSED)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Work[T]) -> T:
        """`read` in this thread."""
        with _faults(), Session(self._reading, expire_on_commit=False) as session:
            return work(session)

    def close(self) -> None:
        """Finish what is queued and let go of the file."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()

    def _submit(self, work: Work[T]) -> "Future[T]":
        job = _Job(work, Future())
        with self._gate:  # behind the end of the queue a job would wait for ever
            if self._closed:
                raise StorageUnavailable(CLOSED)
            self._jobs.put(job)
        return job.done

    def _write_loop(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                return
            self._commit_together([job for job in batch if job.done.set_running_or_notify_cancel()])

    def _next_batch(self) -> list[_Job[Any]]:
        """The next job and those that already wait behind it; empty when closing."""
        first = self._jobs.get()
        batch = [first] if first else []
        while batch and len(batch) < GROUP_LIMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)  # closing: finish these first, then see it again
                break
            batch.append(job)
        return batch

    def _commit_together(self, batch: list[_Job[Any]]) -> None:
        if not batch:
            return
        results: list[tuple[_Job[Any], Any, BaseException | None]] = []
        woken: set[str] = set()
        try:
            with _faults(), self._writing.connect() as connection, connection.begin():
                results.extend((job, *_run_one(connection, job.work, woken)) for job in batch)
        except BaseException as fault:  # noqa: BLE001 - whatever broke the commit is every waiting caller's answer
            for job in batch:
                job.done.set_exception(fault)
            return
        for job, result, fault_of_one in results:
            if fault_of_one is not None:
                job.done.set_exception(fault_of_one)
            else:
                job.done.set_result(result)
        if woken and self._woken is not None and self._loop is not None:
            with suppress(RuntimeError):  # a loop that is closed has nobody to wake
                self._loop.call_soon_threadsafe(self._woken, frozenset(woken))


def _run_one(connection: Connection, work: Work[T], woken: set[str]) -> tuple[T | None, BaseException | None]:
    """Run one transaction inside a savepoint, so that its failure is its own."""
    session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    try:
        with _faults(), session, session.begin():
            result = work(session)
    except BaseException as fault:
        if _breaks_the_batch(fault):
            raise
        return None, fault
    woken |= session.info.get("wake", set())
    return result, None


def _breaks_the_batch(fault: BaseException) -> bool:
    """After a full disk or an I/O error SQLite has rolled the whole transaction back: no savepoint survives it."""
    return isinstance(fault, StorageUnavailable)


@contextmanager
def _faults() -> Iterator[None]:
    """Turn the driver's operational errors into the one fault that people are told about."""
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
            error.orig, sqlite3.IntegrityError | sqlite3.ProgrammingError
        ):
            raise StorageUnavailable(
                f"The database cannot be used right now: {_first(error).orig}."
            ) from error
        raise


def _first(error: DBAPIError) -> DBAPIError:
    """What went wrong first: after a full disk the way back fails too, and would hide the reason."""
    before = error.__context__
    while before is not None:
        error = before if isinstance(before, DBAPIError) else error
        before = before.__context__
    return error


class Dialect(SQLiteDialect_pysqlite):
    """SQLite with savepoints said to the driver: SQLAlchemy compiles each anew, which costs as much as an insert."""

    supports_statement_cache = True

    def do_savepoint(self, connection: Connection, name: str) -> None:
        """Begin one."""
        connection.exec_driver_sql(f"SAVEPOINT {name}")

    def do_rollback_to_savepoint(self, connection: Connection, name: str) -> None:
        """Undo what was done since."""
        connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")

    def do_release_savepoint(self, connection: Connection, name: str) -> None:
        """Keep what was done since."""
        connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")


registry.register("sqlite.wicket", __name__, Dialect.__name__)


def _engine(path: Path, begin: str, busy_timeout: float, *, readers: int) -> Engine:
    engine = create_engine(
        f"sqlite+wicket:///{path}",
        connect_args={"timeout": busy_timeout, "check_same_thread": False},
        **({"poolclass": QueuePool, "pool_size": readers} if readers else {"poolclass": StaticPool}),
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, so that a writer takes its lock at once
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if readers:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
