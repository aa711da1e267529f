"""Ends that somebody with the database in hand keeps from happening: no other waits for them, and security hears."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from handlers.audit.doubts import Doubts
from storage.engine.stores import Server
from storage.faults import StorageUnavailable
from storage.records import ExceptionRecord
from storage.states import GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.storage.postgres import postgres

# As whoever can write to a SQLite file has it, for Ada alone.
ENDS_NOT = "NEW.account = 'ada' AND NEW.state = 'ending'"
WANTED_NOT = "NEW.account = 'ada' AND NEW.wanted = 0"
KEPT = {
    "left out": f"BEFORE UPDATE ON grants WHEN {ENDS_NOT} BEGIN SELECT RAISE(IGNORE); END",
    "refused": f"BEFORE UPDATE ON grants WHEN {ENDS_NOT} BEGIN SELECT RAISE(ABORT, 'no'); END",
    "put back": f"AFTER UPDATE ON grants WHEN {ENDS_NOT} BEGIN"
    " UPDATE grants SET state = OLD.state, mac = OLD.mac WHERE id = NEW.id; END",
    "made something else": f"AFTER UPDATE ON grants WHEN {ENDS_NOT} BEGIN"
    " UPDATE grants SET state = 'voided' WHERE id = NEW.id; END",
    "left wanted": f"BEFORE UPDATE ON holdings WHEN {WANTED_NOT} BEGIN SELECT RAISE(IGNORE); END",
}


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def told(world: World) -> list[ExceptionRecord]:
    return [one for one in await world.exceptions() if one.kind == "revocation-overdue"]


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("how", KEPT)
async def test_one_that_is_kept_from_ending_holds_up_no_other_and_is_told(world: World, how: str) -> None:
    """Promise 1: the others end on time; security hears of the one, and again, until it ends."""
    kept, other = await world.given("ada"), await world.given("charles")
    await by_other_hands(world, f"CREATE TRIGGER x {KEPT[how]}")
    world.clock.forward(hours=1)
    await world.tick()
    assert (await world.state(kept), await world.state(other)) == (GrantState.ACTIVE, GrantState.ENDED)
    assert await world.actions("grant.expired") == ["grant.expired done"]
    for _ in range(3):
        world.clock.forward(minutes=1, seconds=1)
        await world.tick()
    (late,) = await told(world)
    assert (late.severity, late.who, late.correlation, late.count) == ("high", "Ada (ada)", kept, 1)
    assert late.facts["tries"] > 1
    standing = await world.revocation.standing()
    assert (standing.overdue, standing.oldest) == (1, (await world.grant(kept)).expires_at)
    assert await world.actions("access.removal_overdue") == ["access.removal_overdue failed"]
    world.clock.forward(minutes=12)
    await world.tick()
    assert [one.owner for one in await told(world)] == [None, "data"]
    await by_other_hands(world, "DROP TRIGGER x")
    world.clock.forward(seconds=30)
    await world.tick()
    assert await world.state(kept) == GrantState.ENDED
    assert "settled" in (await told(world))[-1].facts


@contextmanager
def held(server: Server, statement: str) -> Iterator[None]:
    """Another session holds these rows for as long."""
    engine = postgres().engine(server)
    try:
        with engine.connect() as connection:
            assert connection.execute(text(statement)).all()
            yield
    finally:
        engine.dispose()


@pytest.mark.postgresql_alone
@pytest.mark.parametrize("table", ["grants", "holdings"])
async def test_a_row_that_another_session_holds_keeps_no_other_from_ending(
    world: World, server: Server | None, table: str
) -> None:
    """Promise 1: nobody waits for it, and security hears though nothing of it can be written."""
    assert server is not None
    kept, other = await world.given("ada"), await world.given("charles")
    world.clock.forward(hours=1, minutes=2)
    with held(server, f"SELECT * FROM {table} WHERE account = 'ada' FOR UPDATE"):
        await world.tick()
        assert (await world.state(kept), await world.state(other)) == (GrantState.ACTIVE, GrantState.ENDED)
        late = [one.who for one in await told(world)]
        assert "Ada (ada)" in late
    world.clock.forward(minutes=1)
    await world.tick()
    assert await world.state(kept) == GrantState.ENDED


@pytest.mark.sqlite_alone
async def test_many_that_are_kept_from_ending_are_told_in_one_message(world: World) -> None:
    logins = [f"p{number}" for number in range(12)]
    grant = await world.grant(await world.given("ada"))
    columns = [column.name for column in grant.__table__.columns]  # type: ignore[attr-defined]
    names = ", ".join(f'"{name}"' for name in columns)
    for login in logins:
        copied = {"id": f"'g-{login}'", "account": f"'{login}'"}
        values = ", ".join(copied.get(name, f'"{name}"') for name in columns)
        await by_other_hands(
            world, f"INSERT INTO grants ({names}) SELECT {values} FROM grants WHERE id = '{grant.id}'"
        )
    await by_other_hands(
        world, "CREATE TRIGGER x BEFORE UPDATE OF state ON grants BEGIN SELECT RAISE(IGNORE); END"
    )
    world.clock.forward(hours=1, minutes=2)
    await world.revocation.end_due()
    assert await world.revocation.tell_overdue() == len(logins) + 1
    (late,) = await told(world)
    assert late.facts["count"] == len(logins) + 1


@pytest.mark.sqlite_alone
async def test_a_removal_that_is_always_said_to_be_done_is_told(world: World) -> None:
    """Promise 1: the grant knows that it is not over."""
    kept = await world.given("ada")
    await by_other_hands(
        world,
        f"CREATE TRIGGER x AFTER UPDATE ON holdings WHEN {WANTED_NOT} AND NOT NEW.settled BEGIN"
        " UPDATE holdings SET settled = 1, present = 0 WHERE id = NEW.id; END",
    )
    world.clock.forward(hours=1, minutes=2)
    await world.tick()
    await Doubts(world.ground).look()
    await world.tick()
    assert await world.state(kept) == GrantState.ENDING
    (late,) = await told(world)
    assert (late.who, late.correlation) == ("Ada (ada)", kept)


@pytest.mark.sqlite_alone
async def test_what_is_late_is_told_though_that_cannot_be_noted(world: World) -> None:
    """Promise 1: and no other waits to be told for that."""
    await world.given("ada")
    await world.given("charles")
    world.faulty.error("remove_member")
    world.clock.forward(hours=1)
    await world.tick()
    await by_other_hands(
        world,
        "CREATE TRIGGER x BEFORE UPDATE OF overdue_told ON holdings WHEN NEW.overdue_told AND NEW.account = 'ada'"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    world.clock.forward(minutes=2)
    for _ in range(2):
        await world.revocation.tell_overdue()
    assert sorted(one.who for one in await told(world)) == ["Ada (ada)", "Charles (charles)"]


@pytest.mark.sqlite_alone
async def test_while_what_is_late_cannot_be_told_nothing_new_is_given(world: World) -> None:
    """Promise 1: this process knows it by itself, so no trigger keeps it from counting."""
    await world.given("ada")
    await by_other_hands(
        world,
        f"CREATE TRIGGER x {KEPT['left out']}",
        "CREATE TRIGGER y BEFORE INSERT ON exceptions BEGIN SELECT RAISE(IGNORE); END",
    )
    world.clock.forward(hours=1, minutes=2)
    await world.revocation.end_due()
    assert await world.revocation.tell_overdue() == 0
    assert world.ground.database.unchecked.checks == ("alerts",)
    assert await world.ground.database.read(world.ground.stopped) is not None
    await by_other_hands(world, "DROP TRIGGER y")
    assert await world.revocation.tell_overdue() == 1
    assert world.ground.database.unchecked.checks == ()


@pytest.mark.sqlite_alone
async def test_while_it_cannot_be_found_what_is_late_nothing_new_is_given(world: World) -> None:
    """Promise 1: what keeps it from being looked for would else keep everybody's access, silently."""
    await by_other_hands(world, "ALTER TABLE holdings RENAME COLUMN overdue_told TO x")
    for checks in ((), ("alerts",)):  # a store that is away for a moment is no news
        with pytest.raises(StorageUnavailable):
            await world.revocation.tell_overdue()
        assert world.ground.database.unchecked.checks == checks
        world.clock.forward(minutes=1)
    assert await world.ground.database.read(world.ground.stopped) is not None
    await by_other_hands(world, "ALTER TABLE holdings RENAME COLUMN x TO overdue_told")
    await world.revocation.tell_overdue()
    assert world.ground.database.unchecked.checks == ()


@pytest.mark.sqlite_alone
async def test_a_request_that_is_kept_from_lapsing_holds_up_no_other(world: World) -> None:
    kept, other = await world.asked("ada", "prod-db"), await world.asked("charles", "prod-db")
    await by_other_hands(
        world,
        "CREATE TRIGGER x BEFORE UPDATE ON grants WHEN NEW.account = 'ada' BEGIN SELECT RAISE(IGNORE); END",
    )
    world.clock.forward(hours=48)
    await world.revocation.lapse_unanswered()
    assert (await world.state(kept), await world.state(other)) == (GrantState.PENDING, GrantState.LAPSED)
    assert await world.actions("grant.lapsed") == ["grant.lapsed done"]


@pytest.mark.sqlite_alone
async def test_a_holding_that_cannot_be_taken_up_holds_up_no_other(world: World) -> None:
    """Promise 1: each is taken up by itself then, and tried again."""
    kept, other = await world.given("ada"), await world.given("charles")
    await by_other_hands(
        world,
        "CREATE TRIGGER x BEFORE UPDATE ON holdings WHEN NEW.account = 'ada' AND NEW.lease_until IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    world.clock.forward(hours=1)
    await world.tick()
    assert (await world.state(kept), await world.state(other)) == (GrantState.ENDING, GrantState.ENDED)
    await by_other_hands(world, "DROP TRIGGER x")
    world.clock.forward(seconds=30)
    await world.tick()
    assert await world.state(kept) == GrantState.ENDED


@pytest.mark.sqlite_alone
async def test_an_end_that_is_tried_again_is_tried_ever_less_often(world: World) -> None:
    await world.given("ada")
    await by_other_hands(world, f"CREATE TRIGGER x {KEPT['left out']}")
    world.clock.forward(hours=1)
    ends, tries = world.revocation._ends, list[int]()
    for seconds in (0, 1, 1, 2, 4):
        world.clock.forward(seconds=seconds)
        await world.revocation.end_due()
        tries.append(sum(ends.failed.values()))
    assert tries == [1, 2, 2, 3, 4]
