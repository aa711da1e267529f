"""Whether somebody could decide if they said why, or after others did: refusals that are nobody's fault.

Pure: it asks policy and gives back what is missing; it never lets anybody through.
"""

from dataclasses import replace

from handlers.decisions.policy import AccessQuestion, Approvals, PolicyEngine, Role
from handlers.decisions.requests import may_decide, missing_approvals
from storage.directories.base import Account


def needs_rationale(
    policy: PolicyEngine, question: AccessQuestion, approver: Account, role: Role | None
) -> bool:
    """Whether policy lets them do this with a rationale, and not without one."""
    without = may_decide(policy, replace(question, rationale_given=False), approver, role)
    explained = may_decide(policy, replace(question, rationale_given=True), approver, role)
    return explained.allowed and not without.allowed and not without.errors


def comes_first(
    policy: PolicyEngine, question: AccessQuestion, approver: Account, role: Role | None
) -> Approvals | None:
    """The approvals that must come before theirs; None if they could not decide after any.

    question.approvals: those so far. What is missing is what the fewest further approvals leave beside their own.
    """
    if role is None:
        return None
    missing = missing_approvals(policy, question, question.approvals)
    if not isinstance(missing, Approvals):
        return None
    others = replace(missing, **{role: max(0, getattr(missing, role) - 1)})
    if not others.total:
        return None
    later = replace(question, approvals=question.approvals + others, rationale_given=True)
    return others if may_decide(policy, later, approver, role).allowed else None
