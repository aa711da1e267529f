"""The one lock that every writing transaction on PostgreSQL takes: how long it is held, and for what.

It only looks: a hundred times a second, on a connection of its own.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

_EVERY = 0.01
_HOLDER = """
SELECT CASE WHEN held.state LIKE 'idle in%' THEN 'in the replica' WHEN held.wait_event_type = 'IO' THEN 'for the disk'
       ELSE 'in the server' END
FROM pg_locks JOIN pg_stat_activity AS held USING (pid)
WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class LockWatch:
    """What was seen so far, over all that was watched."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._seen: Counter[str] = Counter()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look while this lasts."""
        over = threading.Event()
        thread = threading.Thread(target=self._watch, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(5)

    def shares(self) -> dict[str, float]:
        """For what share of the time (0 to 1) the lock was held for what; the rest of the time it was free."""
        looks = max(1, self._seen.total())
        return {
            what: self._seen[what] / looks for what in ("in the replica", "in the server", "for the disk")
        }

    def _watch(self, over: threading.Event) -> None:
        with psycopg.connect(self._url, autocommit=True) as looking:
            while not over.wait(_EVERY):
                found = looking.execute(_HOLDER).fetchone()
                self._seen[found[0] if found else "free"] += 1
