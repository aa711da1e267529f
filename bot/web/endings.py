"""How a visit to the secure page ended, in words: the answer first, then why, then what to do.

It never claims more than is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.texts import template
from storage.states import Purpose, Result


@dataclass(frozen=True, kw_only=True)
class Ending:
    """symbol: one sign that says the same as the title."""

    symbol: str
    title: str
    sentences: tuple[str, ...]


NOT_YOU = template("Was this not you? Tell your security team at once, in person or by phone if you can.")
_CLOSE = template("You can close this page.")
_UNKNOWN = template("The directory did not answer in time, so I can't say. The security team has been told.")

OVER = Ending(
    symbol="⌛",
    title=template("This link is over."),
    sentences=(
        template("A link works for a few minutes and for one change."),
        template("Ask me in Slack for a new one. If you can't open Slack, begin again where you began."),
    ),
)
CHANGING = Ending(
    symbol="⏳",
    title=template("Your change is under way."),
    sentences=(template("The directory has not answered yet. Reload this page in a moment."),),
)
LINKED = Ending(
    symbol="✅",
    title=template("Your Slack account is linked to you."),
    sentences=(template("Go back to Slack and ask me again for what you wanted."), _CLOSE),
)
SET_UP = Ending(
    symbol="✅",
    title=template("Your authenticator is set up."),
    sentences=(
        template(
            "The recovery codes were shown once. If you did not keep them, ask me in Slack to set up your proofs again."
        ),
        NOT_YOU,
    ),
)
REGAINED = Ending(
    symbol="✅",
    title=template("Your new proofs are set up."),
    sentences=(
        template(
            "All that you had before prove nothing any more. The recovery codes were shown once: if you did not keep "
            "them, make new ones under “manage my proofs”."
        ),
        NOT_YOU,
    ),
)
_ENDINGS: Mapping[tuple[Purpose, Result], Ending] = {
    (Purpose.RESET, Result.DONE): Ending(
        symbol="✅",
        title=template("Your password was changed."),
        sentences=(template("You were signed out everywhere: sign in with the new one."), NOT_YOU, _CLOSE),
    ),
    (Purpose.RESET, Result.NO_SESSIONS): Ending(
        symbol="✅",
        title=template("Your password was changed."),
        sentences=(
            template(
                "Sign in with the new one. Your directory can't end sessions: "
                "where you are still signed in, sign out yourself."
            ),
            NOT_YOU,
            _CLOSE,
        ),
    ),
    (Purpose.RESET, Result.SESSIONS_OPEN): Ending(
        symbol="⚠️",
        title=template("Your password was changed, but I could not sign you out elsewhere."),
        sentences=(
            template(
                "Sign in with the new one. Where you are still signed in, sign out yourself. "
                "The security team has been told."
            ),
            NOT_YOU,
        ),
    ),
    (Purpose.RESET, Result.LINK_SENT): Ending(
        symbol="✅",
        title=template("Your company's directory sends you on."),
        sentences=(
            template("It writes to you itself, with what to do next. That can take some minutes."),
            NOT_YOU,
            _CLOSE,
        ),
    ),
    (Purpose.RESET, Result.PASS_MADE): Ending(
        symbol="✅",
        title=template("Your temporary pass was made."),
        sentences=(
            template("It was shown once. Sign in with it and choose a new password there."),
            template("If you did not keep it, begin again: the one before then ends."),
            NOT_YOU,
        ),
    ),
    (Purpose.RESET, Result.UNKNOWN): Ending(
        symbol="⚠️",
        title=template("I don't know whether your password was changed."),
        sentences=(
            _UNKNOWN,
            template(
                "Try to sign in with the new password. If that fails, the old one still holds: "
                "ask me in Slack for a new link."
            ),
        ),
    ),
    (Purpose.UNLOCK, Result.DONE): Ending(
        symbol="✅",
        title=template("Your account is unlocked."),
        sentences=(template("You can sign in again with the password you have."), NOT_YOU, _CLOSE),
    ),
    (Purpose.UNLOCK, Result.UNKNOWN): Ending(
        symbol="⚠️",
        title=template("I don't know whether your account is unlocked."),
        sentences=(_UNKNOWN, template("Try to sign in. If that fails, ask me in Slack for a new link.")),
    ),
}


def ending(purpose: Purpose, result: Result) -> Ending:
    """What to say at the end of a visit."""
    if purpose == Purpose.LINK:
        return LINKED
    if purpose == Purpose.ENROL:
        return SET_UP
    if purpose == Purpose.REGAIN:
        return REGAINED
    return _ENDINGS.get((purpose, result), OVER)
