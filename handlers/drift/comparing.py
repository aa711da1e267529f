"""What is known of one group: its members as the directory had them, and the grants, holdings and standings about it.

It reads; what differs is decided in handlers.decisions.drift and told by handlers.drift.differences.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlmodel import Session

from handlers.decisions.drift import Differences, Facts, Member, Standings, compare
from handlers.ground import Ground
from storage import grants, holdings, records, standings
from storage.catalogue import Entitlement
from storage.directories.base import Group
from storage.spellings import NONE_KNOWN, Looked
from storage.states import GrantState

# Of the members of a group, so many are told apart at once.
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at an entitlement's group showed. group: None if the directory says there is none.

    began: before anything was read of it. fences: of the holdings there were, so that a change since then is seen.
    unknown: why nothing is known, or "".
    """

    entitlement: Entitlement
    began: datetime
    group: Group | None = None
    found: Differences = field(default_factory=Differences)
    fences: Mapping[str, int]
    unknown: str = ""

    @property
    def in_doubt(self) -> frozenset[str]:
        """The accounts that differ."""
        strange = self.found.unexplained | self.found.first
        return self.found.vanished | {one.id for one in strange if one.kind == "account"}


def place_of(entitlement: Entitlement) -> dict[str, str]:
    """Where an entitlement is given: its directory and group."""
    return {"directory": entitlement.directory, "group": entitlement.group}


def place_told(ground: Ground, entitlement: Entitlement) -> dict[str, str]:
    """The same for whoever reads of it: the directory only where there are several."""
    return {**ground.told(entitlement.directory), "group": entitlement.group}


def members_of(group: Group) -> frozenset[Member]:
    """The direct members of a group, accounts and groups."""
    return frozenset(
        {
            *(Member(kind="account", id=one) for one in group.direct),
            *(Member(kind="group", id=one) for one in group.inner),
        }
    )


def kept_in(tx: Session, entitlement: Entitlement) -> Standings:
    """What is declared and what was only found in a group that was looked at before."""
    return _standings(standings.of_group(tx, entitlement.directory, entitlement.group), watched=True)


def _standings(rows: Sequence[records.Standing], *, watched: bool) -> Standings:
    """What is declared and what was only found, of these rows."""
    declared, found = {}, set()
    for row in rows:
        member = Member(kind="group" if row.kind == "group" else "account", id=row.member)
        if row.declared_by and row.review_at is not None:
            declared[member] = row.review_at
        else:
            found.add(member)
    return Standings(watched=watched, declared=declared, found=frozenset(found))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands in a group, and who was in it before a grant gave it to them."""

    kept: Standings
    stood: frozenset[str]

    @classmethod
    def of(cls, tx: Session, entitlement: Entitlement, known: Looked = NONE_KNOWN) -> "Standing":
        """Read in `tx`. Once a group is watched, whoever stood in it is kept as found. known: see `as_watched`."""
        place = place_of(entitlement)
        watched = standings.is_watched(tx, **place, known=known)
        return cls(
            kept=_standings(standings.of_group(tx, **place, known=known), watched=watched),
            stood=frozenset() if watched else holdings.stood_before(tx, **place),
        )

    @property
    def accounts(self) -> frozenset[str]:
        """Those that are named here."""
        named = self.kept.declared.keys() | self.kept.found
        return self.stood | {one.id for one in named if one.kind == "account"}


def facts_about(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    direct: Collection[Member],
    *,
    among: Collection[str],
    standing: Standing | None = None,
) -> tuple[Facts, Mapping[str, int]]:
    """What is known of an entitlement and these members of its group; and the fences of the holdings in doubt.

    among: the only accounts of which the grants are read; of the others nothing is to be concluded. standing: what
    stands in the group, where it was read before.
    """
    place = place_of(entitlement)
    concerned = grants.concerning_group(tx, entitlement=entitlement.id, **place, among=among)
    active = {account: grant for account, grant, state in concerned if state == GrantState.ACTIVE}
    accounts = {one.id for one in direct if one.kind == "account"}
    covered = frozenset(account for account, _, _ in concerned)
    covered |= grants.covered_in(tx, **place, among=accounts - covered)
    doubtful = ((accounts - covered) | (active.keys() - accounts)) & set(among)
    held = holdings.of_accounts(tx, **place, accounts=doubtful)
    standing = standing or Standing.of(tx, entitlement)
    facts = Facts(
        direct=frozenset(direct),
        active=active,
        covered=covered,
        restless=frozenset(account for account, one in held.items() if not one.settled),
        standings=standing.kept,
        now=ground.now(),
        stood=standing.stood,
    )
    return facts, {account: one.fence for account, one in held.items()}


def compared(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    group: Group,
    *,
    among: Collection[str] | None = None,
    known: Looked = NONE_KNOWN,
) -> tuple[Differences, Mapping[str, int]]:
    """What differs, and the fences of the holdings in doubt. among: the only accounts that are looked at.

    known: how groups are written that were looked at before (storage.spellings), where that was read for many at once.

    Most members are what a grant gives: they are told apart by the hundred, and only the rest is kept and compared.
    """
    doubtful = frozenset(_doubtful(tx, entitlement, group) if among is None else among)
    standing = Standing.of(tx, entitlement, known)
    direct = {
        *(Member(kind="account", id=one) for one in (doubtful | standing.accounts) & group.direct),
        *(Member(kind="group", id=one) for one in group.inner),
    }
    facts, fences = facts_about(tx, ground, entitlement, direct, among=doubtful, standing=standing)
    return compare(facts), fences


def _doubtful(tx: Session, entitlement: Entitlement, group: Group) -> Iterator[str]:
    """Accounts that are members and that no grant concerns, or that have an active grant and are no members."""
    place, members = place_of(entitlement), iter(group.direct)
    while some := list(islice(members, _AT_ONCE)):
        yield from set(some) - grants.covered_in(tx, **place, among=some)
    for some_active in grants.active_in(tx, entitlement=entitlement.id, **place):
        yield from set(some_active) - group.direct
