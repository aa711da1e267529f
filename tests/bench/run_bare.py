"""The yardstick: Bolt alone, with its own signature check and one listener that does nothing.

Run as `python -m tests.bench.run_bare FOLDER PORT API_URL`, with the secrets in the environment.
"""

import asyncio
import os
import sys

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bench.machine import BOT_CORE, pin


def build(api_url: str) -> web.Application:
    """A server for POST /slack/events."""
    bolt = AsyncApp(
        signing_secret=os.environ["WICKET_SLACK_SIGNING_SECRET"],
        client=AsyncWebClient(token=os.environ["WICKET_SLACK_BOT_TOKEN"], base_url=api_url),
        process_before_response=True,
    )

    @bolt.command("/wicket")
    async def _nothing(ack: AsyncAck) -> None:
        await ack()

    async def take(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    app = web.Application()
    app.router.add_post("/slack/events", take)
    return app


async def serve(port: int, api_url: str) -> None:
    """Serve until terminated."""
    runner = web.AppRunner(build(api_url), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    pin(BOT_CORE)
    asyncio.run(serve(int(sys.argv[2]), sys.argv[3]))
