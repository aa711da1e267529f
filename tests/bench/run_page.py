"""The measured secure page on core 0, with visits that were opened for it.

Run as `python -m tests.bench.run_page FOLDER COUNT`, with the secrets in the environment.
"""

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry
from sqlmodel import Session

from bot.directories import open_directory
from bot.metrics import Metrics
from bot.policies import load_policy
from bot.process import favour_the_loop
from bot.settings import load_settings
from bot.web.page import SecurePage
from bot.web.server import build_app
from handlers.secure_page.handles import Handles
from handlers.secure_page.visits import PageGround
from storage.database import Database
from storage.states import Purpose
from tests.bench.machine import BOT_CORE, pin


async def serve(folder: Path, count: int) -> None:
    """Open the visits, say where they are, and serve until terminated."""
    settings = load_settings(folder / "wicket.toml", os.environ)
    database, vault = Database(settings.store), settings.secrets.vault()
    handles = Handles(vault=vault, lifetime=timedelta(hours=1))
    opened = {name: open_directory(name, one, settings.secrets) for name, one in settings.directories.items()}
    ground = PageGround(
        database=database,
        directories=opened,
        policy=load_policy(settings),
        vault=vault,
        handles=handles,
        now=database.now,
    )

    def visits(tx: Session) -> list[str]:
        made = [
            handles.open_handle(
                tx, purpose=Purpose.RESET, directory=next(iter(opened)), account=f"nobody-{number}",
                slack_team="T0WICKET", slack_user=f"U0NOBODY{number}", at=database.now(),
            )
            for number in range(count)
        ]  # fmt: skip
        return [f"/p/{handles.handle_text(one.id)}" for one in made]

    paths = await database.write(visits)
    metrics = Metrics.in_registry(CollectorRegistry())
    origin = f"http://127.0.0.1:{settings.server.port}"

    async def ready() -> list[str]:
        return []

    page = SecurePage(ground, public_url=origin, metrics=metrics)
    runner = web.AppRunner(
        build_app(public_url=origin, page=page, metrics=metrics, ready=ready), access_log=None
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.server.port).start()
    favour_the_loop()
    print(json.dumps({"paths": paths}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    pin(BOT_CORE)
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
