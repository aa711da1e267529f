"""Transactions: durable when they return, undone alone when they fail, and never lost when the store is."""

import asyncio
import gc
import sqlite3
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlmodel import Session, col, select

from storage import deliveries
from storage.database import READERS, Database, wake
from storage.engine.sqlite import GROUP_LIMIT
from storage.engine.stores import Server, Store
from storage.engine.together import Together
from storage.faults import Locked, StorageUnavailable
from storage.micros import to_micros
from storage.records import Delivery
from tests.storage.postgres import writing_elsewhere

ADD = Together(Delivery.__tablename__, ("key", "at"))
AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


def put(*keys: str, wakes: str = "") -> Callable[[Session], str]:
    """A transaction that keeps these keys and returns the last."""

    def work(tx: Session) -> str:
        for key in keys:
            tx.add(Delivery(key=key, at=AT))
        tx.flush()
        if wakes:
            wake(tx, wakes)
        return keys[-1]

    return work


def put_and_fail(key: str) -> Callable[[Session], None]:
    """A transaction that keeps a key, and then thinks better of it."""

    def work(tx: Session) -> None:
        put(key, wakes="outbox")(tx)
        raise LookupError(f"after {key}")

    return work


def kept(tx: Session) -> list[str]:
    return list(tx.exec(select(Delivery.key).order_by(col(Delivery.key))).all())


@asynccontextmanager
async def held_up(database: Database) -> AsyncIterator[None]:
    """The writer is busy with one transaction while this lasts: what is written meanwhile waits in one batch."""
    begun, go_on = threading.Event(), threading.Event()

    def work(_tx: Session) -> None:
        begun.set()
        go_on.wait(5)

    busy = asyncio.ensure_future(database.write(work))
    await asyncio.to_thread(begun.wait, 5)
    try:
        yield
    finally:
        go_on.set()
        await busy


def waits(begun: threading.Event, go_on: threading.Event) -> Callable[[Session], None]:
    """A look that is under way from the one to the other."""

    def work(tx: Session) -> None:
        kept(tx)
        begun.set()
        go_on.wait(5)

    return work


async def looked_together(database: Database) -> list[list[str]]:
    """What is kept, as each reader sees it while all the others look."""
    together = threading.Barrier(READERS + 1)

    def met(tx: Session) -> list[str]:
        together.wait(5)
        return kept(tx)

    return await asyncio.gather(*(database.read(met) for _ in range(READERS)), database.glance(met))


def waiting(database: Database, *works: Callable[[Session], object]) -> list["asyncio.Future[object]"]:
    """Transactions that are written now, in this order."""
    return [asyncio.ensure_future(database.write(work)) for work in works]


# What is written is there.


async def test_what_was_written_is_seen_by_every_reader_once_write_returns(database, store):
    assert await database.write(put("a")) == "a"
    assert await asyncio.gather(*(database.read(kept) for _ in range(8))) == [["a"]] * 8
    other = Database(store)
    assert other.read_now(kept) == ["a"]
    other.close()


def test_the_command_line_writes_and_reads_without_a_loop(database):
    assert database.write_now(put("a")) == "a"
    assert database.read_now(kept) == ["a"]


async def test_what_survives_is_on_the_disk_and_not_in_a_cache(path):
    """A power cut after `write` returned loses nothing: SQLite waits for the disk."""
    database = Database(path)
    settings = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
    found = await database.write(
        lambda tx: [tx.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in settings]
    )
    database.close()
    assert found == ["wal", 2, 1, 1]


async def test_times_come_back_aware(database):
    await database.write(put("a"))
    row = await database.read(lambda tx: tx.get(Delivery, "a"))
    assert row is not None
    assert row.at == AT
    assert row.at.tzinfo is UTC


# Group commit.


async def test_one_failing_transaction_undoes_itself_alone(database):
    async with held_up(database):
        written = waiting(database, put("a"), put_and_fail("b"), put("c"), put("a"), put("d"))
        await asyncio.sleep(0)
    results = await asyncio.gather(*written, return_exceptions=True)
    assert [results[0], results[2], results[4]] == ["a", "c", "d"]
    assert isinstance(results[1], LookupError)
    assert isinstance(results[3], IntegrityError)
    assert await database.read(kept) == ["a", "c", "d"]


async def test_one_that_fails_alone_undoes_all_it_did_and_none_after_it(database):
    def work(tx: Session) -> None:
        assert deliveries.take(tx, "b", AT)
        put("c")(tx)
        tx.flush()
        raise LookupError

    for failing, fault in ((work, LookupError), (put_and_fail("d"), LookupError)):
        with pytest.raises(fault):
            await database.write(failing)
        assert await database.write(lambda tx: not tx.info.get("wake"))
    await database.write(put("a"))
    with pytest.raises(IntegrityError):
        await database.write(put("a"))
    assert await database.write(lambda tx: deliveries.take(tx, "b", AT)) is True
    assert await database.read(kept) == ["a", "b"]


def put_by_one_statement(*keys: str) -> Callable[[Session], None]:
    """`put` without the ORM: SQLite keeps what it had done of a statement before that failed."""
    return lambda tx: ADD.put(tx.connection(), [(key, to_micros(AT)) for key in keys])


@pytest.mark.parametrize("failing", [put("a"), put_by_one_statement("a"), put_by_one_statement("e", "a")])
@pytest.mark.parametrize("together", [False, True])
async def test_one_that_goes_on_after_it_failed_keeps_no_half_of_itself(database, together, failing):
    """Promise 2: the row and its entry, or neither, also where somebody took the failure for no failure."""
    await database.write(put("a"))

    def over_it(tx: Session) -> None:
        put("b")(tx)
        with suppress(IntegrityError):
            failing(tx)

    def on_and_on(tx: Session) -> None:
        over_it(tx)
        deliveries.take(tx, "c", AT)

    for work in (over_it, on_and_on):
        async with held_up(database):
            written = waiting(database, work, *([put(work.__name__)] if together else []))
            await asyncio.sleep(0)
        results = await asyncio.gather(*written, return_exceptions=True)
        assert isinstance(results[0], InvalidRequestError)
        assert results[1:] == ([work.__name__] if together else [])
    others = ["on_and_on", "over_it"] if together else []
    assert await database.read(kept) == ["a", *others]


async def test_a_failing_transaction_undoes_what_it_did_without_the_orm_too(database):
    def work(tx: Session) -> None:
        assert deliveries.take(tx, "b", AT)
        put("c")(tx)
        raise LookupError

    async with held_up(database):
        written = waiting(database, put("a"), work, lambda tx: deliveries.take(tx, "b", AT))
        await asyncio.sleep(0)
    results = await asyncio.gather(*written, return_exceptions=True)
    assert isinstance(results[1], LookupError)
    assert results[2] is True
    assert await database.read(kept) == ["a", "b"]


async def test_transactions_run_in_the_order_they_were_asked_for(database):
    order: list[int] = []
    async with held_up(database):
        written = waiting(database, *(lambda _tx, n=n: order.append(n) for n in range(3 * GROUP_LIMIT)))
        await asyncio.sleep(0)
    await asyncio.gather(*written)
    assert order == list(range(3 * GROUP_LIMIT))


async def test_a_later_transaction_of_a_batch_sees_what_an_earlier_one_did(database):
    async with held_up(database):
        written = waiting(database, put("a"), put_and_fail("b"), kept)
        await asyncio.sleep(0)
    assert (await asyncio.gather(*written, return_exceptions=True))[2] == ["a"]


async def test_a_cancelled_one_that_waits_is_never_run(database):
    ran: list[str] = []
    async with held_up(database):
        first, second = waiting(database, lambda _tx: ran.append("first"), lambda _tx: ran.append("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
    await second
    assert ran == ["second"]
    assert first.cancelled()


async def test_one_that_has_begun_is_finished_though_nobody_waits_any_more(database):
    """Whoever gave up waiting must not be told by a half-done row."""
    begun, go_on = threading.Event(), threading.Event()

    def work(tx: Session) -> None:
        put("a")(tx)
        begun.set()
        go_on.wait(5)
        put("b")(tx)

    (written,) = waiting(database, work)
    await asyncio.to_thread(begun.wait, 5)
    written.cancel()
    go_on.set()
    await database.write(put("c"))
    assert await database.read(kept) == ["a", "b", "c"]


async def test_a_fault_nobody_foresaw_reaches_only_its_caller(database):
    class Odd(BaseException):
        """Not even an Exception."""

    def work(_tx: Session) -> None:
        raise Odd

    async with held_up(database):
        written = waiting(database, put("a"), work, put("b"))
        await asyncio.sleep(0)
    results = await asyncio.gather(*written, return_exceptions=True)
    assert [type(result) for result in results] == [str, Odd, str]
    assert await database.read(kept) == ["a", "b"]


# Waking.


async def test_waking_comes_once_after_the_commit_with_everything_that_was_asked_for(database):
    heard: list[tuple[frozenset[str], list[str]]] = []

    def woken(names: frozenset[str]) -> None:
        heard.append((names, database.read_now(kept)))

    database.on_wake(woken, asyncio.get_running_loop())
    async with held_up(database):
        written = waiting(
            database, put("a", wakes="outbox"), put("b", wakes="holdings"), put("c", wakes="outbox"), put("d")
        )
        await asyncio.sleep(0)
    await asyncio.gather(*written)
    await asyncio.sleep(0.01)
    assert heard == [(frozenset({"outbox", "holdings"}), ["a", "b", "c", "d"])]


async def test_nobody_is_woken_for_what_was_undone(database):
    heard: list[frozenset[str]] = []
    database.on_wake(heard.append, asyncio.get_running_loop())
    with pytest.raises(LookupError):
        await database.write(put_and_fail("a"))
    await database.write(put("b"))
    await asyncio.sleep(0.01)
    assert heard == []


def test_a_loop_that_is_gone_takes_no_transaction_with_it(database):
    """The bot stops while the last transaction is on its way."""
    loop = asyncio.new_event_loop()
    database.on_wake(lambda _names: None, loop)
    loop.close()
    assert database.write_now(put("a", wakes="outbox")) == "a"
    assert database.write_now(put("b", wakes="outbox")) == "b"


# Readers.


async def test_readers_cannot_write(database):
    with pytest.raises(StorageUnavailable, match=r"read-?only"):
        await database.read(put("a"))
    assert await database.read(kept) == []
    await database.write(put("b"))
    assert await database.read(kept) == ["b"]


async def test_readers_do_not_wait_for_the_writer_and_see_no_half_done_thing(database):
    begun, go_on = threading.Event(), threading.Event()

    def work(tx: Session) -> None:
        put("a")(tx)
        begun.set()
        go_on.wait(5)

    (written,) = waiting(database, work)
    await asyncio.to_thread(begun.wait, 5)
    assert await asyncio.wait_for(database.read(kept), 1) == []
    go_on.set()
    await written
    assert await database.read(kept) == ["a"]


# A view that reads no table in the place of one that is put elsewhere, and back again.
AWAY = (
    "BEGIN IMMEDIATE; ALTER TABLE deliveries RENAME TO elsewhere; CREATE VIEW deliveries AS "
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
    "SELECT i AS key, i AS at FROM n WHERE i < 0; COMMIT"
)
BACK = "BEGIN IMMEDIATE; DROP VIEW deliveries; ALTER TABLE elsewhere RENAME TO deliveries; COMMIT"
ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n")


async def test_what_is_read_for_ever_is_broken_off_and_takes_nobody_their_reader(store):
    """A view in the place of a table may have no end; else a few looks at it, and nothing would be read any more."""
    database = Database(store, patience=0.2, reads_within=0.2)
    for _ in range(READERS + 1):
        with pytest.raises(StorageUnavailable):
            await database.read(lambda tx: tx.execute(ENDLESS).one())
    with pytest.raises(StorageUnavailable):
        await database.glance(lambda tx: tx.execute(ENDLESS).one())
    await asyncio.sleep(0.5)  # of a server the caller may hear first
    found = await asyncio.gather(*(database.read(kept) for _ in range(READERS)), database.glance(kept))
    assert found == [[]] * (READERS + 1)
    database.close()


async def test_a_view_that_was_in_the_place_of_a_table_answers_nothing_once_it_is_gone(path):
    """What was prepared for one that reads no table is never prepared anew: rows that are there stayed unseen."""
    database = Database(path)
    await database.write(put("a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.executescript(AWAY)
        assert [await database.write(kept), await database.read(kept), await database.glance(kept)] == [
            []
        ] * 3
        other.executescript(BACK)
    assert [await database.write(kept), await database.read(kept), await database.glance(kept)] == [["a"]] * 3
    database.close()


async def test_none_of_the_readers_goes_on_asking_a_view_that_is_gone(path):
    """One that is thrown away may have another as old come in its place."""
    database = Database(path)
    await database.write(put("a"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.executescript(AWAY)
        assert await database.write(kept) == []
        assert await looked_together(database) == [[]] * (READERS + 1)
        other.executescript(BACK)
    await database.write(kept)
    assert [await database.read(kept) for _ in range(READERS + 1)] == [["a"]] * (READERS + 1)
    database.close()


async def test_whoever_else_writes_has_no_connection_stay_open(path, monkeypatch):
    """One was left to the garbage with each read under way, and its files with it: in the end none can be opened."""
    opened = list[weakref.ref[sqlite3.Connection]]()

    connect = sqlite3.dbapi2.connect

    def noted(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        made = connect(*args, **kwargs)
        opened.append(weakref.ref(made))
        return made

    monkeypatch.setattr(sqlite3.dbapi2, "connect", noted)
    gc.disable()
    database = Database(path)
    try:
        with closing(connect(path, isolation_level=None)) as other:
            for number in range(10):
                begun, go_on = threading.Event(), threading.Event()
                reading = asyncio.ensure_future(database.read(waits(begun, go_on)))
                await asyncio.to_thread(begun.wait, 5)
                other.execute(f"INSERT INTO deliveries VALUES ('{number}', 1)")
                await database.write(kept)
                go_on.set()
                await reading
        assert len(opened) > 10
        assert sum(one() is not None for one in opened) <= READERS + 2
    finally:
        gc.enable()
        database.close()


async def test_what_nobody_waits_for_may_be_read_for_longer_and_a_command_for_as_long_as_it_takes(store):
    database = Database(store, patience=0.05, reads_within=0.05)
    some = ENDLESS.text.replace("SELECT i FROM n)", "SELECT i + 1 FROM n WHERE i < 1000000)")
    with pytest.raises(StorageUnavailable):
        await database.read(lambda tx: tx.execute(text(some)).one())
    found = await database.read(lambda tx: tx.execute(text(some)).one(), patience=60)
    assert [*found, *database.read_now(lambda tx: tx.execute(text(some)).one())] == [1_000_000] * 2
    database.close()


async def test_a_reader_sees_one_moment_from_first_to_last(database):
    begun, go_on = threading.Event(), threading.Event()

    def work(tx: Session) -> tuple[list[str], list[str]]:
        before = kept(tx)
        begun.set()
        go_on.wait(5)
        return before, kept(tx)

    reading = asyncio.ensure_future(database.read(work))
    await asyncio.to_thread(begun.wait, 5)
    await database.write(put("a"))
    go_on.set()
    assert await reading == ([], [])


# A store that fails.


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Somebody else holds the lock of all writers."""
    if isinstance(store, Server):
        with writing_elsewhere(store):
            yield
        return
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def test_a_locked_database_does_nothing_says_so_and_recovers(database, store):
    with locked(store):
        with pytest.raises(StorageUnavailable, match="locked"):
            await database.write(put("a"))
        assert await database.read(kept) == []
    assert await database.write(put("b")) == "b"
    assert await database.read(kept) == ["b"]


async def test_everybody_who_waits_for_a_locked_database_hears_of_it(database, store):
    with locked(store):
        results = await asyncio.gather(
            *waiting(database, put("a"), put("b"), put("c")), return_exceptions=True
        )
    assert [isinstance(result, StorageUnavailable) for result in results] == [True] * 3
    assert await database.read(kept) == []


async def test_a_row_that_somebody_else_holds_undoes_only_whoever_wants_it(server):
    """On PostgreSQL: the others of its batch are kept, or one row would hold up every end that comes with it."""
    database = Database(server, busy_timeout=0.1)
    await database.write(put("a"))

    def move(tx: Session) -> None:
        tx.connection().execute(text("UPDATE deliveries SET at = 0"))

    with psycopg.connect(server.url) as other:
        other.execute("SELECT FROM deliveries FOR UPDATE")
        async with held_up(database):
            written = waiting(database, put("b"), move, put("c"))
            await asyncio.sleep(0)
        results = await asyncio.gather(*written, return_exceptions=True)
    assert (results[0], type(results[1]), results[2]) == ("b", Locked, "c")
    assert await database.read(kept) == ["a", "b", "c"]
    database.close()


async def test_a_full_disk_does_nothing_says_so_and_recovers(path):
    """In a batch too: nothing of it is kept, and nobody is told that their part was."""
    database = Database(path)
    most = await database.write(_fill_up)
    long = "x" * 100_000
    async with held_up(database):
        written = waiting(database, put("a"), put(long), put("b"))
        await asyncio.sleep(0)
    results = await asyncio.gather(*written, return_exceptions=True)
    assert [type(result) for result in results] == [StorageUnavailable] * 3
    assert "full" in str(results[0])
    assert await database.read(kept) == []
    await database.write(
        lambda tx: tx.connection().exec_driver_sql(f"PRAGMA max_page_count = {most}").scalar()
    )
    assert await database.write(put("c", long)) == long
    database.close()


def _fill_up(tx: Session) -> int:
    """Allow the file not one page more; how many it was allowed before."""
    connection = tx.connection()
    most = connection.exec_driver_sql("PRAGMA max_page_count").scalar()
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    return int(most or 0)


async def test_a_file_that_is_no_database_says_so(tmp_path):
    (tmp_path / "wicket.db").write_bytes(b"This is a shopping list, and not a short one. " * 100)
    database = Database(tmp_path / "wicket.db")
    with pytest.raises(StorageUnavailable):
        await database.write(put("a"))
    with pytest.raises(StorageUnavailable):
        await database.read(kept)
    database.close()


async def test_a_fault_names_no_statement_and_no_value(database, store):
    """Promise 4: it is shown to operators and kept in logs."""
    with locked(store), pytest.raises(StorageUnavailable) as fault:
        await database.write(put("a-secret-key"))
    why = "another transaction has locked it" if isinstance(store, Server) else "database is locked"
    assert str(fault.value) == f"The database cannot be used right now: {why}."


# Closing.


async def test_closing_finishes_what_is_queued(database):
    async with held_up(database):
        written = waiting(database, *(put(f"{n:03}") for n in range(2 * GROUP_LIMIT + 3)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(database.close))
        await asyncio.sleep(0.02)
    await closing
    assert await asyncio.gather(*written) == [f"{n:03}" for n in range(2 * GROUP_LIMIT + 3)]


async def test_a_closed_database_says_so_at_once(database):
    database.close()
    for asked in (database.write(put("a")), database.read(kept)):
        with pytest.raises(StorageUnavailable, match="closed"):
            await asyncio.wait_for(asked, 1)
    database.close()


async def test_whoever_writes_while_it_closes_gets_an_answer(store):
    """No caller waits for ever, on whichever side of the closing they came."""
    for _ in range(20):
        database = Database(store)
        answers: list[object] = []

        def write(database: Database = database, answers: list[object] = answers) -> None:
            try:
                while True:
                    answers.append(database.write_now(lambda _tx: "done"))
            except StorageUnavailable as fault:
                answers.append(fault)

        threads = [threading.Thread(target=write, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        await asyncio.to_thread(database.close)
        for thread in threads:
            await asyncio.to_thread(thread.join, 2)
        assert not any(thread.is_alive() for thread in threads)
        assert sum(isinstance(answer, StorageUnavailable) for answer in answers) == 4
