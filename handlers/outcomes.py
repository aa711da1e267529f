"""What came of an intent: frozen answers that a listener turns into words.

Expected refusals are here; faults are exceptions (storage.faults).
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """This delivery had its effect already; there is nothing to say."""


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A request was prepared; nothing is sent yet."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request was taken up. state: "approved", "pending" or "refused"; the status message tells the rest."""

    grant: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """There is no such entitlement or request (any more)."""

    what: str


@dataclass(frozen=True, kw_only=True)
class AlreadyHeld:
    """The person has it already: until `until`, or standing if that is None."""

    entitlement: str
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class AlreadyAsked:
    """The same request already waits."""

    grant: str
    entitlement: str


@dataclass(frozen=True, kw_only=True)
class MayDecide:
    """The person may decide this request now; the form can open."""

    grant: str
    entitlement: str
    requester_name: str
    minutes: int
    justification: str


@dataclass(frozen=True, kw_only=True)
class NotAllowed:
    """The person may not. reasons: policy's sentences; owner_name: whose it is; can: names of who may decide."""

    entitlement: str
    owner_name: str
    reasons: tuple[str, ...]
    can: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TooLate:
    """It was settled before. state: the state it is in; by and at: who settled it and when, if a person did."""

    entitlement: str
    state: str
    by: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The decision counts. state: "approved", "denied", "pending" (more approvals needed) or "voided"."""

    grant: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One's own request was withdrawn, or one's own grant is being taken back."""

    grant: str
    state: str
