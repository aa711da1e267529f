"""Delegations and standing scopes as people read of them: all of them, or those that concern one person.

It reads only; who may decide by one is asked anew at every click.
"""

from collections.abc import Sequence

from handlers.delegations.outcomes import DelegationStory, ScopeStory
from handlers.ground import Ground
from handlers.questions.concerned import of_delegation, of_security
from storage import delegations
from storage.catalogue import Catalogue, Scope
from storage.directories.base import Account
from storage.records import Delegation


class DelegationsShown:
    """Looks them up."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def to(self, account: Account) -> tuple[Sequence[DelegationStory], Sequence[ScopeStory]]:
        """What this person made or was given, what is their team's, and the scopes they decide by; security: all."""
        ground = self._ground
        rows = await ground.database.read(lambda tx: delegations.open_at(tx, ground.now()))
        theirs = [
            one
            for one in rows
            if of_delegation(ground, account, one)
            or (account.directory == one.directory and account.is_in(one.group))
        ]
        every = of_security(ground, account)
        scopes = [one for one in ground.catalogue.scopes.values() if every or account.is_in(one.group)]
        return [told(ground.catalogue, one) for one in theirs], [
            scope_told(ground.catalogue, one) for one in scopes
        ]

    async def one(self, delegation: str) -> DelegationStory | None:
        """One of them, whatever became of it; None if there is none."""
        row = await self._ground.database.read(lambda tx: delegations.look(tx, delegation))
        return told(self._ground.catalogue, row) if row is not None else None


def told(catalogue: Catalogue, row: Delegation) -> DelegationStory:
    """What a row says, with the names that the catalogue has now."""
    owner = catalogue.owners.get(row.owner)
    titles = {one.id: one.title for one in catalogue.entitlements.values() if one.id in row.entitlements}
    return DelegationStory(
        id=row.id, owner=owner.name if owner else row.owner, by=row.delegator_name,
        to=row.group or row.delegate_name, to_group=bool(row.group),
        things={one: titles.get(one, one) for one in row.entitlements}, risk=row.max_risk, minutes=row.max_minutes,
        made_at=row.made_at, until=row.expires_at, ended=row.ended, ended_at=row.ended_at, ended_by=row.ended_by,
    )  # fmt: skip


def scope_told(catalogue: Catalogue, scope: Scope) -> ScopeStory:
    """A standing scope with what it takes in now."""
    owner = catalogue.owners.get(scope.owner)
    things = {one.id: one.title for one in catalogue.entitlements.values() if scope.takes_in(one)}
    where = tuple(one for one in (scope.environment, scope.kind, scope.location) if one)
    return ScopeStory(
        id=scope.id, name=scope.name, owner=owner.name if owner else scope.owner, group=scope.group, things=things,
        where=where, risk=scope.max_risk, minutes=scope.max_minutes,
    )  # fmt: skip
