"""How it grows, as figures: with 100,000 active grants, with a hundred ends a second, with a million grants behind it.

Each is measured in a process of its own (run_scale) on a store that was filled here.
"""

import asyncio
from collections.abc import Callable

from bot.settings import load_settings
from storage.macs import Macs
from tests.bench.figures import Figure
from tests.bench.past import add_active, add_past, sign_all
from tests.bench.stage import Stage, outcome, running

PART = "scale"
FEW = 1_000
_WITHIN = 300.0


async def measure_scale(
    stage: Stage, *, active: int, past: int, progress: Callable[[float], None]
) -> list[Figure]:
    """active, past: how many grants there are, and were."""
    settings = load_settings(stage.folder / "wicket.toml", stage.secrets)
    store, people = settings.database.path, stage.folder / "people.db"
    things, macs = list(settings.catalogue.entitlements.values()), Macs(settings.secrets.vault())
    none = await _found(stage, "start")
    progress(0.1)
    late = await _found(stage, "late")
    progress(0.3)
    await asyncio.to_thread(add_past, store, things, range(FEW))
    await asyncio.to_thread(sign_all, store, macs)
    few = await _found(stage, "more")
    progress(0.4)
    await asyncio.to_thread(add_past, store, things, range(FEW, past))
    await asyncio.to_thread(sign_all, store, macs)
    after = await _found(stage, "more")
    progress(0.8)
    await asyncio.to_thread(add_active, store, people, things, active)
    await asyncio.to_thread(sign_all, store, macs)
    many = await _found(stage, "start")

    def figure(what: str, value: float, unit: str, limit: float | None = None) -> Figure:
        return Figure(part=PART, what=what, value=value, unit=unit, limit=limit)

    more, peak = many["resident_mb"] - none["resident_mb"], many["peak_mb"] - none["peak_mb"]
    return [
        figure("from building the bot to ready, with no grant", none["start"], "s"),
        figure(f"the same with {active} active grants and {past} past ones", many["start"], "s", 3.0),
        figure("memory that they take", more, "MB", 50.0),
        figure("the same at the most, while it starts", peak, "MB"),
        figure("the slowest tick with nothing due", many["tick_ms"], "ms", 5.0),
        figure("the same, processor time", many["tick_cpu_ms"], "ms"),
        figure("a hundred due each second: late, p50", late["late_p50"], "s"),
        figure("late, p99", late["late_p99"], "s", 1.0),
        figure("late, at most", late["late_max"], "s"),
        figure(f"computing for one more grant after {FEW}", few["more_ms"], "ms"),
        figure(f"the same after {past}", after["more_ms"], "ms"),
        figure("of that after few", after["more_ms"] / few["more_ms"], "times", 1.3),
    ]


async def _found(stage: Stage, what: str) -> dict[str, float]:
    async with running(stage, "tests.bench.run_scale", what) as process:
        return await outcome(process, within=_WITHIN, progress=lambda _done: None)
