"""What left the catalogue while somebody has it: told once, ended by a click of who has it or of security."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from handlers.grants.leftovers import Leftovers
from handlers.outcomes import Ended, EndedEarly, MayEnd, Unknown
from storage import rule_sets
from storage.states import RuleSetState
from tests.handlers.access_ground import CATALOGUE, World, thing
from tests.handlers.access_ground import world as open_world

EMPTY = replace(CATALOGUE, entitlements={})


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def left(world: World) -> list[str]:
    """One that was given at once and one that its owner approved; then the catalogue names neither."""
    grants = [await world.given("charles"), await world.approved("ada")]
    world.reopen(catalogue=EMPTY)
    return grants


async def test_each_entitlement_that_is_left_is_one_exception_until_nobody_has_it(world: World) -> None:
    await Leftovers(world.ground).look()
    assert await world.exceptions() == []
    _, of_ada = await left(world)
    for _ in range(2):
        await Leftovers(world.ground).look()
    told = {row.who: row for row in await world.exceptions()}
    assert set(told) == {"prod-db", "wiki-edit"}
    assert told["prod-db"].kind == "left-catalogue"
    assert (told["prod-db"].facts["count"], told["prod-db"].facts["grants"]) == (1, [[of_ada, "Ada (ada)"]])
    assert await world.actions("entitlement") == ["entitlement.left failed"] * 2
    world.clock.forward(hours=1)
    await world.tick()
    await Leftovers(world.ground).look()
    assert {row.state for row in await world.exceptions()} == {"resolved"}


async def test_it_is_told_again_each_day_while_somebody_has_it(world: World) -> None:
    long = thing("prod-db", risk=3, environment="production", max_duration=timedelta(days=3))
    world.reopen(catalogue=replace(CATALOGUE, entitlements={"prod-db": long}))
    await world.approved("ada", duration=timedelta(days=3))
    world.reopen(catalogue=EMPTY)
    for hours, count in ((0, 1), (23, 1), (2, 2)):
        world.clock.forward(hours=hours)
        await Leftovers(world.ground).look()
        assert len(await world.exceptions()) == count
    assert [row.resolution for row in await world.exceptions()] == ["renewed", ""]


async def test_what_comes_back_into_the_catalogue_is_over(world: World) -> None:
    await left(world)
    await Leftovers(world.ground).look()
    world.reopen(catalogue=CATALOGUE)
    await Leftovers(world.ground).look()
    assert {row.resolution for row in await world.exceptions()} == {"settled"}


async def test_security_ends_what_nobody_owns_any_more_and_its_message_follows(world: World) -> None:
    """What policy gave at once as well: no owner was ever asked about that."""
    grants = await left(world)
    await Leftovers(world.ground).look()
    for grant in grants:
        assert await world.ending.consider(await world.on("sam", grant)) == MayEnd(grant=grant)
        assert isinstance(await world.end("sam", grant), EndedEarly)
    await world.settle()
    assert [await world.state(one) for one in grants] == ["ended", "ended"]
    entry = await world.last("grant.ended_early")
    assert (entry["policy"]["ids"], entry["facts"]["role"]) == (["revoke-as-security"], "security")
    await Leftovers(world.ground).look()
    assert {row.state for row in await world.exceptions()} == {"resolved"}


async def test_a_button_of_security_ends_it_also_when_it_is_in_the_catalogue_again(world: World) -> None:
    """It is ours, whatever became of the catalogue meanwhile: nobody is called a forger for it. Others still are."""
    grants = await left(world)
    await Leftovers(world.ground).look()
    world.reopen(catalogue=CATALOGUE)
    told = len(await world.exceptions())
    assert isinstance(await world.end("sam", grants[0]), EndedEarly)
    assert len(await world.exceptions()) == told
    assert await world.end("linus", await world.given("charles")) == Unknown(what="grant")
    assert "tampered" in await world.kinds()


async def test_nobody_else_ends_it(world: World) -> None:
    """Who owned it does not own it any more; a made-up id is turned away as ever."""
    grants = await left(world)
    assert await world.end("grace", grants[1]) == Unknown(what="entitlement")
    assert not isinstance(await world.end("grace", grants[0]), EndedEarly)
    assert not isinstance(await world.end("sam", "g-none"), EndedEarly)
    assert [await world.state(one) for one in grants] == ["active", "active"]


async def test_whoever_has_it_gives_it_back(world: World) -> None:
    _, of_ada = await left(world)
    assert isinstance(await world.access.give_back(await world.on("ada", of_ada)), Ended)
    await world.settle()
    assert not await world.holds("ada", "prod-db")


async def test_replicas_that_keep_differing_do_not_tell_it_again_and_again(world: World) -> None:
    """Security hears that they differ. One of them knows what the other does not: it would be news at each look."""
    await world.approved("ada", duration=timedelta(minutes=30))
    newer = rule_sets.Loaded(policy_set="newer", content="c", composition={}, sources={}, catalogue={})
    await world.ground.database.write(
        lambda tx: rule_sets.add(tx, newer, RuleSetState.ACTIVE, at=world.clock())
    )
    world.clock.forward(minutes=10)
    for _ in range(3):
        for catalogue in (EMPTY, CATALOGUE):
            world.reopen(catalogue=catalogue)
            await Leftovers(world.ground).look()
    assert await world.exceptions() == []
