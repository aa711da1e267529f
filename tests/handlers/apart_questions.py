"""Questions about what nobody has both of, how many approve and for how long: for the table of shipped policies.

They hold the answers as well; nothing is asked here.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers.decisions.circumstances import Having
from handlers.decisions.policy import Action, Approvals, DriftQuestion, Question
from tests.handlers.decisions.cast import (
    DATA,
    GRACE,
    NOON,
    PROD_DB,
    ROBOT,
    SAM,
    STAGING_DB,
    VAULT,
    WIKI,
    access,
)

GRANT, REQUEST = Action.GRANT, Action.REQUEST
LONG = timedelta(days=366)
ENTRY = replace(WIKI, id="ledger-entry", conflicts_with=("ledger-release",))
RELEASE = replace(WIKI, id="ledger-release", conflicts_with=("ledger-entry",))
ORDERS = replace(PROD_DB, id="orders", workload="orders", max_duration=LONG)
ORDERS_STAGING = replace(STAGING_DB, id="orders-staging", workload="orders")
ORDERS_TOOL = replace(ORDERS, id="orders-tool")
TWO = replace(PROD_DB, people=2, max_duration=LONG)
STAGED = replace(ROBOT, environment="staging")


def has(*what: Any) -> Having:
    """All that bears on it of what they have."""
    return Having(beside=what)


def member(what: Any, whose: Any, way: str = "adopt", minutes: int = 60) -> Question:
    """Grace of the owner's team decides about somebody's membership."""
    return DriftQuestion(
        principal=GRACE,
        entitlement=what,
        owner=DATA,
        member=whose,
        way=way,
        minutes=minutes,
        role="owner",
        now=NOON,
    )


APART: Mapping[str, tuple[Question, bool, str]] = {
    # duties
    "what conflicts with nothing they have is given": (
        access(GRANT, ENTRY, having=has()),
        True,
        "automatic-low-risk",
    ),
    "what conflicts with something they have is not": (
        access(GRANT, ENTRY, having=has(RELEASE)),
        False,
        "duties-apart",
    ),
    "nor may it be asked for": (
        access(REQUEST, replace(ENTRY, risk=3), having=has(RELEASE)),
        False,
        "duties-apart",
    ),
    "nor is it given with approvals": (
        access(GRANT, ENTRY, approvals=Approvals(owner=2, security=1), having=has(RELEASE)),
        False,
        "duties-apart",
    ),
    # environments (N-8)
    "production beside staging of the same workload is not given": (
        access(GRANT, ORDERS, approvals=Approvals(owner=1), having=has(ORDERS_STAGING)),
        False,
        "environments-apart",
    ),
    "nor staging beside production": (
        access(REQUEST, ORDERS_STAGING, having=has(ORDERS)),
        False,
        "environments-apart",
    ),
    "two things in one environment are": (
        access(GRANT, ORDERS, approvals=Approvals(owner=1), having=has(ORDERS_TOOL)),
        True,
        "granted-by-owner",
    ),
    "a service account of staging is not left in production": (
        member(PROD_DB, STAGED),
        False,
        "services-stay-in-their-environment",
    ),
    "one of production is": (
        member(PROD_DB, replace(ROBOT, environment="production")),
        True,
        "reconcile-as-owner",
    ),
    "one of staging is taken out of production": (
        member(PROD_DB, STAGED, "remove", 0),
        True,
        "reconcile-as-owner",
    ),
    "and left in staging": (member(STAGING_DB, STAGED), True, "reconcile-as-owner"),
    # how many approve
    "what takes two is not given by one": (access(GRANT, TWO, approvals=Approvals(owner=1)), False, ""),
    "nor by two of security": (access(GRANT, TWO, approvals=Approvals(security=2)), False, ""),
    "two of the owner's are enough": (
        access(GRANT, TWO, approvals=Approvals(owner=2)),
        True,
        "granted-by-several",
    ),
    "so are one of the owner's and one of security": (
        access(GRANT, TWO, approvals=Approvals(owner=1, security=1)),
        True,
        "granted-by-several",
    ),
    "three where the catalogue says three": (
        access(GRANT, replace(TWO, people=3), approvals=Approvals(owner=2)),
        False,
        "",
    ),
    "risk 5 takes three where the catalogue says so": (
        access(GRANT, replace(VAULT, people=3), approvals=Approvals(owner=1, security=1)),
        False,
        "",
    ),
    "what takes two is not given at once, however low its risk": (
        access(GRANT, replace(WIKI, people=2)),
        False,
        "",
    ),
    "it may be asked for": (access(REQUEST, replace(WIKI, people=2)), True, "ask-several"),
    "security may approve what takes two": (
        access(
            Action.APPROVE,
            replace(WIKI, people=2),
            principal=SAM,
            requester=GRACE,
            role="security",
            way="approve",
        ),
        True,
        "approve-as-security",
    ),
    # for how long, by risk
    **{
        f"risk {risk} for {minutes} minutes": (
            access(
                REQUEST,
                replace(STAGING_DB, risk=risk, kind="admin", max_duration=LONG),
                minutes=minutes,
                held=held,
            ),
            policy == "ask",
            {"ask": "ask-admin ask-long" + (f" ask-risk-{risk}" if risk > 2 else "")}.get(policy, policy),
        )
        for risk, minutes, held, policy in (
            (5, 481, 0, "risk-5-for-8-hours"),
            (5, 1, 480, "risk-5-for-8-hours"),
            (4, 1440, 0, "ask"),
            (4, 1441, 0, "risk-4-for-a-day"),
            (3, 10080, 0, "ask"),
            (3, 10081, 0, "risk-3-for-a-week"),
            (2, 129600, 0, "ask"),
            (2, 129601, 0, "low-risk-for-90-days"),
        )
    },
    **{
        f"risk {risk} found and adopted for {minutes} minutes": (
            member(replace(STAGING_DB, risk=risk, max_duration=LONG), None, "adopt", minutes),
            allowed,
            "reconcile-as-owner" if allowed else "adopted-within-its-risk",
        )
        for risk, minutes, allowed in (
            (5, 480, True),
            (5, 481, False),
            (4, 1440, True),
            (4, 1441, False),
            (3, 10081, False),
            (2, 10081, True),
        )
    },
}
