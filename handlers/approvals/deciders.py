"""Who could decide a waiting request now: asked of the live directory and of policy, for those who are told of it.

It lets nobody through and keeps nothing: whoever clicks is asked about anew.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlmodel import Session

from handlers.decisions.but import but
from handlers.decisions.circumstances import Having, Recently
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.delegating import given_to
from handlers.decisions.policy import AccessQuestion, Approvals, Role, is_on_call, role_of, same_person
from handlers.decisions.requests import missing_approvals
from handlers.decisions.wanting import wanted
from handlers.delegations.in_force import looked_up
from handlers.ground import Ground
from handlers.patience import few_at_a_time
from handlers.people.counterparts import target_now
from handlers.people.recently import recently
from handlers.requests.beside import Elsewhere, find_elsewhere, having
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
    """Somebody who may decide now. explains: policy wants more from them for an approval than a click."""

    account: Account
    role: Role
    explains: bool


@dataclass(frozen=True, kw_only=True)
class _Now:
    """A request that waits, with the facts of now. approved: who approved it; question: with their approvals.

    elsewhere: the accounts of whoever is to have it, where something is kept that bears on it.
    """

    grant: Grant
    entitlement: Entitlement
    home: Directory
    question: AccessQuestion
    approved: tuple[Account, ...]
    elsewhere: Elsewhere


async def deciders(ground: Ground, grant_id: str) -> tuple[Decider, ...]:
    """Those who may approve this request now: owners first, then security, then the manager; nobody who did already.

    Empty once it is decided. DirectoryUnavailable when the directory does not answer.
    """
    now = await _as_it_is(ground, grant_id)
    if now is None:
        return ()
    asked = await _candidates(ground, now)
    now = await _with_lately(ground, now, asked)
    found = [one for account in asked if (one := _decider(ground, now, account)) is not None]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.role)))


async def is_decider(ground: Ground, grant_id: str, account: Account) -> bool:
    """Whether this person may approve this request now: it is their turn. DirectoryUnavailable as above."""
    now = await _as_it_is(ground, grant_id)
    if now is None:
        return False
    return _decider(ground, await _with_lately(ground, now, (account,)), account) is not None


async def how_far(ground: Ground, grant_id: str) -> tuple[int, Approvals] | None:
    """How many of the fewest that it needs are there now, and what is still missing; None where nothing waits.

    Also where no approval will do. DirectoryUnavailable as above.
    """
    now = await _as_it_is(ground, grant_id)
    if now is None:
        return None
    now = await _with_lately(ground, now, ())
    fewest = missing_approvals(ground.policy, now.question, Approvals())
    missing = missing_approvals(ground.policy, now.question, now.question.approvals)
    if not isinstance(fewest, Approvals) or not isinstance(missing, Approvals):
        return None
    return max(0, fewest.total - missing.total), missing


async def _as_it_is(ground: Ground, grant_id: str) -> _Now | None:
    grant, approvals = await ground.database.read(
        lambda tx: (grants.get(tx, grant_id), counting_of(tx, grant_id))
    )
    entitlement = ground.asked_for(grant) if grant else None
    if grant is None or entitlement is None or grant.state != GrantState.PENDING:
        return None
    home = ground.home(grant.requester_directory)
    requester = await home.account(grant.requester_account)
    if requester is None:
        return None
    target, approved = await asyncio.gather(
        target_now(ground, grant, requester), accounts_of(home, [one.approver for one in approvals])
    )
    if isinstance(target.account, NoCounterpart):
        return None
    question = ground.question_of(grant, requester, target.account, entitlement, target.report)
    question = await looked_up(ground, home, question)
    given = question.delegations
    delegations = replace(given, approved=approved) if given.given else given
    so_far = count_people(question, approved, approvals, ground.security_group)
    return _Now(
        grant=grant,
        entitlement=entitlement,
        home=home,
        question=but(question, approvals=so_far, delegations=delegations),
        approved=approved,
        elsewhere=await find_elsewhere(ground, question.holder, [entitlement]),
    )


async def _with_lately(ground: Ground, now: _Now, deciders: Iterable[Account]) -> _Now:
    """The same, with what happened lately to those it is about and who may decide (P-8), and what the holder has."""
    delegators = (one.by for one in now.question.delegations.given)
    people = (now.question.requester, now.question.report, *deciders, *delegators)
    holder = now.question.holder

    def look(tx: Session) -> tuple[Recently, Having]:
        has = having(tx, ground, holder, now.entitlement, now.elsewhere, now.grant.id)
        return recently(tx, ground.now, people), has

    lately, has = await ground.database.glance(look)
    return replace(now, question=replace(now.question, recently=lately, having=has))


_ORDER: tuple[Role, ...] = ("owner", "security", "manager")


def as_approver(question: AccessQuestion, account: Account) -> AccessQuestion:
    """The question with what is so of this approver."""
    return but(question, on_call=is_on_call(account, question.requester, question.owner))


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
            given=given_to(question, one),
        )
        for one in people
    ]
    return Approvals.of(role for role in roles if role is not None)


async def accounts_of(directory: Directory, ids: Iterable[str]) -> tuple[Account, ...]:
    """The active accounts among these."""
    found = await few_at_a_time(directory.account, ids)
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
        given=given_to(question, account),
    )


def _decider(ground: Ground, now: _Now, account: Account) -> Decider | None:
    if any(same_person(account, other) for other in now.approved):
        return None
    role = role_in(ground, now.grant, now.question, account)
    asked = replace(as_approver(now.question, account), way="approve")
    if role is None:
        return None
    wants = wanted(ground.policy, asked, account, role)
    return Decider(account=account, role=role, explains=wants.anything) if wants.decision.allowed else None


async def _candidates(ground: Ground, now: _Now) -> tuple[Account, ...]:
    """The owner's approvers and those on call, whoever stands in or was delegated it, security, and the manager."""
    home, grant, question = now.home, now.grant, now.question
    owner, fallback, requester = question.owner, question.fallback, question.requester
    given = question.delegations.given
    groups = (
        owner.approvers, owner.on_call, fallback.approvers if fallback else "",
        *(one.group for one in given), ground.security_group,
    )  # fmt: skip
    ids: list[str] = [one.to for one in given if one.to]
    for group in filter(None, dict.fromkeys(groups)):
        found = await home.group(group)
        ids += sorted(found.members - {requester.id, grant.target_account})[:_MOST] if found else []
    return await accounts_of(home, dict.fromkeys([*ids, *([requester.manager] if requester.manager else [])]))
