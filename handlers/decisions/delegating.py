"""What a delegation is worth to whoever approves by it, and on whose authority an approval stands.

Pure: it looks nothing up and lets nobody through. What a delegator lost meanwhile is not among what it is given.
"""

from collections.abc import Sequence

from handlers.decisions.but import but
from handlers.decisions.delegated import SCOPE, Delegated, DelegateQuestion, Given
from handlers.decisions.policy import (
    AccessQuestion,
    PolicyDecision,
    PolicyEngine,
    Role,
    is_on_call,
    is_standing_in,
    refusal,
    same_person,
)
from storage.directories.base import Account

LOST = "delegation-lost"
"""The id on the record when a delegation is worth nothing any more, and policy gave no reason of its own."""

LOST_REASON = "What was delegated to you is not worth anything any more."


def given_to(question: AccessQuestion, account: Account) -> Given | None:
    """What of this request was delegated to somebody who signs in where its approvers do; None if nothing was."""
    if not question.delegations.given or account.directory != question.requester.directory:
        return None
    return question.delegations.held_by(account, question.entitlement.risk)


def delegation_of(question: AccessQuestion, account: Account, role: Role | None) -> Given | None:
    """The delegation by which somebody has the role in which they approve; None if they have it without one."""
    if role != "owner" or is_of_owner(question, account):
        return None
    if is_standing_in(account, role, question.requester, question.owner, question.fallback):
        return None
    return given_to(question, account)


def is_of_owner(question: AccessQuestion, account: Account) -> bool:
    """Whether somebody is of the owner themselves: among its approvers, or on call for it."""
    same_home = account.directory == question.requester.directory
    return same_home and (
        account.is_in(question.owner.approvers) or is_on_call(account, question.requester, question.owner)
    )


def by_delegation(question: AccessQuestion, approver: Account, role: Role | None) -> AccessQuestion:
    """The question with what policy hears of the delegation by which they have this role, if it is by one."""
    if not question.delegations.given:
        return question
    given = delegation_of(question, approver, role)
    return but(
        question,
        delegated=_told(question, given) if given is not None else None,
        authority_counted=_is_counted(question, approver, given),
    )


def delegating_again(
    question: AccessQuestion, approver: Account, role: Role | None
) -> Sequence[DelegateQuestion]:
    """Whether their delegator could still delegate it to them, as things are now; nothing if that is no question."""
    given = delegation_of(question, approver, role) if question.delegations.given else None
    if given is None or given.by is None:
        return ()
    return (
        DelegateQuestion(
            principal=given.by, entitlement=question.entitlement, owner=question.owner, delegate=approver,
            role="owner", max_risk=given.max_risk, max_minutes=given.max_minutes, hours=given.hours,
            oneself=same_person(given.by, approver), now=question.now, recently=question.recently,
        ),
    )  # fmt: skip


def is_lost(policy: PolicyEngine, decision: PolicyDecision) -> PolicyDecision:
    """The answer to whoever approves by a delegation that could not be made now. decision: policy's about making it."""
    return (
        decision if decision.errors or decision.policy_ids else refusal(policy, LOST, LOST_REASON, "medium")
    )


def within(question: AccessQuestion, account: Account, role: Role | None) -> AccessQuestion:
    """The question of whoever is about to approve a shorter time: no longer than what was delegated to them.

    What it extends counts: a minute is the least that can be asked.
    """
    given = delegation_of(question, account, role) if question.delegations.given else None
    if given is None or 0 < question.minutes <= given.max_minutes - question.held:
        return question
    return but(question, minutes=max(1, given.max_minutes - question.held))


def _told(question: AccessQuestion, given: Given) -> Delegated:
    concerned = (question.requester, question.holder, question.goes_to)
    by = given.by
    return Delegated(
        max_risk=given.max_risk,
        max_minutes=given.max_minutes,
        standing=given.id.startswith(SCOPE),
        of_requester=by is not None
        and any(isinstance(one, Account) and same_person(by, one) for one in concerned),
    )


def _is_counted(question: AccessQuestion, approver: Account, given: Given | None) -> bool:
    """Whether they would be the second by delegation, or the other end of a delegation by which somebody approved."""
    for other in question.delegations.approved:
        theirs = None if is_of_owner(question, other) else given_to(question, other)
        if given is not None and theirs is not None:
            return True
        if given is not None and given.by is not None and same_person(given.by, other):
            return True
        if theirs is not None and theirs.by is not None and same_person(theirs.by, approver):
            return True
    return False
