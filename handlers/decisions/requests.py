"""A request and its approvals, weighed: done at once, carried to the owner, granted now, or refused, and why.

It never writes or sends anything: each function turns facts and a policy engine into a verdict.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from handlers.decisions.but import but
from handlers.decisions.counterparts import NoCounterpart, Reason
from handlers.decisions.delegating import by_delegation, delegating_again, is_lost
from handlers.decisions.policy import (
    AccessQuestion,
    Action,
    Approvals,
    GivenProof,
    PolicyDecision,
    PolicyEngine,
    Role,
    Severity,
    is_standing_in,
    refusal,
    same_person,
)
from storage.directories.base import Account
from storage.sentences import Sentence, template, told_together

OWN_REQUEST = "requester-never-approves"
"""The id on the record when code, before any policy, refused an approver who is the requester."""

OWN_REQUEST_REASON = "Nobody approves their own request."
NO_ROLE = "approvers-have-a-role"
"""The id on the record when policy allowed an approver who is neither owner nor security nor manager."""

NO_ROLE_REASON = "You are not among its approvers."

OTHER_DIRECTORY = "own-directory-only"
"""The id on the record when somebody asked for what is in a directory that does not hold their account."""

NO_ACCOUNT = "no-account-there"
"""The id on the record when the requester's number leads to no account that could hold it."""

OWN_REPORTS = "own-reports-only"
"""The id on the record when somebody asked for a person who does not report to them."""

UNCERTAIN_ACCOUNT = "one-person-one-account"
"""The id on the record when it is not certain which account is the requester's."""

NO_ACCOUNT_OF_THEIRS = template(
    "It is kept in the directory {directory}, and no account there is certain to be that of {name}. "
    "Ask the IT desk about it."
)
TOLD = "The security team has been told."
NEVER_ENOUGH = "No approval that could be given would be enough for this."
VOIDED = "An approval that it rests on does not count any more."
NO_LONGER = "This request can no longer be granted, whoever approves."

_MOST_APPROVALS = 3


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What becomes of a request.

    decision: the answer that decided, for the record. reasons: for "approval", why policy asks, each fit to
    follow "Policy asks because"; otherwise whole sentences. missing: for "approval", the fewest needed.
    nobodys: for "refused", why there is no account to give it to, if that was it. only_too_long: for "refused", that a
    shorter time would not be.
    """

    outcome: Literal["automatic", "approval", "refused"]
    decision: PolicyDecision
    reasons: tuple[str, ...]
    missing: Approvals | None = None
    severity: Severity | None = None
    nobodys: NoCounterpart | None = None
    only_too_long: bool = False


@dataclass(frozen=True, kw_only=True)
class ApprovalVerdict:
    """What becomes of a click on Approve.

    outcome: "not_allowed" (this person may not), "granted" (it is enough now), "waiting" (counted, `missing`
    still to come), or "void" (this person may, but the request itself is no longer possible).
    decision: the answer about the approver. grant: the answer about the request with this approval counted;
    None if the approver may not.
    """

    outcome: Literal["not_allowed", "granted", "waiting", "void"]
    decision: PolicyDecision
    grant: PolicyDecision | None = None
    reasons: tuple[str, ...]
    missing: Approvals | None = None
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class Approver:
    """Somebody who approved, as the directory knows them now, with the role `role_of` gives them now.

    on_call: whether they are on call for the owner now. rationale_given, proof, code_retyped: what they gave when they
    approved.
    """

    account: Account
    role: Role | None
    on_call: bool = False
    rationale_given: bool = True
    proof: GivenProof | None = None
    code_retyped: bool = False


@dataclass(frozen=True, kw_only=True)
class ExecutionVerdict:
    """Whether an approved request still holds at the moment of doing it.

    decision: the answer to grant with the approvals that still count, or the erring one about an approver.
    reasons: its sentences, or the plainest one when what is missing is an approval that was lost.
    voided: account ids of approvers who may no longer approve.
    """

    granted: bool
    decision: PolicyDecision
    reasons: tuple[str, ...]
    counted: Approvals
    voided: tuple[str, ...] = ()


def weigh_request(policy: PolicyEngine, question: AccessQuestion) -> Verdict:
    """What becomes of a request that nobody has approved yet; the question's action is set here."""
    if isinstance(target := question.goes_to, NoCounterpart):
        return replace(_refused(_nobodys(policy, target, question.report)), nobodys=target)
    if not (may_ask := _may_ask(policy, question)).allowed:
        return _refused(may_ask)
    at_once = _grant(policy, question, Approvals())
    if at_once.allowed:
        return Verdict(outcome="automatic", decision=at_once, reasons=at_once.reasons)
    asking = but(question, action=Action.REQUEST, principal=question.holder, approvals=Approvals(), role=None)
    asked = policy.ask(asking)
    if not asked.allowed:
        # Grant's own refusal says more than "no policy": prefer whichever names a policy or an error.
        telling = asked if asked.policy_ids or asked.errors else at_once
        return _refused(telling)
    if at_once.errors:
        return _refused(at_once)
    missing = missing_approvals(policy, question, Approvals())
    if isinstance(missing, PolicyDecision):
        return _refused(missing)
    if missing is None:
        reasons = at_once.reasons if at_once.policy_ids else (NEVER_ENOUGH,)
        return Verdict(outcome="refused", decision=at_once, reasons=reasons, severity=at_once.severity)
    return Verdict(outcome="approval", decision=asked, reasons=asked.reasons, missing=missing)


def missing_approvals(
    policy: PolicyEngine, question: AccessQuestion, so_far: Approvals
) -> Approvals | PolicyDecision | None:
    """The fewest further approvals that would do, owners first; None if no three would.

    The erring answer itself, if one stood in the way: a policy that is broken is not a request that is impossible.
    """
    if not (may_ask := _may_ask(policy, question)).allowed:
        return may_ask if may_ask.errors else None
    for more in _small_counts():
        (decision,) = policy.ask_each([_granting(question, so_far + more)])  # as the click will
        if decision.errors:
            return decision
        if decision.allowed:
            return more
    return None


def may_decide(
    policy: PolicyEngine, question: AccessQuestion, approver: Account, role: Role | None
) -> PolicyDecision:
    """Whether this person may do what `question.way` says with the request of `question.requester`.

    question.approvals: those so far, without theirs, so that policy can say whose turn it is.
    """
    if _is_theirs(question, approver):
        return refusal(policy, OWN_REQUEST, OWN_REQUEST_REASON, "high")
    decision, *again = policy.ask_each(
        [_approving(question, approver, role), *delegating_again(question, approver, role)]
    )
    if decision.allowed and again and not again[0].allowed:
        return is_lost(policy, again[0])
    if decision.allowed and role is None:  # it could not be counted, so it must not look as if it were
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, "medium")
    return decision


def _is_theirs(question: AccessQuestion, approver: Account) -> bool:
    """Whether it is about something of theirs, by whichever of their accounts (R-1)."""
    concerned = (question.requester, question.holder, question.goes_to)
    return any(isinstance(one, Account) and same_person(approver, one) for one in concerned)


def _approving(question: AccessQuestion, approver: Account, role: Role | None) -> AccessQuestion:
    stands_in = is_standing_in(approver, role, question.requester, question.owner, question.fallback)
    question = by_delegation(question, approver, role)
    return but(question, action=Action.APPROVE, principal=approver, role=role, stands_in=stands_in)


def weigh_approval(
    policy: PolicyEngine, question: AccessQuestion, *, approver: Account, role: Role | None, so_far: Approvals
) -> ApprovalVerdict:
    """What becomes of an approval. so_far: those that count beside this one, each person once.

    question.approvals: those before it, whether or not they still count: policy goes by them for whose turn it is.
    """
    if role is None or _is_theirs(question, approver):
        return _not_allowed(may_decide(policy, question, approver, role))
    approvals = so_far + Approvals.of([role])
    decision, grant, *again = policy.ask_each(
        [
            _approving(question, approver, role),
            _granting(question, approvals),
            *delegating_again(question, approver, role),
        ]
    )
    if decision.allowed and again and not again[0].allowed:
        decision = is_lost(policy, again[0])
    if not decision.allowed:
        return _not_allowed(decision)
    if not (may_ask := _may_ask(policy, question)).allowed:
        grant = may_ask
    if grant.allowed:
        return ApprovalVerdict(outcome="granted", decision=decision, grant=grant, reasons=grant.reasons)
    missing = None if grant.errors else missing_approvals(policy, question, approvals)
    if isinstance(missing, PolicyDecision):
        grant = missing
    elif missing is not None:
        return ApprovalVerdict(
            outcome="waiting", decision=decision, grant=grant, reasons=decision.reasons, missing=missing
        )
    told = grant.policy_ids or grant.errors
    return ApprovalVerdict(
        outcome="void",
        decision=decision,
        grant=grant,
        reasons=grant.reasons if told else (NO_LONGER,),
        severity=grant.severity,
    )


def _not_allowed(decision: PolicyDecision) -> ApprovalVerdict:
    return ApprovalVerdict(
        outcome="not_allowed", decision=decision, reasons=decision.reasons, severity=decision.severity
    )


def still_granted(
    policy: PolicyEngine, question: AccessQuestion, approvers: Iterable[Approver]
) -> ExecutionVerdict:
    """Ask everything again at the moment of doing it: an approver who lost the authority no longer counts.

    Each approver is asked about with the approvals of the others that count, so that a policy may want some before
    others; who comes first among them does not matter any more.
    """
    if isinstance(target := question.goes_to, NoCounterpart):
        return _not_evaluated(_nobodys(policy, target), (), ())
    counted: list[Approver] = []
    left, before = list(approvers), -1
    while len(left) != before:  # until nobody more counts beside those who do
        before, waiting = len(left), list(left)
        left = []
        for approver in waiting:
            asked = _asked_again(policy, question, approver, counted)
            if asked.errors:  # nobody lost an authority: policy is broken, and an error refuses
                return _not_evaluated(asked, counted, [one.account.id for one in left])
            if asked.allowed:
                counted.append(approver)
            else:
                left.append(approver)
    voided = [one.account.id for one in left]
    approvals = _counts(counted)
    decision = _grant(policy, question, approvals)
    lost = bool(voided) and not (decision.allowed or decision.policy_ids or decision.errors)
    return ExecutionVerdict(
        granted=decision.allowed,
        decision=decision,
        reasons=(VOIDED,) if lost else decision.reasons,
        counted=approvals,
        voided=tuple(voided),
    )


def _asked_again(
    policy: PolicyEngine, question: AccessQuestion, approver: Approver, others: Iterable[Approver]
) -> PolicyDecision:
    """Whether an approval still counts beside those of the others."""
    if approver.role is None or any(same_person(approver.account, one.account) for one in others):
        return refusal(policy, NO_ROLE, NO_ROLE_REASON, None)
    beside = tuple(one.account for one in others)
    now = but(
        question,
        delegations=replace(question.delegations, approved=beside),
        approvals=_counts(others),
        way="approve",
        on_call=approver.on_call,
        rationale_given=approver.rationale_given,
        proof=approver.proof,
        code_retyped=approver.code_retyped,
    )
    return may_decide(policy, now, approver.account, approver.role)


def _not_evaluated(
    decision: PolicyDecision, counted: Iterable[Approver], voided: Iterable[str]
) -> ExecutionVerdict:
    return ExecutionVerdict(
        granted=False,
        decision=decision,
        reasons=decision.reasons,
        counted=_counts(counted),
        voided=tuple(voided),
    )


def _counts(approvers: Iterable[Approver]) -> Approvals:
    return Approvals.of(approver.role for approver in approvers if approver.role is not None)


def _grant(policy: PolicyEngine, question: AccessQuestion, approvals: Approvals) -> PolicyDecision:
    """The answer about whoever is to have it, once whoever asks may ask for them."""
    may_ask = _may_ask(policy, question)
    return policy.ask(_granting(question, approvals)) if may_ask.allowed else may_ask


def _granting(question: AccessQuestion, approvals: Approvals) -> AccessQuestion:
    return but(
        question,
        action=Action.GRANT,
        principal=question.holder,
        approvals=approvals,
        role=None,
        on_call=False,
        way="",
        rationale_given=True,
        proof=None,
        code_retyped=False,
        delegated=None,
        authority_counted=False,
    )


def _may_ask(policy: PolicyEngine, question: AccessQuestion) -> PolicyDecision:
    """Whether the requester may ask for whoever is to have it. For oneself, the other questions say so."""
    report, requester = question.report, question.requester
    if report is None:
        return PolicyDecision(allowed=True, policy_ids=(), reasons=(), policy_set=policy.policy_set)
    if (report.directory, report.manager) != (requester.directory, requester.id):
        no_report = NoCounterpart(
            reason=Reason.NOT_A_REPORT, directory=question.entitlement.directory, home=requester.directory
        )
        return _nobodys(policy, no_report)
    asking = but(
        question, action=Action.REQUEST_FOR, principal=requester, approvals=Approvals(), role="manager"
    )
    return policy.ask(asking)


def _nobodys(policy: PolicyEngine, target: NoCounterpart, report: Account | None = None) -> PolicyDecision:
    """The answer where there is no account to give it to. report: whose account it would be, if not the requester's.

    Having no account somewhere is everyday, and no exception by itself; what is uncertain always is.
    """
    advice = target.advice
    if report is not None:
        advice = Sentence(NO_ACCOUNT_OF_THEIRS, name=report.name, directory=target.directory)
    if target.is_uncertain:
        return refusal(policy, UNCERTAIN_ACCOUNT, told_together(advice, TOLD), "medium")
    if target.reason == Reason.NOT_A_REPORT:
        return refusal(policy, OWN_REPORTS, target.advice, "low")
    if target.reason == Reason.ELSEWHERE:
        return refusal(policy, OTHER_DIRECTORY, advice, "low")
    return refusal(policy, NO_ACCOUNT, advice, "low" if target.reason == Reason.INACTIVE else None)


def _refused(decision: PolicyDecision) -> Verdict:
    return Verdict(outcome="refused", decision=decision, reasons=decision.reasons, severity=decision.severity)


def _small_counts() -> Iterable[Approvals]:
    """All counts of one to three approvals: fewest first, then most owners, then most of security."""
    for total in range(1, _MOST_APPROVALS + 1):
        for owner in range(total, -1, -1):
            for security in range(total - owner, -1, -1):
                yield Approvals(owner=owner, security=security, manager=total - owner - security)
