"""When a home is shown: of several showings at once the last that began is what stays."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from bot.slack.homes import Homes
from bot.slack.incoming import Incoming
from bot.slack.messages.parts import said
from bot.slack.replies import Replies
from handlers.questions.checks import Checks
from handlers.questions.home import Home
from handlers.questions.overview import Page
from storage.database import Database
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.late_answers import LateAnswers


@dataclass
class Showing:
    """Ada's home, and a store that answers late."""

    world: World
    slack: Workspace
    late: LateAnswers
    replies: Replies

    def __post_init__(self) -> None:
        ground = replace(self.world.ground, database=cast("Database", self.late))
        self.homes = Homes(Home(ground, checks=Checks(ground)), replies=self.replies, now=self.world.clock)

    def incoming(self) -> Incoming:
        return Incoming(user="Uada", delivery=self.world.delivery(), channel="", transport="socket")

    async def show(self) -> None:
        await self.homes.show(await self.world.actor("ada"), self.incoming(), Page())

    async def shown(self) -> str:
        await self.replies.finish()
        home = self.slack.person("Uada").home
        assert home is not None
        return str(home.plain)


@pytest.fixture
async def showing(tmp_path: Path, slack: Workspace, client: AsyncWebClient) -> AsyncIterator[Showing]:
    slack.add_user("Uada", name="ada.b", real_name="Ada Byron", email="ada@example.com")
    async with open_world(tmp_path) as world:
        yield Showing(world, slack, LateAnswers(world.ground.database), Replies(client))


async def test_an_overview_that_began_earlier_does_not_take_the_place_of_a_later_one(
    showing: Showing,
) -> None:
    """What has ended by then would stand there as held, with its button, until it is opened again."""
    grant = await showing.world.given("ada")
    showing.late.keep_back(after=1)
    earlier = asyncio.create_task(showing.show())
    await showing.late.waiting.wait()
    showing.world.clock.forward(hours=2)
    await showing.world.tick()
    assert await showing.world.state(grant) == "ended"
    await showing.show()
    newest = await showing.shown()
    assert "wiki-edit, until" not in newest
    showing.late.release()
    await earlier
    assert await showing.shown() == newest


async def test_a_sentence_is_not_taken_away_by_an_overview_that_began_earlier(showing: Showing) -> None:
    showing.late.keep_back(after=1)
    earlier = asyncio.create_task(showing.show())
    await showing.late.waiting.wait()
    showing.homes.say(showing.incoming(), said("I cannot say right now."))
    showing.late.release()
    await earlier
    assert "I cannot say right now." in await showing.shown()
    await showing.show()
    assert "I cannot say right now." not in await showing.shown()
