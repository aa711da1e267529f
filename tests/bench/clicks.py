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

    def figure(what: str, name: str, unit: str = "ms", limit: float | None = None) -> Figure:
        return Figure(part=PART, what=what, value=found[name], unit=unit, limit=limit)

    return [
        figure("one durable transaction with an audit entry", "durable"),
        figure("an approval, from the sent form to durable", "decided"),
        figure("the same, p99", "decided p99"),
        figure("durable transactions that it takes", "times", "×", TIMES),
        figure("approved at once, or with a form opened elsewhere", "times unopened", "×"),
        figure("of the least durable transaction, one row by SQLite alone", "times raw", "×"),
        figure("our own work (processor time): the transaction", "durable work"),
        figure("the approval", "decided work"),
        figure("as many times", "times work", "×", TIMES),
        figure("approved at once, or with a form opened elsewhere", "times unopened work", "×"),
        figure("of the least durable transaction", "times raw work", "×"),
    ]
