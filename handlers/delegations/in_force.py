"""What others than an owner's own people may decide about an entitlement now: delegations, and the catalogue's scopes.

Delegators are looked up live: what one of them could not decide any more is worth nothing. It lets nobody through.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal

from sqlmodel import Session

from handlers.decisions.but import but
from handlers.decisions.delegated import SCOPE, Delegated, Delegations, Given
from handlers.decisions.policy import AccessQuestion
from handlers.ground import Ground
from handlers.patience import few_at_a_time
from storage import delegations
from storage.audit.entry import Fact
from storage.catalogue import Catalogue, Entitlement
from storage.directories.base import Account, Directory
from storage.records import Delegation

_HOUR = timedelta(hours=1)


def rows_about(
    tx: Session, ground: Ground, home: str, entitlement: Entitlement | None
) -> Sequence[Delegation]:
    """The open delegations of this entitlement in this home. One look by an index."""
    if entitlement is None:
        return ()
    found = delegations.of_owner(tx, home, entitlement.owner, ground.now())
    return tuple(one for one in found if entitlement.id in one.entitlements)


async def delegators_of(home: Directory, rows: Iterable[Delegation]) -> Mapping[str, Account]:
    """Those who made these, as the directory has them now, by their ids; the active ones alone."""
    ids = sorted({one.delegator for one in rows})
    found = await few_at_a_time(home.account, ids) if ids else []
    return {one.id: one for one in found if one is not None and one.active}


def with_given(
    ground: Ground,
    question: AccessQuestion,
    rows: Iterable[Delegation],
    delegators: Mapping[str, Account],
    approved: Iterable[Account] = (),
) -> AccessQuestion:
    """The question with what of it is delegated now. approved: who approved it so far."""
    # By now it may be one that whoever wants to decide could ask for, and have by no decision of a person.
    worth = [row for row in rows if not can_be_asked_for(ground, row.directory, row.group)]
    made = [one for row in worth if (one := _given(question, row, delegators)) is not None]
    given = (*made, *_scopes(ground, question))
    return (
        but(question, delegations=Delegations(given=given, approved=tuple(approved))) if given else question
    )


async def looked_up(ground: Ground, home: Directory, question: AccessQuestion) -> AccessQuestion:
    """The question with what of it is delegated now, looked up anew. DirectoryUnavailable as always."""
    name = question.requester.directory
    rows = await ground.database.glance(lambda tx: rows_about(tx, ground, name, question.entitlement))
    return with_given(ground, question, rows, await delegators_of(home, rows))


def delegated_to(tx: Session, ground: Ground, account: Account) -> frozenset[str]:
    """The entitlements that are delegated to somebody, or in a standing scope of theirs, by id: to show them those.

    Whether it is worth anything is asked when they decide.
    """
    rows = [one for one in delegations.open_at(tx, ground.now()) if one.directory == account.directory]
    lent = {
        str(thing)
        for one in rows
        if account.id == one.delegate or account.is_in(one.group)
        for thing in one.entitlements
    }
    scopes = [one for one in ground.catalogue.scopes.values() if account.is_in(one.group)]
    things = ground.catalogue.entitlements.values() if scopes else ()
    return frozenset(lent | {one.id for one in things if any(scope.takes_in(one) for scope in scopes)})


def facts_of(given: Given) -> Mapping[str, Fact]:
    """What stands on the record of a decision by delegation."""
    if given.by is None:
        return {"delegation": given.id}
    return {"delegation": given.id, "delegator": given.by.id}


def recalled(
    tx: Session, catalogue: Catalogue, question: AccessQuestion, delegation: str
) -> Delegated | None:
    """What policy heard of a delegation that is on the record of a decision; None if none is, or it is gone."""
    if delegation.startswith(SCOPE):
        scope = catalogue.scopes.get(delegation.removeprefix(SCOPE))
        return (
            Delegated(max_risk=scope.max_risk, max_minutes=scope.max_minutes, standing=True)
            if scope
            else None
        )
    row = delegations.look(tx, delegation) if delegation else None
    if row is None:
        return None
    concerned = (question.requester.id, question.holder.id)
    return Delegated(
        max_risk=row.max_risk, max_minutes=row.max_minutes, of_requester=row.delegator in concerned
    )


def can_be_asked_for(ground: Ground, directory: str, group: str) -> bool:
    """Whether an entitlement gives this group, or may. Whoever it lets in there would decide for an owner (R-5)."""
    names = ground.database.group_names
    return bool(group) and any(
        one.directory == directory and names.may_be_one(directory, one.group, group)
        for one in ground.catalogue.entitlements.values()
    )


def hours_of(row: Delegation) -> int:
    """For how long it was made, in whole hours, rounded up."""
    return -(-(row.expires_at - row.made_at) // _HOUR)


def role_to_delegate(ground: Ground, account: Account, entitlement: Entitlement) -> Literal["owner"] | None:
    """In which role somebody could delegate this: the owner's if it is their own, never by delegation or on call.

    Nor as security, which has no owner's word to lend.
    """
    if account.directory != ground.home_of(entitlement.directory):
        return None
    return "owner" if account.is_in(ground.catalogue.owner_of(entitlement).approvers) else None


def theirs_to_delegate(ground: Ground, account: Account) -> list[Entitlement]:
    """All that somebody could delegate now, if policy lets them."""
    return [one for one in ground.catalogue.entitlements.values() if role_to_delegate(ground, account, one)]


def _given(question: AccessQuestion, row: Delegation, delegators: Mapping[str, Account]) -> Given | None:
    by = delegators.get(row.delegator)
    if by is None or not by.is_in(question.owner.approvers):
        return None
    return Given(
        id=row.id, max_risk=row.max_risk, max_minutes=row.max_minutes, to=row.delegate, group=row.group, by=by,
        hours=hours_of(row),
    )  # fmt: skip


def _scopes(ground: Ground, question: AccessQuestion) -> Iterable[Given]:
    if not ground.catalogue.scopes:
        return ()
    location = question.holder.location
    return [
        Given(id=f"{SCOPE}{one.id}", max_risk=one.max_risk, max_minutes=one.max_minutes, group=one.group)
        for one in ground.catalogue.scopes_of(question.entitlement)
        if one.location in ("", location)
    ]
