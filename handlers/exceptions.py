"""What the security channel must see: the kinds of exceptions and how one is raised, with its record.

It never carries a person's free text, a secret or a stack trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from storage.exceptions import raise_exception


class Kind(StrEnum):
    """The kinds of exceptions. Each has its sentence in bot.slack.messages."""

    REFUSED_REQUEST = "refused-request"
    REFUSED_SELF_SERVICE = "refused-self-service"
    WRONG_APPROVER = "wrong-approver"
    POLICY_ERROR = "policy-error"
    REVOCATION_OVERDUE = "revocation-overdue"
    EFFECT_FAILED = "effect-failed"
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


def tell_security(tx: Session, at: datetime, strange: Strange) -> None:
    """Owe it to the security channel; the same cause within a day is counted on one message."""
    raise_exception(
        tx,
        at=at,
        kind=strange.kind,
        cause=f"{strange.kind}:{strange.cause}",
        severity=strange.severity,
        who=strange.who,
        correlation=strange.correlation,
        facts=strange.facts,
    )
