"""What directories say of their groups for the catalogue: the lines of one attribute that are meant for Wicket.

It judges no line; whoever asks does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from storage.faults import DirectoryUnavailable

MARK = "wicket:"
# More groups that speak to Wicket, or more said of one, is taken for a mistake and the answer for unknown.
MOST_GROUPS = 2_000
MOST_LINES = 40
LONGEST_LINE = 300


@dataclass(frozen=True, kw_only=True)
class Where:
    """attribute: whose lines are read. base, filter: below what, and which of the groups; empty for all of them."""

    attribute: str = ""
    base: str = ""
    filter: str = ""


@dataclass(frozen=True, kw_only=True)
class Described:
    """One group that speaks to Wicket. names: one, unless the directory gives it several. lines: without the mark."""

    names: tuple[str, ...]
    lines: tuple[str, ...]


@runtime_checkable
class Describing(Protocol):
    """A directory whose groups can be described in it."""

    async def described(self, where: Where) -> tuple[Described, ...]:
        """All groups that speak to Wicket. DirectoryUnavailable when not all of them could be read."""


def lines_of(values: Iterable[str]) -> tuple[str, ...]:
    """The lines among these values that are meant for Wicket, in order; a value may hold several lines."""
    stripped = (line.strip() for value in values for line in value.splitlines())
    marked = (line[len(MARK) :].strip() for line in stripped if line.lower().startswith(MARK))
    return tuple(sorted(marked))


def bounded(directory: str, found: Iterable[Described]) -> tuple[Described, ...]:
    """These, in the order of their names. DirectoryUnavailable if they are too many."""
    kept: list[Described] = []
    for one in found:
        kept.append(one)
        if len(kept) > MOST_GROUPS:
            raise DirectoryUnavailable(
                "The directory {directory} has more than {most} groups that speak to Wicket, so none was taken up.",
                directory=directory,
                most=MOST_GROUPS,
            )
    return tuple(sorted(kept, key=lambda one: (one.names, one.lines)))
