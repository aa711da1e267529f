"""The catalogue searched while people type, over the wire: ten thousand things, one and 32 menus in flight.

Every query is its own, so that nothing is answered from memory; half of them match thousands.
"""

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.commands import IN_FLIGHT, SPEAKERS
from tests.bench.figures import Burst, Figure, middle
from tests.bench.load import Load, signed
from tests.bench.speaking import WORDS
from tests.bench.stage import Stage, crowd, listening, running

THINGS = 10_000
LIMIT_MS = 100.0
AT_MOST = 20_000
PART = "search"


def queries() -> Iterator[str]:
    """What people might type, no two alike: letters, beginnings, whole words, two words, numbers, pieces of words."""
    for turn in itertools.count():
        for number, word in enumerate(WORDS):
            other = WORDS[(number + turn) % len(WORDS)]
            yield f"app{' ' * (turn % 7 + 1)}{word[: 1 + turn % len(word)]}"  # thousands
            yield f"{word} {other[: 2 + turn % 5]}"
            yield f"{word[1:]} {turn % 100:02}"  # inside words
            yield f"svc{(turn * len(WORDS) + number) % THINGS:05}"
            yield f"{'read' if turn % 2 else 'write'} {word[:2]} {turn}"


class Searches:
    """An endless row of signed menu look-ups, one person after another."""

    def __init__(self, *, port: int, secret: str, people: list[str]) -> None:
        self._port, self._secret = port, secret
        self._people, self._queries = itertools.cycle(people), queries()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        user = next(self._people)
        payload = {
            "type": "block_suggestion", "action_id": "entitlement", "block_id": "entitlement",
            "value": next(self._queries), "api_app_id": "A0WICKET", "team": {"id": "T0WICKET", "domain": "workspace"},
            "user": {"id": user, "team_id": "T0WICKET"}, "container": {"type": "view", "view_id": "V0BENCH"},
            "view": {"id": "V0BENCH", "type": "modal", "callback_id": "form.request", "state": {"values": {}}},
        }  # fmt: skip
        return signed(self._port, self._secret, urlencode({"payload": json.dumps(payload)}).encode())


async def measure_search(
    stage: Stage, *, rounds: int, seconds: float, progress: Callable[[float], None]
) -> list[Figure]:
    """The listeners on core 0. seconds: of one burst."""
    async with running(stage, "tests.bench.run_search", str(THINGS)) as process:
        await listening(stage.port)
        # Their form is open, so Slack was asked who they are.
        people = [person.slack for person in crowd()[:SPEAKERS]]
        searches = Searches(port=stage.port, secret=stage.slack.signing_secret, people=people)
        load = Load(searches, port=stage.port, expected=b"option")
        await load.burst(in_flight=4, seconds=seconds, at_most=200)
        bursts: dict[int, list[Burst]] = {}
        worked = processor_seconds(process.pid)
        turns = [in_flight for _ in range(rounds) for in_flight in IN_FLIGHT]
        for number, in_flight in enumerate(turns):
            burst = await load.burst(in_flight=in_flight, seconds=seconds, at_most=AT_MOST)
            bursts.setdefault(in_flight, []).append(burst)
            progress((number + 1) / len(turns))
        worked = processor_seconds(process.pid) - worked
    asked = sum(len(burst.waits) for measured in bursts.values() for burst in measured)
    own = Figure(
        part=PART, what="our own work, each (processor time)", value=worked * 1000 / asked, unit="ms"
    )
    return [*_figures(bursts), own]


def _figures(bursts: dict[int, list[Burst]]) -> Iterator[Figure]:
    for in_flight, measured in bursts.items():
        label = f"{THINGS:,} things, {in_flight} in flight"
        rate = middle([burst.rate for burst in measured])
        yield Figure(part=PART, what=label, value=rate, unit="/s")
        for share in (50, 99):
            wait = middle([burst.wait_ms(share / 100) for burst in measured])
            limit = LIMIT_MS if share == 99 else None
            yield Figure(part=PART, what=f"{label}, p{share}", value=wait, unit="ms", limit=limit)


def processor_seconds(pid: int) -> float:
    """How long a process was at work until now, whatever else the machine did meanwhile."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
