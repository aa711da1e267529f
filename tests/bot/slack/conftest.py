"""A pretend workspace with a few people, and Slack's own client pointed at it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace


@pytest.fixture
async def slack() -> AsyncIterator[Workspace]:
    workspace = Workspace()
    workspace.add_user("U0ADA", name="ada", real_name="Ada Lovelace", email="ada@lovelace.example")
    workspace.add_user("U0GRACE", name="grace", real_name="Grace Hopper", email="grace@lovelace.example")
    workspace.add_channel("C0DATAOWN", name="data-owners", members=["U0GRACE"])
    workspace.install_bot_in("C0DATAOWN")
    await workspace.start()
    yield workspace
    await workspace.stop()


@pytest.fixture
async def client(slack: Workspace) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=session)
