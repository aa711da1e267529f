"""Socket Mode kept open: connected, watched, and built anew with a fresh ticket when it does not come back by itself.

It carries payloads and looks at none.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.couriers.refusals import refusal
from storage.clock import moment

log = structlog.get_logger(__name__)

# slack_sdk logs a traceback for each attempt to connect; what an operator needs of it is logged here, in one line.
_QUIET = logging.getLogger("wicket.slack_sdk")
_QUIET.setLevel(logging.CRITICAL)

CONNECT_WITHIN = 10.0
LOOK_EVERY = 1.0
PING_EVERY = 5.0


class Socket:
    """One connection at a time. slack_sdk retries a used-up ticket for ever, so a broken client is thrown away.

    now: seconds on a clock that nobody sets.
    """

    def __init__(
        self, app: AsyncApp, *, app_token: str, client: AsyncWebClient, now: Callable[[], float] = moment
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._keeping: asyncio.Task[None] | None = None
        self._handler: AsyncSocketModeHandler | None = None
        self._now = now
        self._missing = 0
        self._not_before = 0.0

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

    async def look(self) -> None:
        """Connect anew if it is gone for good, and Slack did not ask to wait for longer (SL-11)."""
        # slack_sdk moves to a fresh connection by itself when Slack announces it: give it a moment.
        self._missing = 0 if await self.is_connected() else self._missing + 1
        if self._missing >= 2 and self._now() >= self._not_before:
            await self._drop()
            await self._connect()
            self._missing = 0

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                # slack_sdk would wait by itself for as long as Slack asks, and be cut off and ask again too soon.
                ticket = await self._client.apps_connections_open(app_token=self._app_token)
                handler = AsyncSocketModeHandler(
                    self._app,
                    self._app_token,
                    logger=_QUIET,
                    web_client=self._client,
                    ping_interval=PING_EVERY,
                )
                self._handler, handler.client.wss_uri = handler, str(ticket["url"])
                await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt has no types here
        except SlackApiError as fault:
            after = refusal(fault).after
            self._not_before = self._now() + (after.total_seconds() if after else 0.0)
            log.warning("socket.not_connected", fault=type(fault).__name__)
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as fault:
            log.warning("socket.not_connected", fault=type(fault).__name__)
        except Exception as fault:  # without a next try nobody would be heard any more
            log.error("socket.not_connected", exc_info=fault)

    async def _drop(self) -> None:
        if self._handler is not None:
            await self._handler.client.close()  # type: ignore[no-untyped-call]  # nor has slack_sdk
            self._handler = None
