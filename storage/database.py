"""Transactions: one writer thread whose waiting transactions share a commit, and readers that cannot write.

It knows nothing of tables, nor which engine keeps them. A transaction is a plain function of a Session, run in a
thread: so it cannot wait for Slack or a directory inside, and both engines have a plain synchronous driver.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from storage.clock import Clock
from storage.faults import OutcomeUnknown, StorageUnavailable
from storage.sqlite import SqliteFile
from storage.stores import Store

T = TypeVar("T")
Work = Callable[[Session], T]
Woken = Callable[[frozenset[str]], None]

# Two, since they share one interpreter: with more of them the loop waits longer for its turn, and no more is read.
READERS = 2

CLOSED = "The database is closed, so nothing was done."
SILENT = "The database does not answer, so nothing was done."


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Work[T]
    done: "Future[T]"


def wake(tx: Session, what: str) -> None:
    """Ask that, once this transaction is committed, whoever waits for `what` ("outbox", "holdings") be woken."""
    tx.info.setdefault("wake", set()).add(what)


class _Engine(Protocol):
    """What the two engines have in common. Writing transactions come one after the other, in every process."""

    writing: Engine
    reading: Engine
    group_limit: int

    @property
    def now(self) -> Clock:
        """The time that all who use the store agree on."""

    def commit(self, connection: Connection, transaction: Transaction) -> None:
        """Make it durable, or raise because it is not."""

    def unavailable(self, error: DBAPIError) -> StorageUnavailable | None:
        """What to tell if it was the store's trouble; None for an error of our own making."""


class Database:
    """One store. `write` runs on the writer thread, alone in the whole store; `read` on a small pool of readers.

    Both raise StorageUnavailable when the store is locked, full, read-only, away or broken; then nothing was done.
    patience: seconds that `write` and `read` wait for a server that has taken a question and does not answer.
    """

    def __init__(self, store: Store, *, busy_timeout: float = 1.5, patience: float = 4.0) -> None:
        self._patience = None if isinstance(store, Path) else patience
        self._woken: Woken | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine = _open(store, busy_timeout)
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="wicket-read")
        self._writer = threading.Thread(target=self._write_loop, name="wicket-write", daemon=True)
        self._writer.start()
        self._closed = False

    def on_wake(self, woken: Woken, loop: asyncio.AbstractEventLoop) -> None:
        """Call `woken` on this loop after each commit that asked for it."""
        self._woken, self._loop = woken, loop

    def now(self) -> datetime:
        """The time that all who use this store agree on, aware UTC: on PostgreSQL the database's."""
        return self._engine.now()

    async def write(self, work: Work[T]) -> T:
        """Run one transaction; return what it returned, once it is durable. Its exception undoes it alone.

        OutcomeUnknown if the server fell silent over it: then it may be finished later, or never.
        """
        job = self._submit(work)
        answer = asyncio.wrap_future(job)
        try:
            await asyncio.wait([answer], timeout=self._patience)
        finally:
            job.cancel()  # of no effect on what is done; nor is what has begun stopped half-way
        if job.cancelled():
            raise StorageUnavailable(SILENT)
        if not job.done():
            answer.cancel()
            raise OutcomeUnknown
        return await answer

    def write_now(self, work: Work[T]) -> T:
        """`write` for the command line: waits in this thread."""
        return self._submit(work).result()

    async def read(self, work: Work[T]) -> T:
        """Run a reading function on a snapshot; an attempt to write fails."""
        if self._closed:
            raise StorageUnavailable(CLOSED)
        answer = asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)
        try:
            return await asyncio.wait_for(answer, self._patience)
        except TimeoutError:
            raise StorageUnavailable(SILENT) from None

    def read_now(self, work: Work[T]) -> T:
        """`read` in this thread."""
        with _faults(self._engine), Session(self._engine.reading, expire_on_commit=False) as session:
            return work(session)

    def close(self) -> None:
        """Finish what is queued and let go of the store."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._writer.join(self._patience)
        self._readers.shutdown(wait=not self._writer.is_alive(), cancel_futures=True)
        self._engine.writing.dispose()
        self._engine.reading.dispose()

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
        while batch and len(batch) < self._engine.group_limit:
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
            with _faults(self._engine), self._engine.writing.connect() as connection:
                transaction = connection.begin()
                results.extend((job, *self._run_one(connection, job.work, woken)) for job in batch)
                self._engine.commit(connection, transaction)
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

    def _run_one(
        self, connection: Connection, work: Work[T], woken: set[str]
    ) -> tuple[T | None, BaseException | None]:
        """Run one transaction inside a savepoint, so that its failure is its own."""
        session = Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        try:
            with _faults(self._engine), session, session.begin():
                result = work(session)
        except BaseException as fault:
            if _breaks_the_batch(fault):
                raise
            return None, fault
        woken |= session.info.get("wake", set())
        return result, None


def _breaks_the_batch(fault: BaseException) -> bool:
    """After a full disk or a lost connection the whole transaction is rolled back: no savepoint survives it."""
    return isinstance(fault, StorageUnavailable)


@contextmanager
def _faults(engine: _Engine) -> Iterator[None]:
    """Turn the driver's operational errors into the one fault that people are told about."""
    try:
        yield
    except DBAPIError as error:
        unavailable = engine.unavailable(error)
        if unavailable is None:
            raise
        raise unavailable from error


def _open(store: Store, busy_timeout: float) -> _Engine:
    if isinstance(store, Path):
        return SqliteFile(store, busy_timeout=busy_timeout, readers=READERS)
    # Whoever keeps a SQLite file does not wait for another driver to load.
    from storage.postgresql import PostgresDatabase

    return PostgresDatabase(store, busy_timeout=busy_timeout, readers=READERS)
