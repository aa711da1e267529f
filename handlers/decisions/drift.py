"""What a directory has against what was granted and declared: facts about one group in, differences out.

Pure: it reads no directory and no clock. Whatever somebody is at right now is explained until they are done.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from handlers.decisions.policy import DriftQuestion, PolicyDecision, PolicyEngine, Role, refusal
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

OWN_MEMBERSHIP = "never-about-oneself"
"""The id on the record when code, before any policy, refused somebody whose own membership it is."""

OWN_MEMBERSHIP_REASON = "Nobody decides about their own membership."
NO_ROLE = "reconcilers-have-a-role"
"""The id on the record when policy allowed somebody who is neither of the owner's team nor of security."""

NO_ROLE_REASON = "You are neither of the team that owns it nor of the security team."

MemberKind = Literal["account", "group"]


class Way(StrEnum):
    """What can be decided about a difference."""

    ADOPT = "adopt"
    REMOVE = "remove"
    DECLARE = "declare"
    GIVE_AGAIN = "give-again"
    END = "end"


@dataclass(frozen=True, kw_only=True, order=True)
class Member:
    """Somebody, or a whole group, that stands directly in a group. id: the account's id, or the group's name."""

    kind: MemberKind
    id: str


@dataclass(frozen=True, kw_only=True)
class Standings:
    """What is accounted for without a grant. declared: when each is to be reviewed. found: at the first look.

    watched: whether there was a first look.
    """

    watched: bool
    declared: Mapping[Member, datetime] = field(default_factory=dict)
    found: frozenset[Member] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One group, as the directory had it, and what we know of it, read afterwards in one transaction.

    active: the accounts that have an active grant, with its id. covered: those that a grant gives it to, is about
    to, or is being ended for. restless: those at whose membership somebody is. stood: those who were in it before
    a grant gave it to them, and stay when that is over.
    """

    direct: frozenset[Member]
    active: Mapping[str, str]
    covered: frozenset[str]
    restless: frozenset[str]
    standings: Standings
    now: datetime
    stood: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Differences:
    """What is not as it should be.

    unexplained: members that nothing accounts for. vanished: accounts with an active grant, and no membership.
    is_first: whether this is the first look, and first: what stood there then. gone: what was found at the first
    look and is there no more. due: declared members whose review is due.
    """

    unexplained: frozenset[Member] = frozenset()
    vanished: frozenset[str] = frozenset()
    is_first: bool = False
    first: frozenset[Member] = frozenset()
    gone: frozenset[Member] = frozenset()
    due: frozenset[Member] = frozenset()


def compare(facts: Facts) -> Differences:
    """The differences. A membership under change, or added to what a grant gives, cannot be told apart and is none."""
    standings = facts.standings
    accounts = {one.id for one in facts.direct if one.kind == "account"}
    strangers = frozenset(one for one in facts.direct if not is_explained(one, facts))
    stood = frozenset(Member(kind="account", id=one) for one in facts.stood & accounts)
    missing = facts.active.keys() - accounts - facts.restless
    return Differences(
        unexplained=strangers if standings.watched else frozenset(),
        vanished=frozenset(missing),
        is_first=not standings.watched,
        first=frozenset() if standings.watched else strangers | stood,
        gone=standings.found - facts.direct,
        due=frozenset(
            one for one, review in standings.declared.items() if review <= facts.now and one in facts.direct
        ),
    )


def is_explained(member: Member, facts: Facts) -> bool:
    """Whether a grant, a declaration or a change under way accounts for this member. A late review still does."""
    ours = member.kind == "account" and (member.id in facts.covered or member.id in facts.restless)
    return ours or member in facts.standings.declared or member in facts.standings.found


def how_grave(entitlement: Entitlement) -> Literal["high", "medium"]:
    """How much an unexplained member matters: production's dangerous things and administration are grave."""
    return "high" if entitlement.risk >= 4 or entitlement.kind == "admin" else "medium"


def is_taken_away_unasked(entitlement: Entitlement, member: Member) -> bool:
    """Whether the catalogue says so of this entitlement. A group in a group is nothing that we can take out."""
    return entitlement.drift == "remove" and member.kind == "account"


def is_mass(gone: int, looked_at: int) -> bool:
    """Whether so many people who left at once are more likely a mistake than a fact (J-2)."""
    return gone > MASS_COUNT and gone * 100 > looked_at * MASS_PERCENT


def stays_halted(gone: int) -> bool:
    """Whether what was halted needs a human's yes still, however many others were looked at by now."""
    return gone > MASS_COUNT


MASS_COUNT = 10
MASS_PERCENT = 5


def role_about(person: Account, home: str, owner: Owner, security_group: str) -> Role | None:
    """The role in which somebody decides about memberships of an entitlement: owner before security.

    Who is on call for the owner has the owner's; whether they may decide is for policy.
    home: the directory in which its approvers are.
    """
    if person.directory != home:  # a group of another directory that is called the same is another
        return None
    if person.is_in(owner.approvers, owner.on_call):
        return "owner"
    return "security" if person.is_in(security_group) else None


def may_reconcile(policy: PolicyEngine, question: DriftQuestion, *, own: bool) -> PolicyDecision:
    """Whether this person may decide so. own: whether their own membership is at stake (R-1)."""
    if own:
        return refusal(policy, OWN_MEMBERSHIP, OWN_MEMBERSHIP_REASON, "high")
    decision = policy.ask(question)
    if decision.allowed and question.role is None:
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, "medium")
    return decision


def is_wrong_person(decision: PolicyDecision, role: Role | None) -> bool:
    """Whether a refusal is about who decides, and not about what they chose."""
    return role is None or decision.severity is not None or bool(decision.errors)


def shown(names: Collection[str]) -> list[str]:
    """The first ten of them, in order."""
    return sorted(names)[:10]
