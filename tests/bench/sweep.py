"""The sweep as figures: ten thousand grants due at once, and what it costs to have none.

It is carried out in a process of its own (run_sweep); here runs the pretend Slack that hears of each end.
"""

from collections.abc import Callable, Iterator, Mapping

from tests.bench.figures import Figure
from tests.bench.stage import Stage, outcome, running

PART = "sweep"
BLOCKED_LIMIT_MS = 50.0
_WITHIN = 1800.0


async def measure_sweep(stage: Stage, *, grants: int, progress: Callable[[float], None]) -> list[Figure]:
    """One sweep; the grants were active and are all due at the same moment."""
    async with running(stage, "tests.bench.run_sweep", str(grants)) as process:
        found = await outcome(process, within=_WITHIN, progress=progress)
    if stage.slack.violations:
        raise RuntimeError(f"Slack complained: {stage.slack.violations[:3]}")
    return list(_figures(found, grants))


def _figures(found: Mapping[str, float], grants: int) -> Iterator[Figure]:
    def figure(what: str, name: str, unit: str, limit: float | None = None) -> Figure:
        return Figure(part=PART, what=what, value=found[name], unit=unit, limit=limit)

    yield figure(f"{grants} due grants: all access taken back", "seconds", "s")
    yield figure("grants ended", "a_second", "/s")
    yield figure("computing for each, telling beside it included", "cpu_ms_each", "ms")
    yield figure("loop blocked while ending, at most", "blocked_max_ending_ms", "ms", BLOCKED_LIMIT_MS)
    yield figure("loop blocked while ending, p99", "blocked_p99_ending_ms", "ms")
    yield figure("the same with what else the machine did", "late_max_ending_ms", "ms")
    yield figure(f"everybody told, {grants} messages", "told_seconds", "s")
    yield figure("loop blocked while telling, at most", "blocked_max_telling_ms", "ms", BLOCKED_LIMIT_MS)
    yield figure("loop blocked while telling, p99", "blocked_p99_telling_ms", "ms")
    yield figure("the same with what else the machine did", "late_max_telling_ms", "ms")
    yield figure("resident memory afterwards", "resident_mb", "MB")
    yield figure("nothing due: ends", "tick_ends_us", "µs")
    yield figure("nothing due: lapses", "tick_lapses_us", "µs")
    yield figure("nothing due: holdings", "tick_holdings_us", "µs")
    yield figure("nothing due: overdue", "tick_overdue_us", "µs")
    yield figure("idle, of one core", "idle_cpu_percent", "%")
