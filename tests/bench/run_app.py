"""The measured bot: the whole App, nothing of it replaced. It has core 0; with a port, both cores and others like it.

Run as `python -m tests.bench.run_app FOLDER [PORT]`, with the secrets in the environment.
"""

import asyncio
import os
import sys
from pathlib import Path

from bot.app import serve
from bot.logs import set_up_logs
from bot.settings import load_settings
from tests.bench.machine import BOT_CORE, pin, spread


def main() -> None:
    """Serve until terminated."""
    pin(BOT_CORE)
    settings = load_settings(Path(sys.argv[1]) / "wicket.toml", os.environ)
    for port in sys.argv[2:]:  # one of several replicas by the same settings
        spread()
        server = settings.server.model_copy(update={"port": int(port)})
        settings = settings.model_copy(update={"server": server})
    set_up_logs(settings.logs, secrets=(), stream=sys.stderr)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
