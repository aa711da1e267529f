"""Many refusals: of one person, who tries doors, or of everybody, when something is tried all over.

Refusals of Wicket's own are none, and neither are those of an operator's commands.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from handlers.detectors.crowds import Said, crowd
from handlers.detectors.shape import EVERYBODY, Ask, Detector, Found, Surroundings, Window
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import NOBODYS, REFUSED, Trail
from storage.audit.stories import Brief
from storage.sentences import template


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """So many of one person, or of everybody, within so many minutes."""

    person: int = 10
    everybody: int = 60
    minutes: int = 60


TITLE = template("Many refusals: {who}")
TITLE_ALL = template("Many refusals in the whole company")
TOLD = template("{who} was refused {count} times within {length}, the last time over {what}.")
TOLD_ALL = template("{count} times people were refused within {length}, the last time over {what}.")
TOLD_BARE = template("{who} was refused {count} times within {length}.")
TOLD_ALL_BARE = template("{count} times people were refused within {length}.")
USUAL = template(
    "Usually somebody is refused once, reads why, and asks for something else. Look at what was tried, and speak to "
    "them: somebody else may sit at their account."
)


def asks(entry: Brief, settings: Refusals, _: Surroundings) -> Iterable[Ask]:
    span = timedelta(minutes=settings.minutes)
    if entry.actor in NOBODYS:
        return
    yield Ask(about=EVERYBODY, trails=(Trail(outcome=REFUSED, span=span, before=settings.everybody - 1),))
    if entry.actor != "unknown":  # strangers are counted together
        trail = Trail(actor=entry.actor, outcome=REFUSED, span=span, before=settings.person - 1)
        yield Ask(about=entry.actor, trails=(trail,))


def find(window: Window, settings: Refusals, _: Surroundings) -> Found | None:
    span = timedelta(minutes=settings.minutes)
    found = crowd(
        window, settings, one=Said(title=TITLE, told=TOLD), all_of_them=Said(title=TITLE_ALL, told=TOLD_ALL),
        counted=lambda who: Trail(actor=who, outcome=REFUSED, span=span),
        more=lambda newest: {"what": newest.resource or ""},
    )  # fmt: skip
    if found is None or found.values["what"]:
        return found
    return replace(found, told=TOLD_BARE if found.told == TOLD else TOLD_ALL_BARE)


REFUSALS = Detector(
    name="refusals", kind=Kind.MANY_REFUSALS, severity=Severity.MEDIUM, settings=Refusals, watches_refusals=True,
    asks=asks, find=find, usual=USUAL,
)  # fmt: skip
