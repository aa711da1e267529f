"""The detectors at work: they follow the audit log, and what they find in it is told to security (A-15).

It runs behind the log and never in anybody's request, holds some entries at a time, and stops nothing.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.audit.following import Following, with_what_comes
from handlers.detectors.shape import EVERYBODY, Ask, Found, Surroundings, Tuned, Window
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named, tell_security
from handlers.ground import Ground
from storage.audit import glimpses, stories
from storage.audit import log as audit_log
from storage.audit.archives import gone_until
from storage.audit.glimpses import Earlier
from storage.audit.stories import Brief
from storage.exceptions import is_open, open_of
from storage.faults import DirectoryUnavailable, WicketFault
from storage.macs import DETECTORS
from storage.sentences import Sentence

log = structlog.get_logger(__name__)

T = TypeVar("T")

STORY = "detectors"

_AT_ONCE = 500
# Seconds for one visit of the schedule, so that a long way behind is caught up in turns.
_A_VISIT = 5.0
# For a name alone nobody waits longer: an alert with an id is better than none.
_FOR_A_NAME = 1.0
_AGAIN = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one stretch of the log came to. failed: the detectors that broke, with the fault's own word."""

    end: int
    found: Sequence[tuple[Tuned[Any], Ask, Found]]
    failed: Mapping[str, str]


class Detecting:
    """Follows. tuned: the detectors that are on. sender: this process among the replicas."""

    def __init__(self, ground: Ground, tuned: Sequence[Tuned[Any]], *, sender: str) -> None:
        self._ground, self._tuned = ground, tuple(tuned)
        self._place = Following(ground, DETECTORS, sender=sender, begins=with_what_comes)
        self._watched = frozenset().union(*(one.detector.watches for one in tuned))

    async def look(self) -> int:
        """Look at what is new, for some seconds at most; how many entries that were."""
        loop = asyncio.get_running_loop()
        ends, passed = loop.time() + _A_VISIT, 0
        while some := await self._look_at_some():
            passed += some
            if loop.time() >= ends:
                break
        return passed

    async def _look_at_some(self) -> int:
        database = self._ground.database
        if await database.read(self._place.behind) <= 0:
            return 0
        before = await database.write(self._place.take)
        if before is None:
            return 0
        seen = await database.read(partial(self._see, first=before))
        names = await self._names(seen)
        moved = await database.write(partial(self._tell, before=before, seen=seen, names=names))
        return seen.end - before if moved else 0

    def _see(self, tx: Session, first: int) -> _Seen:
        end = min(audit_log.head(tx).size, first + _AT_ONCE)
        entries = glimpses.between(tx, first, end, self._watched) if end > first else []
        found, failed = list[tuple[Tuned[Any], Ask, Found]](), dict[str, str]()
        earlier = Earlier(tx, first, entries[0].at if entries else self._ground.now())
        around = Surroundings(
            risk_of=self._risk_of, kept_since=glimpses.kept_since(tx) or self._ground.now(),
            archived_until=partial(gone_until, tx),
        )  # fmt: skip
        for tuned in self._tuned:
            for at, ask in _tried(tuned, partial(_asked, tuned, entries, around), failed) or ():
                window = _window(tx, ask, entries, earlier, at)
                one = _tried(tuned, partial(tuned.find, window, around), failed) if window else None
                if one is not None:
                    found.append((tuned, ask, _counted(tx, one, end)))
        return _Seen(end=end, found=found, failed=failed)

    def _risk_of(self, entitlement: str) -> int:
        known = self._ground.catalogue.entitlements.get(entitlement)
        return known.risk if known is not None else 0

    async def _names(self, seen: _Seen) -> Mapping[str, str]:
        """Names and logins by account, as the directories have them; the account's id where they do not say."""
        people = {person for _, _, found in seen.found for person in found.people.values()} - {EVERYBODY}
        return dict(zip(people, await asyncio.gather(*map(self._name, people)), strict=True))

    async def _name(self, person: str) -> str:
        for home in self._ground.homes.values():
            try:
                async with asyncio.timeout(_FOR_A_NAME):
                    account = await home.account(person)
            except (TimeoutError, DirectoryUnavailable):
                continue
            if account is not None:
                return named(account.name, account.login)
        return person

    def _tell(self, tx: Session, before: int, seen: _Seen, names: Mapping[str, str]) -> bool:
        """Move on and tell in one transaction: whatever a crash undoes is found again, and told once."""
        if not self._place.move(tx, before, seen.end):
            return False
        now = self._ground.now()
        for tuned, ask, found in seen.found:
            if not _is_told(tx, cause_of(tuned.detector.kind, ask.about), found):
                _raise(tx, now, tuned, ask, found, names)
        for name, fault in seen.failed.items():
            _raise_failed(tx, now, name, fault, before, seen.end)
        return True


def _tried(tuned: Tuned[Any], what: Callable[[], T], failed: dict[str, str]) -> T | None:
    """What one detector says; one that breaks is noted, and keeps none of the others from looking."""
    try:
        return what()
    except WicketFault:
        raise
    except Exception as fault:
        failed[tuned.detector.name] = type(fault).__name__
        log.error("detector.failed", detector=tuned.detector.name, exc_info=fault)
        return None


def _asked(tuned: Tuned[Any], entries: Sequence[Brief], around: Surroundings) -> list[tuple[datetime, Ask]]:
    """The windows that these entries make it look at, each once, with the time of the first that does."""
    asked: dict[str, tuple[datetime, Ask]] = {}
    for entry in entries:
        for ask in tuned.asks(entry, around):
            asked.setdefault(ask.about, (entry.at, ask))
    return list(asked.values())


def _window(tx: Session, ask: Ask, entries: Sequence[Brief], earlier: Earlier, at: datetime) -> Window | None:
    """The entries of these trails in their order; None where some are missing without which nothing can be found."""
    wanted: dict[int, Brief] = {}
    for trail in ask.trails:
        found = [*earlier.of(trail, at), *(one for one in entries if trail.holds(one))]
        if trail.needed and not found:
            return None
        wanted |= {one.index: one for one in found}
    begun: Mapping[str, datetime] = {}
    for action in {trail.begun_by for trail in ask.trails} - {""}:
        begun = stories.begun(tx, sorted({one.correlation for one in wanted.values()}), action)
    in_order = tuple(wanted[index] for index in sorted(wanted))
    return Window(about=ask.about, entries=in_order, since=earlier.first, begun=begun)


def _counted(tx: Session, found: Found, end: int) -> Found:
    """With the number of all there are, where the window may have held only some of them."""
    trail = found.counted
    if trail is None or trail.span is None:
        return found
    of_all, since = glimpses.count(tx, trail, found.until - trail.span, end)
    if since is None or of_all <= found.count:  # or a clock was set back
        return found
    return replace(found, count=of_all, since=since)


def _is_told(tx: Session, cause: str, found: Found) -> bool:
    """Whether this is what was told already: it goes on, and is not twice as much by now."""
    return any(
        found.since <= datetime.fromisoformat(row.facts["until"]) and found.count < 2 * row.facts["count"]
        for row in open_of(tx, cause)
    )


def _raise(
    tx: Session, now: datetime, tuned: Tuned[Any], ask: Ask, found: Found, names: Mapping[str, str]
) -> None:
    detector = tuned.detector
    people = {place: names.get(one, one) for place, one in found.people.items() if one != EVERYBODY}
    values = {**found.values, **people, "count": found.count}
    subject = ask.about if ask.about in found.people.values() and people else None
    recording.record(
        tx, at=now, action="detector.noticed", outcome="done", **recording.BY_ITSELF, correlation=found.story,
        subject=subject, facts={"detector": detector.name, "count": found.count},
    )  # fmt: skip
    strange = Strange(
        kind=detector.kind,
        severity=detector.severity,
        who=people.get("who", "Wicket"),
        cause=ask.about,
        correlation=found.story,
        facts={
            "detector": detector.name,
            "settings": tuned.said,
            "title": Sentence.of(found.title, values),
            "told": Sentence.of(found.told, values),
            "usual": Sentence(detector.usual),
            "count": found.count,
            "since": found.since.isoformat(),
            "until": found.until.isoformat(),
            "people": sorted(found.people.values()),
        },
    )
    tell_security(tx, now, strange)


def _raise_failed(tx: Session, now: datetime, name: str, fault: str, first: int, end: int) -> None:
    if is_open(tx, cause_of(Kind.DETECTOR_FAILED, name), since=now - _AGAIN):
        return
    facts: dict[str, recording.Fact] = {"detector": name, "error": fault, "first": first, "last": end - 1}
    recording.record(
        tx, at=now, action="detector.failed", outcome="failed", **recording.BY_ITSELF, correlation=STORY, facts=facts
    )  # fmt: skip
    strange = Strange(
        kind=Kind.DETECTOR_FAILED, severity=Severity.MEDIUM, who=name, cause=name, correlation=STORY, facts=facts
    )  # fmt: skip
    tell_security(tx, now, strange)
