"""Approvals within seconds of the request, again and again: whoever gives them can hardly have read it.

One alone is luck, and told in the digest of the week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from handlers.detectors.shape import Ask, Detector, Found, Surroundings, Window
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import Trail
from storage.audit.stories import Brief
from storage.sentences import template

_GIVEN = ("approval.given",)
_ASKED = "grant.requested"
# Beside the quick ones there are those that took their time: so many are looked at to find as many as it takes.
_FOR_EACH = 4


@dataclass(frozen=True, kw_only=True)
class AtOnce:
    """So many approvals of one person within so many hours, each within so many seconds of the request."""

    times: int = 5
    seconds: int = 10
    hours: int = 24


TITLE = template("Approved within seconds, again and again: {who}")
TOLD = template(
    "{who} approved {count} requests within {hours} hours, each within {seconds} seconds of its being asked; the last "
    "one was for {what}."
)
USUAL = template(
    "Usually reading who wants what, for how long and why takes longer. Ask them what they look at; a program may "
    "press the button."
)


def asks(entry: Brief, settings: AtOnce, _: Surroundings) -> Iterable[Ask]:
    span = timedelta(hours=settings.hours)
    trail = Trail(
        actor=entry.actor, actions=_GIVEN, span=span, before=_FOR_EACH * settings.times, begun_by=_ASKED
    )
    yield Ask(about=entry.actor, trails=(trail,))


def find(window: Window, settings: AtOnce, _: Surroundings) -> Found | None:
    within = timedelta(seconds=settings.seconds)
    quick = tuple(
        one
        for one in window.entries
        if one.outcome == "done"
        and one.correlation in window.begun
        # Less than nothing means that the clock was set back between the two.
        and timedelta(0) <= one.at - window.begun[one.correlation] <= within
    )
    seen = Window(about=window.about, entries=quick, since=window.since)
    burst = next(iter(seen.bursts(settings.times, timedelta(hours=settings.hours))), None)
    if burst is None:
        return None
    return Found(
        title=TITLE,
        told=TOLD,
        people={"who": window.about},
        values={"hours": settings.hours, "seconds": settings.seconds, "what": burst[-1].resource},
        count=len(burst),
        since=burst[0].at,
        until=burst[-1].at,
        story=burst[-1].correlation,
    )


AT_ONCE = Detector(
    name="at_once", kind=Kind.APPROVED_AT_ONCE, severity=Severity.MEDIUM, settings=AtOnce,
    watches=frozenset(_GIVEN), asks=asks, find=find, usual=USUAL,
)  # fmt: skip
