"""Questions about petitions (P-14): one that each policy decides, and one beside it.

It holds expectations only; tests.handlers.test_shipped_policies asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from handlers.decisions.circumstances import Recently
from handlers.decisions.policy import Action, Attested, AttestQuestion, Question
from tests.handlers.decisions.cast import ADA, CHARLES, EVE, GRACE, NOON, SAM, account, person

ATTEST: Final = Action.ATTEST
REGAIN: Final = Action.REGAIN_PROOFS
ROOT = person("Root", privileged=True)
TWO = Attested(help_desk=2)
PASSKEY = frozenset({"passkey"})


def says(by: Any, role: str | None, *, of: Any = ADA, **changes: Any) -> Question:
    """`by` approves a petition of `of`, after a fresh proof."""
    given: dict[str, Any] = {"way": "approve", "proofs": PASSKEY, "kind": "proofs", **changes}
    return AttestQuestion(principal=by, target=of, role=role, now=NOON, **given)


def lately(who: Any, hours: int = 1) -> Recently:
    return Recently(hours_since_reset={(who.directory, who.id): hours})


def regains(who: Any, attested: Attested, *proofs: str) -> Question:
    """Somebody sets up new proofs."""
    return replace(account(REGAIN, by=who, proofs=frozenset(proofs)), attested=attested)


def resets(who: Any, attested: Attested) -> Question:
    """Somebody resets their password by a petition."""
    return replace(account(Action.RESET_PASSWORD, by=who, proofs=PASSKEY), attested=attested)


PETITIONS: Mapping[str, tuple[Question, bool, str]] = {
    "security says that it is them (P-14)": (says(SAM, "security"), True, "attest-as-security"),
    "the help desk does (P-14)": (says(GRACE, "help_desk"), True, "attest-as-help-desk"),
    "their manager does (P-14)": (says(CHARLES, "manager"), True, "attest-as-manager"),
    "nobody without a role does (P-14)": (says(GRACE, ""), False, ""),
    "nobody says so of themselves (P-14)": (says(ADA, "help_desk"), False, "attest-never-for-oneself"),
    "no contractor says so (P-14)": (says(EVE, "help_desk"), False, "attest-employees-only"),
    "no report says so of their manager (P-14)": (
        says(GRACE, "help_desk", is_report=True),
        False,
        "attest-never-for-ones-manager",
    ),
    "not by a recovery code (P-14)": (
        says(GRACE, "help_desk", proofs=frozenset({"recovery_code"})),
        False,
        "attest-with-a-fresh-proof",
    ),
    "denying needs no proof (P-14)": (
        says(GRACE, "help_desk", proofs=frozenset(), way="deny"),
        True,
        "attest-as-help-desk",
    ),
    "not on the day of one's own reset (P-14)": (
        says(GRACE, "help_desk", recently=lately(GRACE)),
        False,
        "attest-later-after-a-reset",
    ),
    "a day later again (P-14)": (
        says(GRACE, "help_desk", recently=lately(GRACE, 24)),
        True,
        "attest-as-help-desk",
    ),
    "but denying is possible on that day (P-14)": (
        says(GRACE, "help_desk", recently=lately(GRACE), way="deny"),
        True,
        "attest-as-help-desk",
    ),
    "the reset of whoever asks is no hindrance (P-14)": (
        says(GRACE, "help_desk", recently=lately(ADA)),
        True,
        "attest-as-help-desk",
    ),
    "not while one's own address is new (P-14)": (
        says(GRACE, "help_desk", moved=True),
        False,
        "attest-later-after-a-move",
    ),
    "but stopping is possible then (P-14)": (
        says(GRACE, "help_desk", moved=True, way="cancel"),
        True,
        "attest-as-help-desk",
    ),
    "not in the week after one's own petition (P-14)": (
        says(GRACE, "help_desk", petitioned=True),
        False,
        "attest-later-after-a-petition",
    ),
    "but denying is possible then (P-14)": (
        says(GRACE, "help_desk", petitioned=True, way="deny"),
        True,
        "attest-as-help-desk",
    ),
    "nobody who left says so (P-14)": (
        says(replace(GRACE, active=False), "help_desk"),
        False,
        "inactive-nothing",
    ),
    "what is left is the password (P-14)": (regains(ADA, TWO, "password"), True, "regain-with-password"),
    "what is left is the company's sign-in (P-14)": (
        regains(ADA, TWO, "sign_in"),
        True,
        "regain-with-sign-in",
    ),
    "what is left is a code by mail (P-14)": (regains(ADA, TWO, "mail_code"), True, "regain-with-mail-code"),
    "one person's word is too little (P-14)": (regains(ADA, Attested(help_desk=1), "password"), False, ""),
    "security and the manager are two (P-14)": (
        regains(ADA, Attested(security=1, manager=1), "password"),
        True,
        "regain-with-password",
    ),
    "two words and nothing shown are too little (P-14)": (regains(ADA, TWO), False, ""),
    "a privileged account needs security (P-14)": (
        regains(ROOT, TWO, "password"),
        False,
        "regain-privileged-by-two-roles",
    ),
    "and somebody who is not of security (P-14)": (
        regains(ROOT, Attested(security=2), "password"),
        False,
        "regain-privileged-by-two-roles",
    ),
    "both together will do (P-14)": (
        regains(ROOT, Attested(security=1, help_desk=1), "password"),
        True,
        "regain-with-password",
    ),
    "a code by mail will not do for the privileged (P-14)": (
        regains(ROOT, Attested(security=1, manager=1), "mail_code"),
        False,
        "",
    ),
    "a privileged account is reset by two roles (P-14)": (
        resets(ROOT, Attested(security=1, manager=1)),
        True,
        "reset-with-passkey",
    ),
    "not by two of security (P-14)": (
        resets(ROOT, Attested(security=2)),
        False,
        "privileged-never-by-themselves",
    ),
    "not by two of the help desk (P-14)": (resets(ROOT, TWO), False, "privileged-never-by-themselves"),
}
