"""What somebody has beside what they ask for: in the directories as they are now, and by grants of ours (A-5).

It looks up only what the catalogue keeps apart, or a policy counts, and decides nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from handlers.decisions.circumstances import Having
from handlers.decisions.counterparts import NoCounterpart, number_of
from handlers.ground import Ground
from handlers.people.counterparts import find_counterpart
from storage import grants
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.group_names import GroupNames


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Somebody's accounts, by directory, in all that bears on what they ask for: their memberships are read live.

    None where it is not certain which are theirs. A second account of theirs counts: it is one person who would have
    both (R-1).
    """

    accounts: Mapping[str, tuple[Account, ...] | None] = field(default_factory=dict)


NOTHING_ELSEWHERE = Elsewhere()


async def find_elsewhere(ground: Ground, holder: Account, wanted: Iterable[Entitlement]) -> Elsewhere:
    """Their accounts wherever something is kept that bears on one of these. DirectoryUnavailable as for any look-up."""
    directories = sorted({other.directory for one in wanted for other in _bearing(ground, one)})
    if not directories:
        return NOTHING_ELSEWHERE
    found = await asyncio.gather(*(_theirs(ground, holder, name) for name in directories))
    return Elsewhere(accounts=dict(zip(directories, found, strict=True)))


async def _theirs(ground: Ground, holder: Account, directory: str) -> tuple[Account, ...] | None:
    """In a directory that people sign in from, all that have their number; in another, the one that is theirs."""
    if directory not in ground.people_of:
        number = number_of(holder)
        own = (holder,) if directory == holder.directory else ()
        found = await ground.directory(directory).accounts_of(number) if number else []
        return (*own, *(one for one in found if not own or one.id != holder.id))
    one = await find_counterpart(ground, holder, directory)
    if isinstance(one, NoCounterpart):
        return None if one.is_uncertain else ()
    return (one,)


def having(
    tx: Session,
    ground: Ground,
    holder: Account,
    entitlement: Entitlement,
    elsewhere: Elsewhere,
    grant: str = "",
) -> Having:
    """What they have beside this entitlement. grant: the request that is asked about, which is not counted."""
    others, counted = _bearing(ground, entitlement), ground.policy.reads("openGrants")
    if not others and not counted:
        return Having()
    unended = [one for one in grants.unended_of(tx, holder.directory, holder.id) if one.id != grant]
    open_grants = len(unended) if counted else None
    accounts = [elsewhere.accounts.get(other.directory) for other in others]
    if any(theirs is None for theirs in accounts):
        return Having(beside=None, open_grants=open_grants)
    known = {(one.directory, one.id): one for theirs in accounts for one in theirs or ()}
    seconds = known.keys() - {(holder.directory, holder.id)}
    unended += [one for at in sorted(seconds) for one in grants.unended_of(tx, *at)]
    given = {one.entitlement for one in unended if one.is_given}
    names = ground.database.group_names
    held = tuple(other for other in others if other.id in given or _may_have(names, known.values(), other))
    return Having(beside=held, open_grants=open_grants)


def _may_have(names: GroupNames, accounts: Iterable[Account], entitlement: Entitlement) -> bool:
    directory = entitlement.directory
    return any(
        names.may_be_one(directory, group, entitlement.group)
        for one in accounts
        if one.directory == directory
        for group in one.groups
    )


def _bearing(ground: Ground, entitlement: Entitlement) -> tuple[Entitlement, ...]:
    """What bears on it, if a policy reads anything of the kind."""
    asked = ground.policy.reads("conflicts") or ground.policy.reads("workloadEnvironments")
    return ground.catalogue.beside(entitlement) if asked else ()
