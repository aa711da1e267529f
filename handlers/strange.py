"""What is strange enough for the security channel: the kinds, how much they matter, and one about to be raised.

Plain facts: they raise nothing and carry no free text of a person, no secret and no stack trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of exceptions. Each has its sentence in bot.slack.messages."""

    REFUSED_REQUEST = "refused-request"
    REFUSED_SELF_SERVICE = "refused-self-service"
    WRONG_APPROVER = "wrong-approver"
    POLICY_ERROR = "policy-error"
    REVOCATION_OVERDUE = "revocation-overdue"
    EFFECT_FAILED = "effect-failed"
    CHANGE_UNSURE = "change-unsure"
    PAGE_LOCKOUT = "page-lockout"
    IDENTITY_MISMATCH = "identity-mismatch"
    NOT_A_PERSON = "not-a-person"
    AUTHORITY_LOST = "authority-lost"
    TAMPERED = "tampered"
    UNDELIVERABLE = "undeliverable"


class Severity(StrEnum):
    """How much it matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, kw_only=True)
class Strange:
    """One exception about to be raised. cause: what makes two of them the same, beside the kind."""

    kind: Kind
    severity: Severity
    who: str
    cause: str
    correlation: str
    facts: Mapping[str, Any] = field(default_factory=dict)
