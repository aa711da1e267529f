"""What is strange enough for the security channel: the kinds, how much they matter, and one about to be raised.

Plain facts: they raise nothing and carry no free text of a person, no secret and no stack trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

_MOST_OF_A_NAME = 80


class Kind(StrEnum):
    """The kinds of exceptions. Each has its sentence in bot.slack.messages."""

    REFUSED_REQUEST = "refused-request"
    REFUSED_SELF_SERVICE = "refused-self-service"
    WRONG_APPROVER = "wrong-approver"
    POLICY_ERROR = "policy-error"
    REVOCATION_OVERDUE = "revocation-overdue"
    EFFECT_FAILED = "effect-failed"
    TARGET_GONE = "target-gone"
    DIRECTORY_MISSING = "directory-missing"
    CHANGE_UNSURE = "change-unsure"
    PAGE_LOCKOUT = "page-lockout"
    IDENTITY_MISMATCH = "identity-mismatch"
    AMBIGUOUS_IDENTITY = "ambiguous-identity"
    NOT_A_PERSON = "not-a-person"
    AUTHORITY_LOST = "authority-lost"
    TAMPERED = "tampered"
    UNDELIVERABLE = "undeliverable"
    UNEXPLAINED = "unexplained"
    VANISHED = "vanished"
    FOUND_STANDING = "found-standing"
    REVIEW_DUE = "review-due"
    GROUP_GONE = "group-gone"
    NOT_DISCOVERED = "not-discovered"
    NOT_COMPARED = "not-compared"
    LEFT = "left"
    MANY_LEFT = "many-left"
    ACCESS_STOPPED = "access-stopped"
    OWNER_UNREACHABLE = "owner-unreachable"
    CLONED_PASSKEY = "cloned-passkey"
    ADDRESS_CHANGED = "address-changed"
    NOT_ME = "not-me"
    PETITION = "petition"
    VOUCHING = "vouching"
    HELP_DESK = "help-desk"
    UNPROVEN = "unproven"
    ROW_CHANGED = "row-changed"
    ROWS_UNSIGNED = "rows-unsigned"
    NOT_STREAMED = "not-streamed"
    EMERGENCY_REFUSED = "emergency-refused"
    RECORD_CHANGED = "record-changed"
    UNCHECKED = "unchecked"
    NOT_LOOKED_OVER = "not-looked-over"
    CLOCK_AHEAD = "clock-ahead"
    LEFT_CATALOGUE = "left-catalogue"
    MANY_REFUSALS = "many-refusals"
    MANY_RESETS = "many-resets"
    APPROVING_EACH_OTHER = "approving-each-other"
    APPROVED_AT_ONCE = "approved-at-once"
    DORMANT = "dormant"
    MANY_ASKED = "many-asked"
    DETECTOR_FAILED = "detector-failed"
    RULES_INVALID = "rules-invalid"
    RULES_CHANGED = "rules-changed"
    RULES_PROPOSED = "rules-proposed"
    RULES_DIFFER = "rules-differ"
    EMERGENCY_REVIEW = "emergency-review"
    EMERGENCY_UNJUSTIFIED = "emergency-unjustified"
    EMERGENCY_LOST = "emergency-lost"
    DRILL_MISSED = "drill-missed"


TOLD_TOGETHER: frozenset[Kind] = frozenset(
    {
        Kind.REFUSED_REQUEST, Kind.REFUSED_SELF_SERVICE, Kind.WRONG_APPROVER, Kind.POLICY_ERROR, Kind.TARGET_GONE,
        Kind.CHANGE_UNSURE, Kind.PAGE_LOCKOUT, Kind.IDENTITY_MISMATCH, Kind.AMBIGUOUS_IDENTITY, Kind.NOT_A_PERSON,
        Kind.AUTHORITY_LOST, Kind.TAMPERED, Kind.UNDELIVERABLE, Kind.CLONED_PASSKEY, Kind.ADDRESS_CHANGED,
        Kind.VOUCHING, Kind.UNPROVEN, Kind.ROW_CHANGED, Kind.EMERGENCY_REFUSED, Kind.HELP_DESK, Kind.MANY_REFUSALS,
        Kind.MANY_RESETS, Kind.APPROVING_EACH_OTHER, Kind.APPROVED_AT_ONCE, Kind.DORMANT, Kind.MANY_ASKED,
        Kind.RECORD_CHANGED,
    }
)  # fmt: skip
"""Kinds that are counted on one message where many come at once. The others ask for something about each of them."""

# What these ask is decided by buttons of their own, and that resolves them.
DECIDED_BY_BUTTONS = frozenset(
    {
        Kind.UNEXPLAINED, Kind.VANISHED, Kind.FOUND_STANDING, Kind.REVIEW_DUE, Kind.MANY_LEFT, Kind.ACCESS_STOPPED,
        Kind.RULES_PROPOSED, Kind.EMERGENCY_REVIEW, Kind.EMERGENCY_UNJUSTIFIED, Kind.DRILL_MISSED,
        Kind.EMERGENCY_LOST,
    }
)  # fmt: skip


def named(name: str, login: str) -> str:
    """Whom an exception is about: the login stands beside the name, since names can be made to look alike (SL-3).

    A name that would push the login out of sight is cut.
    """
    shown = name if len(name) <= _MOST_OF_A_NAME else f"{name[: _MOST_OF_A_NAME - 1]}…"
    return f"{shown} ({login})" if login else shown


class Held(Protocol):
    """What is needed of a grant to know whom it is for."""

    @property
    def requester_name(self) -> str: ...
    @property
    def requester_login(self) -> str: ...
    @property
    def target_account(self) -> str: ...
    @property
    def target_name(self) -> str: ...
    @property
    def target_login(self) -> str: ...


def named_holder(grant: Held) -> str:
    """Whom a grant is for: whoever asked, or the report whom they asked for."""
    if grant.target_account:
        return named(grant.target_name, grant.target_login)
    return named(grant.requester_name, grant.requester_login)


def membership_cause(entitlement: str, kind: str, member: str) -> str:
    """What makes two exceptions about one membership the same. kind: "account" or "group"."""
    return f"{entitlement}:{kind}:{member}"


class Severity(StrEnum):
    """How much it matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Strange:
    """One exception about to be raised. cause: what makes two of them the same, beside the kind.

    owner: the id of an owner whose channel hears of it too. anew: in a message of its own, though it goes on.
    """

    kind: Kind
    severity: Severity
    who: str
    cause: str
    correlation: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None
    anew: bool = False
