"""What somebody has beside what they ask for: in the directories as they are now, and by grants of ours (A-5).

It looks up only what the catalogue keeps apart, or a policy counts, and decides nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from handlers.counterparts import find_counterpart
from handlers.decisions.circumstances import Having
from handlers.decisions.counterparts import Counterpart, NoCounterpart
from handlers.ground import Ground
from storage import grants
from storage.catalogue import Entitlement
from storage.directories.base import Account


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """Somebody's accounts, by directory, in all that bears on what they ask for: their memberships are read live."""

    accounts: Mapping[str, Counterpart] = field(default_factory=dict)


async def find_elsewhere(ground: Ground, holder: Account, wanted: Iterable[Entitlement]) -> Elsewhere:
    """Their accounts wherever something is kept that bears on one of these. DirectoryUnavailable as for any look-up."""
    directories = sorted({other.directory for one in wanted for other in _bearing(ground, one)})
    found = await asyncio.gather(*(find_counterpart(ground, holder, name) for name in directories))
    return Elsewhere(accounts=dict(zip(directories, found, strict=True)))


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
    given = {one.entitlement for one in unended if one.is_given}
    open_grants = len(unended) if counted else None
    accounts = [elsewhere.accounts.get(other.directory) for other in others]
    if any(one is None or (isinstance(one, NoCounterpart) and one.is_uncertain) for one in accounts):
        return Having(beside=None, open_grants=open_grants)
    held = tuple(
        other
        for other, account in zip(others, accounts, strict=True)
        if other.id in given or (isinstance(account, Account) and other.group in account.groups)
    )
    return Having(beside=held, open_grants=open_grants)


def _bearing(ground: Ground, entitlement: Entitlement) -> tuple[Entitlement, ...]:
    """What bears on it, if a policy reads anything of the kind."""
    asked = ground.policy.reads("conflicts") or ground.policy.reads("workloadEnvironments")
    return ground.catalogue.beside(entitlement) if asked else ()
