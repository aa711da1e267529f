"""Clicks as figures: what a decision costs beside one durable transaction of the same run.

They are measured in a process of their own (run_clicks), like everything else.
"""

from tests.bench.figures import Figure
from tests.bench.stage import Stage, running, told

PART = "clicks"
TIMES = 3.0


async def measure_clicks(stage: Stage) -> list[Figure]:
    """Decisions one after another."""
    async with running(stage, "tests.bench.run_clicks") as process:
        found = await told(process, within=180)
    return [
        Figure(
            part=PART, what="one durable transaction with an audit entry", value=found["durable"], unit="ms"
        ),
        Figure(part=PART, what="an approval, from the click to durable", value=found["decided"], unit="ms"),
        Figure(part=PART, what="the same, p99", value=found["decided p99"], unit="ms"),
        Figure(
            part=PART, what="durable transactions that it takes", value=found["times"], unit="×", limit=TIMES
        ),
        Figure(
            part=PART, what="our own work (processor time): the one", value=found["durable work"], unit="ms"
        ),
        Figure(part=PART, what="and the other", value=found["decided work"], unit="ms"),
        Figure(part=PART, what="as many times", value=found["times work"], unit="×", limit=TIMES),
    ]
