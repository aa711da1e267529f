"""What is wanted beside a click: words, a fresh proof, the code (P-10)."""

from dataclasses import replace

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action, PolicyEngine, Role
from handlers.decisions.wanting import wanted
from handlers.policies import shipped
from storage.directories.base import Account
from tests.handlers.decisions.cast import (
    GRACE,
    PROD_DB,
    SAM,
    STAGING_DB,
    VAULT,
    WIKI,
    access,
    overflowing,
    person,
)

POLICY = CedarPolicy.load(*shipped(), bound_to="")
RISK_3 = replace(STAGING_DB, risk=3)


def clicks(what=PROD_DB, **changes):
    return access(Action.REQUEST, what, **{"way": "approve", **changes})


def wants(question, who: Account = GRACE, role: Role | None = "owner", policy: PolicyEngine = POLICY) -> str:
    """What is wanted, in words; "nothing" to be allowed by a click, "no" where nothing would help."""
    found = wanted(policy, question, who, role)
    if not found.decision.allowed:
        assert (found.proof, found.code) == (False, False)
        return "no"
    each = [name for name in ("rationale", "proof", "code") if getattr(found, name)]
    return " ".join(each) or "nothing"


def test_words_are_wanted_where_policy_refuses_without_and_not_with_them():
    assert wants(clicks(RISK_3)) == "rationale"
    assert wants(clicks(WIKI)) == "nothing"
    assert wants(clicks(WIKI, way="deny")) == "rationale"
    assert wants(clicks(way="ask")) == "nothing"


def test_a_proof_is_wanted_from_risk_4_on_and_the_code_at_risk_5():
    assert wants(clicks()) == "rationale proof"
    assert wants(clicks(way="approve-less")) == "rationale proof"
    assert wants(clicks(way="deny")) == "rationale"
    assert wants(clicks(VAULT), SAM, "security") == "rationale proof code"
    assert wants(clicks(VAULT, way="deny"), SAM, "security") == "rationale"


def test_somebody_who_may_not_either_way_is_asked_for_nothing():
    """They would be told to explain, or to prove, what no explanation and no proof allows."""
    assert wants(clicks(), person("Mallory"), None) == "no"
    assert wants(clicks(), replace(GRACE, employment="contractor")) == "no"


def test_an_error_is_nothing_that_could_be_given():
    sources, schema = shipped()
    silent = overflowing("forbid", Action.APPROVE).replace("when { ", "when { !context.rationaleGiven && ")
    broken = CedarPolicy.load({**sources, "own.cedar": silent}, schema, bound_to="")
    found = wanted(broken, clicks(), GRACE, "owner")
    assert found.decision.errors
    assert not found.anything
