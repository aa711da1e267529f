"""What waits for one's decision: shown to whoever can decide it, and to nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from handlers.intents import Ask
from handlers.questions.checks import Kind
from handlers.questions.home import MOST_ASKED, Home
from handlers.questions.overview import Overview, Page
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as opened_world
from tests.handlers.requests.test_asking import by_charles
from tests.wire.test_stages import MANAGER_THEN_OWNER, policy


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


async def waits(world: World, login: str) -> list[str]:
    """The ids of what waits for their decision."""
    intent = Ask(**await world.intent(login), kind=Kind.ACCESS)
    overview = await Home(world.ground, checks=world.checks).look(intent, Page())
    assert isinstance(overview, Overview)
    return [one.id for one in overview.to_decide]


async def test_neither_who_asked_nor_whom_it_is_for_is_shown_it_to_decide(world: World) -> None:
    """Promise 5: though both are among its approvers."""
    for login in ("ada", "charles"):
        await world.local.put_in_group("data-owners", login)
    grant = await by_charles(world)
    assert [await waits(world, login) for login in ("grace", "ada", "charles")] == [[grant], [], []]


async def test_a_request_that_was_made_shorter_waits_for_whoever_approved_the_longer(world: World) -> None:
    """Their approval is void, so they are needed again."""
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    assert await waits(world, "grace") == []
    await world.decide("sam", grant, minutes=30)
    assert await world.state(grant) == "pending"
    assert await waits(world, "grace") == [grant]


async def test_what_needs_only_another_team_now_waits_for_no_second_owner(world: World) -> None:
    """Nobody is called to what they could bring no further."""
    grant = await world.asked("ada", "prod-admin")
    assert await waits(world, "linus") == [grant]
    await world.decide("grace", grant)
    assert (await world.grant(grant)).missing == {"security": 1}
    assert await waits(world, "linus") == []


async def test_whoever_comes_second_is_shown_it_when_it_is_their_turn(tmp_path: Path) -> None:
    """Nobody is called to what they cannot decide yet: first the manager, then the owner."""
    async with opened_world(tmp_path, policy=policy(MANAGER_THEN_OWNER)) as world:
        grant = await world.asked("ada", "prod-db")
        assert (await world.grant(grant)).missing == {"owner": 1, "manager": 1}
        assert await waits(world, "grace") == []
        await world.decide("charles", grant)
        assert await waits(world, "grace") == [grant]


async def test_a_directory_that_does_not_say_whose_turn_it_is_hides_nothing(tmp_path: Path) -> None:
    """Promise 7: unknown is not nobody; whoever clicks is asked about anyway."""
    async with opened_world(tmp_path, patience=0.2, policy=policy(MANAGER_THEN_OWNER)) as world:
        grant = await world.asked("ada", "prod-db")
        home = Home(world.ground, checks=world.checks)
        actor = await world.actor("grace")
        waiting = await world.ground.database.read(lambda tx: home._can_decide(tx, actor))
        world.faulty.error("account")
        assert await home._in_turn(waiting, actor.account) == [grant]


async def test_of_very_many_only_the_first_are_asked_about(tmp_path: Path) -> None:
    """Promise 7: a page that one person opens keeps the directory from nobody else."""
    async with opened_world(tmp_path, policy=policy(MANAGER_THEN_OWNER)) as world:
        for number in range(MOST_ASKED + 5):
            login = f"p{number:02}"
            await world.local.add_account(
                login, login=login, name=login, mail=f"{login}@example.com", manager="charles"
            )
            await world.asked(login, "prod-db")
        home, actor = Home(world.ground, checks=world.checks), await world.actor("grace")
        waiting = await world.ground.database.read(lambda tx: home._can_decide(tx, actor))
        assert len(waiting) == MOST_ASKED + 5
        world.faulty.calls.clear()
        assert await home._in_turn(waiting, actor.account) == [one.id for one in waiting[MOST_ASKED:]]
        assert world.faulty.calls["account"] <= MOST_ASKED
