"""Many different things asked for by one person within an hour: somebody looks for what can be had.

What was given at once, carried to an owner or refused counts alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from handlers.detectors.shape import Ask, Detector, Found, Surroundings, Window
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import NOBODYS, Trail
from storage.audit.stories import Brief
from storage.sentences import Length, template

_ASKED = ("grant.requested", "grant.refused", "grant.approved")
# The same thing may be asked for again and again, so more entries are looked at than different things are wanted.
_FOR_EACH = 4


@dataclass(frozen=True, kw_only=True)
class ManyAsked:
    """So many different things within so many minutes."""

    different: int = 8
    minutes: int = 60


TITLE = template("Many different things asked for: {who}")
TOLD = template("{who} asked for {count} different things within {length}, the last one was {what}.")
USUAL = template(
    "Usually somebody asks for what one piece of work needs. Ask what it is for; whoever begins a new role is better "
    "given what goes with it."
)


def asks(entry: Brief, settings: ManyAsked, _: Surroundings) -> Iterable[Ask]:
    # By whoever approved it, what was approved was not asked for.
    if entry.actor in NOBODYS or (entry.action == "grant.approved" and entry.actor != entry.subject):
        return
    span = timedelta(minutes=settings.minutes)
    trail = Trail(actor=entry.actor, actions=_ASKED, span=span, before=_FOR_EACH * settings.different)
    yield Ask(about=entry.actor, trails=(trail,))


def find(window: Window, settings: ManyAsked, _: Surroundings) -> Found | None:
    asked = tuple(one for one in window.entries if one.action != "grant.approved" or one.actor == one.subject)
    seen = Window(about=window.about, entries=asked, since=window.since)
    for burst in seen.bursts(settings.different, timedelta(minutes=settings.minutes)):
        different = {one.resource for one in burst}
        if len(different) >= settings.different:
            return Found(
                title=TITLE,
                told=TOLD,
                people={"who": window.about},
                values={"length": Length(settings.minutes), "what": burst[-1].resource},
                count=len(different),
                since=burst[0].at,
                until=burst[-1].at,
                story=burst[-1].correlation,
            )
    return None


MANY_ASKED = Detector(
    name="many_asked", kind=Kind.MANY_ASKED, severity=Severity.MEDIUM, settings=ManyAsked, watches=frozenset(_ASKED),
    asks=asks, find=find, usual=USUAL,
)  # fmt: skip
