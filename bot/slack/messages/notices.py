"""What came of a visit to the secure page, told in Slack to whoever it was about.

It never claims more than is known, and says what to do where it is not.
"""

from datetime import datetime

from bot.slack.messages.asked_back import suggestions
from bot.slack.messages.parts import Message, said
from bot.slack.messages.resets import not_me
from bot.slack.words import clock
from bot.texts import say, template


def notice_message(kind: str, result: str, at: datetime, *, handle: str = "") -> Message:
    """What came of one's visit to the secure page; it never claims more than is known. handle: to say it was not me."""
    if kind == "linked":
        return said(
            say(
                "✅ This Slack account is linked to you since {time}. Ask me again for what you wanted.",
                time=clock(at),
            ),
            buttons=suggestions(),
        )
    known = result if (kind, result) in NOTICES else "done"
    what = say(NOTICES[kind, known], at=clock(at))
    if not handle:
        not_you = say("Was this not you? Tell the security team at once.")
        return said(f"{what}\n{not_you}")
    stop = say("Was this not you? One click stops it.")
    return said(f"{what}\n{stop}", buttons=[not_me(handle)])


NOTICES = {
    ("password-changed", "done"): template(
        "✅ Your password was changed at {at} and you were signed out everywhere."
    ),
    ("password-changed", "no-sessions"): template(
        "✅ Your password was changed at {at}. Your directory can't end sessions: "
        "where you are still signed in, sign out yourself."
    ),
    ("password-changed", "sessions-open"): template(
        "⚠️ Your password was changed at {at}, but I could not sign you out elsewhere. "
        "Where you are still signed in, sign out yourself. The security team has been told."
    ),
    ("password-changed", "link-sent"): template(
        "✅ Your company's directory was asked at {at} to let you choose a new password. It writes to you itself."
    ),
    ("password-changed", "pass-made"): template(
        "✅ A temporary pass was made for you at {at} and shown once on the secure page."
    ),
    ("password-changed", "unknown"): template(
        "⚠️ I don't know whether your password was changed at {at}: the directory did not answer in time. "
        "Try to sign in with the new one; if that fails, the old one still holds. The security team has been told."
    ),
    ("account-unlocked", "done"): template("✅ Your account was unlocked at {at}."),
    ("account-unlocked", "unknown"): template(
        "⚠️ I don't know whether your account was unlocked at {at}: the directory did not answer in time. "
        "Try to sign in; if that fails, ask me again. The security team has been told."
    ),
}
