"""The measured bot with ten thousand things in its catalogue: its listeners behind signed HTTP, on core 0.

Run as `python -m tests.bench.run_search FOLDER COUNT`, with the secrets in the environment.
"""

import asyncio
import os
import sys
from pathlib import Path

from aiohttp import web

from bot.process import favour_the_loop
from bot.settings import load_settings
from bot.slack.signed_http import SignedHttp
from storage.clock import utc_now
from tests.bench.machine import BOT_CORE, pin
from tests.bench.speaking import grown, speaking


async def serve(folder: Path, count: int) -> None:
    """Serve until terminated."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    secret = settings.secrets.need("slack_signing_secret").get_secret_value()
    async with speaking(settings, grown(settings.catalogue, count)) as (bolt, metrics):
        http = SignedHttp(bolt, signing_secret=secret, metrics=metrics, now=utc_now)
        app = web.Application()
        app.router.add_post("/slack/events", http.handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.server.host, settings.server.port).start()
        favour_the_loop()
        await asyncio.Event().wait()


if __name__ == "__main__":
    pin(BOT_CORE)
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
