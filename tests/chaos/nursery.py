"""A process that has loaded the program and bears bots: each a fork that runs `wicket serve` and nothing else.

Loading takes longer than starting; borne so, a bot costs a third of what it costs from nothing. Only processes that it
bore are waited for here, and all of them end with it.
"""

import asyncio
import gc
import json
import os
import signal
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

_LOADED = (
    "bot.app", "bot.cli.running", "bot.logs", "storage.engine.migrating", "storage.engine.postgresql",
    "storage.directories.local",
)  # fmt: skip
_BORNE: set[int] = set()


def main() -> None:
    """Read orders from standard input, one JSON object a line, and answer each with one."""
    _load()
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = {"start": _start, "ended": _ended}[order["do"]](order)
        print(json.dumps(answer), flush=True)
    for pid in _BORNE:
        os.kill(pid, signal.SIGKILL)


def _load() -> None:
    """Everything that `wicket serve` loads, so that a bot need not."""
    for module in _LOADED:
        __import__(module)
    with TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        asyncio.run(_practise(Path(folder)))
    gc.collect()
    gc.freeze()


async def _practise(folder: Path) -> None:
    """Run a bot here once, and let somebody ask and have: most of what a start and a first request take is put
    together once in a process, as statements and the shapes of rows are. Its threads end with it.
    """
    from tests.chaos.stage import prepare, rehearse, staged

    await prepare(folder)
    async with staged(folder, "sqlite") as stage:
        await rehearse(stage)


def _start(order: dict[str, Any]) -> dict[str, int]:
    pid = os.fork()
    if pid == 0:
        _be_a_bot(order)
    _BORNE.add(pid)
    return {"pid": pid}


def _ended(order: dict[str, Any]) -> dict[str, int | None]:
    """By which signal it ended, 0 for none; None while it runs. wait: until it has ended."""
    if order["pid"] not in _BORNE:
        raise ValueError("it was not borne here")
    pid, status = os.waitpid(order["pid"], 0 if order["wait"] else os.WNOHANG)
    if pid == 0:
        return {"signal": None, "status": None}
    _BORNE.discard(pid)
    return {"signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, "status": status}


def _be_a_bot(order: dict[str, Any]) -> NoReturn:
    """Become `wicket --config FILE serve` with this environment; everything it says goes to the log."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, stream in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(target, stream)
    os.environ.update(order["environ"])
    os.chdir(Path(order["config"]).parent)
    if order["die_at"]:
        from tests.chaos.points import die_at

        die_at(*order["die_at"])
    from bot.cli import main as wicket

    sys.argv = ["wicket", "--config", order["config"], "serve"]
    status = 1
    try:
        wicket()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
