"""The mails Wicket sends, as plain text: the answer first, then why, then what to do.

Pure: facts in, letter out. Only one carries a code, and the one link that may stand in one can only stop things.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.handles import Result


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What letters are written from. at: aware UTC. contact: whom to turn to, as the end of a sentence.

    result: how the change of the visit ended. code: for the letter that carries one. minutes: how long it works.
    stop: where whoever it was not can stop it.
    """

    name: str
    at: datetime
    contact: str
    result: Result = Result.DONE
    code: str = ""
    minutes: int = 0
    stop: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail before it has an address."""

    subject: str
    body: str


def letter(kind: str, facts: Facts) -> Letter:
    """The letter of this kind. KeyError for a kind that is never sent by mail."""
    subject, paragraphs = _KINDS[kind](facts)
    greeting = f"Hello {' '.join(facts.name.split())}," if facts.name.strip() else "Hello,"
    # Paragraphs are not wrapped: every reader wraps them to its own width.
    body = "\n\n".join((greeting, *paragraphs, "Wicket"))
    return Letter(subject=subject, body=body + "\n")


_SIGNED_OUT = {
    Result.SESSIONS_OPEN: "You could not be signed out elsewhere: where you are still signed in, sign out yourself.",
    Result.NO_SESSIONS: "Your directory can't end sessions: where you are still signed in, sign out yourself.",
}


def _password_changed(facts: Facts) -> tuple[str, tuple[str, ...]]:
    when = _when(facts.at)
    if facts.result == Result.UNKNOWN:
        return "It is not known whether your password was changed", (
            f"Somebody who proved to be you asked for a new password on {when}. The directory did not answer in time, "
            "so it is not known whether it was changed.",
            "Try to sign in with the new password. If that fails, the old one still holds.",
            _not_you(facts),
        )
    return "Your password was changed", (
        f"Your password was changed on {when}, after you proved who you are on Wicket's secure page.",
        _SIGNED_OUT.get(facts.result, "You were signed out everywhere. Sign in with the new one."),
        _not_you(facts),
    )


def _password_changing(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return "A new password is being set for you", (
        f"On {_when(facts.at)} somebody proved to be you on Wicket's secure page and is setting a new password. "
        "This mail is sent before it takes effect, and another one follows when it did. If none follows, nothing was "
        "changed.",
        _not_you(facts),
    )


def _reset_refused(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return "A password reset was refused", (
        f"On {_when(facts.at)} somebody wanted a new password for your account. It was refused, since the mail address "
        "of your account changed less than 72 hours ago. Nothing was changed. This mail goes to the new address and to "
        "the one before.",
        "If it was you, wait until the three days are over, or go to the IT desk in person.",
        f"Was this not you, or did you not change your address? Tell {facts.contact} at once.",
    )


def _account_unlocked(facts: Facts) -> tuple[str, tuple[str, ...]]:
    when = _when(facts.at)
    if facts.result == Result.UNKNOWN:
        return "It is not known whether your account is unlocked", (
            f"Somebody who proved to be you asked to unlock your account on {when}. The directory did not answer in "
            "time, so it is not known whether it is unlocked. Try to sign in.",
            _not_you(facts),
        )
    return "Your account was unlocked", (
        f"Your account was unlocked on {when}, after you proved who you are on Wicket's secure page.",
        "You can sign in again with the password you have.",
        _not_you(facts),
    )


def _proofs_changed(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return "Your authenticator was set up", (
        f"A new authenticator and new recovery codes were set up for you on {_when(facts.at)}. "
        "Older ones stopped working.",
        _not_you(facts),
    )


def _mail_code(facts: Facts) -> tuple[str, tuple[str, ...]]:
    return "Your code for Wicket's secure page", (
        f"Your code is {facts.code}",
        f"Type it on the page that you have open, together with a recovery code. "
        f"It works once, for {facts.minutes} minutes.",
        "Nobody will ask you for it in Slack, on the phone or by mail. If you did not ask for it, somebody used your "
        f"Slack account: tell {facts.contact}.",
    )


_KINDS: Mapping[str, Callable[[Facts], tuple[str, tuple[str, ...]]]] = {
    "password-changing": _password_changing,
    "password-changed": _password_changed,
    "reset-refused": _reset_refused,
    "account-unlocked": _account_unlocked,
    "proofs-changed": _proofs_changed,
    "mail-code": _mail_code,
}
KINDS = frozenset(_KINDS)


def _when(at: datetime) -> str:
    # The directory does not say where people are, so the zone is named.
    return f"{at.day} {at:%B %Y at %H:%M} UTC"


def _not_you(facts: Facts) -> str:
    if not facts.stop:
        return f"Was this not you? Tell {facts.contact} at once."
    return (
        "Was this not you? Open this page and press its button. You need not sign in: it can only stop things, and it "
        f"tells {facts.contact}.\n{facts.stop}"
    )
