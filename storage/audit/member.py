"""One process of a crew: it answers for stretches of the log until nobody asks any more, and only reads.

It begins with hardly an import: to load what a closer look needs takes longer than to walk over a hundred thousand
entries, so that is left until something does not fit at first sight.
"""

import pickle
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import IO, Any

from storage.audit import lean
from storage.audit.handed import Handed
from storage.audit.stretch import Fits, Stretch, fitting_at_sight

WAIT_SECONDS = 10.0

# How each question is put to SQLite (storage.audit.asked).
Questions = Mapping[str, tuple[str, Sequence[str], Mapping[str, Any]]]
_Look = Callable[[Stretch], Fits | None]


def serve() -> None:
    """Answer for each stretch that is asked about: what it comes to, or None where not all of it fits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked ends us
    store, file, questions = heard(sys.stdin.buffer)
    closer: _Look | None = None
    while True:
        try:
            stretch = heard(sys.stdin.buffer)
        except EOFError:
            return
        found = None if file is None else _at_sight(file, questions, stretch)
        if found is None:
            closer = closer or _closer(store)
            found = closer(stretch)
        tell(sys.stdout.buffer, found)


def tell(to: IO[bytes] | None, what: object) -> None:
    """Tell the process on the other end of a pipe."""
    if to is not None:
        pickle.dump(what, to)
        to.flush()


def heard(of: IO[bytes] | None) -> Any:
    """What the process on the other end of a pipe says next. EOFError once it has nothing more to say."""
    return pickle.load(of) if of is not None else None  # noqa: S301  our own process on the other end of a pipe


def _at_sight(file: str, questions: Questions, stretch: Stretch) -> Fits | None:
    try:
        with closing(sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None)) as store:
            store.execute("PRAGMA query_only=ON")
            store.execute("BEGIN")
            return fitting_at_sight(_asking(store, questions), stretch)
    except (sqlite3.Error, lean.Unreadable):
        return None


def _asking(store: sqlite3.Connection, questions: Questions) -> lean.Ask:
    handed = Handed(store)

    def ask(question: str, values: Mapping[str, int]) -> Sequence[Sequence[Any]]:
        text, names, fixed = questions[question]
        given = {**fixed, **values}

        def answered() -> Sequence[Sequence[Any]]:
            return store.execute(text, [given[name] for name in names]).fetchall()

        return handed.over(answered) if question in lean.HANDED else answered()

    return ask


def _closer(store: bytes) -> _Look:
    """The walk that also understands what is unusual."""
    from storage.audit.crew import Closer

    return Closer(pickle.loads(store), wait=WAIT_SECONDS)  # noqa: S301  our own process said it
