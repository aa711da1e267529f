"""Processes that walk over stretches of the log, as many as are wanted, each with a connection of its own.

They only read. One that ends early only leaves its work to whoever asked.
"""

import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from sqlalchemy.exc import DBAPIError

from storage.audit.asked import as_sqlite_takes_them
from storage.audit.member import heard, tell
from storage.audit.merkle import WIDTH
from storage.audit.stretch import Fits, Stretch
from storage.audit.stretches import fitting
from storage.database import Database
from storage.engine.stores import Store
from storage.faults import WicketFault

# Long enough that nobody waits for another, and short enough to be held in no memory.
_MOST = WIDTH**2
# Without the folder that one happens to work in, which may hold modules of these names.
_MEMBER = (sys.executable, "-P", "-c", "from storage.audit.member import serve; serve()")

Asked = tuple[int, int, Stretch | None]
Answered = tuple[int, int, Stretch | None, Fits | None]


class Crew:
    """So many processes, from entering to leaving. They know the store alone, and no key.

    most: how many entries a stretch has at most.
    """

    def __init__(self, store: Store, number: int, *, most: int = _MOST) -> None:
        self.most = most
        # A file is looked at without anything of ours that takes long to load; the store itself, if that must be.
        file, asked = (str(store), as_sqlite_takes_them()) if isinstance(store, Path) else (None, {})
        self._told = pickle.dumps(store), file, asked
        self._number = number
        self._all: list[subprocess.Popen[bytes]] = []
        self._idle = SimpleQueue[subprocess.Popen[bytes]]()
        self._threads = ThreadPoolExecutor(number, "wicket-walk")

    def span(self, size: int) -> int:
        """How many entries each stretch of so long a log has: whole tiles, and as much for one process as for another,
        or all but one would wait for the last stretch.
        """
        rounds = -(-size // (self._number * self.most))
        return -(-size // (self._number * rounds * WIDTH)) * WIDTH

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
                tell(process.stdin, self._told)

    def _ask(self, stretch: Stretch | None) -> Fits | None:
        if stretch is None:
            return None
        process = self._idle.get()
        try:
            tell(process.stdin, stretch)
            found = heard(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):  # it has ended
            return None
        finally:
            self._idle.put(process)
        return found if isinstance(found, Fits) else None


class Closer:
    """Whoever looks closely at stretches of a store: `fitting`, each within a transaction of its own.

    wait: seconds for a store that is busy.
    """

    def __init__(self, store: Store, *, wait: float) -> None:
        self._database = Database(store, busy_timeout=wait)

    def __call__(self, stretch: Stretch) -> Fits | None:
        """What the stretch comes to; None as well where the store cannot be read."""
        try:
            return self._database.read_now(partial(fitting, stretch=stretch))
        except (WicketFault, DBAPIError):
            return None


def _answered(first: int, end: int, stretch: Stretch | None, future: "Future[Fits | None]") -> Answered:
    return first, end, stretch, future.result()
