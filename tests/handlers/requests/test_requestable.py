"""What the catalogue offers and nobody can be given just now: refused kindly, and given again once it is mended."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.approvals.owners import CHANNEL, Trouble
from handlers.drift.finding import Drift
from handlers.drift.undiscovered import Undiscovered
from handlers.exceptions.raising import Kind
from handlers.intents import Intent
from handlers.requests.foreseen import Filled
from handlers.requests.foresight import Foreseeing
from storage.catalogue import Catalogue, Owner
from storage.states import GrantState
from tests.handlers.access_ground import CATALOGUE, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def refused(world: World, entitlement: str) -> str:
    """Why it cannot be had; "" if it can be asked for."""
    outcome = await world.ask("ada", entitlement)
    return " ".join(map(str, outcome.reasons)) if outcome.state == GrantState.REFUSED else ""


async def test_a_group_that_is_not_there_cannot_be_asked_for_until_it_is_back(world: World) -> None:
    """G-4: the look that misses it tells security; the next one that sees it lets it be had again."""
    await world.local.drop_group("wiki-edit")
    await Drift(world.ground).look("staff")
    assert Kind.GROUP_GONE in await world.kinds()
    why = await refused(world, "wiki-edit")
    assert "not in the directory just now" in why
    assert "Data Platform" in why
    assert (await world.last("grant.refused"))["policy"]["ids"] == ["group-is-there"]
    await world.local.add_group("wiki-edit")
    await Drift(world.ground).look("staff")
    assert not await refused(world, "wiki-edit")


async def test_what_nobody_can_decide_is_refused_unless_somebody_stands_in(world: World) -> None:
    """G-4: what is given at once needs no owner; a fallback is asked in their place."""
    trouble = {CHANNEL: Trouble.ARCHIVED}
    await world.ground.database.write(lambda tx: world.owners.keep(tx, "data", trouble))
    assert "Nobody can decide about it just now" in await refused(world, "prod-db")
    assert not await refused(world, "wiki-edit")
    desk = Owner(id="desk", name="IT desk", channel="C0DESK", approvers="security-team")
    data = replace(CATALOGUE.owners["data"], fallback="desk")
    world.reopen(
        catalogue=Catalogue(entitlements=CATALOGUE.entitlements, owners={"data": data, "desk": desk})
    )
    assert not await refused(world, "prod-db")


async def test_it_can_be_asked_for_again_when_its_owner_can_be_reached(world: World) -> None:
    """G-4."""
    await world.ground.database.write(lambda tx: world.owners.keep(tx, "data", {CHANNEL: Trouble.ARCHIVED}))
    assert await refused(world, "prod-db")
    await world.ground.database.write(lambda tx: world.owners.keep(tx, "data", {CHANNEL: None}))
    assert not await refused(world, "prod-db")


async def foreseen(world: World, entitlement: str) -> tuple[str, str]:
    """What the form says would become of it."""
    filled = Filled(entitlements=(entitlement,), minutes=60, justification="because")
    ahead = await Foreseeing(world.ground).foresee(Intent(**await world.intent("ada")), filled)
    return ahead.each[0].outcome, " ".join(map(str, ahead.each[0].reasons))


async def test_the_form_and_the_draft_say_no_before_anything_is_sent(world: World) -> None:
    """G-4: nobody fills in a form for what cannot be had."""
    assert (await foreseen(world, "wiki-edit"))[0] == "automatic"
    await world.local.drop_group("wiki-edit")
    await Drift(world.ground).look("staff")
    outcome, why = await foreseen(world, "wiki-edit")
    assert (outcome, "not in the directory just now" in why) == ("refused", True)
    drafted = await world.draft("ada", "wiki-edit")
    assert await world.state(drafted.grant) == GrantState.REFUSED
    await world.ground.database.write(lambda tx: world.owners.keep(tx, "data", {CHANNEL: Trouble.ARCHIVED}))
    outcome, why = await foreseen(world, "prod-db")
    assert (outcome, "Nobody can decide" in why) == ("refused", True)


async def test_what_a_group_says_of_itself_and_cannot_be_used_stops_what_was_discovered(world: World) -> None:
    """G-5: written entitlements go by what is written; it ends when the group says it well."""
    telling = Undiscovered(world.ground)
    await telling.note("staff", {"wiki-edit": "risk: must be at most 5."}, began=world.clock())
    assert not await refused(world, "wiki-edit")
    world.reopen(catalogue=replace(world.ground.catalogue, discovered=frozenset({"wiki-edit"})))
    assert "What its group says of itself" in (await foreseen(world, "wiki-edit"))[1]
    assert "What its group says of itself" in await refused(world, "wiki-edit")
    assert (await world.last("grant.refused"))["policy"]["ids"] == ["description-can-be-used"]
    await telling.note("staff", {}, began=world.clock())
    assert (await foreseen(world, "wiki-edit"))[0] == "automatic"
