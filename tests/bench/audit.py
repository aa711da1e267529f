"""The audit log as figures: what an entry costs, and what sealing, verifying and proving do with very many.

They are measured in processes of their own, by the clock where nothing else is said.
"""

from tests.bench.figures import Figure
from tests.bench.run_audit import LOOKS
from tests.bench.stage import Stage, running, told

PART = "audit"
# The least time that a million entries take on a slow machine, and more.
_WITHIN = 3600


async def measure_audit(stage: Stage, *, entries: int) -> list[Figure]:
    """A log of so many entries."""
    async with running(stage, "tests.bench.run_audit", str(entries)) as process:
        found = await told(process, within=_WITHIN)
    async with running(stage, "tests.bench.run_share") as process:
        found |= await told(process, within=600)

    def figure(
        what: str, name: str, unit: str, limit: float | None = None, *, least: float | None = None
    ) -> Figure:
        return Figure(part=PART, what=what, value=found[name], unit=unit, limit=limit, least=least)

    return [
        *(
            each
            for name, of in (("", ""), (" opened", " where policy knew its answer since the form was opened"))
            for work, by in (("", ""), (" work", ", by our own work"))
            for each in (
                figure(f"the transaction of an approval{of}{by}", f"whole{name}{work}", "ms"),
                figure("of which its two entries are", f"share{name}{work}", "%", 15),
                figure("of which one would be", f"one{name}{work}", "%", 15),
            )
        ),
        figure(f"one entry in a transaction of its own after {entries:,}, processor time", "append", "µs"),
        figure("of what it cost after 1,000", "growth", "times", 1.2),
        figure("sealing", "sealing", "entries a second", least=5_000),
        figure("verifying, one process on one core", "verify", "entries a second", least=200_000),
        figure("the same, by processor time", "verify work", "entries a second"),
        figure(
            f"verifying, two processes on {found['cores of two']:g} cores, starting included",
            "verify in two",
            "entries a second",
            least=200_000,
        ),
        figure("memory that verifying takes, beyond what filling took", "memory", "MB", 30),
        figure("all the memory of one of the two processes", "memory of each", "MB"),
        figure("a proof", "prove", "ms", 20),
        *(figure(f"showing a hundred entries, by {name}", f"show {name}", "ms", 200) for name in LOOKS),
        figure("a page of a story", "story", "ms", 20),
        figure("the digest of a week of 86,000 entries", "digest", "ms", 3000),
        figure("archiving a quarter of it, verified before and after", "archive", "entries a second"),
        figure("bringing that back", "unarchive", "entries a second"),
        figure("memory that archiving takes beyond that", "archive memory", "MB", 30),
    ]
