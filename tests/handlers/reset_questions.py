"""Questions about whoever reset their password lately or was reported: one that each policy decides, and one beside it.

It holds expectations only; tests.handlers.test_shipped_policies asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from handlers.decisions.circumstances import Recently
from handlers.decisions.policy import (
    AccountQuestion,
    Action,
    Approvals,
    DriftQuestion,
    GivenProof,
    Question,
    ResumeQuestion,
)
from tests.handlers.decisions.cast import (
    ADA,
    CHARLES,
    DATA,
    GRACE,
    NOON,
    PROD_DB,
    SAM,
    STAGING_DB,
    WIKI,
    access,
)

OWNER = Approvals(owner=1)


def reset(who: Any, hours: int = 23) -> Recently:
    """They reset their password so many hours ago."""
    return Recently(hours_since_reset={(who.directory, who.id): hours})


def reported(who: Any) -> Recently:
    """It was said that somebody else is in their account."""
    return Recently(reported=frozenset({(who.directory, who.id)}))


def _clicks(what: Any, way: str, lately: Recently) -> Question:
    return access(
        Action.APPROVE,
        what,
        principal=GRACE,
        requester=ADA,
        role="owner",
        way=way,
        recently=lately,
        proof=GivenProof(kinds=frozenset({"passkey"}), seconds=0),
    )


def _lets_stand(what: Any, lately: Recently, way: str = "adopt") -> Question:
    return DriftQuestion(
        principal=GRACE, entitlement=what, owner=DATA, member=ADA, way=way, minutes=60, role="owner", now=NOON,
        recently=lately,
    )  # fmt: skip


def _resumes(lately: Recently) -> Question:
    return ResumeQuestion(principal=SAM, kind="resets", role="security", now=NOON, recently=lately)


_RISK_3 = replace(STAGING_DB, risk=3)

RESETS: Final[Mapping[str, tuple[Question, bool, str]]] = {
    "within a day of a reset nothing of risk 4 may be asked for (P-8)": (
        access(Action.REQUEST, PROD_DB, recently=reset(ADA)),
        False,
        "reset-asks-later",
    ),
    "nor is it given, whoever approved": (
        access(Action.GRANT, PROD_DB, approvals=OWNER, recently=reset(ADA)),
        False,
        "reset-asks-later",
    ),
    "a day after it, it may": (
        access(Action.REQUEST, PROD_DB, recently=reset(ADA, 24)),
        True,
        "ask-production ask-risk-4",
    ),
    "risk 3 waits for nothing": (access(Action.REQUEST, _RISK_3, recently=reset(ADA)), True, "ask-risk-3"),
    "a manager whose password was reset asks for nobody": (
        access(Action.REQUEST_FOR, PROD_DB, by=CHARLES, report=ADA, role="manager", recently=reset(CHARLES)),
        False,
        "reset-asks-later",
    ),
    "an approver whose password was reset does not approve risk 4": (
        _clicks(PROD_DB, "approve", reset(GRACE)),
        False,
        "reset-approves-later",
    ),
    "but may deny it": (_clicks(PROD_DB, "deny", reset(GRACE)), True, "approve-as-owner"),
    "and approves risk 3": (_clicks(_RISK_3, "approve", reset(GRACE)), True, "approve-as-owner"),
    "nor let a membership of risk 4 stand": (
        _lets_stand(PROD_DB, reset(GRACE)),
        False,
        "reset-reconciles-later",
    ),
    "security lifts nothing within a day of a reset": (_resumes(reset(SAM)), False, "reset-resumes-later"),
    "a day after it, it does": (_resumes(reset(SAM, 24)), True, "resume-as-security"),
    "whoever was reported is given nothing, however low its risk (P-6)": (
        access(Action.GRANT, WIKI, recently=reported(ADA)),
        False,
        "reported-nothing",
    ),
    "whoever was reported does not unlock themselves, not even the first time that day": (
        AccountQuestion(action=Action.UNLOCK, principal=ADA, target=ADA, now=NOON, recently=reported(ADA)),
        False,
        "reported-nothing",
    ),
    "nor resets themselves by any proof": (
        AccountQuestion(
            action=Action.RESET_PASSWORD,
            principal=ADA,
            target=ADA,
            now=NOON,
            recently=reported(ADA),
            proofs=frozenset({"passkey"}),
        ),
        False,
        "reported-nothing",
    ),
    "a reported approver decides nothing": (
        _clicks(PROD_DB, "deny", reported(GRACE)),
        False,
        "reported-nothing",
    ),
}
