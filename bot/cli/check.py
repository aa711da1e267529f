"""The command that examines an installation: what it found, laid out for a person or as JSON.

It finds nothing itself and changes nothing; what is looked at stands in bot.checking.
"""

import asyncio
import json
import sys
from contextlib import nullcontext
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from bot.cli.place import place_of
from bot.cli.sentences import UNSOUND
from bot.slack.words import visible

if TYPE_CHECKING:
    from bot.checking.report import Line, Report

_LOOKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}
# Longer subjects move their own line, not everybody's.
_WIDEST = 44


def check(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="As one JSON object: the findings, and how many of each level.")
    ] = False,
    tells: Annotated[
        bool, typer.Option("--tell-outside", help="Send a test notice to each channel outside Slack.")
    ] = False,
) -> None:
    """Examine everything that running needs, and say what to do about what is wrong. Changes nothing."""
    from bot.checking.examination import examine

    place = place_of(context)
    watched = Console(stderr=True)
    with watched.status("Looking …") if watched.is_terminal else nullcontext():
        report = asyncio.run(examine(lambda serving: place.settings(serving=serving), tells=tells))
    if as_json:
        # Escaped, since words of servers may hold what no terminal should obey, and what is no character at all.
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _show(report)
    if report.count("failed"):
        raise typer.Exit(UNSOUND)


def _show(report: "Report") -> None:
    """The lines under their parts, the advice below each, and the count. Colours only where somebody watches."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    width = min(_WIDEST, max((len(visible(line.finding.about)) for line in report.lines), default=0))
    for part, lines in groupby(report.lines, key=lambda line: line.part):
        console.print(Text(part.capitalize(), style="bold"))
        for line in lines:
            console.print(_told(line, width))
    ok, warnings, failures = (report.count(level) for level in ("ok", "warning", "failed"))
    plural = "warning" if warnings == 1 else "warnings"
    console.print(Text(f"\n{ok} ok, {warnings} {plural}, {failures} failed."))


def _told(line: "Line", width: int) -> Text:
    """One line, and its advice on its own. Words of servers are shown literally, and obeyed by no terminal."""
    finding = line.finding
    symbol, colour = _LOOKS[finding.level]
    text = Text("  ").append(f"{symbol} {finding.level:<7}", style=colour)
    text.append(f"  {visible(finding.about):<{width}}  {visible(finding.found)}")
    if finding.advice:
        text.append(f"\n             → {visible(finding.advice)}")
    return text
