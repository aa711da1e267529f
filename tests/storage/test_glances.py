"""Glances: reads that everybody waits for. They share a snapshot, and wait for no longer read."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from storage.database import READERS, Database
from storage.faults import StorageUnavailable
from storage.records import Delivery

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def kept(tx: Session) -> list[str]:
    return list(tx.exec(select(Delivery.key).order_by(col(Delivery.key))).all())


def put(key: str) -> Callable[[Session], None]:
    return lambda tx: tx.add(Delivery(key=key, at=AT))


def moment(tx: Session) -> object:
    """Something that differs between two snapshots."""
    postgresql = tx.connection().dialect.name == "postgresql"
    return tx.connection().execute(text("SELECT now()")).scalar() if postgresql else id(tx.connection())


@asynccontextmanager
async def held_up(
    ask: Callable[[Callable[[Session], None]], "asyncio.Future[None]"], times: int = 1
) -> AsyncIterator[None]:
    """This many readers are busy with one reading each while this lasts."""
    begun, go_on = threading.Semaphore(0), threading.Event()

    def work(_tx: Session) -> None:
        begun.release()
        go_on.wait(5)

    busy = [asyncio.ensure_future(ask(work)) for _ in range(times)]
    for _ in busy:
        assert await asyncio.to_thread(begun.acquire, timeout=5)
    try:
        yield
    finally:
        go_on.set()
        await asyncio.gather(*busy)


async def test_a_glance_sees_what_was_written_before_it(database):
    await database.write(put("a"))
    assert await database.glance(kept) == ["a"]


async def test_a_glance_waits_for_no_longer_read(database):
    """Who somebody is must be known in a second, whatever else is being looked through."""
    async with held_up(database.read, READERS):
        assert await asyncio.wait_for(database.glance(kept), 2) == []


async def test_glances_that_wait_together_share_a_snapshot_that_is_no_older_than_any(database):
    async with held_up(database.glance):
        first = asyncio.ensure_future(database.glance(lambda tx: (moment(tx), kept(tx))))
        await asyncio.sleep(0)
        await database.write(put("a"))
        second = asyncio.ensure_future(database.glance(lambda tx: (moment(tx), kept(tx))))
        await asyncio.sleep(0)
    assert await first == await second
    assert (await second)[1] == ["a"]


async def test_a_glance_that_fails_fails_alone(database):
    """PostgreSQL gives up a whole transaction for one wrong statement."""

    def wrong(tx: Session) -> None:
        tx.connection().execute(text("SELECT nothing FROM nowhere"))

    async with held_up(database.glance):
        glances = [asyncio.ensure_future(database.glance(work)) for work in (kept, wrong, kept, kept)]
        await asyncio.sleep(0)
    results = await asyncio.gather(*glances, return_exceptions=True)
    assert [results[0], results[2], results[3]] == [[], [], []]
    assert isinstance(results[1], DBAPIError | StorageUnavailable)


async def test_a_glance_cannot_write(database):
    with pytest.raises(StorageUnavailable, match=r"read-?only"):
        await database.glance(lambda tx: (put("a")(tx), tx.flush()))
    assert await database.read(kept) == []


async def test_a_closed_database_says_so_to_a_glance(database: Database):
    database.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await asyncio.wait_for(database.glance(kept), 1)
