"""A real LDAP directory: deep nesting, a long catalogue, and a hung neighbour.

It is measured in a process of its own (run_directories), against OpenLDAP; without that it says so.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.bench.figures import Figure, middle, percentile
from tests.bench.stage import Stage, outcome, running
from tests.storage.directories.slapd import program

PART = "directories"


async def measure_directories(stage: Stage, *, progress: Callable[[float], None]) -> list[Figure]:
    """All of it, or one line with the reason why not."""
    if program() is None:
        why = "OpenLDAP's server is not installed: apt install slapd"
        return [Figure(part=PART, what="not measured", value=0, unit="", note=why)]
    async with running(stage, "tests.bench.run_directories") as process:
        return list(_figures(await outcome(process, within=300, progress=progress)))


def _figures(found: dict[str, Any]) -> Iterable[Figure]:
    for way in ("member", "memberOf"):
        what = f"a person in 200 groups, five deep, by {way}"
        yield from _waits(what, [found[way]["waits"]], limit=50)
        busy = found[way]["busy"] * 1000
        yield Figure(
            part=PART, what=f"{what}, of it our own work", value=busy, unit="ms", note="processor time"
        )
    names = found["listing"]
    yield Figure(part=PART, what="names of 10,000 groups", value=names["seconds"], unit="s", limit=5)
    yield Figure(part=PART, what="memory of that, names included", value=names["most"], unit="MB", limit=10)
    yield Figure(part=PART, what="the names alone", value=names["kept"], unit="MB")
    quiet, hung = found["together"]["quiet"], found["together"]["hung"]
    yield from _waits("32 people at once, account and group", quiet)
    yield from _waits("the same beside a hung directory", hung)
    ratios = [_p99(one) / _p99(other) for one, other in zip(hung, quiet, strict=True)]
    yield Figure(
        part=PART, what="p99 beside a hung directory, of p99 without", value=middle(ratios), unit="times", limit=2,
        note=f"turns {min(ratios):.1f} to {max(ratios):.1f}",
    )  # fmt: skip


def _waits(what: str, turns: Sequence[Sequence[float]], limit: float | None = None) -> Iterable[Figure]:
    """p50, which must stay under the limit, and p99: the median over the turns of each."""
    p50 = middle([percentile(turn, 0.5) for turn in turns]) * 1000
    p99 = middle([_p99(turn) for turn in turns]) * 1000
    yield Figure(part=PART, what=f"{what}, p50", value=p50, unit="ms", limit=limit)
    yield Figure(part=PART, what=f"{what}, p99", value=p99, unit="ms")


def _p99(waits: Sequence[float]) -> float:
    return percentile(waits, 0.99)
