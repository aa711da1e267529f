"""Telling those whose turn it is and who read no owner's channel: whoever hangs keeps nobody else from being told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.patience import AT_ONCE
from handlers.requests.summons import Summons
from storage import links
from tests.handlers.access_ground import CATALOGUE, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Sam of the security team is linked, and can be told."""
    async with open_world(tmp_path, patience=60) as opened:
        await opened.ground.database.write(
            lambda tx: links.make_link(
                tx, at=opened.clock(), slack_team="T1", slack_user="Usam", directory="staff", account="sam",
                mail="sam@example.com", made_by="sign-in",
            )
        )  # fmt: skip
        yield opened


async def told(world: World) -> bool:
    return ("approval", "Usam") in await world.owed()


async def test_security_is_told_of_what_waits_for_it(world: World) -> None:
    await world.asked("ada", "prod-admin")
    assert await Summons(world.ground).tell_due() == 1
    assert await told(world)


async def test_a_request_whose_look_ups_hang_keeps_nobody_from_hearing_of_another(world: World) -> None:
    """Promise 7: each may take as long as a call, and twenty of them two minutes."""
    for login in ("ada", "charles"):
        await world.asked(login, "prod-admin")
    world.faulty.hang("account", times=1)
    telling = asyncio.create_task(Summons(world.ground).tell_due())
    await world.until_hanging()
    for _ in range(200):
        if await told(world):
            break
        await asyncio.sleep(0.005)
    assert world.faulty.hanging
    assert await told(world)
    world.faulty.release()
    assert await telling == 2


async def test_no_more_than_a_few_are_looked_up_at_once(world: World) -> None:
    """Others wait for the directory as well."""
    for login in ("ada", "charles", "linus", "grace", "sam"):
        await world.asked(login, "prod-admin")
    world.faulty.hang("account")
    telling = asyncio.create_task(Summons(world.ground).tell_due())
    await world.until_hanging()
    await asyncio.sleep(0.05)
    assert world.faulty.hanging == AT_ONCE
    world.faulty.mend()
    assert await telling == 5


async def test_what_is_asked_for_and_not_known_here_is_left_to_whoever_knows_it(world: World) -> None:
    """A replica that does not have the new catalogue yet took it for a request that nobody decides, and told nobody."""
    grant = await world.asked("ada", "prod-admin")
    older = replace(world.ground, catalogue=replace(CATALOGUE, entitlements={}))
    assert await Summons(older).tell_due() == 1
    assert not await told(world)
    world.clock.forward(minutes=1)
    assert await Summons(world.ground).tell_due() == 1
    assert await told(world)
    await world.access.withdraw(await world.on("ada", grant))
    world.clock.forward(minutes=10)
    await Summons(older).tell_due()
    assert "summons" not in {kind for kind, _ in await world.owed()}


async def test_what_is_another_group_by_what_another_replica_knows_is_left_to_that_one(world: World) -> None:
    """The same where only its place is new: it has an owner here, and still nobody could be asked about it."""
    await world.asked("ada", "prod-admin")
    known = CATALOGUE.entitlements["prod-admin"]
    moved = {**CATALOGUE.entitlements, known.id: replace(known, group="elsewhere")}
    older = replace(world.ground, catalogue=replace(CATALOGUE, entitlements=moved))
    assert await Summons(older).tell_due() == 1
    world.clock.forward(minutes=1)
    assert await Summons(world.ground).tell_due() == 1
    assert await told(world)
