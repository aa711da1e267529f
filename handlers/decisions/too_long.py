"""A refused request, weighed once more for less: whether it was refused for its length and nothing else.

It never changes what becomes of the request, and asks nobody but policy.
"""

from dataclasses import replace

from handlers.decisions.but import but
from handlers.decisions.policy import AccessQuestion, PolicyEngine
from handlers.decisions.requests import Verdict, weigh_request


def with_its_length(policy: PolicyEngine, question: AccessQuestion, verdict: Verdict) -> Verdict:
    """The verdict; of a refusal also whether a minute of it, for somebody who does not hold it, would be refused."""
    if verdict.outcome != "refused" or verdict.decision.errors:
        return verdict
    least = weigh_request(policy, but(question, minutes=1, held=0))
    return replace(verdict, only_too_long=least.outcome != "refused")
