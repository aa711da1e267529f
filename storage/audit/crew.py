"""Processes that walk over stretches of the log, as many as are wanted, each with a connection of its own.

They only read. One that ends early only leaves its work to whoever asked.
"""

import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import IO, Any

from sqlalchemy.exc import DBAPIError

from storage.audit.stretches import Fits, Stretch, fitting
from storage.audit.tiles import WIDTH
from storage.database import Database
from storage.faults import WicketFault
from storage.stores import Store

# What a tile of level 1 spans: long enough that nobody waits for another, and short enough to be held in no memory.
_LEVELS = 2
_WAIT_SECONDS = 10.0
# Without the folder that one happens to work in, which may hold modules of these names.
_MEMBER = (sys.executable, "-P", "-c", "from storage.audit.crew import serve; serve()")

Asked = tuple[int, int, Stretch | None]
Answered = tuple[int, int, Stretch | None, Fits | None]


class Crew:
    """So many processes, from entering to leaving. They know the store alone, and no key."""

    def __init__(self, store: Store, number: int, *, levels: int = _LEVELS) -> None:
        self.levels = levels
        self._store = store
        self._number = number
        self._all: list[subprocess.Popen[bytes]] = []
        self._idle = SimpleQueue[subprocess.Popen[bytes]]()
        self._threads = ThreadPoolExecutor(number, "wicket-walk")

    @property
    def span(self) -> int:
        """How many entries a stretch has."""
        return int(WIDTH**self.levels)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in self._all:
            with suppress(OSError), process:  # of what was not sent any more
                process.wait()

    def each(self, stretches: Iterable[Asked]) -> Iterator[Answered]:
        """Each, in their order, with what it was found to be: None for one that did not fit or was not walked over."""
        waiting = deque[tuple[int, int, Stretch | None, Future[Fits | None]]]()
        self._begin()
        for first, end, stretch in stretches:
            waiting.append((first, end, stretch, self._threads.submit(self._ask, stretch)))
            if len(waiting) > 2 * self._number:
                yield _answered(*waiting.popleft())
        while waiting:
            yield _answered(*waiting.popleft())

    def _begin(self) -> None:
        for _ in range(self._number - len(self._all)):
            process = subprocess.Popen(_MEMBER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
            self._all.append(process)
            self._idle.put(process)
            with suppress(OSError):  # whoever asks it finds out
                _say(process.stdin, self._store)

    def _ask(self, stretch: Stretch | None) -> Fits | None:
        if stretch is None:
            return None
        process = self._idle.get()
        try:
            _say(process.stdin, stretch)
            found = _heard(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):  # it has ended
            return None
        finally:
            self._idle.put(process)
        return found if isinstance(found, Fits) else None


def serve() -> None:
    """What a process of the crew does: answers for stretches of the store until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends us
    database = Database(_heard(sys.stdin.buffer), busy_timeout=_WAIT_SECONDS)
    while True:
        try:
            stretch = _heard(sys.stdin.buffer)
        except EOFError:
            break
        try:
            found = database.read_now(partial(fitting, stretch=stretch))
        except (WicketFault, DBAPIError):
            found = None
        _say(sys.stdout.buffer, found)
    database.close()


def _answered(first: int, end: int, stretch: Stretch | None, future: "Future[Fits | None]") -> Answered:
    return first, end, stretch, future.result()


def _say(to: IO[bytes] | None, what: object) -> None:
    if to is not None:
        pickle.dump(what, to)
        to.flush()


def _heard(of: IO[bytes] | None) -> Any:
    return pickle.load(of) if of is not None else None  # noqa: S301  our own process on the other end of a pipe
