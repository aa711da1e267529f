"""Many resets: of one person's password, or of everybody's, before the breaker over all of them stops any (P-7).

It counts those that were carried out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from handlers.detectors.crowds import Said, crowd
from handlers.detectors.shape import EVERYBODY, Ask, Detector, Found, Surroundings, Window
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import Trail
from storage.audit.stories import Brief
from storage.audit.tables import DONE
from storage.sentences import template

_CHANGED = ("password.changed",)


@dataclass(frozen=True, kw_only=True)
class Resets:
    """So many of one person, or of everybody, within so many minutes."""

    person: int = 3
    everybody: int = 15
    minutes: int = 60


TITLE = template("Many resets: {who}")
TITLE_ALL = template("Many resets in the whole company")
TOLD = template("The password of {who} was reset {count} times within {length}.")
TOLD_ALL = template("{count} passwords were reset within {length}.")
USUAL = template(
    "Usually a password is reset once and then remembered, and resets come one by one. Ask whether it was them, over "
    "another way than Slack."
)


def asks(entry: Brief, settings: Resets, _: Surroundings) -> Iterable[Ask]:
    span = timedelta(minutes=settings.minutes)
    everybodys = Trail(actions=_CHANGED, outcome=DONE, span=span, before=settings.everybody - 1)
    yield Ask(about=EVERYBODY, trails=(everybodys,))
    if entry.subject:
        trail = Trail(
            subject=entry.subject, actions=_CHANGED, outcome=DONE, span=span, before=settings.person - 1
        )
        yield Ask(about=entry.subject, trails=(trail,))


def find(window: Window, settings: Resets, _: Surroundings) -> Found | None:
    span = timedelta(minutes=settings.minutes)
    return crowd(
        window, settings, one=Said(title=TITLE, told=TOLD), all_of_them=Said(title=TITLE_ALL, told=TOLD_ALL),
        counted=lambda who: Trail(subject=who, actions=_CHANGED, outcome=DONE, span=span),
    )  # fmt: skip


RESETS = Detector(
    name="resets", kind=Kind.MANY_RESETS, severity=Severity.HIGH, settings=Resets, watches=frozenset(_CHANGED),
    asks=asks, find=find, usual=USUAL,
)  # fmt: skip
