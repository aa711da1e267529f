"""A flood of refusals and what is grave among them: how long until that stands in the security channel.

The whole bot, by signed requests, into a pretend Slack that takes one message a second and channel.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

from bot.demo.company import LOVELACE
from bot.demo.workspace import Workspace
from tests.bench.figures import Figure, percentile
from tests.bench.load import Commands, Load, signed
from tests.bench.stage import Stage, crowd, listening, running
from tests.wire.hostile import clicked

PART = "exceptions"
REFUSALS = 10_000
SECONDS = 60.0
# One of each so many seconds is grave.
EVERY = 2.0
LIMIT = 2.0
_PATIENCE = 30.0


async def measure_exceptions(
    stage: Stage, *, refusals: int = REFUSALS, progress: Callable[[float], None]
) -> list[Figure]:
    """refusals: in a minute, each by somebody else."""
    strangers = [f"U2GUEST{number:05}" for number in range(refusals)]
    for user in strangers:
        stage.slack.add_user(
            user, name=user.lower(), real_name=f"Guest {user[7:]}", email="", is_restricted=True
        )
    stage.slack.faults.one_a_second()
    async with running(stage, "tests.bench.run_app"):
        await listening(stage.port)
        began = time.perf_counter()
        flood = asyncio.create_task(_flood(stage, strangers, progress))
        waits: list[float] = []
        for number, person in enumerate(crowd()):
            await asyncio.sleep(max(0.0, began + (number + 1) * EVERY - time.perf_counter()))
            if flood.done():
                break
            waits.append(await _grave(stage, person.slack, person.name))
        took = await flood
        lines = await _settled(stage.slack)
    return [
        Figure(part=PART, what="refusals, each by somebody else", value=refusals, unit=""),
        Figure(part=PART, what="in", value=took, unit="s"),
        Figure(part=PART, what="messages that tell of them", value=lines, unit=""),
        Figure(part=PART, what="what is grave, among them", value=len(waits), unit=""),
        Figure(
            part=PART, what="from its cause into the channel, p50", value=percentile(waits, 0.5), unit="s"
        ),
        Figure(part=PART, what="the same, p99", value=percentile(waits, 0.99), unit="s", limit=LIMIT),
    ]


async def _flood(stage: Stage, strangers: list[str], progress: Callable[[float], None]) -> float:
    """As many a second as make all of them in a minute, in bursts of a second; the seconds that it took."""
    commands: Iterator[bytes] = Commands(
        port=stage.port, secret=stage.slack.signing_secret, team=LOVELACE.slack_team, people=strangers,
        text="what access do I have?",
    )  # fmt: skip
    load = Load(commands, port=stage.port, expected=b"guest account")
    a_second, sent, began = max(1, round(len(strangers) / SECONDS)), 0, time.perf_counter()
    while sent < len(strangers):
        until = time.perf_counter() + 1
        burst = await load.burst(in_flight=4, seconds=_PATIENCE, at_most=min(a_second, len(strangers) - sent))
        sent += len(burst.waits)
        progress(sent / len(strangers))
        await asyncio.sleep(max(0.0, until - time.perf_counter()))
    return time.perf_counter() - began


async def _grave(stage: Stage, user: str, name: str) -> float:
    """A button that was never made is clicked; the seconds until the channel names who clicked it."""
    payload = urlencode({"payload": json.dumps(clicked(user, "approval.approve", "g-never-made"))}).encode()
    began = time.perf_counter()
    _, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(signed(stage.port, stage.slack.signing_secret, payload))
    try:
        while not _names(stage.slack, name):
            if time.perf_counter() - began > _PATIENCE:
                raise RuntimeError(f"the channel never named {name}")
            await asyncio.sleep(0.01)
    finally:
        writer.close()
    return time.perf_counter() - began


def _names(slack: Workspace, name: str) -> bool:
    """Whether one of the newest messages or edits that were taken names somebody."""
    return any(call.ok and name in str(call.arguments.get("text")) for call in slack.calls[-200:])


async def _settled(slack: Workspace) -> int:
    """How many messages tell of what was turned away, once the count stands still."""
    await asyncio.sleep(10)
    posts = [call for call in slack.calls if call.method == "chat.postMessage" and call.ok]
    return sum("urned away" in str(call.arguments.get("text")) for call in posts)
