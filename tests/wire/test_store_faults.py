"""A store that is locked, full or without its audit log, over the wire: nothing is done without its record (A-7)."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests.wire.steps import ask, fill_in, undecided

DATA = "C0DATAOWN"
CANNOT = "I can't write to my records right now, so nothing was done"


@contextmanager
def locked(world) -> Iterator[None]:
    """Somebody else, a backup say, holds the database's write lock."""
    other = sqlite3.connect(world.settings.database.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@contextmanager
def without_audit_log(world) -> Iterator[None]:
    """The audit log cannot be appended to: its head is gone. Everything else can be written."""
    other = sqlite3.connect(world.settings.database.path, isolation_level=None, timeout=5)
    try:
        other.execute("ALTER TABLE audit_head RENAME TO audit_head_away")
        yield
        other.execute("ALTER TABLE audit_head_away RENAME TO audit_head")
    finally:
        other.close()


async def kept(world) -> list[tuple[object, ...]]:
    """Every row that a request could have changed."""
    tables = ("grants", "approvals", "holdings", "outbox", "deliveries", "audit_entries")

    def work(tx):
        return [tuple(row) for table in tables for row in tx.execute(text(f"SELECT * FROM {table}"))]

    return await world.database.read(work)


@contextmanager
def locked_by_another_process(world) -> Iterator[None]:
    """A tool in a process of its own holds it, and is killed."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, world.settings.database.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            other.kill()


@contextmanager
def read_only(world) -> Iterator[None]:
    """SQLite itself says that the file may not be written, as on a file system that turned read-only."""
    kept: list[sqlite3.Connection] = []

    def refuse(tx) -> None:
        kept.append(tx.connection().connection.driver_connection)
        tx.execute(text("PRAGMA query_only = ON"))

    world.database.write_now(refuse)
    yield
    kept[0].execute("PRAGMA query_only = OFF")


@pytest.mark.parametrize("trouble", [locked, locked_by_another_process, read_only, without_audit_log])
async def test_nothing_is_asked_decided_or_answered_without_its_record(world, trouble):
    """Each way in says so kindly, keeps what was typed, and works afterwards."""
    ada, grace, bob = world.person("ada"), world.person("grace"), world.person("bob")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    waiting = await ada.sees("waiting for Data Platform")
    request = await undecided(grace, DATA, "prod-db")
    await grace.click(request, "approval.approve")
    form = await grace.sees_view("Approve request")
    await bob.slash("/wicket", "request")
    asking = await bob.sees_view("What do you need?")
    await world.told()
    before = await kept(world)
    with trouble(world):
        refused, asked, *_ = await asyncio.gather(
            grace.submit(form, {"rationale": "ok for the incident"}),
            _send(bob, asking),
            ada.click(waiting, "request.withdraw"),
            bob.slash("/wicket", "unlock my account"),
            ada.say("what access do I have?"),
        )
        assert CANNOT in refused.errors["rationale"]
        assert CANNOT in asked.errors["for"]
        await ada.sees(CANNOT)
        await bob.sees(CANNOT)
        assert await kept(world) == before
    assert (await world.directory.account("p-bob")).locked
    assert await world.holders("prod-db") == set()
    assert (await bob.submit(asked.view, {})).closed
    assert (await grace.submit(refused.view, {})).closed
    await ada.sees("✅ prod-db")
    await bob.sees("✅ grafana-edit")
    await ada.say("what access do I have?")
    await ada.sees("You hold 3 things")


async def _send(who, form):
    choices = await who.options(form, "entitlement", "grafana")
    typed = {"entitlement": choices[0]["value"], "duration": "1h", "justification": "INC-1"}
    return await who.submit(form, typed)


async def test_an_end_that_falls_into_a_lock_comes_right_after_it(world):
    """A revocation waits for no operator (promise 1)."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.told()
    with locked(world):
        world.clock.skip(hours=1, seconds=1)
        await asyncio.sleep(2.2)
        assert "ada" in await world.holders("grafana-edit")
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")
    assert (await world.actions()).count("access.removed done") == 1


async def test_no_access_is_given_that_could_not_be_recorded_first(world):
    """The store goes while the directory is being asked: afterwards the record and the directory agree."""
    ada = world.person("ada")
    world.faulty.timeout = 5
    world.faulty.hang("add_member")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await world.until(lambda: world.faulty.hanging == 1)
    with locked(world):
        world.faulty.mend()
        await asyncio.sleep(1.8)
    world.clock.skip(seconds=31)
    await ada.sees("✅ grafana-edit")
    assert (await world.actions()).count("access.given done") == 1
    world.clock.skip(hours=1)
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")


async def test_what_was_said_but_could_not_be_recorded_is_not_said_again(world):
    """Posted, then the store was gone: afterwards the same message is kept up to date (promise 10)."""
    ada = world.person("ada")
    world.slack.faults.hold("chat.postMessage")
    await ada.say("I need grafana-edit for 1h because INC-1")
    await world.until(lambda: world.slack.faults.held)
    with locked(world):
        world.slack.faults.let_go("chat.postMessage")
        draft = await ada.sees("You are asking for")
        await asyncio.sleep(1.8)
    world.clock.skip(seconds=31)
    await ada.click(draft, "draft.send")
    assert (await ada.sees("✅ grafana-edit")).ts == draft.ts
    assert len([m for m in ada.messages() if m.bot_id]) == 1


async def test_a_full_database_does_nothing_half_and_works_again_with_room(world, capsys):
    """SQLite itself says that the disk is full. What was refused left nothing, what was taken up is kept."""
    ada = world.person("ada")
    before = await _rows(world, "deliveries")
    await world.database.write(_no_more_pages)
    drafted = 0
    while not any(message.says(CANNOT) for message in ada.messages()):
        await ada.say(f"I need prod-db for 2h because {'full ' * 80}{drafted}")
        await world.slack.settled()
        drafted += 1
        assert drafted < 60
    taken_up = await _rows(world, "grants")
    assert taken_up == await _rows(world, "deliveries") - before
    await world.until(lambda: [m.says(CANNOT) for m in ada.messages()].count(True) == drafted - taken_up)
    await world.database.write(_room_again)
    await ada.slash("/wicket", "request")
    assert (await fill_in(ada, "grafana-edit", "1h", "INC-1")).closed
    await ada.sees("✅ grafana-edit")
    assert "ada" in await world.holders("grafana-edit")
    assert "database or disk is full" in capsys.readouterr().out


async def _rows(world, table: str) -> int:
    return await world.database.read(lambda tx: tx.execute(text(f"SELECT count(*) FROM {table}")).scalar())


def _no_more_pages(tx) -> None:
    pages = tx.execute(text("PRAGMA page_count")).scalar()
    tx.execute(text(f"PRAGMA max_page_count = {pages}"))


def _room_again(tx) -> None:
    tx.execute(text("PRAGMA max_page_count = 1073741823"))
