"""One thread over one SQLite file: functions wait their turn, and those that wait together share a commit.

It knows no tables, and it never lets a caller wait longer than the caller's own time.
"""

import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from storage.faults import DirectoryUnavailable
from storage.sentences import Sentence

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# Waiting functions that share one commit: most of the gain, and the first of them still waits only milliseconds.
TOGETHER = 128
_SET = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Work[T]
    done: "Future[T]"


class Worker:
    """Runs functions of a connection, one after another, each undone alone if it raises.

    path: made with `schema` (SQL script, repeatable) when it is not there. patience: seconds to wait for a lock.
    Whatever SQLite cannot do becomes DirectoryUnavailable; the file is opened anew for the next function.
    """

    def __init__(self, path: Path, *, schema: str, patience: float, label: str) -> None:
        self._path, self._schema, self._patience, self._label = path, schema, patience, label
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"directory-{label}", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> "Future[T]":
        """Queue a function. Cancelling the future before its turn means that it is never run."""
        if self._closed:
            raise DirectoryUnavailable(
                Sentence("The directory {directory} is closed.", directory=self._label)
            )
        job = _Job(work, Future())
        self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Finish what is queued and let go of the file. Idempotent."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while batch := self._next_batch():
            self._carry_out([job for job in batch if job.done.set_running_or_notify_cancel()])
        self._let_go()

    def _next_batch(self) -> list[_Job[Any]]:
        """The next job and those already waiting behind it; empty when closing."""
        first = self._jobs.get()
        batch = [first] if first else []
        while batch and len(batch) < TOGETHER and not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                self._jobs.put(None)  # closing: finish these first, then see it again
                break
            batch.append(job)
        return batch

    def _carry_out(self, batch: list[_Job[Any]]) -> None:
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            answers = [(job, *attempt(connection, job.work)) for job in batch]
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._let_go()
            for job in batch:
                job.done.set_exception(
                    DirectoryUnavailable(
                        Sentence(
                            "The directory {directory} cannot be used right now: {error}.",
                            directory=self._label,
                            error=str(error),
                        )
                    )
                )
            return
        for job, answer, refusal in answers:
            if refusal is None:
                job.done.set_result(answer)
            else:
                job.done.set_exception(refusal)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            # The file holds password hashes: only its owner may read it, from the first byte on. One that is there
            # is not touched: closing it would drop the locks that SQLite holds on it for another connection of ours.
            if not self._path.exists():
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(self._path, timeout=self._patience, isolation_level=None)
            connection.row_factory = sqlite3.Row
            self._connection = connection
            connection.executescript(_SET + self._schema)
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def attempt(connection: sqlite3.Connection, work: Work[T]) -> tuple[T | None, Exception | None]:
    """Run one function in a savepoint, so that its failure is its own. SQLite's own trouble is everybody's."""
    connection.execute("SAVEPOINT one")
    try:
        answer = work(connection)
    except (sqlite3.OperationalError, sqlite3.InternalError):
        raise
    except Exception as refusal:  # noqa: BLE001 - handed to its caller, who raises it
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, refusal
    connection.execute("RELEASE one")
    return answer, None
