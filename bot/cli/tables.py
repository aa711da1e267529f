"""Tables and times as the command line shows them.

Text of people is shown literally: nothing in it is markup, and nothing in it reaches the terminal as a command.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.slack.words import visible
from handlers.decisions.durations import parse_duration

T = TypeVar("T")

# As much as any engine takes for a limit, and one more is asked for to know whether that is all.
MOST = 2**31 - 2

# Where nobody's window sets the width, as in a pipe.
_WIDE = 180


def show(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table on stdout; the first column keeps its lines whole."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _WIDE
    Console(file=sys.stdout, width=width, highlight=False).print(table)


def say(text: str, *, indent: int = 0, err: bool = False) -> None:
    """A line of our words with others' in it, on stdout or stderr: one line, whatever is in it."""
    typer.echo(" " * indent + visible(text), err=err)


def at_most(found: Sequence[T], limit: int, *, newest: bool = True) -> list[T]:
    """The last, or else the first, `limit` of what was found, which is one more if there are more: whoever counts what
    they see is told so on stderr. newest: whether the last are wanted, which were written last.
    """
    if len(found) <= limit:
        return list(found)
    which, others = ("newest", "older") if newest else ("first", "further")
    say(
        f"These are the {which} {limit}, and there are {others} ones that fit. Show more with --limit.",
        err=True,
    )
    return list(found[-limit:] if newest else found[:limit])


def moment(at: datetime | None) -> str:
    """2026-11-23 14:02:05, in UTC; nothing for None."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def time_in(written: str, option: str, like: str) -> datetime:
    """A day or moment, in UTC unless it says otherwise. like: how it is written, to tell where it is not."""
    try:
        read = datetime.fromisoformat(written)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last hours that there are elsewhere are none in UTC
        raise typer.BadParameter(f"Write {like}", param_hint=option) from None


def since_when(written: str | None, now: datetime, *, option: str = "--since") -> datetime | None:
    """The time that --since means: so long ago ("2h"), or a day or moment, in UTC unless it says otherwise.

    option: what it is called where it is called otherwise.
    """
    if written is None:
        return None
    try:
        read = datetime.fromisoformat(written)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        ago = parse_duration(written)
    if isinstance(ago, str):
        raise typer.BadParameter(
            'Write how long ago, like "2h", or a day, like 2026-11-01', param_hint=option
        )
    return now - ago
