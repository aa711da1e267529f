"""Work on many rows at once that no row holds up: where it fails for all together, it is done for each by itself.

It knows no row but by its id and keeps nothing in the store, since what it passes over may be what cannot be written.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

import structlog
from sqlmodel import Session

from handlers.decisions.lifecycle import wait_before_retry
from storage.clock import Clock
from storage.database import Database
from storage.faults import StorageUnavailable

log = structlog.get_logger(__name__)

# An end is tried again at least so often: what kept it may be gone at any time.
_LONGEST_WAIT = timedelta(seconds=30)


class _Row(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Row)
R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Done(Generic[R]):
    """found: how many rows there were to work on together. results: what came of each transaction."""

    found: int
    results: Sequence[R]


@dataclass(frozen=True, kw_only=True)
class _Failed:
    """tries: how many failed. again_at: when the next is made."""

    tries: int
    again_at: datetime


class Apart:
    """what: how the log calls the work. A row for which it failed is worked on by itself until that is done."""

    def __init__(self, database: Database, now: Clock, what: str) -> None:
        self._database, self._now, self._what = database, now, what
        self._failed: dict[str, _Failed] = {}

    @property
    def failed(self) -> Mapping[str, int]:
        """How often in a row it failed for each row that is passed over."""
        return {row: failed.tries for row, failed in self._failed.items()}

    async def work(
        self,
        find: Callable[[Session, int], Sequence[T]],
        move: Callable[[Session, Sequence[T]], R],
        *,
        most: int,
        alone: Callable[[Session, Sequence[T]], R] | None = None,
        most_alone: int | None = None,
    ) -> Done[R]:
        """One transaction over up to `most` of what is found; those that failed before follow one by one.

        find: given how many at most; asked inside the transaction. move: raises where one of them cannot be moved.
        alone: the same for one by itself, if that differs; most_alone: of how many at most in one go.
        A fault of the whole store passes through, and is no row's.
        """
        again = [row for row, failed in self._failed.items() if failed.again_at <= self._now()]

        def fresh(tx: Session) -> list[T]:
            return [one for one in find(tx, most + len(self._failed)) if one.id not in self._failed][:most]

        def together(tx: Session) -> tuple[int, list[R]]:
            rows = fresh(tx)
            return len(rows), [move(tx, rows)] if rows else []

        try:
            found, results = await self._database.write(together)
        except Exception as fault:
            await self._raise_if_away(fault)
            log.error("rows.one_by_one", what=self._what, exc_info=fault)
            ids = [one.id for one in await self._database.glance(fresh)]
            found, results, again = len(ids), [], [*ids[:most_alone], *again]
        for row in again:

            def by_itself(tx: Session, row: str = row) -> list[R]:
                rows = [one for one in find(tx, most + len(self._failed) + 1) if one.id == row]
                return [(alone or move)(tx, rows)] if rows else []

            results += await self._one(row, by_itself)
        return Done(found=found, results=results)

    async def _one(self, row: str, work: Callable[[Session], list[R]]) -> list[R]:
        try:
            results = await self._database.write(work)
        except Exception as fault:
            await self._raise_if_away(fault)
            tries = self._failed[row].tries + 1 if row in self._failed else 1
            wait = min(_LONGEST_WAIT, wait_before_retry(tries, 1.0))
            self._failed[row] = _Failed(tries=tries, again_at=self._now() + wait)
            log.error("row.passed_over", what=self._what, row=row, tries=tries, exc_info=fault)
            return []
        self._failed.pop(row, None)  # or there is nothing to do for it any more
        return results

    async def _raise_if_away(self, fault: Exception) -> None:
        """Whether it is the store that takes nothing shows where nothing is to be written."""
        if isinstance(fault, StorageUnavailable):
            await self._database.write(_nothing)


def _nothing(tx: Session) -> None:
    """A transaction that is about no row."""
