"""Questions about who vouches for whom, and what a word is worth: one that each policy decides, and one beside it.

It holds expectations only; tests.handlers.test_shipped_policies asks.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from handlers.decisions.policy import AccountQuestion, Action, Question, VouchQuestion
from tests.handlers.decisions.cast import ADA, CHARLES, EVE, GRACE, NOON, ROBOT, person
from tests.handlers.reset_questions import reported, reset

DESK = person("Konrad", manager=None)
ROOT = person("Root", privileged=True)
CAROL = person("Carol", employment="contractor")
WORD: Final = frozenset({"vouched"})


def vouches(by: Any = CHARLES, whom: Any = ADA, **changes: Any) -> Question:
    """`by` vouches for `whom`, as their manager unless told otherwise, with nothing against it."""
    plain: dict[str, Any] = {
        "role": "manager", "spoken": "in_person", "ticket_given": False, "oneself": False, "reports_to": False,
        "moved": False, "hours_linked": 999, "days_since_return": None, "proofs": frozenset({"totp"}),
    }  # fmt: skip
    return VouchQuestion(principal=by, target=whom, now=NOON, **{**plain, **changes})


def helps(action: Any, *proofs: str, by: Any = ADA, target: Any = None) -> Question:
    """A reset or a second unlock with these proofs."""
    return AccountQuestion(
        action=action,
        principal=by,
        target=target or by,
        now=NOON,
        proofs=frozenset(proofs),
        unlocks_today=1,
    )


VOUCHES: Final[Mapping[str, tuple[Question, bool, str]]] = {
    "a manager vouches for a report (P-13)": (vouches(), True, "vouch-as-manager"),
    "the help desk vouches with a ticket": (
        vouches(DESK, role="help_desk", ticket_given=True),
        True,
        "vouch-as-help-desk",
    ),
    "the help desk does not vouch without one": (vouches(DESK, role="help_desk"), False, ""),
    "who is neither vouches for nobody": (vouches(GRACE, role=None, ticket_given=True), False, ""),
    "without a fresh proof of their own nobody vouches": (
        vouches(proofs=frozenset()),
        False,
        "vouch-with-a-fresh-proof",
    ),
    "a sign-in that asks for the directory's password is no such proof": (
        vouches(proofs=frozenset({"sign_in"})),
        False,
        "vouch-with-a-fresh-proof",
    ),
    "nobody vouches for themselves": (vouches(ADA, ADA), False, "vouch-never-for-oneself"),
    "nor for another account of theirs": (vouches(oneself=True), False, "vouch-never-for-oneself"),
    "nobody vouches for their boss": (
        vouches(DESK, CHARLES, role="help_desk", ticket_given=True, reports_to=True),
        False,
        "vouch-never-for-ones-boss",
    ),
    "a contractor vouches for nobody": (vouches(CAROL), False, "vouch-employees-only"),
    "a contractor can be vouched for": (vouches(whom=EVE), True, "vouch-as-manager"),
    "whoever was reset two days ago does not vouch": (
        vouches(recently=reset(CHARLES, 71)),
        False,
        "vouch-not-after-a-reset",
    ),
    "a day later they do": (vouches(recently=reset(CHARLES, 72)), True, "vouch-as-manager"),
    "a person who was reset lately can be vouched for": (
        vouches(recently=reset(ADA, 30)),
        True,
        "vouch-as-manager",
    ),
    "whose address is new does not vouch": (vouches(moved=True), False, "vouch-not-after-a-move"),
    "who got back in by a petition lately does not vouch (P-14)": (
        vouches(petitioned=True),
        False,
        "vouch-not-after-a-petition",
    ),
    "who was linked yesterday does not vouch": (vouches(hours_linked=71), False, "vouch-not-newly-linked"),
    "who was linked three days ago does": (vouches(hours_linked=72), True, "vouch-as-manager"),
    "two do not vouch for each other": (vouches(days_since_return=29), False, "vouch-never-in-return"),
    "after a month they may": (vouches(days_since_return=30), True, "vouch-as-manager"),
    "nobody vouches for somebody privileged (P-4)": (vouches(whom=ROOT), False, "vouch-never-for-privileged"),
    "nor for a service": (vouches(whom=ROBOT), False, "vouch-never-for-privileged"),
    "nor for somebody who is switched off": (
        vouches(whom=replace(ADA, active=False)),
        False,
        "vouch-for-the-active",
    ),
    "nor for somebody of whom it was reported that another is in their account": (
        vouches(recently=reported(ADA)),
        False,
        "vouch-for-the-active",
    ),
    "who is reported themselves vouches for nobody": (
        vouches(recently=reported(CHARLES)),
        False,
        "reported-nothing",
    ),
    # what a word is worth
    "a word alone resets nothing": (helps(Action.RESET_PASSWORD, *WORD), False, ""),
    "nor does it unlock": (helps(Action.UNLOCK, *WORD), False, ""),
    "a word and a code by mail reset": (
        helps(Action.RESET_PASSWORD, *WORD, "mail_code"),
        True,
        "reset-vouched-with-mail",
    ),
    "a word and a recovery code reset": (
        helps(Action.RESET_PASSWORD, *WORD, "recovery_code"),
        True,
        "reset-vouched-with-recovery-code",
    ),
    "a word and a code unlock": (helps(Action.UNLOCK, *WORD, "mail_code"), True, "unlock-vouched"),
    "a word and the forgotten password do not reset": (
        helps(Action.RESET_PASSWORD, *WORD, "sign_in", "password"),
        False,
        "",
    ),
    "no word resets somebody privileged": (
        helps(Action.RESET_PASSWORD, *WORD, "mail_code", by=ROOT),
        False,
        "privileged-never-by-themselves",
    ),
}
