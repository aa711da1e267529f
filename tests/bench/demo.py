"""The demo: how long until somebody can use it, and how much memory it holds.

It runs as anybody would run it and is ended when its figures are taken.
"""

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE, Process
from statistics import median

from tests.bench.figures import Figure
from tests.bench.machine import resident_mb

PART = "demo"
STARTS = 3
_READY_WITHIN, _REST = 60.0, 2.0
_ADDRESS = re.compile(rb"http://(127\.0\.0\.1|localhost):\d+")


async def measure_demo() -> list[Figure]:
    """Several starts, one after another."""
    ready: list[float] = []
    resident: list[float] = []
    for _ in range(STARTS):
        seconds, megabytes = await _start()
        ready.append(seconds)
        resident.append(megabytes)
    return [
        Figure(part=PART, what="from the command to the printed address", value=median(ready), unit="s"),
        Figure(part=PART, what="resident memory when ready", value=median(resident), unit="MB"),
    ]


async def _start() -> tuple[float, float]:
    """Seconds until the address is printed, and MB a moment later."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", "0",
        stdout=PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(_READY_WITHIN):
            await _address(process)
        seconds = time.perf_counter() - began
        await asyncio.sleep(_REST)
        return seconds, resident_mb(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _address(process: Process) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if _ADDRESS.search(line):
            return
    raise RuntimeError("the demo ended before it printed its address")
