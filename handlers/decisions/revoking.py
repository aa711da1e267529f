"""Whether somebody may end what another has, before its time.

Pure: it asks policy once and gives back its answer; it ends nothing.
"""

from dataclasses import replace

from handlers.decisions.policy import (
    AccessQuestion,
    Action,
    PolicyDecision,
    PolicyEngine,
    Role,
    is_on_call,
    is_standing_in,
    refusal,
)
from handlers.decisions.requests import NO_ROLE, NO_ROLE_REASON
from storage.directories.base import Account


def may_revoke(
    policy: PolicyEngine, question: AccessQuestion, ender: Account, role: Role | None
) -> PolicyDecision:
    """Whether this person may end, before its time, what `question.requester` has."""
    stands_in = is_standing_in(ender, role, question.requester, question.owner, question.fallback)
    on_call = is_on_call(ender, question.requester, question.owner)
    decision = policy.ask(
        replace(
            question, action=Action.REVOKE, principal=ender, role=role, stands_in=stands_in, on_call=on_call
        )
    )
    if decision.allowed and role is None:  # a policy that asks for no role would let anybody end anything
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, "medium")
    return decision
