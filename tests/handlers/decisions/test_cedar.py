"""The engine: what it does with odd facts, with policies that fail, and with sets that must not load."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.decisions.cedar import NO_POLICY, NOT_EVALUATED, CedarPolicy
from handlers.decisions.policy import Action, Approvals, Question
from handlers.policies import shipped
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.faults import PolicyFault
from tests.handlers.decisions.cast import ADA, GRACE, PROD_DB, WIKI, access, account, overflowing
from tests.handlers.made_once import shipped_policy, without_step_up

SOURCES, SCHEMA = shipped()

PERMIT_ALL = '@id("all") @reason("Anybody may.")\npermit (principal, action, resource);\n'

# Allows everything, and has read what the odd facts are in.
PERMIT_AND_READ = """@id("all") @reason("Anybody may.") permit (principal, action == Action::"grant", resource)
when {
  context.minutes > 0 && !(context has role) && resource.risk > 0 && principal.active &&
  !principal.groups.contains("nobodys") && context.now > datetime("2020-01-01")
};
"""


def load(text: str, schema: str = SCHEMA) -> CedarPolicy:
    """A set of one file, called own.cedar."""
    return CedarPolicy.load({"own.cedar": text}, schema, bound_to="")


def spoilt(fact: Any, **wrong: Any) -> Any:
    """A fact with values of the wrong type, as a careless connector might hand over."""
    return replace(fact, **wrong)


def test_an_erroring_forbid_denies() -> None:
    """Cedar leaves a forbid that errors out; here that refuses, and the record says what failed (promise 3)."""
    policy = load(PERMIT_ALL + overflowing("forbid", Action.GRANT))
    assert policy.ask(access(Action.GRANT, replace(WIKI, risk=1))).policy_ids == ("sums",)
    decision = policy.ask(access(Action.GRANT, replace(WIKI, risk=2)))
    assert not decision.allowed
    (error,) = decision.errors
    assert "overflow" in error
    assert "policy `sums`" in error
    assert decision.reasons == (NOT_EVALUATED,)
    assert decision.severity == "high"


def test_an_erroring_permit_denies_beside_one_that_permits() -> None:
    """An error anywhere means that the set was not evaluated in full."""
    decision = load(PERMIT_ALL + overflowing("permit", Action.GRANT)).ask(
        access(Action.GRANT, replace(WIKI, risk=2))
    )
    assert not decision.allowed
    assert decision.errors


@pytest.mark.parametrize(
    "question",
    [
        access(Action.GRANT, WIKI, minutes=2**70),
        access(Action.GRANT, WIKI, minutes=None),
        access(Action.GRANT, WIKI, minutes=1.5),
        access(Action.GRANT, WIKI, role=7),
        access(Action.GRANT, spoilt(WIKI, risk="2")),
        access(Action.GRANT, WIKI, by=spoilt(ADA, active=None)),
        access(Action.GRANT, WIKI, by=replace(ADA, id="\ud800")),
        access(Action.GRANT, WIKI, by=spoilt(ADA, groups=None)),
        access(Action.GRANT, WIKI, now=datetime(2026, 3, 2, 12, 0)),  # noqa: DTZ001 - the naive time is the case
        spoilt(access(Action.GRANT, WIKI), action=Action.VIEW),
        spoilt(account(Action.VIEW), action=Action.GRANT),
    ],
    ids=range(11),
)
def test_facts_that_do_not_fit_refuse_and_never_raise(question: Question) -> None:
    """A missing, fractional, huge or naive fact is an error on the record and a refusal, even if all is permitted."""
    assert load(PERMIT_AND_READ).ask(access(Action.GRANT, WIKI)).allowed
    decision = load(PERMIT_AND_READ).ask(question)
    assert not decision.allowed
    assert decision.errors


def test_quotes_and_newlines_in_names_mean_nothing() -> None:
    """An id is data: it can neither end a string of Cedar nor become somebody else."""
    odd = replace(ADA, id='ada"\n || true //', groups=frozenset({'x"]', "\u202e", "\x00", "😀"}))
    assert shipped_policy().ask(access(Action.GRANT, WIKI, by=odd)).policy_ids == ("automatic-low-risk",)
    assert not shipped_policy().ask(account(Action.VIEW, by=odd, target=ADA)).allowed


@settings(max_examples=40, deadline=None)
@given(name=st.text(), team=st.text(), group=st.text())
def test_any_text_in_the_facts_leaves_the_answer_alone(name: str, team: str, group: str) -> None:
    """Whatever the directory holds, low risk stays low risk and a click by nobody stays a click by nobody."""
    odd = replace(ADA, id=name, team=team, manager=group, groups=frozenset({group}))
    assert shipped_policy().ask(access(Action.GRANT, WIKI, by=odd)).allowed
    assert not shipped_policy().ask(access(Action.APPROVE, PROD_DB, principal=odd, requester=GRACE)).allowed


def test_two_readings_of_one_account_do_not_clash() -> None:
    """The clicker's account was read now, the requester's a moment ago: what was read of the clicker counts."""
    earlier = replace(ADA, team="Before")
    decision = shipped_policy().ask(access(Action.GRANT, WIKI, principal=ADA, requester=earlier))
    assert (decision.allowed, decision.errors) == (True, ())


def test_no_policy_is_a_refusal_that_says_so() -> None:
    """Nothing applied: refused, with a sentence and without an id."""
    decision = shipped_policy().ask(account(Action.VIEW, target=GRACE))
    assert (decision.allowed, decision.policy_ids, decision.reasons) == (False, (), (NO_POLICY,))
    assert decision.severity is None


def test_the_worst_severity_of_a_refusal_counts() -> None:
    """Two policies refuse: the security channel hears the graver one; a permission has no severity."""
    text = "".join(
        f'@id("{name}") @reason("No.") @severity("{name}")\nforbid (principal, action, resource);\n'
        for name in ("low", "high", "medium")
    )
    decision = load(text + PERMIT_ALL).ask(access(Action.GRANT, WIKI))
    assert decision.policy_ids == ("high", "low", "medium")
    assert decision.severity == "high"
    permitted = '@id("yes") @reason("Yes.") @severity("high")\npermit (principal, action, resource);'
    assert load(permitted).ask(access(Action.GRANT, WIKI)).severity is None


def test_a_policy_may_use_every_fact_of_the_schema() -> None:
    """Every attribute that the schema promises is really there, so a policy using it is not an error."""
    text = """@id("uses-all") @reason("All is there.")
    permit (principal, action == Action::"approve", resource)
    when {
      principal.directory == "local" && principal.team == "Payments" && principal.company == "Example" &&
      principal.groups.contains(resource.owner.approvers) && !principal.locked && !principal.privileged &&
      principal has manager && principal.manager == "charles" && context.requester.employment == "employee" &&
      resource.directory == "local" && resource.group == "wiki-edit" && resource.maxMinutes == 1440 &&
      !resource.standingAllowed && context.justificationGiven && !context.ticketGiven &&
      context.approvals.total == 0 && context.approvals.manager == 0 && !(context has role) &&
      context.now == datetime("2026-03-02T12:00:00Z") && !(context has proof) && !context.codeRetyped
    };"""
    decision = load(text).ask(access(Action.APPROVE, WIKI, principal=GRACE, requester=ADA))
    assert (decision.policy_ids, decision.errors) == (("uses-all",), ())


_ASKED = {
    Action.GRANT, Action.REQUEST, Action.APPROVE, Action.VIEW, Action.RESET_PASSWORD, Action.UNLOCK,
}  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "about"),
    [
        ("action", _ASKED),
        ('action == Action::"grant"', {Action.GRANT}),
        ('action in Action::"grant"', {Action.GRANT}),
        ('action in [Action::"request", Action::"grant"]', {Action.REQUEST, Action.GRANT}),
        ('action == Action::"view"', {Action.VIEW}),
        ('action == Action::"reconcile"', set()),
    ],
)
def test_a_policy_decides_about_every_action_that_its_scope_names_and_no_other(
    scope: str, about: set[Action]
) -> None:
    """However the scope is written; what is about other actions is not even looked at."""
    policy = load(PERMIT_ALL + f'@id("never") @reason("No.")\nforbid (principal, {scope}, resource);')
    questions: list[Question] = [
        *(access(action, WIKI) for action in (Action.GRANT, Action.REQUEST, Action.APPROVE)),
        *(account(action) for action in (Action.VIEW, Action.RESET_PASSWORD, Action.UNLOCK)),
    ]
    refused = {question.action for question in questions if not policy.ask(question).allowed}
    assert refused == about


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("minutes", [60, 0, 2**70])
@pytest.mark.parametrize("thing", [WIKI, PROD_DB, replace(WIKI, risk=5)])
@pytest.mark.parametrize("by", [ADA, replace(ADA, active=False)])
def test_what_is_asked_together_is_answered_as_each_alone(
    failing: bool, minutes: int, thing: Entitlement, by: Account
) -> None:
    """Promise 3: one click's two questions go to Cedar at once, and neither hears of the other."""
    policy = load(PERMIT_ALL + overflowing("forbid", Action.GRANT)) if failing else shipped_policy()
    asked = [
        access(Action.APPROVE, thing, principal=GRACE, requester=by, minutes=minutes, role="owner"),
        access(Action.GRANT, thing, by=by, minutes=minutes, approvals=Approvals(owner=1)),
    ]
    apart = [policy.ask(question) for question in asked]
    assert policy.ask_each(asked) == apart
    assert policy.ask_each(asked[::-1]) == apart[::-1]


def test_of_two_readings_of_one_account_none_is_believed() -> None:
    """What one click asks together was read at one time; if it was not, the answer is no to all of it."""
    asked = [
        access(Action.APPROVE, WIKI, principal=GRACE, requester=ADA, role="owner"),
        access(Action.GRANT, WIKI, by=replace(ADA, employment="contractor"), approvals=Approvals(owner=1)),
    ]
    assert [(one.allowed, bool(one.errors)) for one in shipped_policy().ask_each(asked)] == [
        (False, True)
    ] * 2


@pytest.mark.parametrize(
    ("approver", "requester", "asked", "answers"),
    [
        ({"groups": frozenset[str]()}, {}, {}, [False, True]),
        ({}, {}, {"rationale_given": False}, [False, True]),
        ({}, {}, {"minutes": 0}, [False, False]),
        ({}, {"active": False}, {}, [False, False]),
        ({}, {}, {"held": 10_000}, [True, False]),
    ],
)
def test_what_was_asked_together_before_answers_for_nothing_that_changed(
    approver: dict[str, Any], requester: dict[str, Any], asked: dict[str, Any], answers: list[bool]
) -> None:
    """Promise 3: an answer is known for the same facts to the last letter; each that policy reads makes it another."""
    policy = CedarPolicy.load(*without_step_up(), bound_to="")

    def ask(grace: Account, ada: Account, **facts: Any) -> list[bool]:
        facts = {"way": "approve", **facts}
        approving = access(Action.APPROVE, PROD_DB, principal=grace, requester=ada, role="owner", **facts)
        granting = replace(
            approving,
            action=Action.GRANT,
            principal=ada,
            role=None,
            rationale_given=True,
            approvals=Approvals(owner=1),
        )
        return [one.allowed for one in policy.ask_each([approving, granting])]

    for _ in range(2):
        assert ask(GRACE, ADA) == [True, True]
        assert ask(replace(GRACE, **approver), replace(ADA, **requester), **asked) == answers


def test_where_policy_goes_by_the_time_each_moment_is_another_question() -> None:
    """What was answered before noon is asked again after it; and a fact of another type is another fact."""
    by_noon = """@id("by-noon") @reason("By noon.")
        permit (principal, action in [Action::"approve", Action::"grant"], resource)
        when { context.now < datetime("2026-03-02T12:00:01Z") && context.minutes > 0 && resource.risk > 0 };"""
    policy = load(by_noon)

    def ask(**facts: Any) -> list[bool]:
        approving = access(Action.APPROVE, WIKI, principal=GRACE, requester=ADA, role="owner", **facts)
        return [
            one.allowed
            for one in policy.ask_each([approving, replace(approving, action=Action.GRANT, role=None)])
        ]

    before = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for _ in range(2):
        assert ask(now=before, minutes=1) == [True, True]
        assert ask(now=before + timedelta(minutes=1), minutes=1) == [False, False]
        assert ask(now=before, minutes=True) == [False, False]
        assert ask(now=before, minutes=1, entitlement=replace(WIKI, risk=True)) == [False, False]
        assert ask(now=before.replace(tzinfo=None), minutes=1) == [False, False]


def test_no_action_stands_for_others() -> None:
    """A policy is looked at for the actions that its scope names, so none may be a group of them."""
    declared = [line for line in SCHEMA.splitlines() if line.startswith("action ")]
    assert declared
    assert not [line for line in declared if " in " in line]


def test_a_fact_that_changed_is_asked_about_as_it_is_now() -> None:
    """What was read of the same account before changes no answer."""
    for active in (True, False, True):
        decision = shipped_policy().ask(account(Action.VIEW, by=replace(ADA, active=active)))
        assert decision.allowed is active


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("permit (principal, action, resource);", "own.cedar, line 1: every policy needs an @id"),
        ('@id("") @reason("x") permit (principal, action, resource);', "line 1: every policy needs an @id"),
        (
            '@id("A b") @reason("x") permit (principal, action, resource);',
            "line 1: every policy needs an @id",
        ),
        ('@id("a") permit (principal, action, resource);', "line 1: policy `a` needs a @reason"),
        ('@id("a") @reason(" ") permit (principal, action, resource);', "line 1: policy `a` needs a @reason"),
        (
            '@id("a") @reason("x") @severity("dire") permit (principal, action, resource);',
            "line 1: policy `a`: @severity is high, medium or low, not `dire`",
        ),
        (
            PERMIT_ALL + "// again\n" + PERMIT_ALL,
            "own.cedar, line 4: the @id `all` is already used in own.cedar, line 1",
        ),
        (
            PERMIT_ALL + '\n// a ; b "\n\npermit principal;',
            "own.cedar, line 6, column 8: unexpected token `principal`",
        ),
        (
            PERMIT_ALL + "permit (principal, action, resource)",
            "own.cedar, line 3, column 36: unexpected end of input",
        ),
        (
            PERMIT_ALL
            + '@id("b")\n@reason("a;b")\npermit (principal, action, resource) when { principal.salary > 1 };',
            "line 5, column 55: policy `b`: attribute `salary` on entity type `Account` not found",
        ),
        (
            '@id("b") @reason("x") permit (principal, action == Action::"dance", resource);',
            'line 1, column 52: policy `b`: unrecognized action `Action::"dance"`',
        ),
        (
            '@id("b") @reason("x") permit (principal, action, resource) when { principal.manager == "x" };',
            "policy `b`: unable to guarantee safety of access to optional attribute `manager`",
        ),
        (
            '@id("b") @reason("x") permit (principal == ?principal, action, resource);',
            "line 1: templates (?principal, ?resource) are not used here",
        ),
        (
            '@id("b") @reason("x") permit (principal, action, resource) when { principal has location };',
            "line 1: policy `b`: leave out `has location`; where it is unknown, the answer is a refusal",
        ),
        (
            '@id("b") @reason("{who} may.") permit (principal, action, resource);',
            "line 1: policy `b`: @reason may hold {conflicts} or {name} or {owner}, and no other braces",
        ),
        (
            '@id("b") @reason("{name.login} may.") permit (principal, action, resource);',
            "line 1: policy `b`: @reason may hold",
        ),
        ('@id("b") @reason("{ may.") permit (principal, action, resource);', "policy `b`: @reason may hold"),
        (
            '@id("b") @reason("x") @severity forbid (principal, action, resource);',
            "policy `b`: @severity is high, medium or low, not ``",
        ),
        (
            f'@id("b") @reason("{"x" * 501}") forbid (principal, action, resource);',
            "policy `b`: its @reason has 501 characters, and a message has room for 500",
        ),
        ("// nothing\n", "there are no policies"),
        ("", "there are no policies"),
    ],
    ids=range(21),
)
def test_a_bad_set_does_not_load_and_says_where_and_why(text: str, told: str) -> None:
    """A fault names the file, the line and what is wrong."""
    with pytest.raises(PolicyFault) as caught:
        load(text)
    assert told in str(caught.value)


def test_a_bad_schema_does_not_load() -> None:
    """A schema that Cedar cannot read is a fault too."""
    with pytest.raises(PolicyFault, match="the policy schema: failed to resolve type: Strin"):
        load(PERMIT_ALL, "entity Account { team: Strin };")


def test_the_policy_set_hash_covers_all_that_shapes_an_answer() -> None:
    """Policies, file names, schema and what the caller binds: each changes the hash; the order of files does not."""
    two = {"one.cedar": PERMIT_ALL, "two.cedar": PERMIT_AND_READ.replace('"all"', '"reading"')}
    renamed = {"one.cedar": two["one.cedar"], "three.cedar": two["two.cedar"]}
    hashes = {
        CedarPolicy.load(sources, schema, bound_to=bound).policy_set
        for sources, schema, bound in (
            (two, SCHEMA, "catalogue 1"),
            (two, SCHEMA, "catalogue 2"),
            (two, SCHEMA + "// said\n", "catalogue 1"),
            ({**two, "extra.cedar": PERMIT_ALL.replace('"all"', '"extra"')}, SCHEMA, "catalogue 1"),
            (renamed, SCHEMA, "catalogue 1"),
        )
    }
    assert len(hashes) == 5
    first = CedarPolicy.load(two, SCHEMA, bound_to="catalogue 1")
    turned = CedarPolicy.load(dict(reversed(two.items())), SCHEMA, bound_to="catalogue 1")
    assert turned.policy_set == first.policy_set
    assert first.ask(access(Action.GRANT, WIKI)).policy_set == first.policy_set
    assert len(first.policy_set) == 64


def test_a_set_that_was_read_before_is_bound_to_what_it_is_loaded_with_now() -> None:
    """Reading it once is no reason to put another's hash on a decision."""
    first, again = (CedarPolicy.load(SOURCES, SCHEMA, bound_to=f"catalogue {bound}") for bound in (1, 2))
    assert again.notes == first.notes
    hashes = [each.ask(access(Action.GRANT, WIKI)).policy_set for each in (first, again)]
    assert hashes == [first.policy_set, again.policy_set]
    assert first.policy_set != again.policy_set


def test_a_file_that_was_sound_before_is_held_against_the_schema_and_the_set_it_comes_with_now() -> None:
    """And what is wrong is told of where it stands now."""
    reads = '@id("reads") @reason("By risk.")\nforbid (principal, action == Action::"grant", resource)'
    reads += " when { resource.risk > 3 };\n"
    load(reads)
    with pytest.raises(PolicyFault, match=r"own\.cedar, line 2, column \d+: policy `reads`:"):
        load(reads, SCHEMA.replace("risk:", "peril:"))
    with pytest.raises(
        PolicyFault, match=r"twin\.cedar, line 1: the @id `reads` is already used in own\.cedar"
    ):
        CedarPolicy.load({"own.cedar": reads, "twin.cedar": reads}, SCHEMA, bound_to="")


def test_errors_on_the_record_do_not_repeat_the_account() -> None:
    """What could not be evaluated is told without what the directory holds about people."""
    odd = spoilt(ADA, team="Quiet Team", groups=frozenset({"quiet-group"}), active="yes")
    decision = shipped_policy().ask(access(Action.GRANT, WIKI, by=odd))
    assert decision.errors
    assert "quiet" not in " ".join(decision.errors).lower()
