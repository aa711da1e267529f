"""The measured bot: the whole App on core 0, nothing of it replaced.

Run as `python -m tests.bench.run_app FOLDER`, with the secrets in the environment.
"""

import asyncio
import os
import sys
from pathlib import Path

from bot.app import serve
from bot.logs import set_up_logs
from bot.settings import load_settings
from tests.bench.machine import BOT_CORE, pin


def main() -> None:
    """Serve until terminated."""
    pin(BOT_CORE)
    settings = load_settings(Path(sys.argv[1]) / "wicket.toml", os.environ)
    set_up_logs(settings.logs, secrets=(), stream=sys.stderr)
    asyncio.run(serve(settings))


if __name__ == "__main__":
    main()
