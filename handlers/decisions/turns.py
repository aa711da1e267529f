"""Whether somebody could decide after others did: a refusal that is nobody's fault.

Pure: it asks policy and gives back what is missing; it never lets anybody through.
"""

from dataclasses import replace

from handlers.decisions.policy import AccessQuestion, Approvals, PolicyEngine, Role
from handlers.decisions.requests import may_decide, missing_approvals
from handlers.decisions.wanting import supposing
from storage.directories.base import Account


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
    later = supposing(replace(question, approvals=question.approvals + others))
    return others if may_decide(policy, later, approver, role).allowed else None
