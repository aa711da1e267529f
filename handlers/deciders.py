"""Who could decide a waiting request now: asked of the live directory and of policy, for those who are told of it.

It lets nobody through and keeps nothing: whoever clicks is asked about anew.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from handlers.counterparts import target_now
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.policy import (
    AccessQuestion,
    Approvals,
    Role,
    is_on_call,
    role_of,
    same_person,
)
from handlers.decisions.requests import may_decide
from handlers.decisions.turns import needs_rationale
from handlers.ground import Ground
from handlers.recently import recently
from storage import grants
from storage.approvals import counting_of
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.records import Approval, Grant
from storage.states import GrantState

# Of each group so many are asked about: more names than anybody reads.
_MOST = 20


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Somebody who may decide now. explains: policy wants a rationale from them for an approval."""

    account: Account
    role: Role
    explains: bool


async def deciders(ground: Ground, grant_id: str) -> tuple[Decider, ...]:
    """Those who may approve this request now: owners first, then security, then the manager; nobody who did already.

    Empty once it is decided. DirectoryUnavailable when the directory does not answer.
    """
    grant, approvals = await ground.database.read(
        lambda tx: (grants.get(tx, grant_id), counting_of(tx, grant_id))
    )
    entitlement = ground.catalogue.entitlements.get(grant.entitlement) if grant else None
    if grant is None or entitlement is None or grant.state != GrantState.PENDING:
        return ()
    home = ground.home(grant.requester_directory)
    requester = await home.account(grant.requester_account)
    if requester is None:
        return ()
    target = await target_now(ground, grant, requester)
    if isinstance(target.account, NoCounterpart):
        return ()
    approved, asked = await asyncio.gather(
        accounts_of(home, [one.approver for one in approvals]),
        _candidates(ground, home, grant, entitlement, requester),
    )
    question = ground.question_of(grant, requester, target.account, entitlement, target.report)
    so_far = count_people(question, approved, approvals, ground.security_group)
    people = (requester, target.report, *asked)
    lately = await ground.database.glance(lambda tx: recently(tx, ground.now, people))
    question = replace(question, approvals=so_far, recently=lately)
    found = [
        decider
        for account in asked
        if not any(same_person(account, other) for other in approved)
        and (decider := _decider(ground, grant, question, account)) is not None
    ]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.role)))


_ORDER: tuple[Role, ...] = ("owner", "security", "manager")


def as_approver(question: AccessQuestion, account: Account) -> AccessQuestion:
    """The question with what is so of this approver."""
    return replace(question, on_call=is_on_call(account, question.requester, question.owner))


def count_people(
    question: AccessQuestion, approved: Iterable[Account], given: Iterable[Approval], security_group: str
) -> Approvals:
    """Those who approved, each person once and in the role they have now. given: their approvals."""
    for_security = {one.approver for one in given if one.role == "security"}
    people: list[Account] = []
    for account in approved:
        if not any(same_person(account, other) for other in people):
            people.append(account)
    roles = [
        role_of(
            one,
            question.requester,
            question.owner,
            security_group,
            question.fallback,
            for_security=one.id in for_security,
        )
        for one in people
    ]
    return Approvals.of(role for role in roles if role is not None)


async def accounts_of(directory: Directory, ids: Iterable[str]) -> tuple[Account, ...]:
    """The active accounts among these."""
    found = [await directory.account(one) for one in ids]
    return tuple(account for account in found if account is not None and account.active)


def waits_for(grant: Grant) -> frozenset[str]:
    """The roles whose approvals are still missing."""
    return frozenset(role for role, count in grant.missing.items() if count)


def role_in(ground: Ground, grant: Grant, question: AccessQuestion, account: Account) -> Role | None:
    """The role in which this person could approve this request now."""
    return role_of(
        account,
        question.requester,
        question.owner,
        ground.security_group,
        question.fallback,
        for_security="security" in waits_for(grant),
    )


def _decider(ground: Ground, grant: Grant, question: AccessQuestion, account: Account) -> Decider | None:
    role = role_in(ground, grant, question, account)
    asked = replace(as_approver(question, account), way="approve")
    if role is None or not may_decide(ground.policy, asked, account, role).allowed:
        return None
    return Decider(account=account, role=role, explains=needs_rationale(ground.policy, asked, account, role))


async def _candidates(
    ground: Ground, home: Directory, grant: Grant, entitlement: Entitlement, requester: Account
) -> tuple[Account, ...]:
    """The owner's approvers and those on call, whoever stands in, the security team, and the requester's manager."""
    owner, fallback = ground.catalogue.owner_of(entitlement), ground.fallback_of(grant)
    groups = (owner.approvers, owner.on_call, fallback.approvers if fallback else "", ground.security_group)
    ids: list[str] = []
    for group in filter(None, dict.fromkeys(groups)):
        found = await home.group(group)
        ids += sorted(found.members - {requester.id, grant.target_account})[:_MOST] if found else []
    return await accounts_of(home, dict.fromkeys([*ids, *([requester.manager] if requester.manager else [])]))
