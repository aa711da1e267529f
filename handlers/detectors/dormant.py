"""A privileged request by somebody of whom nothing was heard for long: an account that nobody looks after any more.

What they did on the day before the request does not count, since whoever took the account over looks around first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from handlers.detectors.shape import Ask, Detector, Found, Surroundings, Window
from handlers.exceptions.strange import Kind, Severity
from storage.audit.glimpses import NOBODYS, Trail
from storage.audit.stories import Brief
from storage.sentences import template

_ASKED = ("grant.requested", "grant.refused")
_LOOKS_AROUND = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Dormant:
    """Nothing of theirs for so many days, and then a request for something of at least this risk."""

    days: int = 60
    risk: int = 4


TITLE = template("A privileged request after a long silence: {who}")
TOLD = template(
    "{who} asked for {what} (risk {risk} of 5), after nothing of theirs was on record for {silent} days."
)
TOLD_NEVER = template(
    "{who} asked for {what} (risk {risk} of 5), and nothing of theirs was ever on record before, in {silent} days."
)
TOLD_ARCHIVED = template(
    "{who} asked for {what} (risk {risk} of 5), and nothing of theirs was on record for {silent} days. What is older "
    "is archived."
)
USUAL = template(
    "Usually whoever needs something privileged uses Wicket now and then. Ask them, over another way than Slack, "
    "whether it was them."
)


def asks(entry: Brief, settings: Dormant, around: Surroundings) -> Iterable[Ask]:
    if entry.actor not in NOBODYS and around.risk_of(entry.resource) >= settings.risk:
        asked = Trail(actor=entry.actor, actions=_ASKED, span=_LOOKS_AROUND, before=0)
        earlier = Trail(actor=entry.actor, before=1, older=_LOOKS_AROUND)
        yield Ask(about=entry.actor, trails=(earlier, asked))


def find(window: Window, settings: Dormant, around: Surroundings) -> Found | None:
    asked = [
        one
        for one in window.entries
        if one.index >= window.since
        and one.action in _ASKED
        and around.risk_of(one.resource) >= settings.risk
    ]
    if not asked:
        return None
    first, last = asked[0], asked[-1]
    heard = [one.at for one in window.entries if one.index < window.since]
    silent = first.at - max(heard, default=around.kept_since)
    if silent < timedelta(days=settings.days):
        return None
    archived = around.archived_until()
    if archived is not None and max(heard, default=archived) <= archived:
        told, silent = TOLD_ARCHIVED, first.at - archived
    else:
        told = TOLD if heard else TOLD_NEVER
    return Found(
        title=TITLE,
        told=told,
        people={"who": window.about},
        values={"what": last.resource, "risk": around.risk_of(last.resource), "silent": silent.days},
        count=len(asked),
        since=first.at,
        until=last.at,
        story=last.correlation,
    )


DORMANT = Detector(
    name="dormant", kind=Kind.DORMANT, severity=Severity.HIGH, settings=Dormant, watches=frozenset(_ASKED),
    asks=asks, find=find, usual=USUAL,
)  # fmt: skip
