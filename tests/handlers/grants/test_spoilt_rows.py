"""One row that says what none can: it keeps nobody else's access, nor that of whom it is about, and is not signed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import Session, col

from handlers.audit.doubts import Doubts
from storage.engine.changing import change, change_where
from storage.engine.stores import Server
from storage.records import Grant
from storage.signing import genuine
from storage.states import GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands

FAR = 9 * 10**18
SPOILT = {
    "active_at": f"grants SET active_at = {FAR}",
    "remind_at": f"grants SET remind_at = {FAR}",
    "lapses_at": f"grants SET lapses_at = {FAR}",
    "expires_at": f"grants SET expires_at = {FAR}",
}
SPOILT_ON_SQLITE = {
    "no time": "grants SET expires_at = 'x'",
    "another no time": "grants SET active_at = x'ff'",
    "no json": "grants SET missing = 'x', standing = '['",
    "no utf-8": "grants SET slack_user = CAST(x'ff' AS TEXT)",
    "no utf-8 in a holding": "holdings SET last_fault = CAST(x'ff' AS TEXT)",
    "bytes": "holdings SET last_fault = x'ff'",
}


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def all_end(world: World, spoilt: str, *, begun: bool = False) -> None:
    """Those of Ada and of Charles, though Ada's says that. begun: from when on their end has begun."""
    grants = [await world.given("ada"), await world.given("charles")]
    if begun:
        world.clock.forward(hours=1)
        await world.revocation.end_due()
    await by_other_hands(world, f"UPDATE {spoilt} WHERE account = 'ada'")
    world.clock.forward(hours=0 if begun else 1)
    await world.tick()
    await Doubts(world.ground).look()
    world.clock.forward(minutes=1)
    await world.tick()
    assert [await world.state(grant) for grant in grants] == [GrantState.ENDED] * 2
    assert not await world.holds("ada")
    assert not await world.holds("charles")


@pytest.mark.both_engines
@pytest.mark.parametrize("column", SPOILT)
async def test_a_time_that_is_none_keeps_nobodys_access(world: World, column: str) -> None:
    """T-2: not of the one, nor of the others."""
    await all_end(world, SPOILT[column])


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("what", SPOILT_ON_SQLITE)
async def test_what_is_none_of_its_kind_keeps_nobodys_access(world: World, what: str) -> None:
    """T-2: SQLite keeps anything in any column."""
    await all_end(world, SPOILT_ON_SQLITE[what])


SPOILT_COUNTS = {"fence": 2**31 - 1, "attempts": 2**31 - 1}


@pytest.mark.both_engines
@pytest.mark.parametrize("column", SPOILT_COUNTS)
async def test_a_count_that_cannot_be_counted_on_keeps_nobodys_access(world: World, column: str) -> None:
    """T-2: it begins anew."""
    await all_end(world, f"holdings SET {column} = {SPOILT_COUNTS[column]}", begun=True)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("value", ["'x'", "x'ff'", "0.5"])
async def test_an_end_that_is_neither_open_nor_done_is_taken_up_again(world: World, value: str) -> None:
    """T-2: it waits for nothing, and that is found."""
    await all_end(world, f"holdings SET settled = {value}, wanted = {value}", begun=True)


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("value", ["'x'", "x'ff'", "9223372036854775807", "1.5"])
async def test_a_count_that_is_no_number_keeps_nobodys_access(world: World, value: str) -> None:
    """T-2: it begins anew."""
    await all_end(world, f"holdings SET fence = {value}, attempts = {value}", begun=True)


async def test_a_time_that_is_none_is_never_signed(world: World) -> None:
    """T-9: as it is read it is no time that anybody wrote, and a change of something else does not make it one."""
    grant = await world.given("ada")
    await by_other_hands(world, f"UPDATE grants SET expires_at = {FAR}")

    def changed(tx: Session) -> bool:
        row = tx.get_one(Grant, grant)
        assert not genuine(tx, row)
        change(tx, row, minutes=row.minutes + 1)
        change_where(tx, Grant, col(Grant.id) == grant, minutes=row.minutes + 2)
        tx.expire_all()
        return genuine(tx, tx.get_one(Grant, grant))

    assert not await world.ground.database.write(changed)
