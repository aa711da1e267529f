"""Everything of one person revoked, as figures.

It is carried out in a process of its own (run_revoke).
"""

from collections.abc import Callable

from tests.bench.figures import Figure
from tests.bench.stage import Stage, outcome, running

PART = "revoke"
GRANTS = 200
LIMIT_SECONDS = 10.0
_WITHIN = 300.0


async def measure_revoke(stage: Stage, *, progress: Callable[[float], None]) -> list[Figure]:
    """From the act to the last membership that is gone."""
    async with running(stage, "tests.bench.run_revoke", str(GRANTS)) as process:
        found = await outcome(process, within=_WITHIN, progress=progress)
    what = f"everything of a person with {GRANTS} grants revoked"
    return [
        Figure(part=PART, what=f"{what}: decided and on record", value=found["decided"], unit="s"),
        Figure(
            part=PART,
            what=f"{what}: all access taken back",
            value=found["taken"],
            unit="s",
            limit=LIMIT_SECONDS,
        ),
        Figure(part=PART, what="computing for it", value=found["computed"], unit="s"),
    ]
