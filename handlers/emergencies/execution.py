"""Policy asked once more about an emergency, before its access exists: by what was told and proven, and what is so now.

It gives nothing and writes nothing.
"""

from dataclasses import dataclass

from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.policy import PolicyDecision
from handlers.emergencies.facts import decision_of, known_now, nobodys
from handlers.emergencies.telling import of_grant
from handlers.ground import Ground
from handlers.patience import in_call_time
from storage.records import Grant


@dataclass(frozen=True, kw_only=True)
class NotGiven:
    """Why what was granted is not given after all. decision: None where there was nothing to ask policy about."""

    decision: PolicyDecision | None = None
    target: NoCounterpart | None = None


async def why_not_given(ground: Ground, grant: Grant) -> NotGiven | None:
    """None if it may be given. DirectoryUnavailable if one that must be asked does not answer."""
    if ground.asked_for(grant) is None:
        return NotGiven()
    row = await ground.database.read(lambda tx: of_grant(tx, grant))
    known = await in_call_time(known_now(ground, row)) if row is not None else None
    if row is None or known is None:
        return NotGiven()
    if isinstance(known.target, NoCounterpart):
        return NotGiven(decision=nobodys(ground, known.target), target=known.target)
    if known.target.id != grant.account or row.account != grant.requester_account:
        return NotGiven()
    decision = await ground.database.glance(lambda tx: decision_of(tx, ground, known, row))
    return None if decision.allowed else NotGiven(decision=decision)
