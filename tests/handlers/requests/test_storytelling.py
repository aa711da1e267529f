"""The story of a grant, as it is at the moment of telling."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.audit import erasing
from handlers.audit.erasable import Plan
from handlers.audit.erasing import OfPerson
from handlers.ground import Ground
from handlers.intents import By, Where
from handlers.requests.stories import GrantStory
from handlers.requests.storytelling import tell
from storage.catalogue import Catalogue
from storage.faults import DirectoryUnavailable
from storage.states import GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made


async def story(world: World, grant: str, ground: Ground | None = None) -> GrantStory:
    """The story now."""
    told = await world.ground.database.read(lambda tx: tell(tx, ground or world.ground, grant))
    assert told is not None
    return told


async def test_a_story_has_what_an_approver_must_see(world: World) -> None:
    """Promise 9: who, what, how long, why, and what the person already has, the riskiest first."""
    await world.local.put_in_group("prod-admin", "ada")
    await world.given("ada")
    told = await story(world, await world.asked("ada", "prod-db"))
    assert (told.requester.name, told.minutes, told.justification) == ("Ada", 60, "INC-1")
    assert (told.requester.manager, told.requester.slack_user) == ("Charles", "Uada")
    assert told.holds == ("prod-admin", "wiki-edit")
    assert (told.had, told.had_last, told.missing) == (0, None, {"owner": 1})


async def test_who_decided_and_why_is_told_in_order(world: World) -> None:
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant, rationale="first")
    world.clock.forward(minutes=1)
    await world.decide("sam", grant, rationale="second")
    told = await story(world, grant)
    assert [(one.name, one.role, one.rationale) for one in told.said] == [
        ("Grace", "owner", "first"),
        ("Sam", "security", "second"),
    ]
    assert told.state == GrantState.APPROVED


async def test_what_the_person_had_before_is_counted(world: World) -> None:
    for _ in range(2):
        await world.given("ada")
        world.clock.forward(hours=1)
        await world.tick()
    told = await story(world, await world.asked("ada", "wiki-edit"))
    assert (told.had, told.had_last) == (2, world.clock())


async def test_a_story_outlives_its_entitlement_and_directory(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    bare = replace(world.ground, catalogue=Catalogue(entitlements={}), directories={})
    told = await story(world, grant, bare)
    assert (told.entitlement, told.owner, told.entitlement_id, told.removal_takes_effect) == (
        None,
        None,
        "prod-db",
        "",
    )
    with pytest.raises(DirectoryUnavailable):
        bare.directory("staff")


async def test_there_is_no_story_of_what_never_was(world: World) -> None:
    assert await world.ground.database.read(lambda tx: tell(tx, world.ground, "g-0")) is None


async def had_it_for_less(world: World) -> None:
    """Ada had prod-admin for half of what she asked for: of her three approvals one was for the whole hour."""
    first = await world.asked("ada", "prod-admin")
    await world.decide("linus", first)
    await world.decide("sam", first, minutes=30)
    await world.decide("grace", first)
    await world.settle()
    world.clock.forward(minutes=31)
    await world.tick()


async def test_last_time_names_nobody_whose_approval_was_void(world: World) -> None:
    """Linus approved an hour, and Grace what was given: half of it."""
    await had_it_for_less(world)
    told = await story(world, await world.asked("ada", "prod-admin"))
    assert told.last is not None
    assert (told.last.minutes, told.last.by) == (30, ("Sam", "Grace"))


async def test_last_time_names_who_approved_though_the_words_were_erased(world: World) -> None:
    """A-16: an approval binds the words that were shown, which are there no more; the hour of Linus still is none."""
    await had_it_for_less(world)
    database, at = world.ground.database, world.clock()
    found = database.read_now(lambda tx: erasing.look(tx, OfPerson(account="ada"), at))
    assert isinstance(found, Plan)
    by = By(name="Olga", why="PRIV-12", where=Where(transport="cli"))
    assert erasing.erase(database, found, by, whom="ada", tell=lambda *_: None).texts == 1
    told = await story(world, await world.asked("ada", "prod-admin"))
    assert told.last is not None
    assert told.last.by == ("Sam", "Grace")
