"""Socket Mode kept open: connected, watched, and built anew with a fresh ticket when it does not come back by itself.

It carries payloads and looks at none.
"""

import asyncio
import logging
from contextlib import suppress

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger(__name__)

# slack_sdk logs a traceback for each attempt to connect; what an operator needs of it is logged here, in one line.
_QUIET = logging.getLogger("wicket.slack_sdk")
_QUIET.setLevel(logging.CRITICAL)

CONNECT_WITHIN = 10.0
LOOK_EVERY = 1.0
PING_EVERY = 5.0


class Socket:
    """One connection at a time. slack_sdk retries a used-up ticket for ever, so a broken client is thrown away."""

    def __init__(self, app: AsyncApp, *, app_token: str, client: AsyncWebClient) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._keeping: asyncio.Task[None] | None = None
        self._handler: AsyncSocketModeHandler | None = None

    async def open(self) -> None:
        """Connect, and keep at it. Returns after the first attempt, successful or not."""
        await self._connect()
        self._keeping = asyncio.create_task(self._keep(), name="socket")

    async def close(self) -> None:
        """Take no more payloads."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        await self._drop()

    async def is_connected(self) -> bool:
        """Whether payloads can arrive."""
        return self._handler is not None and await self._handler.client.is_connected()

    async def _keep(self) -> None:
        missing = 0
        while True:
            await asyncio.sleep(LOOK_EVERY)
            # slack_sdk moves to a fresh connection by itself when Slack announces it: give it a moment.
            missing = 0 if await self.is_connected() else missing + 1
            if missing >= 2:
                await self._drop()
                await self._connect()
                missing = 0

    async def _connect(self) -> None:
        handler = AsyncSocketModeHandler(
            self._app, self._app_token, logger=_QUIET, web_client=self._client, ping_interval=PING_EVERY
        )
        self._handler = handler
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as fault:
            log.warning("socket.not_connected", fault=type(fault).__name__)

    async def _drop(self) -> None:
        if self._handler is not None:
            await self._handler.client.close()  # type: ignore[no-untyped-call]  # nor has slack_sdk
            self._handler = None
