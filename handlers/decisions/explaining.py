"""Why policy answers as it does, and what would change it: the same question, asked again with a fact or two changed.

It looks nothing up and promises nothing: a change is told only if policy, asked with it, answers better.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from typing import Literal

from handlers.decisions.attested import Attested
from handlers.decisions.circumstances import Recently
from handlers.decisions.ladder import rungs
from handlers.decisions.policy import (
    AccessQuestion,
    AccountQuestion,
    Action,
    Approvals,
    GivenProof,
    PolicyDecision,
    PolicyEngine,
    Question,
)
from handlers.decisions.requests import weigh_request

Outcome = Literal["refused", "approval", "automatic", "allowed"]
"""What policy answers: of a request as a whole the first three, of a single question "allowed" or "refused"."""

_RANK: Mapping[Outcome, int] = {"refused": 0, "approval": 1, "automatic": 2, "allowed": 2}
_BEST = max(_RANK.values())
_TWO = 2
_PROOFS = (("passkey",), ("totp",), ("sign_in", "sign_in_apart"), ("recovery_code", "mail_code"))


class Kind(StrEnum):
    """Which fact is another."""

    TIME = "time"
    JUSTIFICATION = "justification"
    TICKET = "ticket"
    APPROVALS = "approvals"
    ANEW = "anew"
    RESET_IS_OLD = "reset_is_old"
    NOT_REPORTED = "not_reported"
    RATIONALE = "rationale"
    PROVED = "proved"
    RETYPED = "retyped"
    PROOFS = "proofs"
    ATTESTED = "attested"
    UNLOCKS = "unlocks"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One fact that would be another. minutes: for TIME, how long. approvals: for APPROVALS. proofs: for PROOFS."""

    kind: Kind
    minutes: int = 0
    approvals: Approvals = field(default_factory=Approvals)
    proofs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What policy answers, and why. missing: for "approval", the fewest approvals that are needed."""

    outcome: Outcome
    decision: PolicyDecision
    reasons: tuple[str, ...]
    missing: Approvals | None = None

    @property
    def rank(self) -> int:
        """The higher, the better for whoever asks."""
        return _RANK[self.outcome]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """The changes that turn the answer, and what it is then."""

    changes: tuple[Change, ...]
    verdict: Verdict


def answer_to(policy: PolicyEngine, question: Question, *, whole: bool) -> Verdict:
    """What policy answers. whole: what becomes of the request that it is about, by grant and request both."""
    if whole and isinstance(question, AccessQuestion):
        weighed = weigh_request(policy, question)
        return Verdict(
            outcome=weighed.outcome,
            decision=weighed.decision,
            reasons=weighed.reasons,
            missing=weighed.missing,
        )
    decision = policy.ask(question)
    outcome: Outcome = "allowed" if decision.allowed else "refused"
    return Verdict(outcome=outcome, decision=decision, reasons=decision.reasons)


def turns(policy: PolicyEngine, question: Question, verdict: Verdict, *, whole: bool) -> tuple[Turn, ...]:
    """The single changes that better the answer; where there is none, the pairs that do."""
    return tuple(turn for turn in searching(policy, question, verdict, whole=whole) if turn is not None)


def searching(
    policy: PolicyEngine, question: Question, verdict: Verdict, *, whole: bool
) -> Iterator[Turn | None]:
    """The same step by step, None in between, so that others get their turn: each step asks policy once.

    Of one kind, such as shorter times, the first that betters the answer is told, and the next only if it does more.
    """
    if verdict.rank == _BEST or verdict.decision.errors:
        return
    possible = list(changes_of(question, whole=whole))
    for size in (1, 2):
        best = dict[tuple[Kind, ...], int]()
        for changes in combinations(possible, size):
            kinds = tuple(one.kind for one in changes)
            known = best.get(kinds, verdict.rank)
            if len(set(kinds)) < size or known == _BEST:
                continue
            found = answer_to(policy, _changed(question, changes), whole=whole)
            if found.rank > known:
                best[kinds] = found.rank
                yield Turn(changes=changes, verdict=found)
            else:
                yield None
        if best:
            return


def changes_of(question: Question, *, whole: bool) -> Iterator[Change]:
    """Every single fact that could be another, by what somebody could do about it; the easiest first."""
    if isinstance(question, AccessQuestion):
        yield from _of_access(question, whole=whole)
    elif isinstance(question, AccountQuestion):
        yield from _of_account(question)
    if question.recently.hours_since_reset:
        yield Change(kind=Kind.RESET_IS_OLD)
    if question.recently.reported:
        yield Change(kind=Kind.NOT_REPORTED)


def _of_access(question: AccessQuestion, *, whole: bool) -> Iterator[Change]:
    if not question.ticket_given:
        yield Change(kind=Kind.TICKET)
    if not question.justification_given:
        yield Change(kind=Kind.JUSTIFICATION)
    if question.action == Action.APPROVE:
        yield from _of_approving(question)
    for minutes in reversed(rungs([question.entitlement])):
        if question.minutes == 0 or minutes < question.minutes:
            yield Change(kind=Kind.TIME, minutes=minutes)
    if question.held:
        yield Change(kind=Kind.ANEW)
    if question.action == Action.GRANT and not whole:
        for more in (
            Approvals(owner=1),
            Approvals(security=1),
            Approvals(owner=1, security=1),
            Approvals(owner=2),
        ):
            yield Change(kind=Kind.APPROVALS, approvals=more)


def _of_approving(question: AccessQuestion) -> Iterator[Change]:
    if not question.rationale_given:
        yield Change(kind=Kind.RATIONALE)
    if question.proof is None or question.proof.seconds:
        yield Change(kind=Kind.PROVED)
    if not question.code_retyped:
        yield Change(kind=Kind.RETYPED)


def _of_account(question: AccountQuestion) -> Iterator[Change]:
    for kinds in _PROOFS:
        if not question.proofs.issuperset(kinds):
            yield Change(kind=Kind.PROOFS, proofs=kinds)
    if question.unlocks_today:
        yield Change(kind=Kind.UNLOCKS)
    if question.attested.total < _TWO:
        yield Change(kind=Kind.ATTESTED)


def _changed(question: Question, changes: Sequence[Change]) -> Question:
    for change in changes:
        question = _with(question, change)
    return question


def _with(question: Question, change: Change) -> Question:
    """The question with this one fact changed."""
    if change.kind == Kind.RESET_IS_OLD:
        lately = replace(question.recently, hours_since_reset={})
        return replace(question, recently=lately)
    if change.kind == Kind.NOT_REPORTED:
        lately = Recently(hours_since_reset=question.recently.hours_since_reset)
        return replace(question, recently=lately)
    if isinstance(question, AccessQuestion):
        return _access_with(question, change)
    if isinstance(question, AccountQuestion):
        return _account_with(question, change)
    return question


def _access_with(question: AccessQuestion, change: Change) -> AccessQuestion:
    match change.kind:
        case Kind.TIME:
            return replace(question, minutes=change.minutes)
        case Kind.JUSTIFICATION:
            return replace(question, justification_given=True)
        case Kind.TICKET:
            return replace(question, ticket_given=True)
        case Kind.APPROVALS:
            return replace(question, approvals=question.approvals + change.approvals)
        case Kind.ANEW:
            return replace(question, held=0)
        case Kind.RATIONALE:
            return replace(question, rationale_given=True)
        case Kind.PROVED:
            return replace(question, proof=GivenProof(kinds=frozenset({"passkey"}), seconds=0))
        case Kind.RETYPED:
            return replace(question, code_retyped=True)
    return question


def _account_with(question: AccountQuestion, change: Change) -> AccountQuestion:
    match change.kind:
        case Kind.PROOFS:
            return replace(question, proofs=question.proofs | set(change.proofs))
        case Kind.UNLOCKS:
            return replace(question, unlocks_today=0)
        case Kind.ATTESTED:
            return replace(question, attested=Attested(security=1, help_desk=1))
    return question
