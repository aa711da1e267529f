"""Watching claims from outside while bots come and go: how long work lies under one that died.

It only reads the store, twice a second.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from sqlmodel import Session, col, select

from storage.database import Database
from storage.faults import StorageUnavailable
from storage.records import Holding
from tests.chaos.history import Lease
from tests.chaos.stage import Stage

EVERY = 0.5


@asynccontextmanager
async def watched(stage: Stage) -> AsyncIterator[None]:
    """Note every claim on the stage while the block lasts."""
    over = asyncio.Event()
    with stage.store() as database:
        watching = asyncio.create_task(_watch(stage, database, over))
        try:
            yield
        finally:
            over.set()  # a read that ends in the same moment would swallow a cancellation
            await watching


async def _watch(stage: Stage, database: Database, over: asyncio.Event) -> None:
    seen: dict[tuple[str, int], Lease] = {}
    while not over.is_set():
        with suppress(StorageUnavailable):  # then it is looked at again
            found = await database.read(_claims)
            now = time.time()
            for claim in found:
                first = seen[claim].first if claim in seen else now
                seen[claim] = Lease(about=claim[0], first=first, last=now)
            stage.leases = list(seen.values())
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), EVERY)


def _claims(tx: Session) -> Sequence[tuple[str, int]]:
    rows = tx.exec(select(Holding.id, Holding.fence).where(col(Holding.lease_until).is_not(None)))
    return [(name, fence) for name, fence in rows]
