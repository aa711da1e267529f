"""Questions about fresh proofs: one that each policy decides, and one beside it.

It holds expectations only; tests.handlers.test_shipped_policies asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from handlers.decisions.policy import Action, GivenProof, Question
from tests.handlers.decisions.cast import ADA, GRACE, PROD_DB, STAGING_DB, VAULT, access, account
from tests.handlers.reset_questions import reported

PROVEN = GivenProof(kinds=frozenset({"passkey"}), seconds=20)


def _clicks(
    what: Any, *kinds: str, seconds: int = 20, way: str = "approve", retyped: bool = False
) -> Question:
    """Grace decides, as an owner, with a proof of these kinds; without one if there are none."""
    return access(
        Action.APPROVE, what, principal=GRACE, requester=ADA, role="owner", way=way, code_retyped=retyped,
        proof=GivenProof(kinds=frozenset(kinds), seconds=seconds) if kinds else None,
    )  # fmt: skip


def _proves(*proofs: str, **changes: Any) -> Question:
    return account(Action.STEP_UP, proofs=frozenset(proofs), **changes)


STEPS: Final[Mapping[str, tuple[Question, bool, str]]] = {
    "risk 4 is not approved without a proof": (_clicks(PROD_DB), False, "prove-who-you-are"),
    "nor a shorter time of it": (_clicks(PROD_DB, way="approve-less"), False, "prove-who-you-are"),
    "with a passkey it is": (_clicks(PROD_DB, "passkey"), True, "approve-as-owner"),
    "with an authenticator it is": (_clicks(PROD_DB, "totp"), True, "approve-as-owner"),
    "with a sign-in that checks more than the password it is": (
        _clicks(PROD_DB, "sign_in", "sign_in_apart"),
        True,
        "approve-as-owner",
    ),
    "with any other sign-in it is not": (_clicks(PROD_DB, "sign_in"), False, "prove-who-you-are"),
    "nor with a recovery code": (
        _clicks(PROD_DB, "recovery_code", "mail_code"),
        False,
        "prove-who-you-are",
    ),
    "a proof of ten minutes ago will do": (_clicks(PROD_DB, "totp", seconds=600), True, "approve-as-owner"),
    "an older one will not": (_clicks(PROD_DB, "totp", seconds=601), False, "prove-who-you-are"),
    "it is denied without a proof": (_clicks(PROD_DB, way="deny"), True, "approve-as-owner"),
    "risk 3 is approved without one": (_clicks(replace(STAGING_DB, risk=3)), True, "approve-as-owner"),
    "risk 5 is not approved without its code": (_clicks(VAULT, "passkey"), False, "retype-its-code"),
    "nor a shorter time of it, without its code": (
        _clicks(VAULT, "passkey", way="approve-less"),
        False,
        "retype-its-code",
    ),
    "with both it is": (_clicks(VAULT, "passkey", retyped=True), True, "approve-as-owner"),
    "it is denied without its code": (_clicks(VAULT, way="deny"), True, "approve-as-owner"),
    "a passkey is a fresh proof (P-10)": (_proves("passkey"), True, "step-up-with-passkey"),
    "a code of the authenticator is": (_proves("totp"), True, "step-up-with-authenticator"),
    "a sign-in is that checks more than the directory's password": (
        _proves("sign_in", "sign_in_apart"),
        True,
        "step-up-with-sign-in",
    ),
    "a sign-in that checks the same password is not": (_proves("sign_in"), False, ""),
    "the password is not": (_proves("password"), False, ""),
    "a recovery code is not, even with a code by mail": (_proves("recovery_code", "mail_code"), False, ""),
    "nobody proves who they are for another": (_proves("passkey", target=GRACE), False, "oneself-only"),
    "a reported account proves nothing": (
        _proves("passkey", recently=reported(GRACE), by=GRACE, target=GRACE),
        False,
        "reported-nothing",
    ),
}
