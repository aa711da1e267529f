"""The same two people approving each other: what one asks the other approves, and the other way round.

Who is the second pair of eyes for whom is nobody's rule; it is told, and nothing is stopped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from handlers.detectors.shape import Ask, Detector, Found, Surroundings, Window, steady
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import Trail
from storage.audit.stories import Brief
from storage.sentences import template

_GIVEN = ("approval.given",)
# Of each way so many are looked at; more would change nothing about what is told.
_MOST = 50


@dataclass(frozen=True, kw_only=True)
class EachOther:
    """So many times each way within so many days."""

    times: int = 2
    days: int = 7


TITLE = template("Approving each other: {who} and {other}")
TOLD = template(
    "Within {days} days {who} approved requests of {other} (so many: {there}), and {other} those of {who} ({back})."
)
USUAL = template(
    "Usually requests of one team's approvers are approved by different people. Look at what was asked, and put a "
    "third person among the approvers if there are only two."
)


def asks(entry: Brief, settings: EachOther, _: Surroundings) -> Iterable[Ask]:
    if not entry.subject or entry.outcome != "done" or entry.actor == entry.subject:
        return
    span = timedelta(days=settings.days)
    back = Trail(
        actor=entry.subject, subject=entry.actor, actions=_GIVEN, span=span, before=_MOST, needed=True
    )
    there = Trail(actor=entry.actor, subject=entry.subject, actions=_GIVEN, span=span, before=_MOST)
    yield Ask(about=":".join(sorted((entry.actor, entry.subject))), trails=(back, there))


def find(window: Window, settings: EachOther, _: Surroundings) -> Found | None:
    given = [one for one in window.entries if one.outcome == "done"]
    if not given or given[-1].index < window.since:
        return None
    times, last = steady([one.at for one in given]), given[-1]
    within = [
        one for one, at in zip(given, times, strict=True) if times[-1] - at <= timedelta(days=settings.days)
    ]
    there = sum(one.actor == last.actor for one in within)
    back = len(within) - there
    if min(there, back) < settings.times:
        return None
    return Found(
        title=TITLE,
        told=TOLD,
        people={"who": last.actor, "other": last.subject},
        values={"days": settings.days, "there": there, "back": back},
        count=len(within),
        since=within[0].at,
        until=last.at,
        story=last.correlation,
    )


EACH_OTHER = Detector(
    name="each_other", kind=Kind.APPROVING_EACH_OTHER, severity=Severity.MEDIUM, settings=EachOther,
    watches=frozenset(_GIVEN), asks=asks, find=find, usual=USUAL,
)  # fmt: skip
