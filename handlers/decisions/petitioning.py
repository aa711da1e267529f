"""What a petition needs: whether one would help, whose word is still missing, and at what hour it opens.

Pure. It asks policy with the facts it is given, and looks nobody up.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

from handlers.decisions.attested import Attested
from handlers.decisions.policy import (
    AccountAction,
    AccountQuestion,
    Action,
    AttestQuestion,
    PolicyDecision,
    PolicyEngine,
    refusal,
    same_person,
)
from storage.directories.base import Account
from storage.states import PetitionKind

SHORTEST_COOL_OFF = timedelta(hours=4)
# A letter that went out within this time of the approval says the hour that was said in Slack.
PROMPT = timedelta(minutes=10)
# More people than this are never asked for.
_MOST = 3

_EVERY_PROOF = {
    PetitionKind.PASSWORD: frozenset({"passkey", "totp", "recovery_code", "mail_code"}),
    PetitionKind.PROOFS: frozenset({"password", "sign_in", "mail_code"}),
}
_ACTIONS: Mapping[PetitionKind, AccountAction] = {
    PetitionKind.PASSWORD: Action.RESET_PASSWORD,
    PetitionKind.PROOFS: Action.REGAIN_PROOFS,
}

NO_ROLE = "attesters-have-a-role"
NO_ROLE_REASON = "You are neither on the security team nor on the help desk, nor their manager."
ONESELF = "attest-never-for-oneself"
ONESELF_REASON = "Nobody decides about their own petition."
NEEDS_PROOF = "attest-with-a-fresh-proof"
"""The policy that refuses an approval only because the approver has not just proved who they are."""


def in_the_end(kind: PetitionKind, person: Account, now: datetime) -> AccountQuestion:
    """What the petition is about in the end, as if its person gave every proof of that kind: nobody attested it yet."""
    action = _ACTIONS[kind]
    return AccountQuestion(action=action, principal=person, target=person, now=now, proofs=_EVERY_PROOF[kind])


def still_missing(
    policy: PolicyEngine, question: AccountQuestion, so_far: Attested
) -> Attested | PolicyDecision:
    """The fewest more whose word makes policy say yes, found by asking; its refusal if no number of people will do."""
    refused = policy.ask(replace(question, attested=so_far))
    if refused.allowed:
        return Attested()
    for more in _fewest_first():
        decision = policy.ask(replace(question, attested=so_far + more))
        if decision.allowed:
            return more
        if decision.errors:
            return decision
    return refused


def may_attest(policy: PolicyEngine, question: AttestQuestion) -> PolicyDecision:
    """Policy's answer; and never for oneself or without a role, whatever the policy says (promise 5)."""
    decision = policy.ask(question)
    if same_person(question.principal, question.target):
        return refusal(policy, ONESELF, ONESELF_REASON, "high")
    if question.role is None and (decision.allowed or not decision.policy_ids):
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, "medium")
    return decision


def lacks_proof_only(decision: PolicyDecision) -> bool:
    """Whether the approver just has to prove who they are."""
    return not decision.allowed and not decision.errors and decision.policy_ids == (NEEDS_PROOF,)


def opening_hour(decided_at: datetime, opens_at: datetime, mailed: datetime) -> datetime:
    """When it opens if the letter about it goes out at `mailed`: nobody has less than the whole time to object."""
    if mailed - decided_at <= PROMPT:
        return opens_at
    return mailed + (opens_at - decided_at)


def _fewest_first() -> list[Attested]:
    """Whose word to ask for: few people before many, and the help desk before security where either will do."""
    counts = [
        Attested(security=security, help_desk=desk, manager=manager)
        for security, desk, manager in product(range(_MOST + 1), range(_MOST + 1), range(2))
        if 0 < security + desk + manager <= _MOST
    ]
    return sorted(counts, key=lambda one: (one.total, one.security, one.manager))
