"""The requests and emergencies of a period, read from the audit log in one pass.

It keeps only the entries of these; what led to an emergency is looked up by its story.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from sqlmodel import Session

from bot.evidence.cases import STOPPED, Case, begins_case, case_of
from bot.evidence.emergencies import Broken, begins_emergency, emergency_of
from storage.audit import log
from storage.audit.log import Row

# More entries than any story has.
_MOST = 10_000

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which requests: asked for from `since` until before `until` (aware UTC), of this person or thing, if given."""

    since: datetime
    until: datetime
    person: str | None = None
    entitlement: str | None = None

    def fits(self, row: Row) -> bool:
        """Whether the request that this entry begins is one of them."""
        return (
            self.since <= row.at < self.until
            and self.person in (None, row.actor, row.subject)
            and self.entitlement in (None, row.resource)
        )


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The requests in the order in which they were asked for, the emergencies of the same time, and their entries.

    rows: by their ids, in the order of the log.
    """

    cases: Sequence[Case]
    rows: Mapping[str, Row]
    broken: Sequence[Broken] = ()

    @property
    def delegators(self) -> frozenset[str]:
        """The ids of all in whose place somebody decided: their own entry may be of another story."""
        return frozenset(one.delegator for case in self.cases for one in case.decisions if one.delegator)


def gather(tx: Session, wanted: Wanted, tell: Tell | None = None) -> Gathered:
    """Everything that belongs to these requests, up to now: an end may come after the period."""
    size = log.head(tx).size
    stories: dict[str, list[Row]] = {}
    emergencies: dict[str, list[Row]] = {}
    first = log.first_since(tx, wanted.since)
    for row in () if first is None else log.every(tx, after=first - 1):
        if tell is not None:
            tell(row.index, size)
        if row.action == STOPPED:
            if wanted.fits(row):
                stories[row.id] = [row]
        elif row.correlation in stories:
            stories[row.correlation].append(row)
        elif row.correlation in emergencies:
            emergencies[row.correlation].append(row)
        elif wanted.fits(row) and begins_case(row):
            stories[row.correlation] = [row]
        elif wanted.fits(row) and begins_emergency(row):
            emergencies[row.correlation] = _up_to(tx, row)
    found = (row for rows in (*stories.values(), *emergencies.values()) for row in rows)
    return Gathered(
        cases=[case_of(rows) for rows in stories.values()],
        rows={row.id: row for row in sorted(found, key=attrgetter("index"))},
        broken=[emergency_of(rows) for rows in emergencies.values()],
    )


def _up_to(tx: Session, row: Row) -> list[Row]:
    """The entries of a story from its beginning up to this one: what went before may be of the time before."""
    return [one for one in log.rows(tx, correlation=row.correlation, limit=_MOST) if one.index <= row.index]
