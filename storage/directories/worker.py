"""One thread over one SQLite file: functions wait their turn, and those that wait together share a commit.

It knows no tables, and it never lets a caller wait longer than the caller's own time.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from storage.engine.jobs import Answer, Job, Jobs, tell
from storage.faults import DirectoryUnavailable

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

# Waiting functions that share one commit: most of the gain, and the first of them still waits only milliseconds.
TOGETHER = 128
_SET = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"


class Worker:
    """Runs functions of a connection, one after another, each undone alone if it raises.

    path: made with `schema` (SQL script, repeatable) when it is not there. patience: seconds to wait for a lock.
    Whatever SQLite cannot do becomes DirectoryUnavailable; the file is opened anew for the next function.
    """

    def __init__(self, path: Path, *, schema: str, patience: float, label: str) -> None:
        self._path, self._schema, self._patience, self._label = path, schema, patience, label
        self._jobs = Jobs[sqlite3.Connection]()
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name=f"directory-{label}", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Job[sqlite3.Connection, T]:
        """Queue a function. Whoever gives it up before its turn has it never run."""
        job = Job(work, asyncio.get_running_loop())
        if not self._jobs.put(job):
            raise DirectoryUnavailable("The directory {directory} is closed.", directory=self._label)
        return job

    def close(self) -> None:
        """Finish what is queued and let go of the file. Idempotent."""
        self._jobs.close()
        self._thread.join()

    def _run(self) -> None:
        while together := self._jobs.next(TOGETHER):
            tell(self._carried_out(together))
        self._let_go()

    def _carried_out(self, together: list[Job[sqlite3.Connection, Any]]) -> list[Answer[Any]]:
        try:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            if len(together) == 1:
                return [Answer(together[0], *_alone(connection, together[0].work))]
            answers = [Answer(job, *attempt(connection, job.work)) for job in together]
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._let_go()
            return [Answer(job, None, self._unusable(error)) for job in together]
        return answers

    def _unusable(self, error: Exception) -> DirectoryUnavailable:
        return DirectoryUnavailable(
            "The directory {directory} cannot be used right now: {error}.",
            directory=self._label,
            error=str(error),
        )

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


def _alone(connection: sqlite3.Connection, work: Work[T]) -> tuple[T | None, Exception | None]:
    """`attempt` and the commit of a function that shares it with none, so that its failure undoes all there is."""
    try:
        answer = work(connection)
    except (sqlite3.OperationalError, sqlite3.InternalError):
        raise
    except Exception as refusal:  # noqa: BLE001 - as above
        connection.execute("ROLLBACK")
        return None, refusal
    connection.execute("COMMIT")
    return answer, None
