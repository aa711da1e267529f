"""Whether what the catalogue offers can be had at all just now: its group is there, and somebody can decide about it.

It looks at no directory: the looks that are taken by the hour and the day say what they found, and when it is over.
"""

from dataclasses import replace

from sqlmodel import Session

from handlers.decisions.policy import refusal
from handlers.decisions.requests import Verdict
from handlers.ground import Ground
from handlers.strange import Kind
from storage.catalogue import Entitlement
from storage.exceptions import open_of, open_under
from storage.sentences import Sentence

NO_GROUP, NO_OWNER = "group-is-there", "owner-can-be-reached"
"""The ids on the record when it was refused because the group is gone, or because nobody can decide."""


def weighed(tx: Session, ground: Ground, entitlement: Entitlement, verdict: Verdict) -> Verdict:
    """The verdict, or a refusal that says what is in the way and whom to ask. It ends by itself when that is over."""
    if verdict.outcome == "refused":
        return verdict
    owner = ground.catalogue.owner_of(entitlement)
    if open_of(tx, f"{Kind.GROUP_GONE}:{entitlement.id}"):
        rule, told = NO_GROUP, Sentence(
            "Its group is not in the directory just now, so nobody can be given it. The security team was told; "
            "{owner} can tell you more. Ask again when it is back.",
            owner=owner.name,
        )  # fmt: skip
    elif verdict.outcome == "approval" and not owner.fallback and _is_out_of_reach(tx, owner.id):
        rule, told = NO_OWNER, Sentence(
            "Nobody can decide about it just now: {owner} cannot be reached here, and nobody stands in. "
            "The security team was told; speak to them if you need it before it is mended.",
            owner=owner.name,
        )  # fmt: skip
    else:
        return verdict
    decision = replace(refusal(ground.policy, rule, told, "low"), severity=None)
    return Verdict(outcome="refused", decision=decision, reasons=(told,))


def _is_out_of_reach(tx: Session, owner: str) -> bool:
    return bool(open_under(tx, f"{Kind.OWNER_UNREACHABLE}:{owner}:"))
