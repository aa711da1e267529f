"""Breaking the glass, decided: what an incident and a reason look like, what policy says before and after each step.

Pure: it looks nothing up and grants nothing.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta

from handlers.decisions.emergency_questions import EmergencyQuestion, Fallback
from handlers.decisions.emergency_reviews import WorkingDays
from handlers.decisions.policy import PolicyDecision, PolicyEngine
from handlers.decisions.tickets import parse_ticket
from storage.catalogue import Catalogue, Entitlement
from storage.directories.base import Account
from storage.sentences import template

LONGEST = 60
"""Minutes. Policy says so too; here it is what the form offers at most."""

NOT_LISTED = template("You are not on the list of those who may take this in an emergency.")

# As good a proof as anybody could give.
_ANY_PROOF = frozenset({"passkey", "totp", "sign_in", "sign_in_apart"})
_KEY = re.compile(r"([A-Z][A-Z0-9]{1,9})-[0-9]{1,9}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS = 3


@dataclass(frozen=True, kw_only=True)
class EmergencyRules:
    """incidents: what incident ids begin with, in capitals; empty for any. tell_within: how long the alerts may take.

    most_of_person, most_in_all: how many may be open at a time. again_after: how long the same person waits before they
    have the same so again without a second person. days: by which their reviews are due.
    """

    incidents: Collection[str] = ()
    most_of_person: int = 1
    most_in_all: int = 3
    again_after: timedelta = timedelta(hours=24)
    tell_within: timedelta = timedelta(seconds=60)
    fallback: Fallback = "none"
    days: WorkingDays = field(default_factory=WorkingDays)

    def incident(self, text: str) -> str | None:
        """The incident id in capitals; None if it is not written as the settings want it."""
        ticket = parse_ticket(text)
        match = _KEY.fullmatch(ticket) if ticket else None
        if match is None or (self.incidents and match[1] not in self.incidents):
            return None
        return match[0]

    @property
    def example(self) -> str:
        """An incident id as it is written here."""
        return f"{min(self.incidents, default='INC')}-4711"


def is_reason(text: str) -> bool:
    """Whether somebody who reads it later learns something: a few words, and not one of them over and over."""
    return len({word.casefold() for word in _WORD.findall(text)}) >= _FEWEST_WORDS


def on_the_list(catalogue: Catalogue, account: Account) -> list[Entitlement]:
    """What this account may take in an emergency by its groups, by title."""
    found = [one for one in catalogue.entitlements.values() if account.is_in(*one.break_glass)]
    return sorted(found, key=lambda one: (one.title, one.id))


def supposing(question: EmergencyQuestion) -> EmergencyQuestion:
    """The question of whoever proved who they are, when everybody has heard: what is left is about them and it."""
    return replace(question, proofs=question.proofs or _ANY_PROOF, told_security=True, told_outside=True)


def may_break(policy: PolicyEngine, question: EmergencyQuestion) -> PolicyDecision:
    """Whether they may. Whoever is on no list is told so: there is no policy that could say it."""
    decision = policy.ask(question)
    if decision.allowed or decision.policy_ids or decision.errors:
        return decision
    return replace(decision, reasons=(NOT_LISTED,), severity="medium")
