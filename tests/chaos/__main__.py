"""`python -m tests.chaos`: thousands of kills, a line of progress, and a report in Markdown.

It stops for nothing that it finds, and writes down all of it; the exit code is 1 then.
"""

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.bench.machine import described
from tests.chaos.bots import ROOT, Nursery
from tests.chaos.checker import Finding, check
from tests.chaos.loops import Outcome, kill_often, kill_replicas
from tests.chaos.report import Batch, page
from tests.chaos.stage import prepare, prepare_server, staged

LOOPS = ("SQLite", "PostgreSQL", "SQLite, troubled", "PostgreSQL, troubled", "replicas")
_A_BATCH = 50
_FREEZES = 3
# What a loop fails by, besides findings.
_Failed = Exception

Plan = tuple[str, int, int]
"""A loop, how many kills, and the seed."""


class Run:
    """One long run. Batches beside each other share the machine and nothing else."""

    def __init__(self, plan: Sequence[Plan], report: Path | None) -> None:
        self._plan, self._report = list(plan), report
        self._planned = sum(kills for _, kills, _ in plan)
        self._killed = 0
        self.batches: list[Batch] = []
        self.failed: list[str] = []

    async def all(self, beside: int) -> None:
        """Every batch, so many at a time."""
        with Nursery() as nursery:
            await asyncio.gather(*(self._some(nursery) for _ in range(beside)))

    async def _some(self, nursery: Nursery) -> None:
        while self._plan:
            loop, kills, seed = self._plan.pop(0)
            try:
                outcome = await self._batch(nursery, loop, kills, seed)
            except _Failed as fault:
                self.failed.append(f"{loop}, seed {seed}: {type(fault).__name__}: {fault}")
                typer.echo(f"\n{self.failed[-1]}")
                continue
            refused = [Finding("refused by Slack", "bot", each) for each in outcome.refused]
            findings = [*check(outcome.history), *refused]
            batch = Batch(loop=loop, seed=seed, outcome=outcome, findings=findings)
            self.batches.append(batch)
            for each in batch.findings:
                typer.echo(f"\n{loop}, seed {seed}: {each.kind}, {each.about}: {each.what}")
            self._write()

    async def _batch(self, nursery: Nursery, loop: str, kills: int, seed: int) -> Outcome:
        with TemporaryDirectory(prefix="wicket-chaos-", ignore_cleanup_errors=True) as folder:
            engine = "sqlite" if loop.startswith("SQLite") else "postgresql"
            async with staged(Path(folder), engine) as stage:
                told = partial(self._tell, loop, seed)
                if loop == "replicas":
                    return await kill_replicas(
                        stage, nursery, kills=kills, freezes=_FREEZES, seed=seed, progress=told
                    )
                return await kill_often(
                    stage, nursery, kills=kills, seed=seed, trouble="troubled" in loop, progress=told
                )

    def _tell(self, loop: str, seed: int, _in_batch: int) -> None:
        self._killed += 1
        found = sum(len(batch.findings) for batch in self.batches)
        line = f"{self._killed:>6,} of {self._planned:,} kills, {found} findings; now {loop}, seed {seed}"
        typer.echo(f"\r{line:<78}", nl=False)

    def _write(self) -> None:
        if self._report is None:
            return
        machine = ", ".join(f"{name} {value}" for name, value in described().items() if name != "pinned")
        today = datetime.now(UTC).date().isoformat()
        text = page(self.batches, machine=machine, date=today, planned=self._planned, failed=self.failed)
        self._report.write_text(text, encoding="utf-8")


def main(
    kills: Annotated[int, typer.Option(min=1, help="How many, in all loops together.")] = 2000,
    seed: Annotated[int, typer.Option(help="The first batch's; each has the next.")] = 1,
    loop: Annotated[list[str] | None, typer.Option(help=f"{'; '.join(LOOPS)}. Repeatable.")] = None,
    beside: Annotated[int, typer.Option(min=1, help="Batches at a time.")] = 2,
    report: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
) -> None:
    """Kill the bot again and again, and say what came of it."""
    chosen = tuple(loop or LOOPS)
    if unknown := sorted(set(chosen) - set(LOOPS)):
        raise typer.BadParameter(f"no loop {', '.join(unknown)}; choose among: {'; '.join(LOOPS)}")
    for asked in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # also where a shell let it ignore them: servers are to be ended
        signal.signal(asked, signal.default_int_handler)
    run = Run(planned(kills, seed, chosen), report)
    with TemporaryDirectory() as folder:
        asyncio.run(prepare(Path(folder)))
    if any(each != "SQLite" for each in chosen):
        prepare_server()
    asyncio.run(run.all(beside))
    found = sum(len(batch.findings) for batch in run.batches)
    typer.echo(f"\n{found} findings, {len(run.failed)} batches that failed.")
    raise typer.Exit(1 if found or run.failed else 0)


def planned(kills: int, seed: int, loops: Sequence[str]) -> list[Plan]:
    """Batches of these loops in turn, until there are so many kills."""
    plan: list[Plan] = []
    while kills > 0:
        some = min(_A_BATCH, kills)
        plan.append((loops[len(plan) % len(loops)], some, seed + len(plan)))
        kills -= some
    return plan


if __name__ == "__main__":
    os.chdir(ROOT)
    typer.run(main)
