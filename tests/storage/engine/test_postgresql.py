"""Replicas on one PostgreSQL: they see one time and write one after the other, and a server that goes is survived."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlmodel import Session, col, select, text

from storage import deliveries
from storage.database import Database
from storage.engine.migrating import migrate
from storage.engine.postgresql import OLDEST, STILL_AFTER, why_unfit
from storage.engine.stores import Server
from storage.faults import OutcomeUnknown, StorageUnavailable
from storage.records import Delivery, Failures
from tests.storage.postgres import postgres
from tests.storage.proxy import Proxy

AT = datetime(2026, 11, 23, 14, 2, tzinfo=UTC)


@pytest.fixture
def replicas(server: Server) -> Iterator[list[Database]]:
    """Three processes' worth of databases on one server, which wait for each other as long as it takes."""
    opened = [Database(server, busy_timeout=60, patience=120) for _ in range(3)]
    yield opened
    for each in opened:
        each.close()


@asynccontextmanager
async def behind_a_proxy(server: Server) -> AsyncIterator[tuple[Database, Proxy]]:
    """A database that is reached through something that can be cut."""
    async with Proxy(postgres().port) as proxy:
        name = server.url.partition("@/")[2].partition("?")[0]
        url = f"postgresql://wicket@127.0.0.1:{proxy.port}/{name}?sslmode=disable&tcp_user_timeout=500"
        database = Database(Server(url=url), busy_timeout=0.5, patience=1.0)
        try:
            await database.write(lambda _tx: None)
            yield database, proxy
        finally:
            proxy.go_on()
            await asyncio.to_thread(database.close)


def put(key: str) -> Callable[[Session], str]:
    def work(tx: Session) -> str:
        tx.add(Delivery(key=key, at=AT))
        tx.flush()
        return key

    return work


def kept(tx: Session) -> list[str]:
    return list(tx.exec(select(Delivery.key).order_by(col(Delivery.key))).all())


# One after the other.


async def test_what_a_transaction_looked_up_stays_so_until_it_commits(replicas):
    """Read, think, write: on both engines nobody comes between, so no count is lost and no limit is passed twice."""

    def count(tx: Session) -> None:
        row = tx.get(Failures, ("staff", "ada")) or Failures(
            directory="staff", account="ada", count=0, last_at=AT
        )
        row.count += 1
        tx.add(row)

    await asyncio.gather(*(each.write(count) for _ in range(40) for each in replicas))
    row = await replicas[0].read(lambda tx: tx.get(Failures, ("staff", "ada")))
    assert row is not None
    assert row.count == 120


async def test_one_delivery_at_three_replicas_has_one_effect(replicas):
    """SL-5: the losers hear that it is a repeat, and fail over nothing."""
    for number in range(20):
        key = f"event:{number}"
        taken = await asyncio.gather(
            *(each.write(lambda tx, key=key: deliveries.take(tx, key, AT)) for each in replicas * 2)
        )
        assert sorted(taken) == [False] * 5 + [True]


def test_a_delivery_is_taken_once_even_where_nobody_waits_for_a_turn(server):
    """The key itself decides, should the lock of all writers ever fail: the second waits for the first's end."""
    with psycopg.connect(server.url) as one, psycopg.connect(server.url, autocommit=True) as other:
        one.execute("INSERT INTO deliveries VALUES ('event:1', 1)")
        other.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("INSERT INTO deliveries VALUES ('event:1', 1) ON CONFLICT DO NOTHING")
        one.commit()
        assert (
            other.execute("INSERT INTO deliveries VALUES ('event:1', 1) ON CONFLICT DO NOTHING").rowcount == 0
        )


STANDS_STILL = """
import sys, time
from sqlmodel import text
from storage.database import Database
from storage.engine.stores import Server

def work(tx):
    tx.execute(text("INSERT INTO deliveries VALUES ('of one that stood still', 1)"))
    print("begun", flush=True)
    sys.stdin.readline()

database = Database(Server(url=sys.argv[1]))
try:
    database.write_now(work)
    print("kept", flush=True)
except Exception as fault:
    print(type(fault).__name__, flush=True)
database.write_now(lambda tx: tx.execute(text("INSERT INTO deliveries VALUES ('afterwards', 1)")))
database.close()
"""


@contextmanager
def in_a_transaction(server: Server) -> Iterator["subprocess.Popen[str]"]:
    """A process that has begun one, and ends it when it is sent a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", STANDS_STILL, server.url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        try:
            assert _answer(process) == "begun"
            yield process
        finally:
            process.kill()


def _answer(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize(("waits", "may_stand"), [(1.5, "3s"), (30.0, "30s")])
def test_whoever_waits_long_for_the_others_may_keep_them_waiting_as_long(
    server, waits: float, may_stand: str
):
    """A migration loads its revisions while it has the lock, which takes seconds where a disk is slow."""
    opened = Database(server, busy_timeout=waits)
    asked = text("SELECT current_setting('idle_in_transaction_session_timeout')")
    assert opened.write_now(lambda tx: tx.connection().execute(asked).scalar_one()) == may_stand
    opened.close()


def test_a_process_that_stands_still_in_a_transaction_does_not_stop_the_others(server):
    """It is undone, hears so when it goes on, and works again."""
    others = Database(server, busy_timeout=0.2)
    with in_a_transaction(server) as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(StorageUnavailable, match="locked"):
            others.write_now(put("meanwhile"))
        until = time.monotonic() + STILL_AFTER + 2
        while time.monotonic() < until:
            try:
                others.write_now(put("soon"))
                break
            except StorageUnavailable:
                continue
        process.send_signal(signal.SIGCONT)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert _answer(process) == "StorageUnavailable"
        assert process.wait(5) == 0
    assert others.read_now(kept) == ["afterwards", "soon"]
    others.close()


def test_one_that_is_killed_in_a_transaction_holds_nobody_up(server):
    others = Database(server, busy_timeout=1)
    with in_a_transaction(server) as process:
        process.kill()
        process.wait()
        others.write_now(put("at once"))
    assert others.read_now(kept) == ["at once"]
    others.close()


# One time.


def test_the_time_is_the_databases_and_not_the_machines(server):
    """Replicas on machines whose clocks differ agree on when a grant ends."""
    name = server.url.partition("@/")[2].partition("?")[0]
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA ahead")
        admin.execute(
            "CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$SELECT pg_catalog.clock_timestamp() + interval '1 hour'$$"
        )
        admin.execute(f"ALTER DATABASE {name} SET search_path = ahead, pg_catalog, public")
    database = Database(server)
    database.read_now(kept)
    ahead = database.now() - datetime.now(UTC)
    assert abs(ahead - timedelta(hours=1)) < timedelta(seconds=1)
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(
            "CREATE OR REPLACE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "$$SELECT pg_catalog.clock_timestamp() + interval '2 hours'$$"
        )
    database.write_now(lambda _tx: None)
    ahead = database.now() - datetime.now(UTC)
    assert abs(ahead - timedelta(hours=2)) < timedelta(seconds=1), "each transaction brings it along"
    database.close()


def test_time_goes_on_between_two_answers_of_the_database(server):
    database = Database(server)
    database.write_now(lambda _tx: None)
    before = database.now()
    time.sleep(0.05)
    assert timedelta(seconds=0.05) <= database.now() - before < timedelta(seconds=1)
    database.close()


# A server that goes.


async def test_a_lost_connection_undoes_its_transaction_alone_and_the_next_is_fine(server):
    """A failover or a restart: nobody has to restart Wicket."""
    database = Database(server)

    def work(tx: Session) -> None:
        put("a")(tx)
        number = tx.execute(text("SELECT pg_backend_pid()")).scalar()
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [number])
        put("b")(tx)

    with pytest.raises(StorageUnavailable):
        await database.write(work)
    assert await database.write(put("c")) == "c"
    assert await database.read(kept) == ["c"]
    database.close()


async def test_connections_that_died_between_transactions_are_nobodys_trouble(server):
    database = Database(server)
    await database.write(put("a"))
    assert await database.read(kept) == ["a"]
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert await database.write(put("b")) == "b"
    assert await database.read(kept) == ["a", "b"]
    database.close()


async def test_a_commit_whose_answer_was_lost_is_known_for_what_it_is(server):
    """It is durable, so whoever asked hears so; undone or said twice, it would be a lie either way."""
    async with behind_a_proxy(server) as (database, proxy):
        proxy.before = lambda piece: "deaf" if b"COMMIT\0" in piece else None
        assert await database.write(put("a")) == "a"
        proxy.before = lambda _: None
        assert await database.read(kept) == ["a"]


async def test_a_commit_that_never_arrived_is_known_for_what_it_is(server):
    async with behind_a_proxy(server) as (database, proxy):
        proxy.before = lambda piece: "cut" if b"COMMIT\0" in piece else None
        with pytest.raises(StorageUnavailable) as fault:
            await database.write(put("a"))
        assert not isinstance(fault.value, OutcomeUnknown)
        proxy.before = lambda _: None
        assert await database.write(put("b")) == "b"
        assert await database.read(kept) == ["b"]


async def test_a_commit_nobody_can_be_asked_about_is_told_as_unknown(server):
    async with behind_a_proxy(server) as (database, proxy):

        def cut(piece: bytes) -> str | None:
            if b"COMMIT\0" not in piece:
                return None
            proxy.stop()
            return "cut"

        proxy.before = cut
        with pytest.raises(OutcomeUnknown, match="does not say whether it was kept"):
            await database.write(put("a"))


async def test_a_server_that_falls_silent_is_not_waited_for_long(server):
    """It takes what it is sent and answers nothing: what was begun is told as unknown, what was not never runs."""
    async with behind_a_proxy(server) as (database, proxy):
        proxy.hang()
        begun = asyncio.ensure_future(database.write(put("a")))
        await asyncio.sleep(0.05)
        queued = asyncio.ensure_future(database.write(put("b")))
        with pytest.raises(OutcomeUnknown):
            await begun
        with pytest.raises(StorageUnavailable, match="does not answer, so nothing was done"):
            await queued
        with pytest.raises(StorageUnavailable, match="does not answer"):
            await database.read(kept)
        proxy.go_on()
        await database.write(put("c"))
        assert await database.read(kept) == ["a", "c"]


async def test_what_nobody_waits_for_may_take_its_time(server):
    """The digest of a week of very much takes longer than a click is waited for."""
    database = Database(server, patience=0.2)
    slow = text("SELECT pg_sleep(0.5), 1")
    with pytest.raises(StorageUnavailable, match="does not answer"):
        await database.read(lambda tx: tx.execute(slow).one())
    found = await database.read(lambda tx: tx.execute(slow).one(), patience=60)
    assert found[1] == 1
    database.close()


async def test_a_server_that_refuses_is_told_at_once(server):
    async with behind_a_proxy(server) as (database, proxy):
        proxy.stop()
        begun = time.monotonic()
        with pytest.raises(StorageUnavailable):
            await database.write(put("a"))
        with pytest.raises(StorageUnavailable):
            await database.read(kept)
        assert time.monotonic() - begun < 5


# What it is told and what it demands.


def test_a_commit_waits_for_the_disk_whatever_the_database_is_set_to(server):
    name = server.url.partition("@/")[2].partition("?")[0]
    for setting, wanted in (("off", "on"), ("remote_apply", "remote_apply")):
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = {setting}")
        database = Database(server)
        found = database.write_now(lambda tx: tx.execute(text("SHOW synchronous_commit")).scalar())
        database.close()
        assert found == wanted


def test_a_server_too_old_or_an_encoding_too_narrow_is_named():
    assert why_unfit(OLDEST, "UTF8") is None
    assert "too old" in (why_unfit(OLDEST - 1, "UTF8") or "")
    assert "kept in LATIN1" in (why_unfit(OLDEST, "LATIN1") or "")


def test_a_password_is_in_no_repr(server):
    secret = Server(url=server.url, password="a-password-of-the-test")
    assert "a-password" not in f"{secret!r} {secret}"


def test_migrating_waits_for_nobody_who_only_reads(server):
    """A new replica looks at the tables while the old ones work."""
    running = Database(server)
    migrate(server)
    assert running.write_now(put("a")) == "a"
    running.close()
