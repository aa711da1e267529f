"""A tiny Bolt app under test, and a pretend workspace with a few people."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from bot.listening import Listening, listen

ADA, GRACE, GUEST = "U0ADA", "U0GRACE", "U0GUEST"
OWNERS, PRIVATE, ELSEWHERE = "C0OWNERS", "G0PRIVATE", "C0ELSEWHERE"


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    slack = Workspace()
    slack.add_user(ADA, name="ada", real_name="Ada Lovelace", email="ada@lovelace.example", title="Analyst")
    slack.add_user(GRACE, name="grace", real_name="Grace Hopper", email="grace@lovelace.example")
    slack.add_user(GUEST, name="gus", real_name="Gus Guest", email="gus@else.example", is_restricted=True)
    slack.add_channel(OWNERS, name="data-owners", members=[ADA, GRACE])
    slack.add_channel(PRIVATE, name="security", members=[GRACE], is_private=True)
    slack.add_channel(ELSEWHERE, name="elsewhere", members=[ADA])
    slack.install_bot_in(OWNERS)
    await slack.start()
    yield slack
    await slack.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in left if "bot/demo" in str(task.get_coro())]


@dataclass(kw_only=True)
class Harness:
    """The app under test: register listeners on `app`, then connect."""

    slack: Workspace
    app: AsyncApp
    client: AsyncWebClient


@pytest.fixture
async def harness(workspace: Workspace) -> AsyncIterator[Harness]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url, session=session)
        app = AsyncApp(
            client=client, signing_secret=workspace.signing_secret, process_before_response=True,
            logger=logging.getLogger("app-under-test"),
        )  # fmt: skip
        yield Harness(slack=workspace, app=app, client=client)


Connect = Callable[[], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
async def connect(harness: Harness) -> AsyncIterator[Connect]:
    """Connects the app by Socket Mode; each call opens one more socket."""
    handlers: list[AsyncSocketModeHandler] = []

    async def connected() -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(harness.app, harness.slack.app_token, ping_interval=1)
        handlers.append(handler)
        await handler.connect_async()
        await harness.slack.wait_connected()
        return handler

    yield connected
    for handler in handlers:
        await handler.close_async()


@pytest.fixture
async def serve_http(harness: Harness) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Serves the app by signed HTTP and points the workspace at it."""
    open_ones: list[Listening] = []

    async def answer(request: web.Request) -> web.Response:
        bolt = AsyncBoltRequest(body=await request.text(), headers=dict(request.headers))
        told = await harness.app.async_dispatch(bolt)
        headers = {name: values[0] for name, values in told.headers.items()}
        return web.Response(status=told.status, text=told.body or "", headers=headers)

    async def served() -> str:
        served_app = web.Application()
        served_app.router.add_post("/slack/events", answer)
        listening = await listen(served_app, "127.0.0.1", 0)
        open_ones.append(listening)
        url = f"http://127.0.0.1:{listening.port}/slack/events"
        harness.slack.deliver_by_http(url)
        await harness.slack.wait_connected()
        return url

    yield served
    for listening in open_ones:
        await listening.close()
