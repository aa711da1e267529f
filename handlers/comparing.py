"""What is known of one group: its members as the directory had them, and the grants, holdings and standings about it.

It reads; what differs is decided in handlers.decisions.drift and told by handlers.differences.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlmodel import Session

from handlers.decisions.drift import Differences, Facts, Member, Standings, compare
from handlers.ground import Ground
from storage import grants, holdings, standings
from storage.catalogue import Entitlement
from storage.directories.base import Group
from storage.records import Standing
from storage.states import GrantState

# Of the members of a group, so many are told apart at once.
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look at an entitlement's group showed. group: None if the directory says there is none.

    fences: of the holdings there were, so that a change since then is seen. unknown: why nothing is known, or "".
    """

    entitlement: Entitlement
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


def members_of(group: Group) -> frozenset[Member]:
    """The direct members of a group, accounts and groups."""
    return frozenset(
        {
            *(Member(kind="account", id=one) for one in group.direct),
            *(Member(kind="group", id=one) for one in group.inner),
        }
    )


def kept_standings(rows: Sequence[Standing], *, watched: bool) -> Standings:
    """What is declared and what was only found, of these rows."""
    declared, found = {}, set()
    for row in rows:
        member = Member(kind="group" if row.kind == "group" else "account", id=row.member)
        if row.declared_by and row.review_at is not None:
            declared[member] = row.review_at
        else:
            found.add(member)
    return Standings(watched=watched, declared=declared, found=frozenset(found))


def facts_about(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    direct: Collection[Member],
    *,
    among: Collection[str],
) -> tuple[Facts, Mapping[str, int]]:
    """What is known of an entitlement and these members of its group; and the fences of the holdings in doubt.

    among: the only accounts of which the grants are read; of the others nothing is to be concluded.
    """
    place = place_of(entitlement)
    concerned = grants.concerning_group(tx, entitlement=entitlement.id, **place, among=among)
    active = {account: grant for account, grant, state in concerned if state == GrantState.ACTIVE}
    accounts = {one.id for one in direct if one.kind == "account"}
    covered = frozenset(account for account, _, _ in concerned)
    covered |= grants.covered_in(tx, **place, among=accounts - covered)
    doubtful = ((accounts - covered) | (active.keys() - accounts)) & set(among)
    held = holdings.of_accounts(tx, **place, accounts=doubtful)
    watched = _is_watched(tx, entitlement)
    facts = Facts(
        direct=frozenset(direct),
        active=active,
        covered=covered,
        restless=frozenset(account for account, one in held.items() if not one.settled),
        standings=kept_standings(standings.of_group(tx, **place), watched=watched),
        now=ground.now(),
        stood=frozenset() if watched else holdings.stood_before(tx, **place),
    )
    return facts, {account: one.fence for account, one in held.items()}


def compared(
    tx: Session,
    ground: Ground,
    entitlement: Entitlement,
    group: Group,
    *,
    among: Collection[str] | None = None,
) -> tuple[Differences, Mapping[str, int]]:
    """What differs, and the fences of the holdings in doubt. among: the only accounts that are looked at.

    Most members are what a grant gives: they are told apart by the hundred, and only the rest is kept and compared.
    """
    doubtful = frozenset(_doubtful(tx, entitlement, group) if among is None else among)
    known = {
        *(row.member for row in standings.of_group(tx, **place_of(entitlement)) if row.kind != "group"),
        *(() if _is_watched(tx, entitlement) else holdings.stood_before(tx, **place_of(entitlement))),
    }
    direct = {
        *(Member(kind="account", id=one) for one in (doubtful | known) & group.direct),
        *(Member(kind="group", id=one) for one in group.inner),
    }
    facts, fences = facts_about(tx, ground, entitlement, direct, among=doubtful)
    return compare(facts), fences


def _doubtful(tx: Session, entitlement: Entitlement, group: Group) -> Iterator[str]:
    """Accounts that are members and that no grant concerns, or that have an active grant and are no members."""
    place, members = place_of(entitlement), iter(group.direct)
    while some := list(islice(members, _AT_ONCE)):
        yield from set(some) - grants.covered_in(tx, **place, among=some)
    for some_active in grants.active_in(tx, entitlement=entitlement.id, **place):
        yield from set(some_active) - group.direct


def _is_watched(tx: Session, entitlement: Entitlement) -> bool:
    return standings.is_watched(tx, **place_of(entitlement))
