"""A week as its digest tells of it: plain numbers, and what stands out. Frozen facts.

It looks nothing up; handlers.audit.digesting fills it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from handlers.decisions.outliers import StandsOut

AUTOMATIC, BY_PEOPLE = "automatic", "by_people"
"""Of what was granted: by policy at once, or after people approved."""

BY_DELEGATION = "by_delegation"
"""Of what people decided: with an owner's word that is not their own."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """How often one person broke the glass for one thing: in the week, and in the month up to its end.

    who: their name. what: the entitlement's id. drill: it was only practised.
    """

    who: str
    what: str
    drill: bool
    times: int
    in_month: int


@dataclass(frozen=True, kw_only=True)
class Digest:
    """A week in numbers. since, until: aware UTC. entries: of the log, all of them.

    counts: how often something was done, by its action; "automatic" and "by people" for what was approved. late: ends
    that were late by more than a minute. exceptions: by kind, how many there were and how many of them are open.
    names: of people, by their ids. broken: how often the glass was broken.
    """

    since: datetime
    until: datetime
    entries: int
    counts: Mapping[str, int]
    late: int
    exceptions: Mapping[str, tuple[int, int]]
    outliers: tuple[StandsOut, ...]
    names: Mapping[str, str]
    broken: tuple[Broken, ...] = ()

    @property
    def is_quiet(self) -> bool:
        """Whether nobody asked for anything, nothing ended, and nothing was strange."""
        broken = any(one.times for one in self.broken)
        return not self.exceptions and not any(self.counts.values()) and not broken
