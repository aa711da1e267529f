"""A bot that starts while others are at work on its database waits for its turn (promise 1, A-1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.starting import in_its_turn
from storage.engine.stores import Server
from storage.faults import AuditFault, StorageUnavailable
from tests.storage.postgres import writing_elsewhere
from tests.wire.conftest import World, close_world, first_day_on_a_server, open_world
from tests.wire.steps import ask

LONGER_THAN_A_LOCK_IS_WAITED_FOR = 1.5


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with first_day_on_a_server(tmp_path) as server:
        opened = await open_world(tmp_path, server=server)
        yield opened
        await close_world(opened)


async def test_a_start_waits_while_another_writes(world):
    """A replica that stands still in a transaction keeps the lock of all writers: that ends no start."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.stop()
    world.clock.skip(hours=1, seconds=1)
    assert isinstance(world.settings.store, Server)
    with ExitStack() as elsewhere:
        elsewhere.enter_context(writing_elsewhere(world.settings.store))
        asyncio.get_running_loop().call_later(LONGER_THAN_A_LOCK_IS_WAITED_FOR, elsewhere.close)
        await world.start()
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")


async def test_what_a_start_waits_for_comes_once():
    tries: list[str] = []

    async def busy_at_first() -> str:
        tries.append("again")
        if len(tries) < 2:
            raise StorageUnavailable
        return "done"

    assert await in_its_turn(busy_at_first) == "done"
    assert len(tries) == 2


async def test_a_fault_that_waiting_does_not_mend_is_not_waited_for():
    tries: list[str] = []

    async def unsound() -> None:
        tries.append("again")
        raise AuditFault("It was edited.")

    with pytest.raises(AuditFault, match="edited"):
        await in_its_turn(unsound)
    assert len(tries) == 1
