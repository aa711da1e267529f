"""What an open freeze stops, and who may lift it: facts in, answers out.

Pure. Ending things, taking access back, reading and checking are never stopped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from handlers.decisions.drift import Way
from handlers.decisions.policy import PolicyDecision, PolicyEngine, ResumeQuestion, refusal
from storage.states import FreezeKind

NO_ROLE = "resumers-are-of-security"
"""The id on the record when policy allowed somebody who is not of the security team."""

NO_ROLE_REASON = "You are not on the security team."

UNCHECKED: Final = "unchecked"
"""The kind of what is no freeze of the store: it could not be checked, or no freeze could be written (T-2)."""

CALM = timedelta(minutes=10)
"""What stops so, and comes again sooner than this after its end, goes on: it is told once, and counted."""


class Check(StrEnum):
    """What may fail then: holding the store against what was signed, signing, walking over it, stopping for a find,
    telling of an end that is late, finding which messages are owed; and that nothing acts on the tables by itself that
    is none of Wicket's.
    """

    CHECKPOINTS = "checkpoints"
    SIGNING = "signing"
    WALK = "walk"
    ENTRIES = "entries"
    ALERTS = "alerts"
    OWED = "owed"
    STRANGERS = "strangers"


# Kinds after which the store may be another than it was: what it keeps of proofs may be of yesterday.
FORGETFUL = frozenset({FreezeKind.RESTORED, FreezeKind.MISMATCH})

# Of the ways to decide about drift, those that make access stand that did not, or without an end.
MAKES_ACCESS = frozenset({Way.DECLARE, Way.GIVE_AGAIN})


class What(StrEnum):
    """What somebody is about to have done."""

    # Access that is not there yet: asked for, approved, given, given again, extended, declared without an end.
    ACCESS = "access"
    # Something done on the strength of a proof that the store keeps: a reset, an unlock, new proofs.
    PROOFS = "proofs"
    # A password that is reset by its person alone.
    RESETS = "resets"


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """An open freeze, or what stands for one, and the answer to whoever it stops. since: when it began."""

    id: str
    kind: FreezeKind | Literal["unchecked"]
    since: datetime


_STOPPED_BY: Mapping[What, frozenset[str]] = {
    What.ACCESS: frozenset(FreezeKind) - {FreezeKind.RESETS} | {UNCHECKED},
    What.PROOFS: FORGETFUL | {UNCHECKED},
    What.RESETS: FORGETFUL | {FreezeKind.RESETS, UNCHECKED},
}


def what_stops(freezes: Iterable[Stopped], what: What) -> Stopped | None:
    """The first of the open freezes that stops this; None if nothing does."""
    return next((one for one in freezes if one.kind in _STOPPED_BY[what]), None)


def reason(stopped: Stopped) -> str:
    """Why, and until when, as sentences for whoever is stopped."""
    return _WHY[stopped.kind]


RESUME_RESETS = "resume-resets"
"""How the lifting of such a freeze is called, where that of any other is "resume"."""

RESETS_STOPPED = (
    "Nobody can reset a password by themselves right now: there were too many resets or wrong codes at once, in the "
    "whole company, and the security team looks into it. Nothing is wrong with your account. If you can't wait, go to "
    "the IT desk in person."
)
_UNTIL = (
    "Until the security team has looked at it and confirms, no new access is given; what ends, ends on time."
)
_WHY: Mapping[str, str] = {
    FreezeKind.RESTORED: (
        f"My records were restored from an older copy, so I don't know what happened since. {_UNTIL}"
    ),
    FreezeKind.MISMATCH: f"My records are not what was signed of them. {_UNTIL}",
    FreezeKind.EMERGENCY: f"The security team has stopped new access. {_UNTIL}",
    FreezeKind.RESETS: RESETS_STOPPED,
    UNCHECKED: (
        "I can't make sure right now that my records are what was written. Until I can, no new access is given; "
        "what ends, ends on time."
    ),
}


def may_resume(policy: PolicyEngine, question: ResumeQuestion) -> PolicyDecision:
    """Whether this person may lift it: policy's answer, and never for somebody outside the security team."""
    decision = policy.ask(question)
    if decision.allowed and question.role is None:
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, "medium")
    return decision
