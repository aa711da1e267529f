"""Why policy answers as it does: the facts that it read, and the smallest change that would better the answer."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.explaining import Kind, answer_to, searching, turns
from handlers.decisions.facts_used import MISSING, facts_used, named
from handlers.decisions.policy import AccessQuestion, Action, Approvals, GivenProof, Question, Recently
from handlers.policies import shipped
from storage.catalogue import Entitlement
from storage.directories.base import Account
from tests.handlers.decisions.cast import (
    ADA,
    DATA,
    EVE,
    GRACE,
    NOON,
    PROD_ADMIN,
    PROD_DB,
    WIKI,
    account,
    overflowing,
)
from tests.handlers.made_once import shipped_policy

TICKET = """
@id("ticket") @reason("Name a ticket.")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
when { resource.risk >= 4 && !context.ticketGiven };
@id("why") @reason("Say why.")
forbid (principal, action in [Action::"grant", Action::"request"], resource)
unless { context.justificationGiven };
"""


@cache
def strict() -> CedarPolicy:
    """The shipped policies and those above."""
    return CedarPolicy.load({**shipped()[0], "own.cedar": TICKET}, shipped()[1], bound_to="")


def asks(who: Account, what: Entitlement, minutes: int = 60, **changes: Any) -> AccessQuestion:
    """They ask for it, with a reason and without a ticket."""
    plain = AccessQuestion(
        action=Action.REQUEST, principal=who, requester=who, entitlement=what, owner=DATA, minutes=minutes,
        justification_given=True, ticket_given=False, now=NOON,
    )  # fmt: skip
    return replace(plain, **changes)


def told(
    question: Question, policy: CedarPolicy | None = None, *, whole: bool = True
) -> tuple[str, list[Any]]:
    """The answer, by the shipped policies unless others are named, and what would turn it into what."""
    policy = policy or shipped_policy()
    verdict = answer_to(policy, question, whole=whole)
    found = turns(policy, question, verdict, whole=whole)
    return verdict.outcome, [
        (
            [(one.kind, one.minutes) if one.kind == Kind.TIME else one.kind for one in turn.changes],
            turn.verdict.outcome,
        )
        for turn in found
    ]


LATELY = Recently(hours_since_reset={("local", "ada"): 3})
REPORTED = Recently(reported=frozenset({("local", "ada")}))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (asks(ADA, WIKI), ("automatic", [])),
        (asks(ADA, WIKI, 960), ("approval", [([(Kind.TIME, 480)], "automatic")])),
        (asks(ADA, PROD_DB), ("approval", [])),
        (asks(ADA, PROD_ADMIN, 120), ("refused", [([(Kind.TIME, 60)], "approval")])),
        (
            asks(ADA, WIKI, 0),
            ("refused", [([(Kind.TIME, 1440)], "approval"), ([(Kind.TIME, 480)], "automatic")]),
        ),
        (asks(EVE, PROD_ADMIN), ("refused", [])),
        (asks(ADA, PROD_DB, recently=LATELY), ("refused", [([Kind.RESET_IS_OLD], "approval")])),
        (asks(ADA, PROD_DB, recently=REPORTED), ("refused", [([Kind.NOT_REPORTED], "approval")])),
        (
            asks(ADA, PROD_ADMIN, 60, held=30),
            ("refused", [([(Kind.TIME, 30)], "approval"), ([Kind.ANEW], "approval")]),
        ),
    ],
)
def test_the_longest_time_and_every_other_fact_that_would_help_are_told(
    question: AccessQuestion, answer: object
) -> None:
    """A request as a whole, by the shipped set; what nobody can change is not told as if they could (A-12)."""
    assert told(question) == answer


def test_pairs_are_told_only_where_no_single_fact_would_do() -> None:
    """A ticket alone helps once a reason is there; without either, both together."""
    assert told(asks(ADA, PROD_DB), strict()) == ("refused", [([Kind.TICKET], "approval")])
    neither = asks(ADA, PROD_DB, justification_given=False)
    assert told(neither, strict()) == ("refused", [([Kind.TICKET, Kind.JUSTIFICATION], "approval")])


def test_of_approvals_the_fewest_that_do_are_told() -> None:
    """Grant as a single question: an owner for the one, owner and security for the other."""
    for what, needed in ((PROD_DB, Approvals(owner=1)), (PROD_ADMIN, Approvals(owner=1, security=1))):
        question = asks(ADA, what, action=Action.GRANT)
        verdict = answer_to(shipped_policy(), question, whole=False)
        found = turns(shipped_policy(), question, verdict, whole=False)
        assert [one.changes[0].approvals for one in found] == [needed]


def test_an_approver_hears_what_is_still_missing() -> None:
    """Risk 4 wants a fresh proof and a reason: both at once, since neither alone would do."""
    click = asks(
        ADA,
        PROD_DB,
        action=Action.APPROVE,
        principal=GRACE,
        role="owner",
        way="approve",
        rationale_given=False,
    )
    assert told(click, whole=False) == ("refused", [([Kind.RATIONALE, Kind.PROVED], "allowed")])
    proved = replace(click, proof=GivenProof(kinds=frozenset({"passkey"}), seconds=5))
    assert told(proved, whole=False) == ("refused", [([Kind.RATIONALE], "allowed")])


def test_the_proofs_that_would_do_are_told_for_ones_own_account() -> None:
    """Nothing shown: each proof that would be enough alone; the first is told."""
    question = account(Action.RESET_PASSWORD)
    verdict = answer_to(shipped_policy(), question, whole=False)
    assert [one.changes[0].proofs for one in turns(shipped_policy(), question, verdict, whole=False)] == [
        ("passkey",)
    ]


def test_a_policy_that_fails_is_not_explained_away() -> None:
    """What cannot be evaluated refuses whatever is asked: no change is promised."""
    bad = overflowing("forbid", Action.GRANT)
    broken = CedarPolicy.load({**shipped()[0], "bad.cedar": bad}, shipped()[1], bound_to="")
    question = asks(ADA, replace(WIKI, risk=2), 960)
    verdict = answer_to(broken, question, whole=True)
    assert verdict.decision.errors
    assert list(searching(broken, question, verdict, whole=True)) == []


def test_the_facts_are_those_that_the_deciding_policies_read_and_no_others() -> None:
    """By the policies' own JSON, through what they point to; a fact that is not there is told as that."""
    question = asks(ADA, PROD_DB, action=Action.APPROVE, principal=GRACE, role="owner")
    used = facts_used(question, [shipped_policy().notes["approve-as-owner"]])
    assert {one.name: one.value for one in used} == {
        "context.role": "owner",
        "context.standsIn": False,
        "principal.groups": ["data-owners"],
        "resource.owner.approvers": "data-owners",
    }
    bare = facts_used(replace(question, role=None), [shipped_policy().notes["approve-as-owner"]])
    assert next(one.value for one in bare if one.name == "context.role") == MISSING


def test_what_a_policy_asks_about_and_what_it_reads_are_told_apart() -> None:
    note = shipped_policy().notes["approve-as-owner"]
    assert named(note.guards) == {"context.role"}
    assert named(note.reads) >= {
        "context.role",
        "context.standsIn",
        "principal.groups",
        "resource.owner.approvers",
    }
