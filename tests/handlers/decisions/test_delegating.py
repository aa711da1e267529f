"""What approvals by delegation are worth together: whatever is delegated to whom, one authority is never two."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.decisions.delegated import SCOPE, Delegations, Given
from handlers.decisions.delegating import delegation_of, given_to, within
from handlers.decisions.policy import Action, role_of
from handlers.decisions.requests import Approver, may_decide, still_granted
from tests.handlers.decisions.cast import (
    ADA,
    CHARLES,
    DATA,
    EVE,
    GRACE,
    LINUS,
    SAM,
    SECURITY_GROUP,
    STAGING_DB,
    access,
    person,
)
from tests.handlers.made_once import shipped_policy

DORA, OTTO = person("Dora"), person("Otto", groups=frozenset({"oslo"}))
TWO = replace(STAGING_DB, people=2)
EVERYBODY = (ADA, CHARLES, DORA, EVE, GRACE, LINUS, OTTO, SAM)
MADE = st.builds(
    Given,
    id=st.uuids().map(str),
    max_risk=st.integers(1, 5),
    max_minutes=st.sampled_from([30, 60, 120]),
    to=st.sampled_from([one.id for one in EVERYBODY]),
    by=st.sampled_from([GRACE, LINUS, SAM]),
    hours=st.sampled_from([1, 336, 337]),
)
SCOPED = st.builds(
    Given,
    id=st.just(f"{SCOPE}oslo"),
    max_risk=st.integers(1, 5),
    max_minutes=st.sampled_from([30, 60, 120]),
    group=st.just("oslo"),
)


@settings(max_examples=3 * settings().max_examples)
@given(
    made=st.lists(MADE, max_size=4),
    scopes=st.lists(SCOPED, max_size=1),
    approvers=st.lists(st.sampled_from(EVERYBODY), max_size=5, unique=True),
)
def test_no_two_that_count_stand_on_one_authority(made, scopes, approvers):
    """R-1, R-5: at most one by delegation, never beside its other end, never beyond it, never the requester's."""
    question = access(Action.REQUEST, TWO)
    question = replace(question, delegations=Delegations(given=(*made, *scopes)))
    given = [
        Approver(
            account=one,
            role=role_of(one, ADA, DATA, SECURITY_GROUP, given=given_to(question, one)),
        )
        for one in approvers
    ]
    verdict = still_granted(shipped_policy(), question, given)
    counted = [one for one in given if one.account.id not in verdict.voided]
    by = [delegation_of(question, one.account, one.role) for one in counted]
    used = [one for one in by if one is not None]
    assert len(used) <= 1
    assert all(one.max_risk >= TWO.risk and one.max_minutes >= question.minutes for one in used)
    assert all(one.hours <= 336 for one in used)
    accounts = {one.account.id for one in counted}
    assert all(one.by is None or one.by.id not in accounts for one in used)
    assert not accounts & {ADA.id, EVE.id}
    if verdict.granted:
        assert verdict.counted.total >= 2
        assert verdict.counted.owner >= 1


def test_the_delegation_that_takes_the_risk_comes_first_and_then_the_longest():
    """R-5: whoever has several approves by the one that fits."""
    low = Given(id="low", max_risk=1, max_minutes=600, to="dora", by=GRACE)
    short = Given(id="short", max_risk=3, max_minutes=30, to="dora", by=GRACE, hours=1)
    long = Given(id="long", max_risk=3, max_minutes=60, to="dora", by=LINUS)
    asked = replace(access(Action.REQUEST, STAGING_DB), delegations=Delegations(given=(low, short, long)))
    assert given_to(asked, DORA) is long
    assert given_to(asked, replace(DORA, directory="other")) is None
    assert given_to(asked, LINUS) is None


def test_whoever_shortens_a_request_is_asked_about_what_they_may():
    """R-5: the form opens for a request that is too long as it stands."""
    mine = Given(id="mine", max_risk=3, max_minutes=30, to="dora", by=GRACE, hours=1)
    asked = replace(access(Action.REQUEST, STAGING_DB), delegations=Delegations(given=(mine,)))
    assert within(asked, DORA, "owner").minutes == 30
    assert within(asked, GRACE, "owner").minutes == 60
    assert not may_decide(shipped_policy(), replace(asked, way="approve-less"), DORA, "owner").allowed
    less = replace(within(asked, DORA, "owner"), way="approve-less")
    assert may_decide(shipped_policy(), less, DORA, "owner").allowed


def test_a_delegator_who_could_not_delegate_any_more_lends_nothing():
    """R-5: policy is asked about the delegation itself, each time that it is used."""
    lost = Given(
        id="lost", max_risk=3, max_minutes=60, to="dora", by=replace(GRACE, groups=frozenset()), hours=1
    )
    asked = replace(access(Action.REQUEST, STAGING_DB), delegations=Delegations(given=(lost,)), way="approve")
    decision = may_decide(shipped_policy(), asked, DORA, "owner")
    assert (decision.allowed, decision.policy_ids) == (False, ("delegation-lost",))


def test_somebody_of_the_owner_or_of_security_needs_none():
    """R-5: an authority of one's own comes first; security's approval is not spent on the owner's."""
    both = Given(id="both", max_risk=3, max_minutes=60, to="grace", by=LINUS)
    asked = replace(access(Action.REQUEST, STAGING_DB), delegations=Delegations(given=(both,)))
    assert delegation_of(asked, GRACE, "owner") is None
    for_security = Given(id="sam", max_risk=3, max_minutes=60, to="sam", by=LINUS)
    assert role_of(SAM, ADA, DATA, SECURITY_GROUP, given=for_security) == "owner"
    assert role_of(SAM, ADA, DATA, SECURITY_GROUP, given=for_security, for_security=True) == "security"
