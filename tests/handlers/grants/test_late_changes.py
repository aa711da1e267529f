"""A worker that stands still between its look at the lease and its call: it changes the directory out of its turn.

No lease can keep it from that, so what it did is noticed, recorded and put right.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, update

from handlers.grants.completing import LEASE
from storage.engine.stores import Server
from storage.holdings import LATE
from storage.records import Holding
from storage.states import GrantState
from tests.directories.faulty import FaultyDirectory
from tests.directories.timed import TimedDirectory
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world

ALONE, TOGETHER = 1, 500


@pytest.fixture(params=[ALONE, TOGETHER])
async def world(
    tmp_path: Path, server: Server | None, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server, at_once=request.param) as made:
        made.faulty.timeout = 5
        yield made
        assert await made.sound()


async def stand_still(world: World, call: str) -> set["asyncio.Task[Any]"]:
    """The worker is about to make this call, and its lease runs out; another works from now on."""
    tasks = await world.begin(call)
    world.clock.forward(seconds=LEASE.total_seconds() + 1)
    world.effects = world.new_effects()
    return tasks


async def look_once_more(world: World) -> None:
    """All that is looked at a second time for safety was looked at."""
    world.clock.forward(seconds=LEASE.total_seconds())
    await world.settle()


async def wake_up(world: World, tasks: set["asyncio.Task[Any]"]) -> None:
    world.faulty.release()
    await asyncio.gather(*tasks)


def removal(world: World) -> str:
    """The call by which access is taken back here."""
    return "remove_members" if world.faulty.capabilities.at_once > 1 else "remove_member"


async def given_and_over(world: World) -> tuple[str, set["asyncio.Task[Any]"]]:
    """One stands still before it adds; another adds, and takes it away again. The grant and the one that stands."""
    grant = await world.asked("ada", "wiki-edit")
    tasks = await stand_still(world, "add_member")
    await world.settle()
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    await look_once_more(world)
    assert await world.state(grant) == GrantState.ENDED
    assert (await world.holding()).settled
    return grant, tasks


@pytest.mark.both_engines
async def test_access_given_late_is_on_the_record_and_taken_back_at_once(world: World) -> None:
    """Promises 1 and 2: its grant is over, and nobody else would look at it again."""
    _, tasks = await given_and_over(world)
    await wake_up(world, tasks)
    assert await world.holds("ada")
    assert (await world.last("access.given"))["facts"]["overtaken"] is True
    await world.settle()
    assert not await world.holds("ada")
    assert await world.actions("access") == ["access.given done", "access.removed done"] * 2
    assert (await world.last("access.removed"))["facts"]["overtaken"] is True
    await look_once_more(world)
    assert (await world.holding()).settled
    assert await world.kinds() == []


async def test_access_that_may_have_been_given_late_is_looked_for(world: World) -> None:
    """The call seems to fail, as every call does after a long stillness, and it was carried out."""
    _, tasks = await given_and_over(world)
    world.faulty.inner = FaultyDirectory(world.local)
    world.faulty.inner.succeed_after_timeout("add_member")
    await wake_up(world, tasks)
    assert await world.holds("ada")
    failed = await world.last("access.change_failed")
    assert failed["facts"] == {"removal": False, "overtaken": True}
    await world.settle()
    assert not await world.holds("ada")


async def test_access_given_late_is_not_taken_for_what_stood_before(world: World) -> None:
    """Promise 1: the next grant found it there, and ends all the same."""
    _, tasks = await given_and_over(world)
    second = await world.asked("ada", "wiki-edit")
    world.faulty.release()
    world.faulty.hang("membership", times=1)  # the reading back, after the add
    await asyncio.sleep(0)
    await world.until_hanging()
    await world.settle()
    assert await world.state(second) == GrantState.ACTIVE
    assert (await world.holding()).stood_before is True
    await wake_up(world, tasks)
    await world.access.give_back(await world.on("ada", second))
    await world.settle()
    assert not await world.holds("ada")


async def test_access_taken_late_is_on_the_record_and_given_again(world: World) -> None:
    """Another took it, and gave it again for another grant; that one holds."""
    first = await world.given("ada")
    await world.access.give_back(await world.on("ada", first))
    tasks = await stand_still(world, removal(world))
    await world.settle()
    await look_once_more(world)
    second = await world.given("ada")
    await wake_up(world, tasks)
    assert not await world.holds("ada")
    assert (await world.last("access.removed"))["facts"]["overtaken"] is True
    await world.settle()
    assert await world.holds("ada")
    assert await world.state(second) == GrantState.ACTIVE
    assert (await world.last("access.given"))["facts"]["overtaken"] is True


async def test_access_that_may_have_been_taken_late_is_looked_for(world: World) -> None:
    first = await world.given("ada")
    await world.access.give_back(await world.on("ada", first))
    tasks = await stand_still(world, removal(world))
    await world.settle()
    await look_once_more(world)
    await world.given("ada")
    world.faulty.inner = FaultyDirectory(world.local)
    world.faulty.inner.succeed_after_timeout("remove_member")
    await wake_up(world, tasks)
    assert not await world.holds("ada")
    assert (await world.last("access.change_failed"))["facts"] == {"removal": True, "overtaken": True}
    await world.settle()
    assert await world.holds("ada")


async def test_a_stay_prolonged_late_is_taken_back(tmp_path: Path, server: Server | None) -> None:
    """It was there already when it was read, and not any more when the call came."""
    async with open_world(tmp_path, server=server) as world:
        world.ground.directories["staff"] = world.faulty  # type: ignore[index]
        world.faulty.timeout = 5
        world.faulty.inner = TimedDirectory(world.local)  # type: ignore[assignment]
        first = await world.given("ada", duration=HOUR)
        second = await world.asked("ada", "wiki-edit", 2 * HOUR)
        tasks = await stand_still(world, "add_member")
        await world.settle()
        for grant in (first, second):
            await world.access.give_back(await world.on("ada", grant))
        await world.settle()
        await look_once_more(world)
        assert not await world.holds("ada")
        await wake_up(world, tasks)
        assert await world.holds("ada")
        await world.settle()
        assert not await world.holds("ada")


@pytest.mark.both_engines
async def test_what_changed_late_under_somebody_who_was_at_it_is_looked_at_once_more(world: World) -> None:
    """They had read it before, and would leave it as they read it."""
    grant = await world.given("ada")
    await world.access.give_back(await world.on("ada", grant))
    tasks = await world.begin(removal(world))

    def change_late(tx: Session) -> None:
        tx.execute(update(Holding).values(last_fault=LATE))

    await world.ground.database.write(change_late)
    await wake_up(world, tasks)
    assert await world.state(grant) == GrantState.ENDED
    await world.local.put_in_group("wiki-edit", "ada")
    await look_once_more(world)
    assert not await world.holds("ada")


@pytest.mark.both_engines
@pytest.mark.parametrize("gives_it_back", [True, False])
async def test_what_a_dead_one_had_begun_may_land_after_another_was_done(
    world: World, gives_it_back: bool
) -> None:
    """Promise 1: among replicas nobody frees its lease, and its call may still be on its way when all is over."""
    grant = await world.asked("ada", "wiki-edit")
    world.clock.forward(seconds=HOUR.total_seconds() - LEASE.total_seconds() - 5)
    await world.crash(await world.begin("add_member"))
    await world.settle()
    if gives_it_back:
        await world.access.give_back(await world.on("ada", grant))
    else:
        world.clock.forward(seconds=5)
        await world.revocation.end_due()
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    await world.local.put_in_group("wiki-edit", "ada")  # the dead one's
    await look_once_more(world)
    assert not await world.holds("ada")
