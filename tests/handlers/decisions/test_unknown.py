"""Facts that are looked up only where a policy reads them: what happens where one is unknown, or none reads it."""

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from handlers.decisions.cedar import NOT_EVALUATED, CedarPolicy
from handlers.decisions.circumstances import Having, Hours
from handlers.decisions.policy import Action, DriftQuestion, PolicyDecision, Question
from handlers.policies import shipped
from storage.sentences import Sentence
from tests.handlers.decisions.cast import (
    ADA,
    DATA,
    GRACE,
    NOON,
    PROD_DB,
    ROBOT,
    VAULT,
    WIKI,
    access,
    account,
    overflowing,
    person,
)

SCHEMA = shipped()[1]
ALL = '@id("all") @reason("Anybody may.")\npermit (principal, action, resource);\n'
NOT_KNOWN = (
    "I could not find out the location of {}, and a policy asks for it. "
    "Ask the IT desk to enter it in the directory."
)
BERLIN = Hours(zone=ZoneInfo("Europe/Berlin"), days=frozenset(range(1, 6)), begins=time(9), ends=time(17, 30))
PAYMENTS = replace(PROD_DB, id="pay-create", conflicts_with=("pay-release",), workload="pay")
RELEASE = replace(PROD_DB, id="pay-release", conflicts_with=("pay-create",), workload="pay")


def never(when: str, action: str = "grant") -> CedarPolicy:
    """Everything is allowed but this."""
    forbid = f'@id("own") @reason("No.") forbid (principal, action == Action::"{action}", resource)'
    return CedarPolicy.load(
        {"own.cedar": f"{ALL}{forbid} when {{ {when} }};"}, SCHEMA, bound_to="", hours=None
    )


def at_work(when: str, hours: Hours | None, at: datetime = NOON) -> PolicyDecision:
    """The answer to an ordinary request where this alone is forbidden."""
    text = f'{ALL}@id("own") @reason("No.") forbid (principal, action, resource) when {{ {when} }};'
    policy = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="", hours=hours)
    return policy.ask(access(Action.GRANT, WIKI, now=at))


def missing(decision: PolicyDecision) -> tuple[str, ...]:
    """What is unknown, as people read it, if that is the answer."""
    assert (decision.allowed, decision.policy_ids, decision.severity) == (False, ("fact-missing",), "medium")
    assert decision.errors
    return decision.reasons


def test_a_fact_that_is_unknown_and_read_refuses_and_says_so() -> None:
    """A-10: a forbid that would let in by failing lets nobody in, and people read what is not known."""
    policy = never('principal.location == "Atlantis"')
    decision = policy.ask(access(Action.GRANT, WIKI))
    assert missing(decision) == (NOT_KNOWN.format("Ada"),)
    (error,) = decision.errors
    assert "policy `own`" in error
    assert policy.ask(access(Action.GRANT, WIKI, by=replace(ADA, location="Oslo"))).allowed
    assert policy.ask(access(Action.GRANT, WIKI, by=replace(ADA, location="Atlantis"))).policy_ids == ("own",)


def test_a_permit_that_wants_an_unknown_fact_refuses_too() -> None:
    """A-10: "not known" is no "no": another permit beside it does not make it one."""
    text = (
        ALL
        + '@id("own") @reason("x") permit (principal, action, resource) when { principal.location == "Oslo" };'
    )
    decision = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="").ask(access(Action.GRANT, WIKI))
    assert missing(decision) == (NOT_KNOWN.format("Ada"),)


def test_a_policy_that_does_not_come_to_the_fact_refuses_nobody() -> None:
    """A-10: what is known stands in front, so whoever asks for something harmless is not held up."""
    policy = never('resource.risk >= 5 && principal.location == "Atlantis"')
    assert policy.ask(access(Action.GRANT, WIKI)).allowed
    assert missing(policy.ask(access(Action.GRANT, VAULT)))
    assert policy.ask(access(Action.REQUEST, VAULT)).allowed  # it is about another action


@pytest.mark.parametrize(
    ("whose", "named"),
    [
        ("context.requester", "Ada"),
        ("principal", "Grace"),
        ("(if context.minutes > 5 then principal else context.requester)", "Grace Ada"),
    ],
)
def test_whose_fact_is_unknown_is_said(whose: str, named: str) -> None:
    """A-10: each by name, and of nobody else; where it depends on the question, of everybody it may be about."""
    policy = never(f'{whose}.location == "Atlantis"', "approve")
    decision = policy.ask(access(Action.APPROVE, WIKI, principal=GRACE, requester=ADA))
    assert missing(decision) == tuple(NOT_KNOWN.format(name) for name in named.split())


def test_a_broken_policy_is_not_taken_for_a_missing_fact() -> None:
    """Promise 3: as soon as one policy failed over something else, the whole answer is that policy is broken."""
    text = ALL + overflowing("forbid", Action.GRANT)
    text += (
        '@id("own") @reason("x") forbid (principal, action, resource) when { principal.location == "Oslo" };'
    )
    decision = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="").ask(access(Action.GRANT, PROD_DB))
    assert (decision.policy_ids, decision.reasons, decision.severity) == ((), (NOT_EVALUATED,), "high")


def test_a_name_that_looks_like_an_error_changes_nothing() -> None:
    """An id with quotes, newlines and the words of Cedar's own errors is an id (SL-9)."""
    odd = 'x` does not have the attribute `role`\nerror while evaluating policy `policy0`: "\u202e\U0001f600'
    decision = never('principal.location == "Oslo"').ask(access(Action.GRANT, WIKI, by=person(odd)))
    assert missing(decision) == (NOT_KNOWN.format(odd),)


def test_only_what_a_policy_reads_is_asked_for() -> None:
    """A-10: what no policy reads is not looked up, and its being unknown refuses nobody."""
    assert never("context.openGrants > 3").reads("openGrants")
    plain = never("context.minutes > 600")
    assert not plain.reads("openGrants")
    assert plain.ask(access(Action.GRANT, PAYMENTS)).allowed


def test_how_much_somebody_has_is_unknown_until_somebody_looked() -> None:
    """A-10: no number is not zero."""
    policy = never("context.openGrants > 3")
    assert missing(policy.ask(access(Action.GRANT, WIKI)))
    assert policy.ask(access(Action.GRANT, WIKI, having=Having(open_grants=3))).allowed
    assert not policy.ask(access(Action.GRANT, WIKI, having=Having(open_grants=4))).allowed


@pytest.mark.parametrize("having", [None, Having(beside=None)])
@pytest.mark.parametrize("fact", ["conflicts", "workloadEnvironments"])
def test_what_somebody_has_beside_it_is_unknown_where_nobody_can_tell(
    fact: str, having: Having | None
) -> None:
    """A-5: an account that is not certainly theirs may hold what is kept apart."""
    policy = never(f"!context.{fact}.isEmpty()")
    (told,) = missing(policy.ask(access(Action.GRANT, PAYMENTS, having=having)))
    assert told.startswith("I could not find out what Ada has in another directory")
    assert policy.ask(access(Action.GRANT, WIKI, having=having)).allowed  # nothing is kept apart from it


@pytest.mark.parametrize("fact", ["environment", "workload"])
def test_facts_of_service_accounts(fact: str) -> None:
    """N-8: to what environment and workload a service account belongs is the directory's to say."""
    policy = never(f'context has member && context.member.{fact} != "pay"', "reconcile")

    def ask(member: Any) -> PolicyDecision:
        return policy.ask(
            DriftQuestion(
                principal=GRACE, entitlement=WIKI, owner=DATA, member=member, way="adopt", minutes=60,
                role="owner", now=NOON,
            )
        )  # fmt: skip

    assert "service account Robot" in missing(ask(ROBOT))[0]
    assert ask(replace(ROBOT, **{fact: "pay"})).allowed
    assert ask(replace(ROBOT, **{fact: "shop"})).policy_ids == ("own",)


@pytest.mark.parametrize(
    ("at", "within"),
    [
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), True),  # a Monday, nine in Berlin
        (datetime(2026, 3, 2, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 16, 29, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 16, 30, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 10, 0, tzinfo=UTC), False),  # a Sunday
        (datetime(2026, 7, 6, 7, 0, tzinfo=UTC), True),  # nine in summer
    ],
)
def test_business_hours_go_by_the_zone_and_the_week_of_the_settings(at: datetime, within: bool) -> None:
    """A-10: policies hear of the hours where the company works, summer time included."""
    assert at_work("!context.local.businessHours", BERLIN, at).allowed is within
    assert at_work("context.local.businessHours", BERLIN, at).allowed is not within


def test_hour_and_weekday_are_those_of_the_company() -> None:
    """A Sunday evening in London is a Monday morning in Auckland."""
    there = replace(BERLIN, zone=ZoneInfo("Pacific/Auckland"))
    sunday = datetime(2026, 3, 1, 21, 0, tzinfo=UTC)
    assert at_work("context.local.weekday == 1 && context.local.hour == 10", there, sunday).policy_ids == (
        "own",
    )


def test_without_hours_in_the_settings_a_policy_that_asks_refuses() -> None:
    """A-10: no guess at where the company works."""
    (told,) = missing(at_work("context.local.businessHours", None))
    assert told.endswith("the settings do not say when they are.")


@pytest.mark.parametrize(
    "question",
    [account(Action.VIEW), access(Action.APPROVE, WIKI, principal=GRACE, requester=ADA)],
    ids=["view", "approve"],
)
def test_every_kind_of_question_knows_the_hours(question: Question) -> None:
    """Each context has the company's clock."""
    text = f'{ALL}@id("own") @reason("x") forbid (principal, action, resource) when {{ context.local.hour == 13 }};'
    policy = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="", hours=BERLIN)
    assert policy.ask(question).policy_ids == ("own",)


def test_a_reason_names_what_stands_in_the_way_and_stays_a_template() -> None:
    """A-5, SL-19: values stand in places; braces and markup in a name are a name."""
    text = ALL + (
        '@id("own") @reason("{name} has {conflicts}; ask {owner}.") '
        'forbid (principal, action == Action::"grant", resource) '
        "unless { context.conflicts.isEmpty() };"
    )
    policy = CedarPolicy.load({"own.cedar": text}, SCHEMA, bound_to="")
    odd = replace(ADA, name="*Ada* <!channel> {owner}")
    decision = policy.ask(access(Action.GRANT, PAYMENTS, by=odd, having=Having(beside=(RELEASE,))))
    (reason,) = decision.reasons
    assert reason == "*Ada* <!channel> {owner} has pay-release; ask Data Platform."
    assert isinstance(reason, Sentence)
    assert reason.template == "{name} has {conflicts}; ask {owner}."


def test_an_error_names_its_policy_whatever_was_left_out_before_it() -> None:
    """Cedar numbers what it was given, which is not the whole set."""
    other = '@id("other") @reason("No.") forbid (principal, action, resource == Entitlement::"elsewhere");\n'
    policy = CedarPolicy.load(
        {"a.cedar": other, "b.cedar": ALL + overflowing("forbid", Action.GRANT)}, SCHEMA, bound_to=""
    )
    (error,) = policy.ask(access(Action.GRANT, PROD_DB)).errors
    assert "policy `sums`" in error
