"""`python -m tests.bench`: measures speed and memory, shows a table, and writes JSON where asked.

It talks to loopback only, and every part of it is bounded in time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import (
    audit,
    clicks,
    commands,
    demo,
    detectors,
    directories,
    exceptions,
    page,
    pieces,
    replay,
    replicas,
    revoke,
    scale,
    search,
    sweep,
)
from tests.bench.audit import measure_audit
from tests.bench.clicks import measure_clicks
from tests.bench.commands import measure_commands
from tests.bench.demo import measure_demo
from tests.bench.detectors import measure_detectors
from tests.bench.directories import measure_directories
from tests.bench.exceptions import measure_exceptions
from tests.bench.figures import Figure, missed
from tests.bench.machine import DRIVER_CORE, can_pin, described, pin
from tests.bench.page import measure_page
from tests.bench.pieces import measure_pieces
from tests.bench.replay import measure_replay
from tests.bench.replicas import measure_replicas
from tests.bench.revoke import measure_revoke
from tests.bench.scale import measure_scale
from tests.bench.search import measure_search
from tests.bench.stage import Stage, staged
from tests.bench.sweep import measure_sweep

Advance = Callable[[float], None]
Part = Callable[[Stage, Advance], Awaitable[list[Figure]]]


def main(
    write_json: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="demo, commands, search, page, sweep, revoke, scale, replicas, directories, clicks, exceptions, "
            "detectors, audit, replay, pieces; repeatable."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Turns of bare Bolt and Wicket.")] = 7,
    seconds: Annotated[float, typer.Option(min=0.2, max=30, help="Length of one burst.")] = 2.0,
    grants: Annotated[int, typer.Option(min=10, max=10_000, help="Due grants of the sweep.")] = 10_000,
    active: Annotated[int, typer.Option(min=100, max=100_000, help="Active grants of scale.")] = 100_000,
    entries: Annotated[int, typer.Option(min=10_000, max=1_000_000, help="Entries of audit.")] = 1_000_000,
    past: Annotated[int, typer.Option(min=10_000, max=1_000_000, help="Past grants of scale.")] = 1_000_000,
) -> None:
    """Measure speed and memory; compare ratios within one run, not numbers of two. Exit code 1: a figure misses."""
    parts: dict[str, Part] = {
        demo.PART: lambda _stage, _advance: measure_demo(),
        commands.PART: lambda stage, advance: measure_commands(
            stage, rounds=rounds, seconds=seconds, progress=advance
        ),
        search.PART: lambda stage, advance: measure_search(
            stage, rounds=rounds, seconds=seconds, progress=advance
        ),
        page.PART: lambda stage, advance: measure_page(
            stage, rounds=rounds, seconds=seconds, progress=advance
        ),
        sweep.PART: lambda stage, advance: measure_sweep(stage, grants=grants, progress=advance),
        revoke.PART: lambda stage, advance: measure_revoke(stage, progress=advance),
        replicas.PART: lambda _stage, advance: measure_replicas(
            rounds=rounds, seconds=seconds, grants=min(grants, 1000), progress=advance
        ),
        scale.PART: lambda stage, advance: measure_scale(stage, active=active, past=past, progress=advance),
        directories.PART: lambda stage, advance: measure_directories(stage, progress=advance),
        clicks.PART: lambda stage, _advance: measure_clicks(stage),
        exceptions.PART: lambda stage, advance: measure_exceptions(stage, progress=advance),
        detectors.PART: lambda stage, _advance: measure_detectors(stage),
        audit.PART: lambda stage, _advance: measure_audit(stage, entries=entries),
        replay.PART: lambda stage, _advance: measure_replay(stage),
        pieces.PART: lambda stage, _advance: measure_pieces(stage),
    }
    chosen = {name: part for name, part in parts.items() if not only or name in only}
    if not chosen:
        raise typer.BadParameter(f"choose among {', '.join(parts)}", param_hint="--only")
    console, machine = Console(), described()
    if can_pin():
        pin(DRIVER_CORE)
    figures = asyncio.run(_measure(chosen, console))
    console.print(_table(figures))
    console.print(f"[dim]{'; '.join(f'{name} {value}' for name, value in machine.items())}[/dim]")
    if write_json is not None:
        when = datetime.now(UTC).isoformat(timespec="seconds")
        whole = {"at": when, "machine": machine, "figures": [figure.plain() for figure in figures]}
        write_json.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
    if broken := missed(figures):
        console.print(f"[red]{len(broken)} of {len(figures)} figures miss what they are held to.[/red]")
        raise typer.Exit(1)


async def _measure(parts: dict[str, Part], console: Console) -> list[Figure]:
    figures: list[Figure] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # Drawn rarely: drawing takes time on the core that makes the load.
    with Progress(*columns, console=console, refresh_per_second=2) as progress:
        tasks = {name: progress.add_task(name, total=1, start=False) for name in parts}
        for name, part in parts.items():
            progress.start_task(tasks[name])
            with TemporaryDirectory(prefix="wicket-bench-") as folder:
                async with staged(Path(folder)) as stage:
                    figures += await part(stage, partial(_advance, progress, tasks[name]))
            progress.update(tasks[name], completed=1)
    return figures


def _advance(progress: Progress, task: TaskID, done: float) -> None:
    progress.update(task, completed=done)


def _table(figures: list[Figure]) -> Table:
    table = Table(title="Speed and memory", title_justify="left", show_lines=False)
    for heading in ("part", "what", "value", "unit", ""):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for number, figure in enumerate(figures):
        first = number == 0 or figures[number - 1].part != figure.part
        remark = figure.note
        if figure.held_to:
            remark = f"{'✓' if figure.holds else '[red]✗[/red]'} {figure.held_to}"
        if first and number:
            table.add_section()
        table.add_row(figure.part if first else "", figure.what, _shown(figure.value), figure.unit, remark)
    return table


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    typer.run(main)
