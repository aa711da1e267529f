"""Clicks as figures: what a decision costs beside one durable transaction of the same run, and the way to it.

They are measured in processes of their own (run_clicks, run_app), like everything else.
"""

from tests.bench.figures import Figure
from tests.bench.stage import Stage, running, told
from tests.bench.way import measure_ways

PART = "clicks"
TIMES = 3.0
_KINDS = {
    "opened": "an approval whose form was opened here",
    "elsewhere": "one whose form was opened elsewhere",
    "at once": "one at once, without a form",
    "unprepared": "one of which policy was not asked ahead",
}


async def measure_clicks(stage: Stage) -> list[Figure]:
    """Decisions one after another."""
    way, by_socket = await measure_ways(stage)
    async with running(stage, "tests.bench.run_clicks") as process:
        found = await told(process, within=240)

    def figure(what: str, name: str, unit: str = "ms", limit: float | None = None) -> Figure:
        return Figure(part=PART, what=what, value=found[name], unit=unit, limit=limit)

    figures = [figure("one durable transaction with an audit entry", "durable")]
    figures.append(figure("our own work (processor time)", "durable work"))
    for kind, what in _KINDS.items():
        limit = None if kind == "unprepared" else TIMES
        figures += [
            figure(f"{what}, until it is durable", kind),
            figure("p99", f"{kind} p99"),
            figure("durable transactions that it takes", f"times {kind}", "×", limit),
            figure("by our own work (processor time)", f"times {kind} work", "×", limit),
        ]
        if kind in ("elsewhere", "at once"):
            asked = "with what was done while Slack said who clicked"
            figures.append(figure(asked, f"times {kind} all work", "×"))
    return [
        *figures,
        figure("of the least durable transaction, one row by SQLite alone: the first", "times raw", "×"),
        figure("by our own work", "times raw work", "×"),
        Figure(
            part=PART, what="a click at once, from its payload to acknowledged", value=way.middle, unit="ms"
        ),
        Figure(part=PART, what="p99", value=way.slowest, unit="ms"),
        Figure(
            part=PART, what="its way to the handler and back", value=way.middle - found["at once"], unit="ms"
        ),
        Figure(
            part=PART,
            what="the same click by socket, Slack's end of it too",
            value=by_socket.middle,
            unit="ms",
        ),
        Figure(part=PART, what="p99", value=by_socket.slowest, unit="ms"),
    ]
