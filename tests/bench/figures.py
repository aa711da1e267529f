"""Figures: what was measured, in numbers, and how many numbers become one.

Nothing here measures anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. value: as measured, in `unit`.

    limit: what it must stay under, least: what it must come to; where there is one.
    """

    part: str
    what: str
    value: float
    unit: str
    limit: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether what it is held to, if anything, is kept."""
        is_under = self.limit is None or self.value < self.limit
        return is_under and (self.least is None or self.value >= self.least)

    @property
    def held_to(self) -> str:
        """What it is held to, in words; "" if to nothing."""
        under = f"under {self.limit:g}" if self.limit is not None else ""
        return under if self.least is None else f"at least {self.least:,.0f}"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "holds": self.holds}


def missed(figures: Sequence[Figure]) -> list[Figure]:
    """Those that miss what they are held to."""
    return [figure for figure in figures if not figure.holds]


@dataclass(frozen=True, kw_only=True)
class Burst:
    """One burst of requests. seconds: how long it took in all; waits: each request's own, in seconds."""

    seconds: float
    waits: Sequence[float] = field(repr=False)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.waits) / self.seconds

    def wait_ms(self, share: float) -> float:
        """The wait that this share of the requests did not exceed, in milliseconds."""
        return percentile(self.waits, share) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) does not exceed. `values` is not empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def middle(values: Sequence[float]) -> float:
    """The median: one bad round on a shared machine must not speak for all."""
    return median(values)
