"""Answers that are kept: found for exactly the same question to the last fact, and for no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers.decisions.alike import Answers, alike
from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.circumstances import Having, Recently
from handlers.decisions.policy import AccessQuestion, Action, Approvals, GivenProof, PolicyDecision
from handlers.policies import shipped
from handlers.rules.holding import Held, Rules
from tests.handlers.decisions.cast import (
    ADA,
    CATALOGUE,
    DATA,
    GRACE,
    LINUS,
    PROD_DB,
    WIKI,
    access,
    overflowing,
)
from tests.handlers.made_once import without_step_up

SOURCES, SCHEMA = without_step_up()
PERMIT_ALL = '@id("all") @reason("Anybody may.") permit (principal, action, resource);\n'


def fresh(sources: dict[str, str] = SOURCES) -> CedarPolicy:
    """A set that was never asked anything."""
    return CedarPolicy.load(sources, SCHEMA, bound_to="")


def of_a_click(**facts: Any) -> tuple[AccessQuestion, AccessQuestion]:
    """What Grace's approval of Ada's request asks, with these facts in both."""
    approve = access(Action.APPROVE, PROD_DB, principal=GRACE, requester=ADA, role="owner", way="approve")
    grant = replace(
        approve, action=Action.GRANT, principal=ADA, role=None, way="", approvals=Approvals(owner=1)
    )
    return replace(approve, **facts), replace(grant, **facts)


def is_kept(policy: CedarPolicy, question: AccessQuestion) -> bool:
    """Whether an answer is the very one that was given before."""
    (one,), (other,) = policy.ask_each([question]), policy.ask_each([question])
    return one is other


def test_a_click_is_answered_by_what_was_asked_singly_before_it() -> None:
    """The request asked whether an approval would be enough, and its message who may approve: the click asks both."""
    policy, (approve, grant) = fresh(), of_a_click()
    before = [*policy.ask_each([grant]), *policy.ask_each([approve])]
    later = replace(ADA, read_at=datetime(2026, 3, 2, 14, tzinfo=UTC))
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    asked = [replace(approve, requester=later, now=now), replace(grant, requester=later, now=now)]
    asked[1] = replace(asked[1], principal=later)
    answers = policy.ask_each(asked)
    assert [one.allowed for one in answers] == [True, True]
    assert answers[0] is before[1]
    assert answers[1] is before[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"minutes": 61},
        {"minutes": True},
        {"held": 1},
        {"rationale_given": False},
        {"proof": GivenProof(kinds=frozenset({"totp"}), seconds=1)},
        {"code_retyped": True},
        {"on_call": True},
        {"stands_in": True},
        {"approvals": Approvals(owner=2)},
        {"entitlement": replace(PROD_DB, risk=3)},
        {"entitlement": replace(PROD_DB, people=True)},
        {"owner": replace(DATA, approvers="others")},
        {"recently": Recently(reported=frozenset({("local", "ada")}))},
        {"recently": Recently(hours_since_reset={("local", "grace"): 3})},
        {"having": Having(open_grants=1)},
        {"requester": replace(ADA, active=False)},
        {"requester": replace(ADA, manager="grace")},
        {"report": LINUS},
        {"principal": replace(GRACE, groups=frozenset[str]())},
        {"principal": LINUS},
    ],
    ids=str,
)
def test_any_fact_makes_it_another_question(changed: dict[str, Any]) -> None:
    """Promise 3: an answer is for these facts; with another one, or of another type, policy is asked."""
    policy = fresh()
    for question in of_a_click():
        (before,) = policy.ask_each([question])
        (after,) = policy.ask_each([other := replace(question, **changed)])
        assert after is not before
        assert after == fresh().ask(other)


def test_what_happened_lately_is_of_its_type_too() -> None:
    """Promise 3: hours of another type are another question, as all facts are, though Python calls them equal."""
    one, other = (
        access(Action.GRANT, WIKI, recently=Recently(hours_since_reset={("local", "ada"): hours}))
        for hours in (1, True)
    )
    assert len(set(alike([one, other], whenever=()))) == 2


def test_the_approver_is_part_of_the_question() -> None:
    """What one approver may was never asked about another, who is of no group."""
    policy, (approve, grant) = fresh(), of_a_click()
    assert [one.allowed for one in policy.ask_each([approve, grant])] == [True, True]
    another = replace(approve, principal=replace(LINUS, groups=frozenset[str]()))
    assert [one.allowed for one in policy.ask_each([another, grant])] == [False, True]


def test_of_two_readings_none_is_believed_though_each_was_answered_before() -> None:
    """One click's questions say one thing of one account; where they do not, no kept answer takes their place."""
    policy, (approve, grant) = fresh(), of_a_click()
    other = replace(ADA, employment="contractor")
    grant = replace(grant, principal=other, requester=other)
    for question in (approve, grant):
        policy.ask_each([question])
    answers = policy.ask_each([approve, grant])
    assert [(one.allowed, bool(one.errors)) for one in answers] == [(False, True)] * 2


def test_what_could_not_be_evaluated_is_asked_anew_each_time() -> None:
    """An erring forbid refuses every time, and is no answer that is kept; what did not err beside it is."""
    policy = CedarPolicy.load(
        {"own.cedar": PERMIT_ALL + overflowing("forbid", Action.GRANT)}, SCHEMA, bound_to=""
    )
    approve, grant = of_a_click()
    for _ in range(2):
        may, enough = policy.ask_each([approve, grant])
        assert (may.allowed, enough.allowed, bool(enough.errors)) == (True, False, True)
    assert is_kept(policy, approve)
    assert not is_kept(policy, grant)


def test_another_set_of_rules_is_asked_itself() -> None:
    """What the rules of before said counts for nothing once they are replaced, also for what is under way since."""
    sources, schema = shipped()
    lenient = CedarPolicy.load({"own.cedar": PERMIT_ALL}, schema, bound_to="")
    strict = CedarPolicy.load(sources, schema, bound_to="")
    held, asked = Held(Rules(policy=lenient, catalogue=CATALOGUE)), list(of_a_click(rationale_given=False))
    assert [one.allowed for one in held.policy.ask_each(asked)] == [True, True]
    held.replace(Rules(policy=strict, catalogue=CATALOGUE))
    answers = held.policy.ask_each(asked)
    assert not answers[0].allowed
    assert {one.policy_set for one in answers} == {strict.policy_set}


def test_only_what_goes_by_the_time_is_asked_anew_at_each_moment() -> None:
    """Whoever approves before noon is asked about again after it; what is given is not."""
    by_noon = """@id("by-noon") @reason("By noon.") forbid (principal, action == Action::"approve", resource)
        when { context.now >= datetime("2026-03-02T12:00:01Z") };"""
    policy = CedarPolicy.load({"own.cedar": PERMIT_ALL + by_noon}, SCHEMA, bound_to="")
    first, later = (of_a_click(now=datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(hours=n)) for n in (0, 1))
    before, after = policy.ask_each(first), policy.ask_each(later)
    assert [one.allowed for one in before] == [True, True]
    assert [one.allowed for one in after] == [False, True]
    assert after[1] is before[1]


def test_no_more_answers_are_kept_than_there_is_room_for() -> None:
    """What was not asked for longest goes first."""
    asked = alike([access(Action.GRANT, WIKI, minutes=n) for n in range(3)], whenever=())
    answers = [
        PolicyDecision(allowed=True, policy_ids=(str(n),), reasons=(), policy_set="") for n in range(3)
    ]
    kept = Answers(2, 100)
    for at in (0, 1):
        kept.keep(asked[at], answers[at])
    assert kept.to(asked[0]) is answers[0]
    kept.keep(asked[2], answers[2])
    assert [kept.to(one) for one in asked] == [answers[0], None, answers[2]]
    assert len(kept) == 2


def test_no_more_groups_are_kept_than_there_is_room_for() -> None:
    """Somebody in a thousand groups takes the room of others, and not more of it."""
    crowd = [
        replace(ADA, id=f"p-{n}", groups=frozenset({f"g-{n}-{at}" for at in range(40)})) for n in range(3)
    ]
    asked = alike([access(Action.GRANT, WIKI, by=one) for one in crowd], whenever=())
    answer, kept = PolicyDecision(allowed=True, policy_ids=(), reasons=(), policy_set=""), Answers(9, 100)
    for one in (*asked, asked[2]):
        kept.keep(one, answer)
    assert [kept.to(one) for one in asked] == [None, answer, answer]
    (too_many,) = alike(
        [access(Action.GRANT, WIKI, by=replace(ADA, groups=frozenset(map(str, range(101)))))], whenever=()
    )
    kept.keep(too_many, answer)
    assert len(kept) == 0
    kept.keep(asked[0], answer)
    assert kept.to(asked[0]) is answer
