"""What breaking the glass, and reviewing it afterwards, put to policy.

They are facts alone: they decide nothing and look nothing up.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.decisions.actions import Action
from handlers.decisions.circumstances import NOTHING_LATELY, Recently
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

Fallback = Literal["none", "outside", "security"]
"""Which of the two alerts is enough if the other one cannot be given: that outside Slack, or the channel's."""


@dataclass(frozen=True, kw_only=True)
class EmergencyQuestion:
    """May `principal` take `entitlement` at once, in an emergency?

    minutes: for how long. incident_given: written as the settings want it; incident_over: it was used before, and
    nothing of it is open any more. proofs: by which they just proved who they are, for this. open_of_person and
    open_in_all: how many others are under way or open; most_…: how many the settings allow. again: they had the same
    so a short while ago. told_security, told_outside: who has taken the alert; enough_alone: which of the two is
    enough. now: aware UTC.
    """

    principal: Account
    entitlement: Entitlement
    owner: Owner
    minutes: int
    now: datetime
    incident_given: bool = True
    incident_over: bool = False
    reason_given: bool = True
    drill: bool = False
    proofs: frozenset[str] = frozenset()
    open_of_person: int = 0
    open_in_all: int = 0
    most_of_person: int = 1
    most_in_all: int = 3
    again: bool = False
    eligibility_lapsed: bool = False
    told_security: bool = False
    told_outside: bool = False
    enough_alone: Fallback = "none"
    action: Literal[Action.BREAK_GLASS] = Action.BREAK_GLASS
    recently: Recently = NOTHING_LATELY


@dataclass(frozen=True, kw_only=True)
class EmergencyReviewQuestion:
    """May `principal` review what `target` did in an emergency, with this finding, or let them break glass again?

    role: the principal's towards the entitlement that was taken. oneself: both accounts are one person's. reports_to:
    the principal reports to the target, through however many. overdue: the time for it is over. now: aware UTC.
    """

    principal: Account
    target: Account
    entitlement: Entitlement
    owner: Owner
    role: Literal["owner", "security"] | None
    finding: Literal["justified", "not-justified", "restored"]
    now: datetime
    oneself: bool = False
    reports_to: bool = False
    rationale_given: bool = True
    overdue: bool = False
    drill: bool = False
    action: Literal[Action.REVIEW_EMERGENCY] = Action.REVIEW_EMERGENCY
    recently: Recently = NOTHING_LATELY
