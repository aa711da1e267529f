"""The secure page: its first byte with one and 32 browsers in flight, and what it weighs.

Each looks at a visit of somebody's own, as the page's first step is shown; nothing is answered from memory.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator

from tests.bench.commands import IN_FLIGHT
from tests.bench.figures import Burst, Figure, middle
from tests.bench.load import Load
from tests.bench.search import processor_seconds
from tests.bench.stage import Stage, running, told

LIMIT_MS = 50.0
LARGEST = 60_000
VISITS = 200
AT_MOST = 20_000
PART = "page"


class Looks:
    """An endless row of first looks, one visit after another."""

    def __init__(self, *, port: int, paths: list[str]) -> None:
        self._port, self._paths = port, itertools.cycle(paths)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return f"GET {next(self._paths)} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode()


async def measure_page(
    stage: Stage, *, rounds: int, seconds: float, progress: Callable[[float], None]
) -> list[Figure]:
    """The page on core 0. seconds: of one burst."""
    async with running(stage, "tests.bench.run_page", str(VISITS)) as process:
        ready = await told(process, within=30)
        load = Load(
            Looks(port=stage.port, paths=ready["paths"]), port=stage.port, expected=b"Show that it is you"
        )
        await load.burst(in_flight=4, seconds=seconds, at_most=200)
        bursts: dict[int, list[Burst]] = {}
        worked = processor_seconds(process.pid)
        turns = [in_flight for _ in range(rounds) for in_flight in IN_FLIGHT]
        for number, in_flight in enumerate(turns):
            burst = await load.burst(in_flight=in_flight, seconds=seconds, at_most=AT_MOST)
            bursts.setdefault(in_flight, []).append(burst)
            progress((number + 1) / len(turns))
        worked = processor_seconds(process.pid) - worked
        weight = await _weight(stage.port, ready["paths"][0])
    asked = sum(len(burst.waits) for measured in bursts.values() for burst in measured)
    return [
        *_figures(bursts),
        Figure(part=PART, what="our own work, each (processor time)", value=worked * 1000 / asked, unit="ms"),
        Figure(part=PART, what="a page with its style and script", value=weight, unit="bytes", limit=LARGEST),
    ]


def _figures(bursts: dict[int, list[Burst]]) -> Iterator[Figure]:
    for in_flight, measured in bursts.items():
        label = f"first look, {in_flight} in flight"
        yield Figure(part=PART, what=label, value=middle([one.rate for one in measured]), unit="/s")
        for share in (50, 99):
            wait = middle([burst.wait_ms(share / 100) for burst in measured])
            limit = LIMIT_MS if share == 99 else None
            yield Figure(part=PART, what=f"{label}, p{share}", value=wait, unit="ms", limit=limit)


async def _weight(port: int, path: str) -> int:
    weight = 0
    for each in (path, "/static/page.css", "/static/page.js"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {each} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        weight += len((await reader.read()).partition(b"\r\n\r\n")[2])
        writer.close()
    return weight
