"""An operator's terminal beside the demo: each command is a process of its own, born of one that has loaded them all.

To load takes ten times as long as most of them. It holds no setting: with each command comes its whole environment.
"""

import asyncio
import gc
import json
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import bot
from bot.cli.commands import load_all


class Operator:
    """Types commands. Loads at the first one, and ends with whoever has it even if that is killed."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def types(self, *command: str, environment: Mapping[str, str]) -> tuple[int, str]:
        """Run `wicket` with these arguments, one at a time; its exit code, and what it printed anywhere.

        environment: all that it has of Wicket's. RuntimeError if the terminal itself came to an end.
        """
        if self._process is None:
            self._process = await _load()
        typing, printed = self._process.stdin, self._process.stdout
        if typing is None or printed is None:
            raise RuntimeError("the operator's terminal has no pipes")
        typing.write(json.dumps({"command": command, "environment": dict(environment)}).encode() + b"\n")
        await typing.drain()
        if not (head := await printed.readline()):
            raise RuntimeError("the operator's terminal came to an end")
        code, length = map(int, head.split())
        return code, (await printed.readexactly(length)).decode(errors="replace")

    async def leaves(self) -> None:
        """End it. Idempotent."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        await self._process.wait()


async def _load() -> asyncio.subprocess.Process:
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("WICKET_")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, env={**others, "PYTHONPATH": str(Path(bot.__path__[0]).parent)},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


def main() -> None:
    """Read orders from standard input, one JSON object a line; answer each: code, length, and what was printed."""
    load_all()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        code, printed = _run(json.loads(line))
        sys.stdout.buffer.write(b"%d %d\n%s" % (code, len(printed), printed))
        sys.stdout.buffer.flush()


def _run(order: dict[str, Any]) -> tuple[int, bytes]:
    end, begin = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        _be_a_command(order["command"], order["environment"], begin)
    os.close(begin)
    with os.fdopen(end, "rb") as pipe:
        printed = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), printed


def _be_a_command(command: Sequence[str], environment: Mapping[str, str], output: int) -> NoReturn:
    """Become `wicket` with these arguments; everything it says goes into this pipe, and it can ask nobody."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, stream in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(target, stream)
    # Those that are there remember what kind of file theirs was.
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", buffering=1, closefd=False) for stream in (1, 2))
    os.environ.update(environment)
    sys.argv = ["wicket", *command]
    from bot.cli import main as wicket

    code = 1
    try:
        wicket()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - a process of its own: nobody else would tell
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
