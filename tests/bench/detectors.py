"""Detectors as figures: what they add to the requests that they look at most, and what a slice of the walk costs.

They are measured in a process of their own (run_detectors), like everything else.
"""

from tests.bench.figures import Figure
from tests.bench.stage import Stage, running, told

PART = "detectors"
MOST, SLICE_MS = 5.0, 25.0


async def measure_detectors(stage: Stage) -> list[Figure]:
    """Requests for something privileged and their approvals, with detectors behind them and without."""
    async with running(stage, "tests.bench.run_detectors") as process:
        found = await told(process, within=300)
    return [
        Figure(
            part=PART, what="a request and its approval (processor time)", value=found["request"], unit="ms"
        ),
        Figure(
            part=PART, what="detectors, at 20 of them a second", value=found["busy"], unit="%", limit=MOST
        ),
        Figure(part=PART, what="a look of theirs at one alone", value=found["quiet"], unit="ms"),
        Figure(
            part=PART,
            what="a slice of the walk, 1,024 entries",
            value=found["slice"],
            unit="ms",
            limit=SLICE_MS,
        ),
    ]
