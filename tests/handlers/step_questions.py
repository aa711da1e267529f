"""Questions about fresh proofs: one that each policy decides, and one beside it.

It holds expectations only; tests.handlers.test_shipped_policies asks.
"""

from collections.abc import Mapping
from typing import Any, Final

from handlers.decisions.policy import Action, Question
from tests.handlers.decisions.cast import GRACE, account
from tests.handlers.reset_questions import reported


def _proves(*proofs: str, **changes: Any) -> Question:
    return account(Action.STEP_UP, proofs=frozenset(proofs), **changes)


STEPS: Final[Mapping[str, tuple[Question, bool, str]]] = {
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
