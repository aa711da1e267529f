"""The policies that come with Wicket: a table of questions with their answers, and proof that each policy matters."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.decisions.policy import Action, Approvals, DriftQuestion, Question, ResumeQuestion
from handlers.decisions.statements import statements
from handlers.policies import shipped
from tests.handlers.apart_questions import APART
from tests.handlers.decisions.cast import (
    ADA,
    CHARLES,
    DATA,
    EVE,
    GRACE,
    LINUS,
    NOON,
    PROD_ADMIN,
    PROD_DB,
    PROD_LOGS,
    ROBOT,
    SAM,
    STAGING_ADMIN,
    STAGING_DB,
    VAULT,
    WIKI,
    access,
    account,
    person,
)
from tests.handlers.petition_questions import PETITIONS
from tests.handlers.reset_questions import RESETS
from tests.handlers.step_questions import PROVEN, STEPS
from tests.handlers.vouching_questions import VOUCHES

GRANT: Final = Action.GRANT
REQUEST: Final = Action.REQUEST
APPROVE: Final = Action.APPROVE
VIEW: Final = Action.VIEW
RESET: Final = Action.RESET_PASSWORD
UNLOCK: Final = Action.UNLOCK

OWNER = Approvals(owner=1)
BOTH = Approvals(owner=1, security=1)
PASSKEY = frozenset({"passkey"})
TOTP = frozenset({"totp"})
CODES = frozenset({"recovery_code", "mail_code"})
SIGN_IN = frozenset({"sign_in"})

GONE = replace(ADA, active=False)
ROOT = person("Root", privileged=True)
HOLDS = replace(WIKI, standing_allowed=True)


def clicks(what: Any, by: Any, role: str | None, **changes: Any) -> Question:
    """`by` clicks Approve on Ada's request, and has proved who they are and retyped its code."""
    changes = {"way": "approve", "proof": PROVEN, "code_retyped": True, **changes}
    return access(APPROVE, what, principal=by, requester=ADA, role=role, **changes)


OWNERS = frozenset({DATA.approvers})


CAROL = person("Carol", employment="contractor")
OWN = replace(ADA, groups=GRACE.groups)


def ends(what: Any, by: Any, role: str | None, **changes: Any) -> Question:
    """`by` ends what Ada has."""
    return access(Action.REVOKE, what, principal=by, requester=ADA, role=role, **changes)


def asks_for(what: Any, *, by: Any = CHARLES, role: str | None = "manager") -> Question:
    """`by` asks for Ada."""
    return access(Action.REQUEST_FOR, what, by=by, report=ADA, role=role)


def decides(what: Any, by: Any, role: str | None, **changes: Any) -> Question:
    """`by` decides about Ada's membership, to remove it unless told otherwise."""
    plain: dict[str, Any] = {"member": ADA, "way": "remove", "minutes": 0}
    return DriftQuestion(
        principal=by, entitlement=what, owner=DATA, role=role, now=NOON, **{**plain, **changes}
    )


def resumes(by: Any, role: Any) -> Question:
    """`by` lets new access begin again."""
    return ResumeQuestion(principal=by, kind="restored", role=role, now=NOON)


# What is asked, whether it is allowed, and which policies say so ("" for none).
CASES: Mapping[str, tuple[Question, bool, str]] = {
    "low risk is given at once": (access(GRANT, WIKI), True, "automatic-low-risk"),
    "risk 2 for 8 hours is given at once": (
        access(GRANT, replace(WIKI, risk=2), minutes=480),
        True,
        "automatic-low-risk",
    ),
    "a minute over 8 hours is not": (access(GRANT, WIKI, minutes=481), False, ""),
    "risk 3 is not given at once": (access(GRANT, STAGING_DB), False, ""),
    "production is not given at once, however low its risk": (access(GRANT, PROD_LOGS), False, ""),
    "administrative access is not given at once": (access(GRANT, STAGING_ADMIN), False, ""),
    "a contractor is given nothing at once": (access(GRANT, WIKI, by=EVE), False, ""),
    # what may be asked for
    "production may be asked for": (access(REQUEST, PROD_LOGS), True, "ask-production"),
    "risk 3 may be asked for": (access(REQUEST, STAGING_DB), True, "ask-risk-3"),
    "risk 4 outside production may be asked for": (
        access(REQUEST, replace(STAGING_DB, risk=4)),
        True,
        "ask-risk-4",
    ),
    "risk 5 outside production may be asked for": (
        access(REQUEST, replace(STAGING_DB, risk=5)),
        True,
        "ask-risk-5",
    ),
    "low-risk administration may be asked for": (access(REQUEST, STAGING_ADMIN), True, "ask-admin"),
    "more than 8 hours may be asked for": (access(REQUEST, WIKI, minutes=481), True, "ask-long"),
    "a contractor may ask": (access(REQUEST, WIKI, by=EVE), True, "ask-contractor"),
    "several reasons to ask are all told": (access(REQUEST, PROD_DB), True, "ask-production ask-risk-4"),
    # who may ask for whom
    "a manager may ask for a report": (asks_for(PROD_DB), True, "manager-for-a-report"),
    "who is no manager of theirs may not": (asks_for(PROD_DB, role=None), False, ""),
    "a contractor asks for nobody else": (
        asks_for(PROD_DB, by=CAROL),
        False,
        "contractors-for-themselves",
    ),
    "administration is asked for by whoever holds it": (
        asks_for(STAGING_ADMIN),
        False,
        "admin-for-oneself",
    ),
    "what a report gets is weighed by who they are": (
        access(GRANT, WIKI, by=EVE, requester=CHARLES, report=EVE),
        False,
        "",
    ),
    # which approvals are enough
    "an owner's approval is enough for production": (
        access(GRANT, PROD_DB, approvals=OWNER),
        True,
        "granted-by-owner",
    ),
    "an owner's approval is enough for risk 3": (
        access(GRANT, STAGING_DB, approvals=OWNER),
        True,
        "granted-by-owner",
    ),
    "an owner's approval is enough for a contractor": (
        access(GRANT, WIKI, by=EVE, approvals=OWNER),
        True,
        "granted-by-owner",
    ),
    "security's approval alone is not enough": (
        access(GRANT, PROD_DB, approvals=Approvals(security=3)),
        False,
        "",
    ),
    "a manager's approval alone is not enough": (
        access(GRANT, PROD_DB, approvals=Approvals(manager=3)),
        False,
        "",
    ),
    "production admin needs more than its owner": (
        access(GRANT, PROD_ADMIN, approvals=Approvals(owner=3)),
        False,
        "",
    ),
    "production admin needs owner and security": (
        access(GRANT, PROD_ADMIN, approvals=BOTH),
        True,
        "granted-by-owner-and-security",
    ),
    # who may approve
    "an owner may approve": (clicks(PROD_DB, GRACE, "owner"), True, "approve-as-owner"),
    "whoever is on call may approve": (
        clicks(PROD_DB, person("Olga"), "owner", on_call=True),
        True,
        "approve-on-call",
    ),
    "somebody of neither group has no business there": (clicks(PROD_DB, person("Olga"), "owner"), False, ""),
    "production is not approved without a reason": (
        clicks(PROD_LOGS, GRACE, "owner", rationale_given=False),
        False,
        "say-why",
    ),
    "nor is risk 3": (clicks(STAGING_DB, GRACE, "owner", rationale_given=False), False, "say-why"),
    "nor administrative power": (
        clicks(STAGING_ADMIN, GRACE, "owner", rationale_given=False),
        False,
        "say-why",
    ),
    "low risk is approved in one click": (
        clicks(WIKI, GRACE, "owner", rationale_given=False),
        True,
        "approve-as-owner",
    ),
    "a denial always says why": (
        clicks(WIKI, GRACE, "owner", way="deny", rationale_given=False),
        False,
        "say-why-not-all",
    ),
    "so does a shorter time": (
        clicks(WIKI, GRACE, "owner", way="approve-less", rationale_given=False),
        False,
        "say-why-not-all",
    ),
    "a question needs no reason": (
        clicks(PROD_DB, GRACE, "owner", way="ask", rationale_given=False),
        True,
        "approve-as-owner",
    ),
    "security may approve what needs security": (
        clicks(PROD_ADMIN, SAM, "security"),
        True,
        "approve-as-security",
    ),
    "security is not asked about the rest": (clicks(PROD_DB, SAM, "security"), False, ""),
    "a manager is not asked": (clicks(PROD_DB, person("Charles"), "manager"), False, ""),
    "somebody without a role may not approve": (clicks(PROD_DB, person("Mallory"), None), False, ""),
    "nobody approves their own request": (
        clicks(PROD_DB, replace(ADA, groups=OWNERS), "owner"),
        False,
        "no-self-approval",
    ),
    "a contractor never approves": (
        clicks(PROD_DB, person("Otto", employment="contractor", groups=OWNERS), "owner"),
        False,
        "contractors-never-approve",
    ),
    "nothing is approved for somebody who left (SL-17)": (
        access(APPROVE, PROD_DB, principal=GRACE, requester=GONE, role="owner"),
        False,
        "asker-must-be-active",
    ),
    "an approver who left does not count (SL-17)": (
        clicks(PROD_DB, replace(GRACE, active=False), "owner"),
        False,
        "inactive-nothing",
    ),
    "a service account never approves (N-10)": (
        clicks(PROD_DB, replace(GRACE, employment="service"), "owner"),
        False,
        "services-nothing",
    ),
    "whoever may decide may still decide about what became too long": (
        clicks(PROD_ADMIN, SAM, "security", minutes=61),
        True,
        "approve-as-security",
    ),
    "and about what became too risky": (clicks(VAULT, GRACE, "owner"), True, "approve-as-owner"),
    # what nobody gets
    "longer than its maximum is not given at once": (
        access(GRANT, replace(WIKI, max_duration=PROD_ADMIN.max_duration), minutes=61),
        False,
        "not-beyond-maximum",
    ),
    "longer than its maximum may not be asked for": (
        access(REQUEST, PROD_ADMIN, minutes=61),
        False,
        "not-beyond-maximum",
    ),
    "longer than its maximum is not given with approvals": (
        access(GRANT, PROD_ADMIN, minutes=61, approvals=BOTH),
        False,
        "not-beyond-maximum",
    ),
    "standing admin is never given (N-5)": (
        access(GRANT, STAGING_ADMIN, minutes=0, approvals=OWNER),
        False,
        "no-standing-admin",
    ),
    "standing admin may not be asked for (N-5)": (
        access(REQUEST, STAGING_ADMIN, minutes=0),
        False,
        "no-standing-admin",
    ),
    "the same admin for a time may be (N-5)": (
        access(GRANT, STAGING_ADMIN, approvals=OWNER),
        True,
        "granted-by-owner",
    ),
    "access without an end is not given, even where it may stand": (
        access(GRANT, HOLDS, minutes=0),
        False,
        "always-ends",
    ),
    "a contractor may not ask for administration": (
        access(REQUEST, PROD_ADMIN, by=EVE),
        False,
        "contractors-never-admin",
    ),
    "a contractor is not given administration by anybody": (
        access(GRANT, STAGING_ADMIN, by=EVE, approvals=BOTH),
        False,
        "contractors-never-admin",
    ),
    "risk 5 needs owner and security": (
        access(GRANT, VAULT, approvals=BOTH),
        True,
        "granted-by-owner-and-security",
    ),
    "risk 5 needs more than its owner": (
        access(GRANT, VAULT, approvals=Approvals(owner=3)),
        False,
        "",
    ),
    "somebody who left is given nothing": (access(GRANT, WIKI, by=GONE), False, "inactive-nothing"),
    "a service account asks for nothing (N-10)": (
        access(REQUEST, PROD_DB, by=ROBOT),
        False,
        "services-nothing",
    ),
    # who decides about drift, and how
    "security lets new access begin again": (resumes(SAM, "security"), True, "resume-as-security"),
    "nobody else does": (resumes(GRACE, None), False, ""),
    "a contractor does not, on the security team or not": (
        resumes(CAROL, "security"),
        False,
        "contractors-never-resume",
    ),
    "an owner decides about drift": (decides(PROD_DB, GRACE, "owner"), True, "reconcile-as-owner"),
    "whoever is on call decides about drift": (
        decides(PROD_DB, person("Olga"), "owner", on_call=True),
        True,
        "reconcile-on-call",
    ),
    "an owner who is no approver and not on call decides about no drift": (
        decides(PROD_DB, person("Olga"), "owner"),
        False,
        "",
    ),
    "security decides about drift": (decides(PROD_DB, SAM, "security"), True, "reconcile-as-security"),
    "somebody without a role decides about no drift": (decides(PROD_DB, person("Mallory"), None), False, ""),
    "a manager decides about no drift": (decides(PROD_DB, person("Charles"), "manager"), False, ""),
    "nobody decides about their own membership": (
        decides(PROD_DB, OWN, "owner", member=OWN),
        False,
        "never-about-oneself",
    ),
    "a group that was put in is decided about": (
        decides(HOLDS, GRACE, "owner", member=None, way="declare"),
        True,
        "reconcile-as-owner",
    ),
    "a contractor decides about no drift": (
        decides(PROD_DB, replace(CAROL, groups=GRACE.groups), "owner"),
        False,
        "contractors-never-reconcile",
    ),
    "a service account decides about no drift": (
        decides(PROD_DB, ROBOT, "owner"),
        False,
        "services-nothing",
    ),
    "somebody who left decides about no drift": (
        decides(PROD_DB, replace(GRACE, active=False), "owner"),
        False,
        "inactive-nothing",
    ),
    "what was found is adopted up to its maximum": (
        decides(PROD_ADMIN, GRACE, "owner", way="adopt", minutes=60),
        True,
        "reconcile-as-owner",
    ),
    "and not beyond it": (
        decides(PROD_ADMIN, GRACE, "owner", way="adopt", minutes=61),
        False,
        "adopted-within-maximum",
    ),
    "what may stand is declared standing": (
        decides(HOLDS, GRACE, "owner", way="declare"),
        True,
        "reconcile-as-owner",
    ),
    "what may not stand is not": (
        decides(PROD_DB, GRACE, "owner", way="declare"),
        False,
        "standing-where-allowed",
    ),
    "a contractor's administration is not adopted": (
        decides(STAGING_ADMIN, GRACE, "owner", way="adopt", minutes=60, member=EVE),
        False,
        "contractors-keep-no-admin",
    ),
    "a contractor's administration is removed": (
        decides(STAGING_ADMIN, GRACE, "owner", member=EVE),
        True,
        "reconcile-as-owner",
    ),
    "somebody who left is not given it again": (
        decides(PROD_DB, GRACE, "owner", way="give-again", member=GONE),
        False,
        "inactive-keep-nothing",
    ),
    "what somebody who left holds is ended": (
        decides(PROD_DB, GRACE, "owner", way="end", member=GONE),
        True,
        "reconcile-as-owner",
    ),
    # one's own account
    "one sees one's own access": (account(VIEW), True, "view-oneself"),
    "nobody sees another's": (account(VIEW, target=GRACE), False, ""),
    "somebody who left sees nothing": (account(VIEW, by=GONE), False, "inactive-nothing"),
    "a reset needs a proof": (account(RESET), False, ""),
    "a reset with a passkey": (account(RESET, proofs=PASSKEY), True, "reset-with-passkey"),
    "nobody resets another's password with a passkey": (
        account(RESET, target=GRACE, proofs=PASSKEY),
        False,
        "oneself-only",
    ),
    "an unlock with a passkey": (
        account(UNLOCK, unlocks_today=1, proofs=PASSKEY),
        True,
        "unlock-with-proof",
    ),
    "a reset with the authenticator": (account(RESET, proofs=TOTP), True, "reset-with-authenticator"),
    "a reset with both codes": (account(RESET, proofs=CODES), True, "reset-with-recovery-code"),
    "a recovery code alone is too little": (account(RESET, proofs=frozenset({"recovery_code"})), False, ""),
    "a code by mail alone is too little": (account(RESET, proofs=frozenset({"mail_code"})), False, ""),
    "an unknown proof proves nothing": (account(RESET, proofs=frozenset({"slack"})), False, ""),
    "a reset with a sign-in that checks something else (P-1)": (
        account(RESET, proofs=SIGN_IN | {"sign_in_apart"}),
        True,
        "reset-with-sign-in",
    ),
    "no reset with a sign-in that checks the same password": (account(RESET, proofs=SIGN_IN), False, ""),
    "an unlock with a sign-in": (account(UNLOCK, unlocks_today=1, proofs=SIGN_IN), True, "unlock-with-proof"),
    "nobody resets another's password": (account(RESET, target=GRACE, proofs=TOTP), False, "oneself-only"),
    "privileged accounts never reset themselves (P-4)": (
        account(RESET, by=ROOT, proofs=TOTP),
        False,
        "privileged-never-by-themselves",
    ),
    "somebody who left resets nothing": (account(RESET, by=GONE, proofs=TOTP), False, "inactive-nothing"),
    "a service account resets nothing (P-4)": (
        account(RESET, by=ROBOT, proofs=TOTP),
        False,
        "services-nothing",
    ),
    "one unlock a day without a proof": (account(UNLOCK), True, "unlock-once-a-day"),
    "a second unlock needs a proof": (account(UNLOCK, unlocks_today=1), False, ""),
    "a second unlock with the authenticator": (
        account(UNLOCK, unlocks_today=1, proofs=TOTP),
        True,
        "unlock-with-proof",
    ),
    "a second unlock with both codes": (
        account(UNLOCK, unlocks_today=1, proofs=CODES),
        True,
        "unlock-with-proof",
    ),
    # during a grant
    "extended within the longest time": (
        access(REQUEST, PROD_DB, held=23 * 60),
        True,
        "ask-production ask-risk-4",
    ),
    "extended beyond it, it would last too long without a break (N-5)": (
        access(REQUEST, STAGING_DB, held=23 * 60 + 1),
        False,
        "not-beyond-maximum-in-one-go",
    ),
    "nor at once, however low its risk": (
        access(GRANT, WIKI, held=23 * 60 + 1),
        False,
        "not-beyond-maximum-in-one-go",
    ),
    "whoever stands in for the owner approves": (
        clicks(PROD_DB, LINUS, "owner", stands_in=True),
        True,
        "approve-standing-in",
    ),
    "an owner ends what they own": (ends(PROD_DB, GRACE, "owner"), True, "revoke-as-owner"),
    "whoever is on call ends it": (
        ends(PROD_DB, person("Olga"), "owner", on_call=True),
        True,
        "revoke-on-call",
    ),
    "whoever stands in ends it": (ends(PROD_DB, LINUS, "owner", stands_in=True), True, "revoke-standing-in"),
    "somebody of neither group ends nothing": (ends(PROD_DB, person("Olga"), "owner"), False, ""),
    "security ends anything": (ends(WIKI, SAM, "security"), True, "revoke-as-security"),
    "a manager ends nothing": (ends(PROD_DB, LINUS, "manager"), False, ""),
    "nobody ends without a role": (ends(PROD_DB, LINUS, None), False, ""),
    "a contractor ends nothing": (
        ends(PROD_DB, replace(CAROL, groups=OWNERS), "owner"),
        False,
        "contractors-never-revoke",
    ),
    "nobody unlocks another": (account(UNLOCK, target=GRACE), False, "oneself-only"),
    "privileged accounts never unlock themselves (P-4)": (
        account(UNLOCK, by=ROOT),
        False,
        "privileged-never-by-themselves",
    ),
    **RESETS,
    **STEPS,
    **PETITIONS,
    **VOUCHES,
    **APART,
}

SOURCES, SCHEMA = shipped()
SHIPPED = CedarPolicy.load(SOURCES, SCHEMA, bound_to="")


@pytest.mark.parametrize("name", CASES)
def test_the_shipped_policies_answer(name: str) -> None:
    """Each question of the table gets its answer, by the policies named and no others, and without errors."""
    question, allowed, ids = CASES[name]
    decision = SHIPPED.ask(question)
    assert (decision.allowed, " ".join(decision.policy_ids), decision.errors) == (allowed, ids, ())


@pytest.mark.parametrize("removed", SHIPPED.notes)
def test_without_this_policy_somebody_gets_another_answer(removed: str) -> None:
    """No policy is decoration: taking it away allows or refuses something that the table says otherwise."""
    fewer = CedarPolicy.load(_without(removed), SCHEMA, bound_to="")
    assert removed not in fewer.notes
    assert any(fewer.ask(question).allowed is not allowed for question, allowed, _ in CASES.values())


@pytest.mark.parametrize("note", SHIPPED.notes.values(), ids=lambda note: note.id)
def test_reasons_read_as_they_are_used(note: Any) -> None:
    """A reason to ask completes "Policy asks because …."; every other one stands alone as a sentence."""
    stands_alone = (note.reason[0].isupper() or note.reason.startswith("{name}")) and note.reason.endswith(
        "."
    )
    completes = note.reason[0].islower() and note.reason[-1].isalnum()
    assert completes if note.id.startswith("ask-") else stands_alone
    assert note.control


def test_every_request_that_is_not_automatic_has_a_reason_to_ask() -> None:
    """Between "at once" and "ask the owner" no gap is left in which an employee would hear only a bare no."""
    for what in (WIKI, STAGING_DB, PROD_LOGS, PROD_DB, STAGING_ADMIN, PROD_ADMIN):
        for by in (ADA, EVE):
            for minutes in (1, 60, 480, 481, 1440):
                if minutes * 60 > what.max_duration.total_seconds() or (by is EVE and what.kind == "admin"):
                    continue
                at_once = SHIPPED.ask(access(GRANT, what, by=by, minutes=minutes)).allowed
                asked = SHIPPED.ask(access(REQUEST, what, by=by, minutes=minutes)).allowed
                assert at_once is not asked, (what.id, by.name, minutes)


def _without(name: str) -> dict[str, str]:
    """The shipped sources with one policy taken out."""
    return {
        file: "".join(each.text for each in statements(file, text) if f'@id("{name}")' not in each.text)
        for file, text in SOURCES.items()
    }
