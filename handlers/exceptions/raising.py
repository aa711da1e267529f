"""Raising an exception: what is strange is kept and owed to the security channel, with the record it belongs to.

It never carries a person's free text, a secret or a stack trace.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.strange import (
    TOLD_TOGETHER,
    Kind,
    Severity,
    Strange,
    membership_cause,
    named,
    named_holder,
)
from storage.directories.base import Account
from storage.exceptions import SETTLED, decide_exceptions, raise_exception

__all__ = [
    "Kind", "Severity", "Strange", "broken_policy", "cause_of", "decided", "membership_cause", "named",
    "named_holder", "refused_self_service", "tell_security", "wrong_person",
]  # fmt: skip

# Characters; whatever beginning of a cause is looked for is shorter.
_LONGEST_CAUSE = 500


def broken_policy(
    decision: PolicyDecision, *, who: str, correlation: str, entitlement: str | None = None
) -> Strange:
    """A policy that could not be evaluated, or came to a fact that is unknown: one for each, whoever meets it."""
    errors: Collection[str] = sorted(decision.errors)
    about = {} if entitlement is None else {"entitlement": entitlement}
    return Strange(
        kind=Kind.POLICY_ERROR,
        severity=Severity(decision.severity or Severity.HIGH),
        who=who,
        cause=f"{decision.policy_set}:{'; '.join(errors)}",
        correlation=correlation,
        facts={**about, "errors": list(errors), "reasons": list(decision.reasons)},
    )


def wrong_person(
    account: Account,
    decision: PolicyDecision,
    *,
    about: str,
    correlation: str,
    facts: Mapping[str, Any],
    entitlement: str | None = None,
    severity: Severity | None = None,
) -> Strange:
    """Somebody tried to decide what they may not; or policy broke over it, which is not about them.

    about: what they tried to decide; the same of one person is one exception. facts: what else is told. severity: if
    policy does not say it.
    """
    who = named(account.name, account.login)
    if decision.errors:
        return broken_policy(decision, who=who, correlation=correlation, entitlement=entitlement)
    return Strange(
        kind=Kind.WRONG_APPROVER,
        severity=severity or (Severity.HIGH if decision.severity == "high" else Severity.MEDIUM),
        who=who,
        cause=f"{account.id}:{about}",
        correlation=correlation,
        facts={
            **({} if entitlement is None else {"entitlement": entitlement}),
            **facts,
            # Without a policy that says so, the reason is simply that they are none of those who may.
            "reasons": list(decision.reasons) if decision.policy_ids else [],
            "policies": list(decision.policy_ids),
        },
    )


def refused_self_service(
    account: Account, decision: PolicyDecision, *, about: str, purpose: str, correlation: str
) -> Strange | None:
    """Somebody was refused help with their own account; None where policy says that it is nothing strange.

    about: what makes two of one person's the same. purpose: what they wanted.
    """
    who = named(account.name, account.login)
    if decision.errors:
        return broken_policy(decision, who=who, correlation=correlation)
    if decision.severity is None:
        return None
    told = {"purpose": purpose, "reasons": list(decision.reasons), "policies": list(decision.policy_ids)}
    return Strange(
        kind=Kind.REFUSED_SELF_SERVICE, severity=Severity(decision.severity), who=who, cause=f"{account.id}:{about}",
        correlation=correlation, facts=told,
    )  # fmt: skip


def tell_security(tx: Session, at: datetime, strange: Strange) -> None:
    """Owe it to the security channel; the same cause within a day is counted on one message."""
    raise_exception(
        tx,
        at=at,
        kind=strange.kind,
        cause=cause_of(strange.kind, strange.cause),
        severity=strange.severity,
        who=strange.who,
        correlation=strange.correlation,
        facts=strange.facts,
        owner=strange.owner,
        anew=strange.anew,
        folds=strange.kind in TOLD_TOGETHER,
    )


def decided(tx: Session, at: datetime, kind: Kind, cause: str, *, by: str, **said: str) -> None:
    """Somebody decided about it: the message says who and what, and it is over with that."""
    facts = {"decided_by": by, "decided_at": at.isoformat(), **said, SETTLED: at.isoformat()}
    decide_exceptions(tx, at=at, cause=cause_of(kind, cause), facts=facts)


def cause_of(kind: Kind, cause: str) -> str:
    """What makes two exceptions the same, as it is kept: in an index, which takes no text of any length."""
    whole = f"{kind}:{cause}"
    if len(whole) <= _LONGEST_CAUSE:
        return whole
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{whole[:_LONGEST_CAUSE]}:{digest}"
