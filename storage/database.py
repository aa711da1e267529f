"""Transactions: one writer thread whose waiting transactions share a commit, and readers that cannot write.

It knows nothing of tables, nor which engine keeps them. A transaction is a plain function of a Session, run in a
thread: so it cannot wait for Slack or a directory inside, and both engines have a plain synchronous driver.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlmodel import Session

from storage.audit.heads import MACS
from storage.clock import Clock
from storage.engine.jobs import Answer, Job, Jobs, tell
from storage.engine.sqlite import SqliteFile
from storage.engine.stores import Store
from storage.faults import Locked, OutcomeUnknown, StorageUnavailable
from storage.group_names import ALL_EXACT, NAMES, GroupNames
from storage.macs import Macs
from storage.signing import DOUBTS, Doubt, Signing, new_doubts
from storage.taking_over import KNOWN, Known
from storage.unchecked import UNCHECKED, Unchecked

T = TypeVar("T")
Work = Callable[[Session], T]
Woken = Callable[[frozenset[str]], None]
_Job: TypeAlias = Job[Session, Any]

# Two, since they share one interpreter: with more of them the loop waits longer for its turn, and no more is read.
READERS = 2
# Reads that share a snapshot: together they still take only milliseconds.
GLANCES = 32
# A read of a file that is not over by then is broken off: else something endless in the place of a table would take one
# reader after the other, until nobody who left is looked for any more. Of a server the caller's patience says when.
_READS_WITHIN = 10.0

CLOSED = "The database is closed, so nothing was done."
# What entries say that come from no bot: from a command, or out of a test.
NO_REPLICA = "main"
REPLICA = "replica"
DUE_WITHIN = "due_within"

SILENT = "The database does not answer, so nothing was done."


def replica_of(tx: Session) -> str:
    """The name of the bot, or of what else, that this transaction is of."""
    return str(tx.info.get(REPLICA, NO_REPLICA))


def wake(tx: Session, what: str) -> None:
    """Ask that, once this transaction is committed, whoever waits for `what` ("outbox", "holdings") be woken."""
    tx.info.setdefault("wake", set()).add(what)


class Carried(Protocol):
    """What makes work that is done in a thread go by what its caller goes by."""

    def __call__(self, work: Work[T], /) -> Work[T]:
        """The same work."""


class _Engine(Protocol):
    """What the two engines have in common. Writing transactions come one after the other, in every process."""

    writing: Engine
    reading: Engine
    group_limit: int

    def to_write(self) -> Connection:
        """A connection to write on; what was asked on it before says nothing of what is there now."""

    def to_read(self) -> Connection:
        """The same to read on."""

    @property
    def now(self) -> Clock:
        """The time that all who use the store agree on."""

    def commit(self, connection: Connection, transaction: Transaction) -> None:
        """Make it durable, or raise because it is not."""

    def within(self, connection: Connection, seconds: float | None) -> None:
        """Break off what is read in this transaction and takes longer from now on; None for never."""

    def unavailable(self, error: DBAPIError) -> StorageUnavailable | None:
        """What to tell if it was the store's trouble; None for an error of our own making."""


class Database:
    """One store. `write` runs on the writer thread, alone in the whole store; `read` and `glance` on readers.

    All raise StorageUnavailable when the store is locked, full, read-only, away or broken; then nothing was done.
    patience: seconds that they wait for a server that has taken a question and does not answer.
    reads_within: seconds after which a read of a file is broken off.
    macs: the keys by which rows are signed and looked at; without them neither is done, which is for tools alone.
    replica: what the entries that are written through it say of where they come from.
    due_within: by severity, within what time an exception is to be resolved; left out, storage.exceptions says it.
    group_names: which names are one group in each directory, so that rows are found however they write it.
    """

    def __init__(
        self,
        store: Store,
        *,
        busy_timeout: float = 1.5,
        patience: float = 4.0,
        reads_within: float = _READS_WITHIN,
        macs: Macs | None = None,
        replica: str = NO_REPLICA,
        due_within: Mapping[str, timedelta] | None = None,
        group_names: GroupNames = ALL_EXACT,
    ) -> None:
        self._patience = None if isinstance(store, Path) else patience
        self._reads_within = reads_within if isinstance(store, Path) else patience
        self._woken: Woken | None = None
        self._carried: Carried = _as_it_is
        self.doubts: deque[Doubt] = new_doubts()
        self.unchecked = Unchecked()
        self.group_names = group_names
        self._info = {
            MACS: macs, DOUBTS: self.doubts, UNCHECKED: self.unchecked, REPLICA: replica, KNOWN: Known(),
            NAMES: group_names,
            **({} if due_within is None else {DUE_WITHIN: due_within}),
        }  # fmt: skip
        self._loop: asyncio.AbstractEventLoop | None = None
        self._engine = _open(store, busy_timeout, patience)
        self._writes, self._reads, self._glances = Jobs[Session](), Jobs[Session](), Jobs[Session]()
        self._threads = [
            _begun("wicket-write", self._write_loop),
            _begun("wicket-glance", self._read_loop, self._glances, GLANCES),
            *(_begun(f"wicket-read-{n}", self._read_loop, self._reads, 1) for n in range(READERS)),
        ]

    def on_wake(self, woken: Woken, loop: asyncio.AbstractEventLoop) -> None:
        """Call `woken` on this loop after each commit that asked for it."""
        self._woken, self._loop = woken, loop

    def carry(self, carried: Carried) -> None:
        """Pass the work of each transaction that is waited for through this, where its caller asks for it."""
        self._carried = carried

    def now(self) -> datetime:
        """The time that all who use this store agree on, aware UTC: on PostgreSQL the database's."""
        return self._engine.now()

    @property
    def signs(self) -> bool:
        """Whether it has keys, so that rows are signed and looked at."""
        return self._info[MACS] is not None

    async def write(self, work: Work[T]) -> T:
        """Run one transaction; return what it returned, once it is durable. Its exception undoes it alone.

        OutcomeUnknown if the server fell silent over it: then it may be finished later, or never.
        """
        job = self._submit(self._writes, Job(self._carried(work), asyncio.get_running_loop()))
        return await job.answered(self._patience, never_run=_silent, perhaps_run=OutcomeUnknown)

    def write_now(self, work: Work[T]) -> T:
        """`write` for the command line: waits in this thread."""
        return self._submit(self._writes, Job(work, None)).waited_for()

    async def read(self, work: Work[T], *, patience: float = 0.0) -> T:
        """Run a reading function on a snapshot; an attempt to write fails, and so does what takes too long.

        patience: more than usual, where nobody waits and there is much to read: else nothing would ever come of it.
        """
        longer = self._for_longer(work, patience) if patience > self._reads_within else work
        return await self._looked_up(self._reads, longer, patience)

    async def glance(self, work: Work[T]) -> T:
        """`read` for what takes far less than a millisecond and everybody waits for: it waits for no longer read."""
        return await self._looked_up(self._glances, work)

    def read_now(self, work: Work[T]) -> T:
        """`read` in this thread."""
        with self._snapshot(None) as connection, _Transaction(connection, self._info) as tx:
            return work(tx)

    def close(self) -> None:
        """Finish what is queued and let go of the store."""
        for jobs in (self._writes, self._reads, self._glances):
            jobs.close()
        patience = self._patience
        for thread in self._threads:
            thread.join(patience)
            if thread.is_alive():  # a server that answers one of them nothing answers the others nothing
                patience = 0
        self._engine.writing.dispose()
        self._engine.reading.dispose()

    def _for_longer(self, work: Work[T], seconds: float) -> Work[T]:
        def longer(tx: Session) -> T:
            self._engine.within(tx.connection(), seconds)
            return work(tx)

        return longer

    async def _looked_up(self, jobs: Jobs[Session], work: Work[T], patience: float = 0.0) -> T:
        job = self._submit(jobs, Job(self._carried(work), asyncio.get_running_loop()))
        at_most = None if self._patience is None else max(self._patience, patience)
        return await job.answered(at_most, never_run=_silent, perhaps_run=_silent)

    def _submit(self, jobs: Jobs[Session], job: Job[Session, T]) -> Job[Session, T]:
        if not jobs.put(job):
            raise StorageUnavailable(CLOSED)
        return job

    def _read_loop(self, jobs: Jobs[Session], together: int) -> None:
        while waiting := jobs.next(together):
            while waiting:
                answers = self._read_together(waiting)
                tell(answers)
                waiting = waiting[len(answers) :]

    def _read_together(self, jobs: list[_Job]) -> list[Answer[Any]]:
        """One snapshot for all, no older than any of them; the first that fails ends it, for it may have broken it."""
        answers: list[Answer[Any]] = []
        try:
            with self._snapshot(self._reads_within) as connection:
                for job in jobs:
                    with _Transaction(connection, self._info) as tx:
                        answers.append(Answer(job, job.work(tx)))
        except BaseException as fault:  # noqa: BLE001 - whatever it is, it is the caller's
            answers += [Answer(job, None, fault) for job in jobs[len(answers) :][:1]]
        return answers

    @contextmanager
    def _snapshot(self, within: float | None) -> Iterator[Connection]:
        with _faults(self._engine), self._engine.to_read() as connection:
            connection.begin()
            self._engine.within(connection, within)
            yield connection

    def _write_loop(self) -> None:
        while jobs := self._writes.next(self._engine.group_limit):
            self._commit_together(jobs)

    def _commit_together(self, batch: list[_Job]) -> None:
        woken: set[str] = set()
        try:
            with _faults(self._engine), self._engine.to_write() as connection:
                transaction = connection.begin()
                if len(batch) == 1:
                    answers = [self._run_alone(connection, transaction, batch[0], woken)]
                else:
                    answers = [self._run_one(connection, job, woken) for job in batch]
                    self._engine.commit(connection, transaction)
        except BaseException as fault:  # noqa: BLE001 - whatever broke the commit is every waiting caller's answer
            tell([Answer(job, None, fault) for job in batch])
            return
        tell(answers)
        if woken and self._woken is not None and self._loop is not None:
            with suppress(RuntimeError):  # a loop that is closed has nobody to wake
                self._loop.call_soon_threadsafe(self._woken, frozenset(woken))

    def _run_alone(
        self, connection: Connection, transaction: Transaction, job: _Job, woken: set[str]
    ) -> Answer[Any]:
        """Run the only transaction of a commit: its failure leaves nothing to keep, so it needs no savepoint."""
        try:
            with _faults(self._engine), _Transaction(connection, self._info) as tx:
                result = job.work(tx)
                tx.flush()
        except BaseException as fault:
            if _breaks_the_batch(fault):
                raise
            return Answer(job, None, fault)  # whoever lets go of the connection undoes it
        self._engine.commit(connection, transaction)
        woken |= tx.info.get("wake", set())
        return Answer(job, result)

    def _run_one(self, connection: Connection, job: _Job, woken: set[str]) -> Answer[Any]:
        """Run one transaction inside a savepoint, so that its failure is its own."""
        try:
            with (
                _faults(self._engine),
                connection.begin_nested(),
                _Transaction(connection, self._info) as tx,
            ):
                result = job.work(tx)
                tx.flush()
        except BaseException as fault:
            if _breaks_the_batch(fault):
                raise
            return Answer(job, None, fault)
        woken |= tx.info.get("wake", set())
        return Answer(job, result)


class _Transaction(Signing):
    """A session inside a transaction that has begun, which it neither begins nor ends.

    It is made only when the ORM is asked for something: what works on its connection costs nothing of it.
    """

    def __init__(self, connection: Connection, info: dict[str, Any]) -> None:
        self._begun, self._noted = connection, dict(info)
        self._inside = connection.get_nested_transaction() or connection.get_transaction()

    def __getattr__(self, name: str) -> Any:
        """What a session has once it is made."""
        if self._is_made:
            raise AttributeError(name)
        super().__init__(self._begun, expire_on_commit=False, join_transaction_mode="rollback_only")
        return getattr(self, name)

    @property
    def info(self) -> dict[str, Any]:
        """What the database said of its transactions, and what this one notes."""
        return self._noted

    @property
    def _is_made(self) -> bool:
        return "identity_map" in vars(self)

    def connection(self, *_: Any, **__: Any) -> Connection:
        """The connection that it began on."""
        self._go_on()
        return self._begun

    def _go_on(self) -> None:
        """What fails to be written undoes all before it: whatever its caller makes of that, nothing follows it."""
        if self._inside is None or not self._inside.is_active:
            raise InvalidRequestError("this transaction was undone already")

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Write what the ORM was given."""
        self._go_on()
        if self._is_made:
            super().flush(objects)

    def close(self) -> None:
        """Let go of what the ORM was given."""
        if self._is_made:
            super().close()


def _as_it_is(work: Work[T]) -> Work[T]:
    return work


def _silent() -> StorageUnavailable:
    return StorageUnavailable(SILENT)


def _breaks_the_batch(fault: BaseException) -> bool:
    """After a full disk or a lost connection the whole transaction is rolled back: no savepoint survives it. One does
    where somebody else holds a row.
    """
    return isinstance(fault, StorageUnavailable) and not isinstance(fault, Locked)


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


def _open(store: Store, busy_timeout: float, patience: float) -> _Engine:
    if isinstance(store, Path):
        return SqliteFile(store, busy_timeout=busy_timeout, readers=READERS + 1)
    # Whoever keeps a SQLite file does not wait for another driver to load.
    from storage.engine.postgresql import PostgresDatabase

    return PostgresDatabase(store, busy_timeout=busy_timeout, readers=READERS + 1, reads_within=patience)


def _begun(name: str, work: Callable[..., None], *given: Any) -> threading.Thread:
    thread = threading.Thread(target=work, args=given, name=name, daemon=True)
    thread.start()
    return thread
