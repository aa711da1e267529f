"""Whether what the catalogue offers can be had at all just now: its group is there, and somebody can decide about it.

It looks at no directory: the looks that are taken by the hour and the day say what they found, and when it is over.
"""

from dataclasses import dataclass

from sqlmodel import Session

from handlers.decisions.policy import PolicyDecision, PolicyEngine, refusal
from handlers.decisions.requests import Verdict
from handlers.exceptions.strange import Kind
from handlers.ground import Ground
from storage.catalogue import Entitlement
from storage.exceptions import open_of, open_under
from storage.sentences import Sentence

NO_GROUP, NO_OWNER, NO_DESCRIPTION = "group-is-there", "owner-can-be-reached", "description-can-be-used"
"""The ids on the record when it was refused because the group is gone, because nobody can decide, or because what the
group says of itself is wrong."""


@dataclass(frozen=True, kw_only=True)
class InTheWay:
    """What is in the way of one entitlement. always: the rule and what is said; undecided: the same, of whatever
    somebody would have to decide.
    """

    always: tuple[str, Sentence] | None = None
    undecided: tuple[str, Sentence] | None = None

    def refused(self, policy: PolicyEngine, outcome: str) -> PolicyDecision | None:
        """The refusal of what policy does not refuse: what is in the way, and whom to ask. It ends when that is over.

        outcome: of policy's verdict.
        """
        found = self.always or (self.undecided if outcome == "approval" else None)
        return refusal(policy, *found, None) if found is not None and outcome != "refused" else None

    def weighed(self, policy: PolicyEngine, verdict: Verdict) -> Verdict:
        """The verdict, or that refusal."""
        refused = self.refused(policy, verdict.outcome)
        if refused is None:
            return verdict
        return Verdict(outcome="refused", decision=refused, reasons=refused.reasons)


def weighed(tx: Session, ground: Ground, entitlement: Entitlement, verdict: Verdict) -> Verdict:
    """The verdict with what is in the way just now."""
    return in_the_way(tx, ground, entitlement).weighed(ground.policy, verdict)


def in_the_way(tx: Session, ground: Ground, entitlement: Entitlement) -> InTheWay:
    """What was told to the security team and is not over."""
    owner = ground.catalogue.owner_of(entitlement)
    causes = [f"{Kind.GROUP_GONE}:{entitlement.id}"]
    if is_discovered := entitlement.id in ground.catalogue.discovered:
        causes.append(f"{Kind.NOT_DISCOVERED}:{entitlement.directory}:{entitlement.group}")
    kinds = {row.kind for row in open_of(tx, *causes)}
    always = undecided = None
    if Kind.GROUP_GONE in kinds:
        always = NO_GROUP, Sentence(
            "Its group is not in the directory just now, so nobody can be given it. The security team was told; "
            "{owner} can tell you more. Ask again when it is back.",
            owner=owner.name,
        )  # fmt: skip
    elif is_discovered and kinds:
        always = NO_DESCRIPTION, Sentence(
            "What its group says of itself in the directory cannot be used just now, so nobody can be given it. "
            "The security team was told; {owner} can tell you more. Ask again when it is mended.",
            owner=owner.name,
        )  # fmt: skip
    if not owner.fallback and open_under(tx, f"{Kind.OWNER_UNREACHABLE}:{owner.id}:"):
        undecided = NO_OWNER, Sentence(
            "Nobody can decide about it just now: {owner} cannot be reached here, and nobody stands in. "
            "The security team was told; speak to them if you need it before it is mended.",
            owner=owner.name,
        )  # fmt: skip
    return InTheWay(always=always, undecided=undecided)
