"""The record asked again, as figures: questions a second, and whether a longer log costs more for each, or more memory.

They are measured in a process of their own (run_replay), by processor time: the machine may be busy.
"""

from tests.bench.figures import Figure
from tests.bench.stage import Stage, running, told

PART = "replay"
ENTRIES = 100_000


async def measure_replay(stage: Stage) -> list[Figure]:
    """A log of so many entries, of which each tenth is a question to policy."""
    async with running(stage, "tests.bench.run_replay", str(ENTRIES)) as process:
        found = await told(process, within=600)

    def figure(what: str, name: str, unit: str, limit: float | None = None) -> Figure:
        return Figure(part=PART, what=what, value=found[name], unit=unit, limit=limit)

    return [
        figure(f"{found['asked']:,} questions of {ENTRIES:,} entries, asked again", "rate", "a second"),
        figure("for each, of what it costs in a fifth of the log", "growth", "times", 1.2),
        figure("memory that it takes, at the most, beyond what was there", "memory", "MB", 30),
        figure("would differ", "differs", "questions"),
        figure("cannot be told", "untold", "questions"),
    ]
