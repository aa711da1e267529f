"""Refusals that are nobody's fault: whose turn it is not yet."""

from dataclasses import replace
from functools import cache

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action, Approvals
from handlers.decisions.requests import Approver, still_granted
from handlers.decisions.turns import comes_first
from handlers.policies import shipped
from tests.handlers.decisions.cast import (
    CHARLES,
    GRACE,
    LINUS,
    STAGING_DB,
    WIKI,
    access,
    person,
)
from tests.handlers.made_once import shipped_policy

STAGES = """
@id("manager-first") @reason("You are their manager.")
permit (principal, action == Action::"approve", resource) when { context has role && context.role == "manager" };
@id("then-owner") @reason("Their manager agreed.")
permit (principal, action == Action::"approve", resource)
when { context has role && context.role == "owner" && context.approvals.manager >= 1 };
@id("both") @reason("Both approved.")
permit (principal, action == Action::"grant", resource)
when { context.approvals.manager >= 1 && context.approvals.owner >= 1 };
"""


@cache
def in_stages() -> CedarPolicy:
    """The stages above."""
    return CedarPolicy.load({"own.cedar": STAGES}, shipped()[1], bound_to="")


RISK_3 = replace(STAGING_DB, risk=3)


def clicks(what=RISK_3, **changes):
    return access(Action.REQUEST, what, way="approve", **changes)


def test_an_owner_before_the_manager_is_only_early():
    early = clicks()
    assert comes_first(in_stages(), early, GRACE, "owner") == Approvals(manager=1)
    assert comes_first(in_stages(), early, person("Mallory"), None) is None
    assert comes_first(in_stages(), early, GRACE, "security") is None
    assert comes_first(shipped_policy(), early, CHARLES, "manager") is None
    assert comes_first(shipped_policy(), replace(early, rationale_given=False), GRACE, "owner") is None


def test_at_execution_it_does_not_matter_who_approved_first():
    """After a shorter time the owner's approval is the older one; each counts beside the other's (R-2)."""
    owner, manager = Approver(account=GRACE, role="owner"), Approver(account=CHARLES, role="manager")
    for approvers in ((owner, manager), (manager, owner)):
        verdict = still_granted(in_stages(), clicks(), approvers)
        assert (verdict.granted, verdict.counted, verdict.voided) == (
            True, Approvals(owner=1, manager=1), (),
        )  # fmt: skip


def test_an_approval_falls_with_the_one_it_stood_on():
    """The manager lost the authority: the owner's alone was never enough."""
    owner = Approver(account=GRACE, role="owner")
    gone = Approver(account=CHARLES, role=None)
    verdict = still_granted(in_stages(), clicks(), [gone, owner])
    assert (verdict.granted, set(verdict.voided)) == (False, {"charles", "grace"})


def test_a_policy_that_wants_words_by_now_voids_an_approval_without_any():
    """R-2: a changed policy voids an approval only if its answer changes."""
    silent = Approver(account=GRACE, role="owner", rationale_given=False)
    assert not still_granted(shipped_policy(), clicks(), [silent]).granted
    assert still_granted(shipped_policy(), clicks(), [silent, Approver(account=LINUS, role="owner")]).granted
    assert still_granted(shipped_policy(), clicks(replace(WIKI, risk=2), minutes=500), [silent]).granted


def test_whoever_was_on_call_counts_no_longer_when_they_are_not():
    olga = person("Olga")
    assert still_granted(
        shipped_policy(), clicks(), [Approver(account=olga, role="owner", on_call=True)]
    ).granted
    assert not still_granted(shipped_policy(), clicks(), [Approver(account=olga, role="owner")]).granted
