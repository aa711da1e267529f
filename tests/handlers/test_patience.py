"""How many look-ups are out at a time, whoever makes them."""

import asyncio
from pathlib import Path

import pytest

from handlers.approvals.deciders import accounts_of
from handlers.patience import AT_ONCE, few_at_a_time
from storage.faults import DirectoryUnavailable
from tests.handlers.access_ground import world as open_world


async def test_of_many_look_ups_few_are_out_at_a_time(tmp_path: Path) -> None:
    """Promise 7: a message with eighty people in it keeps the directory from nobody who clicks meanwhile."""
    async with open_world(tmp_path) as world:
        world.faulty.hang("account")
        looking = asyncio.create_task(accounts_of(world.faulty, ["ada"] * 20))
        await world.until_hanging()
        for _ in range(20):
            await asyncio.sleep(0)
        assert world.faulty.hanging == AT_ONCE
        world.faulty.mend()
        world.faulty.release()
        assert [one.id for one in await looking] == ["ada"] * 20


async def test_one_look_up_that_fails_is_the_answer() -> None:
    """Unknown is not none."""

    async def look_up(number: int) -> int:
        if number == 7:
            raise DirectoryUnavailable("silent")
        return number

    assert await few_at_a_time(look_up, range(5)) == [0, 1, 2, 3, 4]
    with pytest.raises(DirectoryUnavailable):
        await few_at_a_time(look_up, range(20))
