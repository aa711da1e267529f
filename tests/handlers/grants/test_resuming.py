"""What a start takes over: the work of a dead process, and directories that left the settings."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.grants.effects import LEASE
from handlers.patience import CALL
from storage import outbox
from storage.states import GrantState
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world

# How often the worker looks for what is due, at most.
LOOKS = timedelta(seconds=2)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


def without_directories(world: World) -> World:
    """The same bot, started with settings that do not have the directory any more."""
    ground = replace(world.ground, directories={})
    return World(ground=ground, clock=world.clock, local=world.local, faulty=world.faulty)


def test_a_dead_ones_work_is_free_within_thirty_seconds_and_a_call_fits_into_its_lease() -> None:
    """Counted from its death, which is never before the lease was taken; two calls and the change fit in."""
    assert timedelta(seconds=30) > LEASE + LOOKS
    assert LEASE > 3 * CALL


@pytest.mark.parametrize("call", ["membership", "remove_member"])
async def test_a_start_takes_up_what_its_dead_predecessor_was_at_without_waiting(
    world: World, call: str
) -> None:
    """A-1: one bot runs on the database, so the lease in it is a dead one's."""
    grant = await world.given("ada")
    await world.access.give_back(await world.on("ada", grant))
    died = world.clock()
    await world.crash(await world.begin(call), restarts=True)
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    assert world.clock() == died
    assert await world.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]


@pytest.mark.parametrize("alone", [True, False])
async def test_a_message_that_a_dead_process_was_at_is_free_at_the_start_of_the_only_one(
    world: World, alone: bool
) -> None:
    """An alert does not wait for a dead one's lease; where another may be alive, it does (promise 10)."""
    await world.asked("ada", "prod-db")

    def claim(tx: Session) -> int:
        taken = outbox.claim(tx, courier="slack", at=world.clock(), lease=HOUR, limit=9, longest=HOUR)
        return len(taken)

    owed = await world.ground.database.write(claim)
    assert owed
    await world.new_effects().resume(alone=alone)
    assert await world.ground.database.write(claim) == (owed if alone else 0)


async def test_where_others_may_be_at_work_a_start_leaves_their_leases_alone(world: World) -> None:
    grant = await world.given("ada")
    await world.access.give_back(await world.on("ada", grant))
    tasks = await world.begin("remove_member")
    other = world.new_effects()
    await other.resume(alone=False)
    assert await other.settle_due() == 0
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.state(grant) == GrantState.ENDED


async def test_a_dead_ones_change_that_lands_late_is_found_and_undone(world: World) -> None:
    """Its add was on its way when it died; the next one sees nothing there, and looks once more later."""
    grant = await world.asked("ada", "wiki-edit")
    await world.crash(await world.begin("add_member"), restarts=True)
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    await world.local.put_in_group("wiki-edit", "ada")  # the late add
    world.clock.forward(seconds=LEASE.total_seconds())
    await world.settle()
    assert not await world.holds("ada")
    assert (await world.holding()).settled


async def test_a_directory_that_left_the_settings_is_told_at_the_start_and_once(world: World) -> None:
    """Never in silence, and not as if nothing were due there."""
    await world.given("ada")
    after = without_directories(world)
    for _ in range(2):
        await after.effects.resume(alone=True)
    (told,) = await after.exceptions()
    assert (told.kind, told.severity, told.who, told.facts) == (
        "directory-missing",
        "high",
        "staff",
        {"grants": 1},
    )
    assert await after.actions("directory.missing") == ["directory.missing failed"] * 2


async def test_what_ends_in_a_directory_that_left_the_settings_is_overdue_with_the_reason(
    world: World,
) -> None:
    grant = await world.given("ada")
    after = without_directories(world)
    await after.effects.resume(alone=True)
    after.clock.forward(hours=1)
    for _ in range(3):
        await after.tick()
        after.clock.forward(minutes=1)
    told = {row.kind: row for row in await after.exceptions()}
    assert set(told) == {"directory-missing", "effect-failed", "revocation-overdue"}
    assert "Put it back until what it gave has ended" in told["revocation-overdue"].facts["fault"]
    assert await after.state(grant) == GrantState.ENDING
    assert await world.holds("ada")
    await world.effects.resume(alone=True)
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    assert all("settled" in row.facts for row in await world.exceptions())


async def test_a_directory_in_which_nothing_is_left_may_go_in_silence(world: World) -> None:
    await world.given("ada", duration=HOUR)
    world.clock.forward(hours=1)
    await world.tick()
    after = without_directories(world)
    await after.effects.resume(alone=True)
    assert await after.kinds() == []
