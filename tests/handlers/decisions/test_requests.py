"""Requests and approvals weighed: what happens at once, what is carried to the owner, and whose click counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import AccessQuestion, Action, Approvals, PolicyDecision, Question
from handlers.decisions.requests import (
    NEVER_ENOUGH,
    NO_LONGER,
    OWN_REQUEST,
    VOIDED,
    Approver,
    may_decide,
    missing_approvals,
    still_granted,
    weigh_approval,
    weigh_request,
)
from handlers.decisions.revoking import may_revoke
from handlers.policies import shipped
from storage.catalogue import Entitlement, Owner
from storage.directories.base import Account
from tests.handlers.decisions.cast import (
    ADA,
    CHARLES,
    EVE,
    GRACE,
    LINUS,
    PROD_ADMIN,
    PROD_DB,
    SAM,
    VAULT,
    WIKI,
    access,
    overflowing,
    person,
    thing,
)
from tests.handlers.made_once import unproven_policy

PERMIT_ALL = '@id("all") @reason("Anybody may.")\npermit (principal, action, resource);\n'


def own(text: str) -> CedarPolicy:
    """A policy set of an operator's own."""
    return CedarPolicy.load({"own.cedar": text}, shipped()[1], bound_to="")


def request(what: Entitlement, by: Account = ADA, **changes: Any) -> AccessQuestion:
    """A request for an hour of `what`."""
    return access(Action.REQUEST, what, by=by, **changes)


def test_low_risk_is_automatic() -> None:
    """Nobody is asked."""
    verdict = weigh_request(unproven_policy(), request(WIKI))
    assert (verdict.outcome, verdict.missing) == ("automatic", None)
    assert verdict.decision.policy_ids == ("automatic-low-risk",)


def test_production_is_carried_to_its_owner_and_says_why() -> None:
    """One approval by the owner is missing, and the reasons complete "Policy asks because"."""
    verdict = weigh_request(unproven_policy(), request(PROD_DB))
    assert verdict.outcome == "approval"
    assert verdict.missing == Approvals(owner=1)
    assert " and ".join(verdict.reasons) == "it is production and its risk is 4 of 5"
    assert verdict.severity is None


def test_production_admin_needs_owner_and_security() -> None:
    """Two owners would not do; the smallest count that does is found by asking."""
    assert weigh_request(unproven_policy(), request(PROD_ADMIN)).missing == Approvals(owner=1, security=1)


def test_a_contractor_asking_for_admin_is_refused_as_an_exception() -> None:
    """Refused with the reason, the policy and a severity."""
    verdict = weigh_request(unproven_policy(), request(PROD_ADMIN, by=EVE))
    assert verdict.outcome == "refused"
    assert verdict.decision.policy_ids == ("contractors-never-admin",)
    assert verdict.reasons == ("Contractors cannot hold administrative access.",)
    assert verdict.severity == "medium"


def test_too_long_is_refused_without_an_exception() -> None:
    """A slip in the duration is no matter for the security channel."""
    verdict = weigh_request(unproven_policy(), request(WIKI, minutes=1441))
    assert (verdict.outcome, verdict.severity) == ("refused", None)
    assert verdict.reasons == ("That is longer than this access may last.",)


def test_risk_5_needs_owner_and_security() -> None:
    """Each of whom proves who they are when they approve (P-10)."""
    assert weigh_request(unproven_policy(), request(VAULT)).missing == Approvals(owner=1, security=1)


def test_what_no_approval_could_grant_is_refused_and_carried_to_nobody() -> None:
    """An owner is never asked for an approval that would change nothing."""
    only_asking = own(
        '@id("ask") @reason("it is so")\npermit (principal, action == Action::"request", resource);'
    )
    verdict = weigh_request(only_asking, request(WIKI))
    assert verdict.outcome == "refused"
    assert verdict.reasons == (NEVER_ENOUGH,)
    forbidding = (
        '@id("not-on-mondays") @reason("Not on Mondays.") @severity("low")\n'
        'forbid (principal, action == Action::"grant", resource);'
    )
    both = own('@id("ask") @reason("it is so")\npermit (principal, action, resource);' + forbidding)
    verdict = weigh_request(both, request(WIKI))
    assert (verdict.outcome, verdict.reasons, verdict.severity) == ("refused", ("Not on Mondays.",), "low")


@pytest.mark.parametrize("action", [Action.GRANT, Action.REQUEST])
def test_an_error_while_weighing_refuses(action: Action) -> None:
    """A policy that fails, whichever of the two questions it fails on, carries nothing to anybody."""
    broken = overflowing("forbid", action)
    permits = (
        '@id("ask") @reason("it is so")\npermit (principal, action == Action::"request", resource);\n'
        '@id("owner") @reason("Yes.")\npermit (principal, action == Action::"grant", resource)\n'
        "when { context.approvals.owner > 0 };\n"
    )
    assert weigh_request(own(permits), request(PROD_DB)).outcome == "approval"
    verdict = weigh_request(own(permits + broken), request(PROD_DB))
    assert verdict.outcome == "refused"
    assert verdict.decision.errors
    assert verdict.severity == "high"


# It fails only once somebody approved: "grant" and "request" answer without an error before.
FAILS_ONCE_APPROVED = (
    '@id("sums") @reason("The sum is too large.")\nforbid (principal, action == Action::"grant", resource)\n'
    "when { context.approvals.total > 0 && context.minutes * 9223372036854775807 > 9 };\n"
)
# It fails only where somebody from security approved besides.
FAILS_WITH_SECURITY = FAILS_ONCE_APPROVED.replace("approvals.total", "approvals.security")


def test_an_error_while_looking_for_what_is_missing_refuses_as_an_error() -> None:
    """The policy is broken, not the request: the erring answer is kept, so that it is audited and alerted."""
    sources, schema = shipped()
    broken = CedarPolicy.load({**sources, "own.cedar": FAILS_ONCE_APPROVED}, schema, bound_to="")
    verdict = weigh_request(broken, request(PROD_DB))
    assert (verdict.outcome, verdict.severity) == ("refused", "high")
    assert verdict.decision.errors
    assert verdict.reasons != (NEVER_ENOUGH,)


def test_an_error_while_looking_for_a_second_approval_voids_as_an_error() -> None:
    """The first approval is counted without an error; what would still be missing cannot be found."""
    sources, schema = shipped()
    broken = CedarPolicy.load({**sources, "own.cedar": FAILS_WITH_SECURITY}, schema, bound_to="")
    verdict = weigh_approval(broken, request(PROD_ADMIN), approver=GRACE, role="owner", so_far=Approvals())
    assert (verdict.outcome, verdict.severity) == ("void", "high")
    assert verdict.grant is not None
    assert verdict.grant.errors


def test_an_error_about_an_approver_refuses_at_execution_as_an_error() -> None:
    """It is not told as an approval that was lost, even where another approval would carry the grant."""
    sources, schema = shipped()
    broken = CedarPolicy.load(
        {**sources, "own.cedar": overflowing("forbid", Action.APPROVE)}, schema, bound_to=""
    )
    verdict = still_granted(broken, request(PROD_DB), [Approver(account=GRACE, role="owner")])
    assert not verdict.granted
    assert verdict.decision.errors
    assert verdict.reasons == verdict.decision.reasons


def test_missing_approvals_prefer_owners_and_stop_at_three() -> None:
    """Policy sets the threshold: three of four cannot be found, three can, and owners are asked first."""
    template = (
        '@id("n") @reason("Enough.")\npermit (principal, action == Action::"grant", resource)\n'
        "when {{ context.approvals.total >= {n} }};"
    )
    question = request(PROD_DB)
    assert missing_approvals(own(template.format(n=2)), question, Approvals()) == Approvals(owner=2)
    assert missing_approvals(own(template.format(n=3)), question, Approvals(security=1)) == Approvals(owner=2)
    assert missing_approvals(own(template.format(n=4)), question, Approvals()) is None


def test_an_owners_approval_grants() -> None:
    """One click, and it is enough."""
    verdict = weigh_approval(
        unproven_policy(), request(PROD_DB), approver=GRACE, role="owner", so_far=Approvals()
    )
    assert verdict.outcome == "granted"
    assert verdict.decision.policy_ids == ("approve-as-owner",)
    assert verdict.grant is not None
    assert verdict.grant.policy_ids == ("granted-by-owner",)


def test_the_first_of_two_approvals_waits_for_the_other() -> None:
    """Owner first: security is still missing; then it is granted."""
    question = request(PROD_ADMIN)
    first = weigh_approval(unproven_policy(), question, approver=GRACE, role="owner", so_far=Approvals())
    assert (first.outcome, first.missing) == ("waiting", Approvals(security=1))
    second = weigh_approval(
        unproven_policy(), question, approver=SAM, role="security", so_far=Approvals(owner=1)
    )
    assert (second.outcome, second.missing) == ("granted", None)


def test_a_second_owner_does_not_replace_security() -> None:
    """Two approvals by owners are two approvals, and security is missing all the same."""
    verdict = weigh_approval(
        unproven_policy(), request(PROD_ADMIN), approver=LINUS, role="owner", so_far=Approvals(owner=1)
    )
    assert (verdict.outcome, verdict.missing) == ("waiting", Approvals(security=1))


def test_somebody_without_a_role_may_not_approve() -> None:
    """A member of the channel who is not an approver changes nothing, whatever the counts say."""
    verdict = weigh_approval(
        unproven_policy(), request(PROD_DB), approver=person("Mallory"), role=None, so_far=Approvals()
    )
    assert (verdict.outcome, verdict.grant) == ("not_allowed", None)


@pytest.mark.parametrize("approver", [ADA, person("Ada-Admin", mail="Ada@Example.com")])
def test_the_requester_never_approves_whatever_the_policy_says(approver: Account) -> None:
    """A policy that permits all does not let anybody, nor their second account, approve their own request (R-1)."""
    permits = own(PERMIT_ALL)
    decision = may_decide(permits, request(PROD_DB), approver, "owner")
    assert (decision.allowed, decision.policy_ids, decision.severity) == (False, (OWN_REQUEST,), "high")
    assert decision.policy_set == permits.policy_set
    verdict = weigh_approval(permits, request(PROD_DB), approver=approver, role="owner", so_far=Approvals())
    assert (verdict.outcome, verdict.severity) == ("not_allowed", "high")


def test_own_requests_are_refused_before_policy_is_asked() -> None:
    """The check stands in code: an engine that would say yes is not even consulted."""
    engine = Recorder(answer=True)
    assert not may_decide(engine, request(PROD_DB), ADA, "owner").allowed
    assert engine.asked == []


def test_an_approval_is_void_when_the_request_became_impossible() -> None:
    """The requester's role changed since: the approver may click, yet nothing can be granted."""
    verdict = weigh_approval(
        unproven_policy(), request(PROD_ADMIN, by=EVE), approver=GRACE, role="owner", so_far=Approvals()
    )
    assert verdict.outcome == "void"
    assert verdict.reasons == ("Contractors cannot hold administrative access.",)
    assert verdict.severity == "medium"
    stricter = own('@id("a") @reason("You may.")\npermit (principal, action == Action::"approve", resource);')
    verdict = weigh_approval(stricter, request(PROD_DB), approver=GRACE, role="owner", so_far=Approvals())
    assert (verdict.outcome, verdict.reasons) == ("void", (NO_LONGER,))


def test_an_error_in_the_grant_question_does_not_grant() -> None:
    """The approver's question is answered, the request's is not: nothing is given, and it is an exception."""
    broken = overflowing("forbid", Action.GRANT)
    verdict = weigh_approval(
        own(PERMIT_ALL + broken), request(PROD_DB), approver=GRACE, role="owner", so_far=Approvals()
    )
    assert (verdict.outcome, verdict.severity) == ("void", "high")


def test_automatic_grants_are_asked_again_at_execution() -> None:
    """Nobody approved, nobody had to; a requester who left in between is not granted anything (SL-17)."""
    assert still_granted(unproven_policy(), request(WIKI), []).granted
    gone = still_granted(unproven_policy(), request(WIKI, by=replace(ADA, active=False)), [])
    assert (gone.granted, gone.reasons) == (False, ("This account is not active.",))


def test_an_approver_who_lost_the_authority_no_longer_counts() -> None:
    """Deactivated, without a role or a contractor by now: their approval is void, and the grant with it (SL-17)."""
    question = request(PROD_DB)
    held = still_granted(unproven_policy(), question, [Approver(account=GRACE, role="owner")])
    assert (held.granted, held.counted, held.voided) == (True, Approvals(owner=1), ())
    for lost in (
        Approver(account=replace(GRACE, active=False), role="owner"),
        Approver(account=replace(GRACE, employment="contractor"), role="owner"),
        Approver(account=GRACE, role=None),
        Approver(account=replace(GRACE, mail=ADA.mail), role="owner"),
    ):
        verdict = still_granted(unproven_policy(), question, [lost])
        assert (verdict.granted, verdict.voided, verdict.reasons) == (False, ("grace",), (VOIDED,))


def test_another_approval_still_carries_the_grant() -> None:
    """One of two owners left: the other's approval is enough."""
    gone = Approver(account=replace(GRACE, active=False), role="owner")
    verdict = still_granted(
        unproven_policy(), request(PROD_DB), [gone, Approver(account=LINUS, role="owner")]
    )
    assert (verdict.granted, verdict.counted, verdict.voided) == (True, Approvals(owner=1), ("grace",))


def test_two_accounts_of_one_approver_count_once() -> None:
    """N of M counts people: the second account of an approver is void (R-1)."""
    twice = own(
        '@id("a") @reason("You may.")\npermit (principal, action == Action::"approve", resource);\n'
        '@id("two") @reason("Two did.")\npermit (principal, action == Action::"grant", resource)\n'
        "when { context.approvals.total >= 2 };"
    )
    second = person("Grace-Admin", mail="GRACE@example.com")
    approvers = [Approver(account=GRACE, role="owner"), Approver(account=second, role="security")]
    assert not still_granted(twice, request(PROD_DB), approvers).granted
    assert still_granted(
        twice, request(PROD_DB), [approvers[0], Approver(account=SAM, role="security")]
    ).granted


def test_the_requester_is_the_principal_of_grant_even_if_an_approver_was_put_there() -> None:
    """What may be granted is always asked about the one who gets it."""
    engine = Recorder(answer=True)
    still_granted(engine, access(Action.APPROVE, PROD_DB, principal=GRACE, requester=ADA, role="owner"), [])
    (question,) = engine.asked
    assert isinstance(question, AccessQuestion)
    assert (question.action, question.principal, question.role) == (Action.GRANT, ADA, None)


@dataclass
class Recorder:
    """An engine that always answers the same and remembers what it was asked."""

    answer: bool
    policy_set: str = "recorder"

    def __post_init__(self) -> None:
        """Start with nothing asked."""
        self.asked: list[Question] = []

    def ask(self, question: Question) -> PolicyDecision:
        """The one answer."""
        self.asked.append(question)
        return PolicyDecision(allowed=self.answer, policy_ids=("r",), reasons=("So.",), policy_set="recorder")

    def ask_each(self, questions: Sequence[Question]) -> list[PolicyDecision]:
        """The same, each time."""
        return [self.ask(question) for question in questions]


@pytest.mark.parametrize("target", [None, ADA, person("L-Ada", directory="shop")])
def test_what_is_kept_in_one_directory_never_goes_to_an_account_of_another(target: Account | None) -> None:
    """Whoever forgets to say whose account gets it gives it to nobody."""
    asked = request(thing("lab-notes", directory="lab"), target=target)
    verdict = weigh_request(unproven_policy(), asked)
    assert (verdict.outcome, verdict.decision.policy_ids) == ("refused", ("own-directory-only",))
    assert not still_granted(unproven_policy(), asked, []).granted


def test_nobody_approves_what_goes_to_an_account_of_theirs() -> None:
    """By the account's own number or address, whoever asked for it (R-1)."""
    asked = request(PROD_DB, target=person("L-1", mail=GRACE.mail))
    decision = may_decide(unproven_policy(), asked, GRACE, "owner")
    assert (decision.allowed, decision.policy_ids) == (False, ("requester-never-approves",))
    assert may_decide(unproven_policy(), asked, LINUS, "owner").allowed


def test_nobody_without_a_role_ends_anything_whatever_a_policy_says() -> None:
    """A policy that permits everybody makes nobody the owner or security."""
    asked = request(PROD_DB)
    assert not may_revoke(own(PERMIT_ALL), asked, person("Mallory"), None).allowed
    assert may_revoke(own(PERMIT_ALL), asked, GRACE, "owner").allowed


def test_a_policy_that_cannot_be_evaluated_lets_nobody_end_anything() -> None:
    """Error = refuse (promise 3)."""
    broken = own(PERMIT_ALL + overflowing("forbid", Action.REVOKE))
    decision = may_revoke(broken, request(PROD_DB), GRACE, "owner")
    assert not decision.allowed
    assert decision.errors


def test_policy_hears_who_only_stands_in() -> None:
    """So an operator can say what a fallback may not decide."""
    fallback = Owner(id="wiki", name="Wiki", channel="C0WIKI", approvers="wiki-admins")
    carol, asked = person("Carol", groups=frozenset({"wiki-admins"})), request(PROD_DB, fallback=fallback)
    assert may_decide(unproven_policy(), asked, carol, "owner").policy_ids == ("approve-standing-in",)
    assert may_decide(unproven_policy(), asked, GRACE, "owner").policy_ids == ("approve-as-owner",)
    barred = own(
        PERMIT_ALL + '@id("not-they") @reason("Not in its place.")\n'
        'forbid (principal, action == Action::"approve", resource) when { context.standsIn };\n'
    )
    assert not may_decide(barred, asked, carol, "owner").allowed
    assert may_decide(barred, asked, GRACE, "owner").allowed


# For a report.

CHARLES_ASKS = replace(request(PROD_DB, by=CHARLES), report=ADA)


def test_a_report_gets_what_they_would_get_themselves() -> None:
    """Policy is asked about whoever is to have it, once it allows the asking."""
    assert (
        weigh_request(unproven_policy(), replace(request(WIKI, by=CHARLES), report=ADA)).outcome
        == "automatic"
    )
    verdict = weigh_request(unproven_policy(), CHARLES_ASKS)
    assert (verdict.outcome, verdict.missing) == ("approval", Approvals(owner=1))
    eve = replace(EVE, manager=CHARLES.id)
    contractor = weigh_request(unproven_policy(), replace(request(WIKI, by=CHARLES), report=eve))
    assert (contractor.outcome, contractor.reasons) == ("approval", ("the person who asks is a contractor",))


@pytest.mark.parametrize(
    "report",
    [
        person("Linus", manager=None),
        person("Bob", manager="grace"),
        person("Far", manager="charles", directory="lab"),  # an id of another directory is another's
    ],
)
def test_nobody_asks_for_somebody_who_does_not_report_to_them(report: Account) -> None:
    """Whatever policy would say of it; at the asking, at the click and at the execution (R-1)."""
    asked = replace(request(PROD_DB, by=CHARLES), report=report, target=ADA)
    verdict = weigh_request(unproven_policy(), asked)
    assert (verdict.outcome, verdict.decision.policy_ids) == ("refused", ("own-reports-only",))
    approved = weigh_approval(unproven_policy(), asked, approver=GRACE, role="owner", so_far=Approvals())
    assert approved.outcome == "void"
    assert not still_granted(unproven_policy(), asked, [Approver(account=GRACE, role="owner")]).granted


def test_asking_for_a_report_is_what_policy_allows_and_nothing_else() -> None:
    """Administrative access is asked for by whoever holds it, however many approve."""
    verdict = weigh_request(unproven_policy(), replace(request(PROD_ADMIN, by=CHARLES), report=ADA))
    assert (verdict.outcome, verdict.decision.policy_ids) == ("refused", ("admin-for-oneself",))


@pytest.mark.parametrize(
    "approver", [CHARLES, ADA, person("Ada2", mail=ADA.mail), person("C2", mail=CHARLES.mail)]
)
def test_neither_who_asks_nor_whom_it_is_for_approves_it(approver: Account) -> None:
    """Requester, approver and target are three people, whatever the policy says (promise 5)."""
    decision = may_decide(unproven_policy(), CHARLES_ASKS, approver, "owner")
    assert (decision.allowed, decision.policy_ids) == (False, ("requester-never-approves",))
    assert may_decide(unproven_policy(), CHARLES_ASKS, GRACE, "owner").allowed


def test_whom_it_is_for_does_not_approve_what_goes_to_an_account_of_theirs_elsewhere() -> None:
    """Whatever number and address that account has (R-1)."""
    asked = replace(CHARLES_ASKS, target=person("L-9", mail="other@example.com"))
    assert may_decide(unproven_policy(), asked, ADA, "owner").policy_ids == ("requester-never-approves",)
    assert may_decide(unproven_policy(), asked, GRACE, "owner").allowed


def test_a_broken_policy_about_reports_refuses_and_says_that_it_is_broken() -> None:
    """An error refuses, and is no everyday no."""
    broken = own(overflowing("permit", Action.REQUEST_FOR))
    verdict = weigh_request(broken, CHARLES_ASKS)
    assert verdict.outcome == "refused"
    assert verdict.decision.errors
