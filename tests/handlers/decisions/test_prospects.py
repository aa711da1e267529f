"""Prospects: what an ordinary employee's request would take, and that what nobody gets is seen to be so."""

from datetime import timedelta

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Approvals
from handlers.decisions.prospects import ordinary_question, prospect
from handlers.policies import shipped
from storage.catalogue import Entitlement
from storage.directories.base import Account
from tests.handlers.decisions.cast import DATA, NOON, PROD_ADMIN, PROD_DB, VAULT, WIKI, thing

POLICY = CedarPolicy.load(*shipped(), bound_to="")


def own(rule: str) -> CedarPolicy:
    """A set of an operator's own that grants at once when this holds."""
    head = '@id("own") @reason("It is ours.")\npermit (principal, action == Action::"grant", resource)\n'
    return CedarPolicy.load({"own.cedar": f"{head}when {{ {rule} }};"}, shipped()[1], bound_to="")


@pytest.mark.parametrize(
    ("what", "outcome", "missing"),
    [
        (WIKI, "automatic", None),
        (PROD_DB, "approval", Approvals(owner=1)),
        (PROD_ADMIN, "approval", Approvals(owner=1, security=1)),
        (VAULT, "approval", Approvals(owner=1, security=1)),
    ],
)
def test_what_a_request_would_take(what: Entitlement, outcome: str, missing: Approvals | None):
    verdict = prospect(POLICY, what, DATA, home="local", now=NOON)
    assert (verdict.outcome, verdict.missing) == (outcome, missing)


def test_what_nobody_gets_names_the_policy():
    sources, schema = shipped()
    never = '@id("never") @reason("Nobody.") forbid (principal, action, resource) when { resource has risk };'
    policy = CedarPolicy.load({**sources, "own.cedar": never}, schema, bound_to="")
    assert prospect(policy, VAULT, DATA, home="local", now=NOON).decision.policy_ids == ("never",)


@pytest.mark.parametrize("rule", ["context.minutes == 1", "context.minutes == 60", "context.minutes == 1440"])
def test_one_time_that_is_granted_is_enough(rule: str):
    assert prospect(own(rule), WIKI, DATA, home="local", now=NOON).outcome == "automatic"
    assert prospect(own("context.minutes == 7"), WIKI, DATA, home="local", now=NOON).outcome == "refused"


def test_no_more_is_asked_for_than_may_last():
    short = thing("short", max_duration=timedelta(minutes=5))
    assert prospect(own("context.minutes == 60"), short, DATA, home="local", now=NOON).outcome == "refused"
    assert prospect(own("context.minutes == 5"), short, DATA, home="local", now=NOON).outcome == "automatic"


def test_the_question_is_well_written_and_somebodys_of_the_same_directory():
    question = ordinary_question(thing("x", directory="corp"), DATA, home="corp", now=NOON)
    assert question.requester.directory == "corp"
    assert question.justification_given
    assert question.ticket_given
    assert not question.requester.groups


def test_what_is_kept_in_another_directory_is_asked_for_from_home_and_goes_to_an_account_there():
    """Or it would look as if nobody could ever have it."""
    lab = thing("x", directory="lab")
    question = ordinary_question(lab, DATA, home="corp", now=NOON)
    assert question.requester.directory == "corp"
    assert isinstance(question.goes_to, Account)
    assert question.goes_to.directory == "lab"
    assert prospect(POLICY, lab, DATA, home="corp", now=NOON).outcome == "automatic"
