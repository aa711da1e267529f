"""Work that several replicas could take: each piece is had by one, and by another only when its lease is over."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from storage import holdings, outbox
from storage.database import Database
from storage.engine.stores import Server, Store
from storage.records import Holding, Owed
from tests.storage import rows
from tests.storage.postgres import postgres

LEASE = timedelta(seconds=30)
LONGEST = timedelta(minutes=5)
PIECES = 150


@pytest.fixture
def replicas(store: Store) -> Iterator[list[Database]]:
    """Two processes' worth of databases, which wait for each other as long as it takes."""
    opened = [Database(store, busy_timeout=60, patience=120) for _ in range(2)]
    opened[0].write_now(lambda _tx: None)
    yield opened
    for each in opened:
        each.close()


def fill(tx: Session, at: datetime) -> None:
    """Holdings and messages, all due."""
    for number in range(PIECES):
        account = f"p-{number:03}"
        holdings.follow(tx, at=at, directory="local", account=account, group="prod-db-rw", due_at=at)
        outbox.owe(tx, at=at, courier="slack", kind="request", subject=account, recipient="U0ADA")


def claim_holdings(tx: Session, at: datetime, limit: int = 7) -> list[Holding]:
    return rows.claim(tx, directory="local", at=at, lease=LEASE, limit=limit, longest=LONGEST)


def claim_messages(tx: Session, at: datetime, limit: int = 7) -> list[Owed]:
    return outbox.claim(tx, courier="slack", at=at, lease=LEASE, limit=limit, longest=LONGEST)


@pytest.mark.parametrize("claim", [claim_holdings, claim_messages])
async def test_workers_of_two_replicas_never_take_the_same_piece(replicas, now, claim):
    """Until nothing is left, with never more than was asked for."""
    await replicas[0].write(lambda tx: fill(tx, now))
    taken: list[object] = []

    async def work(database: Database) -> None:
        while found := await database.write(lambda tx: claim(tx, now)):
            assert len(found) <= 7
            taken.extend(each.id for each in found)

    await asyncio.gather(*(work(each) for each in replicas * 3))
    assert Counter(Counter(taken).values()) == {1: PIECES}


WORKER = """
import sys
from datetime import datetime, timedelta
from storage import claims, outbox
from storage.database import Database
from storage.engine.stores import Server
at = datetime.fromisoformat(sys.argv[2])
database = Database(Server(url=sys.argv[1]), busy_timeout=5)
print("ready", flush=True)
sys.stdin.readline()
lease = timedelta(seconds=30)
while True:
    found = database.write_now(lambda tx: claims.take(
        tx, claims.due(tx, directory="local", at=at, limit=3, longest=10 * lease), until=at + lease
    ))
    found += database.write_now(lambda tx: outbox.claim(
        tx, courier="slack", at=at, lease=lease, limit=3, longest=10 * lease
    ))
    if not found:
        break
    for each in found:
        print(each.id)
database.close()
"""


def test_two_processes_share_the_work_and_take_nothing_twice(server, now):
    database = Database(server)
    database.write_now(lambda tx: fill(tx, now))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, server.url, now.isoformat()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONHASHSEED": "0"},
        )
        for _ in range(2)
    ]  # fmt: skip
    for each in started:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in started:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    shares = [each.communicate(timeout=30)[0].split() for each in started]
    assert Counter(Counter(shares[0] + shares[1]).values()) == {1: 2 * PIECES}
    assert all(shares), "both had some"
    database.close()


@pytest.mark.parametrize("claim", [claim_holdings, claim_messages])
def test_a_claim_skips_what_another_is_taking_in_this_moment(server, now, claim):
    """The rows' own locks do so, were it not for the lock of all writers: nobody waits, nobody takes it twice."""
    database = Database(server)
    database.write_now(lambda tx: fill(tx, now))
    database.close()
    engine = postgres().engine(server)
    with Session(engine) as one, Session(engine) as other:
        first = {each.id for each in claim(one, now, 100)}
        second = {each.id for each in claim(other, now, 100)}
        assert (len(first), len(second)) == (100, PIECES - 100)
        assert not first & second
        one.commit()
        other.commit()
    engine.dispose()


def test_one_that_stood_still_past_its_lease_completes_nothing(replicas, now):
    """Its work went to another, whose fence is newer: what it found out long ago is not written (promise 6)."""
    paused, other = replicas
    paused.write_now(lambda tx: fill(tx, now))
    held, posting = paused.write_now(lambda tx: (claim_holdings(tx, now, 1), claim_messages(tx, now, 1)))
    later = now + LEASE + timedelta(seconds=1)
    assert [each.id for each in other.write_now(lambda tx: claim_holdings(tx, later, PIECES))].count(
        held[0].id
    )
    (again,) = [
        each
        for each in other.write_now(lambda tx: claim_messages(tx, later, PIECES))
        if each.id == posting[0].id
    ]
    assert paused.write_now(lambda tx: holdings.held_under(tx, held[0])) is None
    assert not paused.write_now(lambda tx: holdings.note_stood_before(tx, held[0], stood=True))
    assert not paused.write_now(lambda tx: outbox.done(tx, posting[0]))
    paused.write_now(lambda tx: outbox.postpone(tx, posting[0], until=later, fault="late"))
    assert other.write_now(lambda tx: outbox.done(tx, again))


@pytest.mark.parametrize("analysed", [False, True])
@pytest.mark.parametrize("claim", [claim_holdings, claim_messages])
def test_a_claim_takes_no_more_than_it_may_however_it_is_planned(server: Server, now, claim, analysed):
    """A subquery that is run anew for each row would take them all, past every slot there is."""
    database = Database(server)
    database.write_now(lambda tx: fill(tx, now))
    engine = postgres().engine(server)
    for plans in ("hashjoin", "mergejoin", "material", "seqscan"):
        with Session(engine) as tx:
            if analysed:
                tx.connection().exec_driver_sql("ANALYZE")
            for off in ("hashjoin", "mergejoin", "material", "hashagg", "sort", plans):
                tx.connection().exec_driver_sql(f"SET LOCAL enable_{off} = off")
            assert len(claim(tx, now, 5)) == 5
            tx.rollback()
    engine.dispose()
    database.close()
