"""What is asked of breaking the glass, and what came of it. Frozen facts.

They look nothing up; handlers.emergencies.asking and handlers.emergencies.granting fill them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from handlers.decisions.freezing import Stopped
from handlers.intents import JUSTIFICATION_LIMIT, Intent
from handlers.outcomes import Repeated, Unknown
from storage.catalogue import Entitlement
from storage.fresh import FreshProof

ALERTED: Final = "emergency"
"""The alert: one message in the security channel and one in its owner's, edited in place."""

NEWS: Final = "emergency-news"
"""What happened since, in its thread."""

STATUS: Final = "emergency-status"
"""To whoever broke the glass: how it stands, until they have it."""

BEGUN, EXTENDED, OVER = "begun", "extended", "over"


@dataclass(frozen=True, kw_only=True)
class BreakGlass(Intent):
    """Take an entitlement at once. incident: as it was read (handlers.decisions.emergencies). minutes: for how long.

    drill: nothing happened, it is practised.
    """

    entitlement: str
    incident: str
    reason: str
    minutes: int
    drill: bool = False

    def __post_init__(self) -> None:
        if not self.reason.strip() or len(self.reason) > JUSTIFICATION_LIMIT:
            raise ValueError(f"a reason has between 1 and {JUSTIFICATION_LIMIT} characters")


@dataclass(frozen=True, kw_only=True)
class MayBreakGlass:
    """The form can open. choices: what this person may take. example: an incident id as it is written here."""

    choices: tuple[Entitlement, ...]
    example: str


@dataclass(frozen=True, kw_only=True)
class NotListed:
    """Nothing may be taken by this person in an emergency."""


@dataclass(frozen=True, kw_only=True)
class EmergencyRefused:
    """reasons: policy's sentences, in order. again: a second person would do, so that asking for access helps."""

    entitlement: str
    reasons: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class EmergencyAsked:
    """It waits for a proof until then. handle: of the visit to the secure page. enrolled: they have a proof to give.

    again: it was asked before, and this is how it stands.
    """

    emergency: str
    entitlement: str
    handle: str
    until: datetime
    enrolled: bool = True
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class BeingTold:
    """They asked for it, and proved who they are; the alerts are on their way."""

    entitlement: str


@dataclass(frozen=True, kw_only=True)
class HeldAlready:
    """They have it, by other hands than ours."""

    entitlement: str


@dataclass(frozen=True, kw_only=True)
class EmergencyStory:
    """A breaking of the glass with everything its messages say.

    who: the name with the login. title: of the entitlement, and its id where it left the catalogue. owner: the team's
    name, "" likewise. handle: of the visit on which it is proven. state: a storage.states.EmergencyState; held: a
    storage.states.GrantState, "" without a grant. why_ended, ended_by: how the access ended. until: when it ends;
    extended: until when it goes on by an approval.
    """

    id: str
    who: str
    slack_user: str
    entitlement: str
    title: str
    owner: str
    incident: str
    reason: str
    minutes: int
    drill: bool
    handle: str
    state: str
    held: str
    proof: FreshProof | None
    asked_at: datetime
    told_security_at: datetime | None
    told_outside_at: datetime | None
    told_by: str
    fallback: str
    refused_why: str
    opened_at: datetime | None
    active_at: datetime | None
    until: datetime | None
    ended_at: datetime | None
    why_ended: str
    ended_by: str
    extended: datetime | None
    review_due_at: datetime | None
    reviewed_by: str
    finding: str


NotAsked = EmergencyRefused | BeingTold | HeldAlready | Stopped | Unknown | Repeated
"""Why nothing was asked."""
