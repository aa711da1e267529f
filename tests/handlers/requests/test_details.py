"""What stands behind a request: shown to whom it concerns, and every other look on the record."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.outcomes import NotAllowed, Repeated, Unknown
from handlers.requests.details import Details
from handlers.requests.stories import GrantStory
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def look(world: World, login: str, grant: str, delivery: str = "") -> object:
    """They press Details."""
    return await Details(world.ground).look(await world.on(login, grant, delivery))


@pytest.mark.parametrize("login", ["ada", "grace", "sam"])
async def test_who_asked_and_who_could_decide_see_it(world: World, login: str) -> None:
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await look(world, login, grant), GrantStory)


async def test_others_do_not_and_that_is_on_the_record(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await look(world, "charles", grant), NotAllowed)
    assert await world.actions("request.look") == ["request.look_refused refused"]
    assert await world.exceptions() == []


async def test_a_group_called_the_same_in_another_directory_lets_nobody_look(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    stranger = replace(await world.account("grace"), directory="other", id="o-1", mail="o@example.com")
    intent = replace(
        await world.on("grace", grant), actor=replace(await world.actor("grace"), account=stranger)
    )
    assert isinstance(await Details(world.ground).look(intent), NotAllowed)


@pytest.mark.parametrize("login", ["grace", "sam"])
async def test_a_draft_is_its_authors_alone(world: World, login: str) -> None:
    """Nobody sent it, so nobody else has a button that names it."""
    draft = (await world.draft("ada", "prod-db")).grant
    assert isinstance(await look(world, "ada", draft), GrantStory)
    assert await look(world, login, draft) == Unknown(what="request")
    assert await world.actions("approval") == ["approval.tampered refused"]
    assert await world.kinds() == ["tampered"]


async def test_a_made_up_id_is_a_forgery_once_however_often_it_is_delivered(world: World) -> None:
    outcomes = [await look(world, "grace", "g-0", "same") for _ in range(4)]
    assert outcomes == [Unknown(what="request")] + [Repeated()] * 3
    assert await world.actions() == ["approval.tampered refused"]
    assert [(row.kind, row.count) for row in await world.exceptions()] == [("tampered", 1)]


async def test_ones_own_request_is_told_to_its_author_to_ask_anew(world: World) -> None:
    """To open a form is no effect: the delivery stays free, and nothing is recorded."""
    details, grant = Details(world.ground), await world.asked("ada", "prod-db")
    before = await world.audit()
    for _ in range(2):
        assert isinstance(await details.own(await world.on("ada", grant, "same")), GrantStory)
    assert await world.audit() == before


async def test_somebody_elses_request_is_not_and_that_is_a_forgery(world: World) -> None:
    """Not even to an approver: the button to change or to ask again is shown to its author alone."""
    details, grant = Details(world.ground), await world.asked("ada", "prod-db")
    assert await details.own(await world.on("grace", grant)) == Unknown(what="request")
    assert await world.actions("grant.tampered") == ["grant.tampered refused"]
    assert await world.kinds() == ["tampered"]


async def test_what_was_forgotten_is_gone_on_the_record(world: World) -> None:
    assert await Details(world.ground).own(await world.on("ada", "g-0")) == Unknown(what="request")
    assert await world.actions() == ["grant.gone refused"]
    assert await world.exceptions() == []
