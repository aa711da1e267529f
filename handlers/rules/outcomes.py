"""What somebody wants of a proposed set of rules, and what came of it. Frozen facts.

They look nothing up; handlers.rules.approvals fills them.
"""

from dataclasses import dataclass

from handlers.intents import Intent


@dataclass(frozen=True, kw_only=True)
class OnRules(Intent):
    """Approve or deny a proposed set of rules. proposal: its id."""

    proposal: str


@dataclass(frozen=True, kw_only=True)
class RulesApproved:
    """The approval counts. holds: it was the last that was missing, and the set holds."""

    holds: bool


@dataclass(frozen=True, kw_only=True)
class RulesDenied:
    """The set will not hold."""


@dataclass(frozen=True, kw_only=True)
class RulesOver:
    """It was decided before, or withdrawn. state: storage.states.RuleSetState."""

    state: str


@dataclass(frozen=True, kw_only=True)
class SaidAlready:
    """This person approved it before, by this account or another."""


@dataclass(frozen=True, kw_only=True)
class ProveForRules:
    """First a fresh proof. handle: by which they prove who they are."""

    handle: str
