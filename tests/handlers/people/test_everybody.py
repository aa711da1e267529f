"""Who could have something, of everybody: counted person by person, a page at a time, from the live directory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.people.everybody import PAGE, Everybody
from tests.directories.faulty import FaultyDirectory
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        made.ground.directories["staff"] = made.local  # type: ignore[index]  # a plain dict in this ground
        yield made


async def answers(world: World, name: str) -> dict[str, str]:
    """What policy says of each person, by login."""
    everybody, what = Everybody(world.ground), world.ground.catalogue.entitlements[name]
    people = await everybody.people(what)
    return {
        one.account: one.verdict.outcome if one.verdict else "untold"
        async for one in everybody.who_can(what, people, minutes=60)
    }


async def test_everybody_has_an_answer_of_their_own(world: World) -> None:
    assert await answers(world, "prod-admin") == {
        **dict.fromkeys(("ada", "charles", "grace", "linus", "root", "sam"), "approval"), "eve": "refused",
    }  # fmt: skip


async def test_who_is_switched_off_could_have_nothing(world: World) -> None:
    await world.local.switch("linus", active=False)
    assert (await answers(world, "wiki-edit"))["linus"] == "refused"


async def test_more_than_a_page_is_asked_about_page_by_page(world: World) -> None:
    """Memory holds a page of people and the ids of the rest."""
    for number in range(PAGE + 1):
        await world.local.add_account(
            f"x{number}", login=f"x{number}", name="X", mail=f"x{number}@example.com"
        )
    assert len(await answers(world, "wiki-edit")) == PAGE + 8


async def test_a_directory_that_does_not_answer_about_somebody_is_untold_and_never_no(world: World) -> None:
    """Promise 7."""
    everybody, what = Everybody(world.ground), world.ground.catalogue.entitlements["wiki-edit"]
    people = [(FaultyDirectory(world.local), "ada")]
    people[0][0].error("account")
    found = [one async for one in everybody.who_can(what, people, minutes=60)]
    assert [(one.account, one.verdict) for one in found] == [("ada", None)]
