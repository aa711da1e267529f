"""Several people in one group of a directory that does some of what it is asked and not the rest (promises 1, 2, 6)."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from storage.states import GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

EVERYBODY = ("ada", "charles", "grace", "linus")
PATIENCE = 1.0


async def held(world: World) -> set[str]:
    return {login for login in EVERYBODY if await world.holds(login)}


async def active(world: World, granted: dict[str, str]) -> set[str]:
    return {login for login, grant in granted.items() if await world.state(grant) == GrantState.ACTIVE}


async def recorded(world: World, action: str) -> Counter[str]:
    return Counter(entry["subject"] for entry in await world.audit() if entry["action"] == action)


@pytest.mark.parametrize("fault", ["partial", "error", "lie", "hang", "succeed_after_timeout"])
async def test_of_several_who_get_access_each_is_told_of_their_own(tmp_path: Path, fault: str) -> None:
    """Who has it is called active, who has it not is not, and in the end everybody has it once."""
    async with open_world(tmp_path, patience=PATIENCE) as world:
        granted = {login: await world.asked(login, "wiki-edit") for login in EVERYBODY}
        getattr(world.faulty, fault)("add_member", times=2)
        await world.settle(rounds=1)
        first = await active(world, granted)
        assert first == set(await recorded(world, "access.given"))
        assert first <= await held(world)
        assert len(first) in (2, 3)
        world.faulty.mend()
        for _ in range(3):
            world.clock.forward(seconds=30)
            await world.settle()
        assert await active(world, granted) == set(EVERYBODY)
        assert Counter(await world.changes()) == {f"add {login} wiki-edit": 1 for login in EVERYBODY}
        assert await recorded(world, "access.given") == dict.fromkeys(EVERYBODY, 1)
        assert await world.sound()


@pytest.mark.parametrize("fault", ["partial", "error", "lie", "hang", "succeed_after_timeout"])
async def test_of_several_whose_time_is_over_each_ends_when_they_are_out(tmp_path: Path, fault: str) -> None:
    """Nobody's end is recorded while they are still in the group, and nobody's waits for another's."""
    async with open_world(tmp_path, patience=PATIENCE) as world:
        granted = {login: await world.given(login) for login in EVERYBODY}
        getattr(world.faulty, fault)("remove_member", times=2)
        world.clock.forward(hours=1)
        await world.revocation.end_due()
        await world.settle(rounds=1)
        states = await asyncio.gather(*map(world.state, granted.values()))
        ended = {login for login, state in zip(granted, states, strict=True) if state == GrantState.ENDED}
        assert ended == set(await recorded(world, "access.removed"))
        assert ended.isdisjoint(await held(world))
        assert len(ended) in (2, 3)
        world.faulty.mend()
        for _ in range(3):
            world.clock.forward(minutes=5)
            await world.tick()
        assert await held(world) == set()
        assert Counter(change for change in await world.changes() if change.startswith("remove")) == {
            f"remove {login} wiki-edit": 1 for login in EVERYBODY
        }
        assert await recorded(world, "access.removed") == dict.fromkeys(EVERYBODY, 1)
        assert await world.sound()
