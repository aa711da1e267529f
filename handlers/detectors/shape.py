"""What a detector is: windows of the record that it asks for, and a pure function over each of them.

Nothing here reads, and nothing knows a detector by its name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import REFUSED, Trail
from storage.audit.stories import Brief

S = TypeVar("S")

EVERYBODY = "everybody"
"""In place of a person, where all of them are counted together."""

# Replicas stamp entries a little before they are committed, so those of a moment may stand out of order.
_OUT_OF_ORDER = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A window that is wanted. about: whom or what it is about; the same is one exception.

    trails: which entries it holds. privileged: of what was asked for, whether it counts as such (Surroundings).
    """

    about: str
    trails: tuple[Trail, ...]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known beside the record. risk_of: the risk of an entitlement, 0 for one that is none any more.

    kept_since: when the record began. archived_until: up to when most of it is archived, so that nothing found of that
    time is no silence; None if nothing is.
    """

    risk_of: Callable[[str], int]
    kept_since: datetime
    archived_until: Callable[[], datetime | None]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Entries of one kind in the order of the record. since: the index from which on they are new.

    begun: when what these entries are about was asked for, by story, where a trail wanted to know.
    """

    about: str
    entries: tuple[Brief, ...]
    since: int
    begun: Mapping[str, datetime] = field(default_factory=dict)

    def bursts(self, most: int, span: timedelta) -> Iterable[tuple[Brief, ...]]:
        """Each run of entries within this time that ends with a new one and is as many as `most`; the latest first."""
        times = steady([one.at for one in self.entries])
        for last in range(len(self.entries) - 1, -1, -1):
            if self.entries[last].index < self.since:
                return
            first = last
            while first > 0 and times[last] - times[first - 1] <= span:
                first -= 1
            if last - first + 1 >= most:
                yield self.entries[first : last + 1]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Something strange. title, told: templates, whose places are filled by `values` and by the names of `people`.

    people: account ids by place; EVERYBODY for none. count: what is told with it; it is told anew when twice as many.
    since, until: the first and the last of it. story: the id of the newest one's.
    counted: if there may be more than the window held, the trail to count them by.
    """

    title: str
    told: str
    people: Mapping[str, str]
    values: Mapping[str, str | int]
    count: int
    since: datetime
    until: datetime
    story: str
    counted: Trail | None = None


@dataclass(frozen=True, kw_only=True)
class Detector(Generic[S]):
    """One detector. name: as [detectors.NAME] calls it. settings: its numbers, each with what is usual.

    watches: the actions that make it look, beside those that were refused, if it `watches_refusals`. asks: the windows
    that an entry makes it look at. find: pure; what is strange in one of them. usual: a template that says what is
    rather to be expected.
    """

    name: str
    kind: Kind
    severity: Severity
    settings: type[S]
    watches: frozenset[str] = frozenset()
    watches_refusals: bool = False
    asks: Callable[[Brief, S, Surroundings], Iterable[Ask]]
    find: Callable[[Window, S, Surroundings], Found | None]
    usual: str

    def looks_at(self, entry: Brief) -> bool:
        """Whether this entry is any of its business."""
        return entry.action in self.watches or (self.watches_refusals and entry.outcome == REFUSED)


@dataclass(frozen=True, kw_only=True)
class Tuned(Generic[S]):
    """A detector that is on, with its settings."""

    detector: Detector[S]
    settings: S

    def asks(self, entry: Brief, around: Surroundings) -> Iterable[Ask]:
        """`Detector.asks` of an entry that it looks at."""
        return self.detector.asks(entry, self.settings, around) if self.detector.looks_at(entry) else ()

    def find(self, window: Window, around: Surroundings) -> Found | None:
        """`Detector.find`."""
        return self.detector.find(window, self.settings, around)

    @property
    def said(self) -> str:
        """Its settings as they stand in wicket.toml."""
        numbers: Mapping[str, Any] = vars(self.settings)
        return ", ".join(f"{name} = {value}" for name, value in numbers.items())


def steady(times: Iterable[datetime]) -> list[datetime]:
    """The same times as a clock would have told them that is never set back: what was between two of them stays.

    Entries of about the same moment that stand out of order are of one moment.
    """
    told, ahead, latest = list[datetime](), timedelta(0), None
    for time in times:
        at = time + ahead
        if latest is not None and at < latest - _OUT_OF_ORDER:
            ahead += latest - at
        latest = at if latest is None or at > latest else latest
        told.append(latest)
    return told
