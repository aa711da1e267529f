"""A directory that cannot be compared is told when it goes on, once, and is over by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.drift.finding import Drift
from handlers.exceptions.raising import Kind
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, patience=1) as made:
        yield made
        assert await made.sound()


async def test_what_could_not_be_read_at_two_looks_in_a_row_is_told_once_and_settled(world: World) -> None:
    """Promise 7: unknown, never none; and never in silence for long."""
    drift = Drift(world.ground)
    world.faulty.error("group")
    await drift.look("staff")
    assert await world.exceptions() == []
    for _ in range(3):
        world.clock.forward(minutes=15)
        await drift.look("staff")
    (told,) = await world.exceptions()
    assert (told.kind, told.who, told.count, told.facts["count"]) == (Kind.NOT_COMPARED, "staff", 1, 3)
    assert told.facts["names"] == ["prod-admin", "prod-db", "wiki-edit"]
    assert await world.actions("drift.unread") == ["drift.unread failed"]
    world.faulty.mend()
    await drift.look("staff")
    (told,) = [row for row in await world.exceptions() if row.kind == Kind.NOT_COMPARED]
    assert told.facts["settled"] == world.clock().isoformat()


async def test_whoever_has_it_looked_hears_whether_all_was_read_and_told(world: World) -> None:
    """So that they have it looked once more: what was found and could not be told counts as well."""
    drift = Drift(world.ground)
    world.faulty.error("group", times=1)
    assert not await drift.look("staff")
    assert await drift.look("staff")
    await world.local.put_in_group("wiki-edit", "grace")
    world.faulty.error("account", times=1)
    assert not await drift.look("staff")
    assert await world.exceptions() == []
    assert await drift.look("staff")
    assert await world.kinds() == [Kind.UNEXPLAINED]


async def test_a_look_that_failed_once_is_told_to_nobody(world: World) -> None:
    drift = Drift(world.ground)
    for _ in range(3):
        world.faulty.error("group")
        await drift.look("staff")
        world.faulty.mend()
        await drift.look("staff")
    assert Kind.NOT_COMPARED not in await world.kinds()


async def test_one_group_that_cannot_be_read_is_told_although_the_others_can(world: World) -> None:
    """Every second reading fails: the same one or another, and each counts by itself."""
    drift = Drift(world.ground)
    for _ in range(2):
        world.faulty.error("group", times=1)
        await drift.look("staff")
    (told,) = [row for row in await world.exceptions() if row.kind == Kind.NOT_COMPARED]
    assert told.facts["count"] == 1


async def test_another_bot_that_can_read_all_again_settles_what_was_told(world: World) -> None:
    drift = Drift(world.ground)
    world.faulty.error("group")
    for _ in range(2):
        await drift.look("staff")
    world.faulty.mend()
    await Drift(world.ground).look("staff")
    (told,) = [row for row in await world.exceptions() if row.kind == Kind.NOT_COMPARED]
    assert "settled" in told.facts


async def test_a_look_that_began_earlier_settles_nothing_that_was_unread_since(world: World) -> None:
    """Promise 7: another bot could read all, and that was before it could not be read."""
    world.faulty.answer_late("group", times=3)
    earlier = asyncio.create_task(Drift(world.ground).look("staff"))
    await world.until_hanging()
    drift = Drift(world.ground)
    for _ in range(2):
        world.clock.forward(minutes=15)
        world.faulty.error("group", times=3)
        await drift.look("staff")
    world.faulty.release()
    await earlier
    (told,) = [row for row in await world.exceptions() if row.kind == Kind.NOT_COMPARED]
    assert "settled" not in told.facts
    await drift.look("staff")
    (told,) = [row for row in await world.exceptions() if row.kind == Kind.NOT_COMPARED]
    assert "settled" in told.facts
