"""Whom something on record concerns: security, the people of its owner, and the person it is about.

It shows nothing and records nothing; groups and managers are those that the directory names now.
"""

import asyncio

from handlers.ground import Ground
from handlers.intents import Actor
from handlers.patience import in_time
from storage import delegations
from storage.catalogue import Owner
from storage.directories.base import Account, Directory
from storage.emergencies import FORESEEN
from storage.records import Delegation, Grant

_NAMES_SHOWN = 5


def of_security(ground: Ground, account: Account) -> bool:
    """In a directory that people sign in from: a group of another that is called the same is another."""
    return account.directory in ground.homes and account.is_in(ground.security_group)


def of_owner(ground: Ground, account: Account, entitlement_id: str) -> bool:
    """Whether this person is of the team that answers for it, in the directory where its approvers are looked for."""
    entitlement = ground.catalogue.entitlements.get(entitlement_id)
    if entitlement is None or account.directory != ground.home_of(entitlement.directory):
        return False
    owner = ground.catalogue.owner_of(entitlement)
    return account.is_in(owner.approvers, owner.on_call)


async def some_approvers(home: Directory, owner: Owner) -> tuple[str, ...]:
    """The names of some who approve for this owner, for whoever may not."""
    group = await home.group(owner.approvers)
    some = sorted(group.members)[:_NAMES_SHOWN] if group else []
    accounts = await asyncio.gather(*(home.account(one) for one in some))
    return tuple(one.name for one in accounts if one is not None and one.active)


def of_delegation(ground: Ground, account: Account, row: Delegation) -> bool:
    """Whether a delegation is this person's affair: security, the owner's approvers, and both whom it is between."""
    if of_security(ground, account):
        return True
    if account.directory != row.directory:
        return False
    owner = ground.catalogue.owners.get(row.owner)
    is_owner = owner is not None and account.is_in(owner.approvers)
    return is_owner or account.id in (row.delegator, row.delegate)


def was_carried(grant: Grant) -> bool:
    """Whether an owner was ever asked, or told of an emergency: no draft was, nor what was given or refused at once."""
    return grant.lapses_at is not None or grant.foreseen == FORESEEN


async def could_decide(ground: Ground, actor: Actor, grant: Grant, *, by_manager: bool) -> bool:
    """Whether this person is among those who could decide it. by_manager: the requester's manager is asked, or was."""
    if not was_carried(grant) or actor.account.directory != grant.requester_directory:
        return False  # a group of another directory that is called the same is another's
    standing_in = ground.fallback_of(grant)
    owner = ground.owner(grant.entitlement)
    owners = {owner.approvers, owner.on_call} if owner else set()
    owners |= {standing_in.approvers} if standing_in else set()
    if actor.account.is_in(ground.security_group, *owners):
        return True
    if await _by_delegation(ground, actor.account, grant):
        return True
    if not by_manager:
        return False
    requester = await in_time(ground.home(grant.requester_directory).account(grant.requester_account))
    return requester is not None and requester.manager == actor.account.id


async def _by_delegation(ground: Ground, account: Account, grant: Grant) -> bool:
    """Whether it is delegated to them, or a standing scope of theirs: whoever may decide may read what it is about."""
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    if entitlement is None:
        return False
    if account.is_in(*(one.group for one in ground.catalogue.scopes_of(entitlement))):
        return True
    home, owner, at = grant.requester_directory, entitlement.owner, ground.now()
    rows = await ground.database.read(lambda tx: delegations.of_owner(tx, home, owner, at))
    theirs = (one for one in rows if entitlement.id in one.entitlements)
    return any(account.id == one.delegate or account.is_in(one.group) for one in theirs)
