"""The questions put to policy and the answers that come back, with the port that a policy engine fills.

It never decides anything itself and knows no policy language.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from handlers.decisions.actions import Action as Action
from handlers.decisions.attested import NOBODY_ATTESTED, Attested
from handlers.decisions.circumstances import NOTHING_LATELY, Having, Recently
from handlers.decisions.counterparts import Counterpart, NoCounterpart, Reason, number_of
from handlers.decisions.delegated import NO_DELEGATIONS, Delegated, DelegateQuestion, Delegations, Given
from handlers.decisions.emergency_questions import EmergencyQuestion, EmergencyReviewQuestion
from handlers.decisions.help_questions import HelpQuestion
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account

Role = Literal["owner", "security", "manager"]
Severity = Literal["high", "medium", "low"]
Way = Literal["approve", "approve-less", "deny", "ask"]
"""What an approver wants to do about a request: approve it, approve a shorter time, deny it, ask a question first."""


AccessAction = Literal[Action.GRANT, Action.REQUEST, Action.REQUEST_FOR, Action.APPROVE, Action.REVOKE]
AccountAction = Literal[
    Action.VIEW, Action.RESET_PASSWORD, Action.UNLOCK, Action.STEP_UP, Action.REGAIN_PROOFS
]
AttestWay = Literal["approve", "deny", "cancel"]


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """How many distinct people approved, each counted once, in the one role `role_of` gave them."""

    owner: int = 0
    security: int = 0
    manager: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.owner + self.security + self.manager

    def __add__(self, other: "Approvals") -> "Approvals":
        """Both counts together."""
        return Approvals(
            owner=self.owner + other.owner,
            security=self.security + other.security,
            manager=self.manager + other.manager,
        )

    @classmethod
    def of(cls, roles: Iterable[Role]) -> "Approvals":
        """Count roles, one for each distinct approver."""
        counted = list(roles)
        return cls(
            owner=counted.count("owner"), security=counted.count("security"), manager=counted.count("manager")
        )


@dataclass(frozen=True, kw_only=True)
class GivenProof:
    """A fresh proof of who an approver is. kinds: storage.proofs.ProofKind. seconds: its age when they decided."""

    kinds: frozenset[str]
    seconds: int


@dataclass(frozen=True, kw_only=True)
class AccessQuestion:
    """May `principal` do `action` with `entitlement`?

    principal: who is to have it for grant and request; who asks for request_for; whoever clicks for approve and revoke.
    minutes: how long is asked for, rounded up; 0 asks for access without an end.
    role: the principal's role when the action is approve or revoke. on_call: for these two, whether they are on call
    for the owner. way, rationale_given: for approve, what they want to do, and whether they say why. proof,
    code_retyped: for approve, how they proved who they are for this very request, and whether they typed its code.
    target: the account that gets it, in the entitlement's directory, or why there is none; None for the requester's
    own. Policy knows people by the account that they sign in with, so it does not hear of it. report: whom the
    requester asks for, by the account they sign in with; None for themselves. now: aware UTC.
    fallback: who decides in the owner's place, once it was passed on to them. held: the minutes that the same had been
    held without a break when it was asked. stands_in: the principal decides only because they are the fallback's.
    recently: what happened to the accounts of these people. having: what whoever is to have it has beside it; None if
    nobody looked, which is no answer. delegations: what others than the owner's own may decide about it now.
    delegated: for approve, by which of them the principal has the owner's role; None if it is their own.
    authority_counted: for approve, that on whose authority they would approve counts already.
    """

    action: AccessAction
    principal: Account
    entitlement: Entitlement
    owner: Owner
    requester: Account
    minutes: int
    justification_given: bool
    ticket_given: bool
    now: datetime
    approvals: Approvals = field(default_factory=Approvals)
    role: Role | None = None
    on_call: bool = False
    way: Way | Literal[""] = ""
    rationale_given: bool = True
    proof: GivenProof | None = None
    code_retyped: bool = False
    target: Counterpart | None = None
    fallback: Owner | None = None
    held: int = 0
    stands_in: bool = False
    report: Account | None = None
    recently: Recently = NOTHING_LATELY
    having: Having | None = None
    delegations: Delegations = NO_DELEGATIONS
    delegated: Delegated | None = None
    authority_counted: bool = False

    @property
    def holder(self) -> Account:
        """Who is to have it, by the account that they sign in with."""
        return self.report or self.requester

    @property
    def goes_to(self) -> Counterpart:
        """The account that gets it; never one of another directory than the entitlement's."""
        target = self.target or self.holder
        if isinstance(target, Account) and target.directory != self.entitlement.directory:
            return NoCounterpart(
                reason=Reason.ELSEWHERE, directory=self.entitlement.directory, home=self.requester.directory
            )
        return target


@dataclass(frozen=True, kw_only=True)
class AccountQuestion:
    """May `principal` do `action` to the account `target`?

    proofs: "passkey", "totp", "recovery_code", "mail_code", "sign_in" …, as shown on the secure page in this visit.
    unlocks_today: how often the target was unlocked without a proof in the last 24 hours. now: aware UTC.
    recently: what happened to their accounts. attested: who said in a petition that it is them, and still may say so.
    """

    action: AccountAction
    principal: Account
    target: Account
    now: datetime
    proofs: frozenset[str] = frozenset()
    unlocks_today: int = 0
    recently: Recently = NOTHING_LATELY
    attested: Attested = NOBODY_ATTESTED


@dataclass(frozen=True, kw_only=True)
class DriftQuestion:
    """May `principal` decide, in this way, about a membership that is not as it should be?

    member: whose it is; None for a group, for several at once, and for somebody who is gone. way: one of
    handlers.decisions.drift.Way. minutes: for how long it is to be adopted, otherwise 0. now: aware UTC.
    on_call: whether the principal is on call for the owner. having: what the member has beside it; None if nobody
    looked, or if it is not certain who that is.
    """

    principal: Account
    entitlement: Entitlement
    owner: Owner
    member: Account | None
    way: str
    minutes: int
    role: Role | Literal["help_desk"] | None
    now: datetime
    on_call: bool = False
    action: Literal[Action.RECONCILE] = Action.RECONCILE
    recently: Recently = NOTHING_LATELY
    having: Having | None = None


@dataclass(frozen=True, kw_only=True)
class ResumeQuestion:
    """May `principal` let new access begin again? kind: a storage.states.FreezeKind. now: aware UTC."""

    principal: Account
    kind: str
    role: Literal["security"] | None
    now: datetime
    action: Literal[Action.RESUME] = Action.RESUME
    recently: Recently = NOTHING_LATELY


@dataclass(frozen=True, kw_only=True)
class AttestQuestion:
    """May `principal` decide in this way about a petition of `target`?

    kind: a storage.states.PetitionKind. role: a handlers.decisions.standing.HelperRole. proofs: by which they just
    proved who they are, for this petition. is_report: they report to the target. moved: their mail address changed
    lately. petitioned: they had a petition of their own opened lately. now: aware UTC.
    """

    principal: Account
    target: Account
    kind: str
    way: AttestWay
    role: str | None
    now: datetime
    proofs: frozenset[str] = frozenset()
    is_report: bool = False
    moved: bool = False
    petitioned: bool = False
    action: Literal[Action.ATTEST] = Action.ATTEST
    recently: Recently = NOTHING_LATELY


@dataclass(frozen=True, kw_only=True)
class VouchQuestion:
    """May `principal` vouch for the person of the account `target`? role: handlers.decisions.vouching.ROLES.

    spoken: one of handlers.decisions.vouching.Spoken. oneself: both accounts are one person's. reports_to: the
    principal reports to the target, through however many. moved: the principal's address changed lately. petitioned:
    they had a petition of their own opened lately. hours_linked: since their Slack account was linked.
    days_since_return: since the target vouched for them, None if never. proofs: of the principal, shown afresh for
    this. now: aware UTC.
    """

    principal: Account
    target: Account
    role: Literal["manager", "help_desk"] | None
    spoken: str
    ticket_given: bool
    oneself: bool
    reports_to: bool
    moved: bool
    hours_linked: int
    days_since_return: int | None
    now: datetime
    petitioned: bool = False
    proofs: frozenset[str] = frozenset()
    action: Literal[Action.VOUCH] = Action.VOUCH
    recently: Recently = NOTHING_LATELY


Question = (
    AccessQuestion
    | AccountQuestion
    | DriftQuestion
    | ResumeQuestion
    | AttestQuestion
    | VouchQuestion
    | DelegateQuestion
    | EmergencyQuestion
    | EmergencyReviewQuestion
    | HelpQuestion
)


@dataclass(frozen=True, kw_only=True)
class PolicyDecision:
    """The answer to one question, fit for the record.

    policy_ids: the policies that decided; empty if none applied, which refuses. reasons: their sentences, in
    the same order. errors: what could not be evaluated; any error refuses. severity: how much a refusal
    matters to the security channel, None if it does not. policy_set: SHA-256 (hex) of all that shaped it.
    """

    allowed: bool
    policy_ids: tuple[str, ...]
    reasons: tuple[str, ...]
    errors: tuple[str, ...] = ()
    severity: Severity | None = None
    policy_set: str


class PolicyEngine(Protocol):
    """What answers questions. It never raises: what it cannot evaluate, it refuses."""

    @property
    def policy_set(self) -> str:
        """SHA-256 (hex) of the loaded policies and all they are bound to."""
        ...

    def reads(self, fact: str) -> bool:
        """Whether a loaded policy asks for this fact of the schema: what none asks for is not looked up (A-10)."""
        ...

    def ask(self, question: Question) -> PolicyDecision:
        """The answer, from the facts in the question alone."""
        ...

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """The answers to what one act puts, in this order: each is what `ask` would answer.

        What they say of one account was read at one time: of two readings of it none is believed.
        """
        ...


def refusal(policy: PolicyEngine, rule: str, reason: str, severity: Severity | None) -> PolicyDecision:
    """The answer of code, before or after any policy."""
    return PolicyDecision(
        allowed=False, policy_ids=(rule,), reasons=(reason,), severity=severity, policy_set=policy.policy_set
    )


def role_of(
    approver: Account,
    requester: Account,
    owner: Owner,
    security_group: str,
    fallback: Owner | None = None,
    *,
    for_security: bool = False,
    given: Given | None = None,
) -> Role | None:
    """The one role in which somebody may count as an approver: owner before security before manager.

    Who is on call for the owner counts as the owner's; whether they may decide is for policy.
    fallback: whoever stands in for the owner has the owner's role; policy hears that they stand in.
    for_security: whoever is of security, and otherwise only stands in, is asked for, or gave, security's approval.
    given: what was delegated to them: it gives them the owner's role as well, and policy hears of it.
    Only for accounts of one directory: a group or an id of another that is called the same is another's.
    """
    if approver.directory != requester.directory:
        return None
    if approver.is_in(owner.approvers) or is_on_call(approver, requester, owner):
        return "owner"
    is_security = approver.is_in(security_group)
    stands_in = fallback is not None and approver.is_in(fallback.approvers)
    if (stands_in or given is not None) and not (for_security and is_security):
        return "owner"
    if is_security:
        return "security"
    if requester.manager is not None and requester.manager == approver.id:
        return "manager"
    return None


def is_on_call(approver: Account, requester: Account, owner: Owner) -> bool:
    """Whether the directory that both sign in from has them in the owner's group of those on call."""
    same_home = approver.directory == requester.directory
    return same_home and approver.is_in(owner.on_call)


def is_standing_in(
    approver: Account, role: Role | None, requester: Account, owner: Owner, fallback: Owner | None
) -> bool:
    """Whether somebody has the owner's role only because a request was passed on to them."""
    own = approver.is_in(owner.approvers) or is_on_call(approver, requester, owner)
    return role == "owner" and fallback is not None and approver.is_in(fallback.approvers) and not own


def same_person(one: Account, other: Account) -> bool:
    """Whether two accounts are one person's, in one directory or in two (second accounts, R-1).

    They are the same account, have the same number, or the same mail address. An id of another directory is another's.
    """
    if (one.directory, one.id) == (other.directory, other.id):
        return True
    if number_of(one) and number_of(one) == number_of(other):
        return True
    return bool(one.mail.strip()) and one.mail.strip().casefold() == other.mail.strip().casefold()
