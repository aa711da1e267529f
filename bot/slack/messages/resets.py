"""What people and security read of resets: that one is about to be, that it was not theirs, what was done about it.

It claims nothing that is not known, and carries no address and no link.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alert_facts import Alert
from bot.slack.messages.alerts import composed
from bot.slack.messages.approvals import not_allowed_text
from bot.slack.messages.parts import Message, button, said, sure_button
from bot.slack.words import clock, inert, quoted, sentence
from handlers.outcomes import NoLonger, NotAllowed, Unknown
from handlers.reported import NotReleased, Released, Stopped

_PROVEN = "after somebody proved on the secure page to be you"
ANNOUNCED = (
    "⏳ A new password is being set for your account, since {at}, {proven}. I tell you here what comes of it; if "
    "nothing follows, nothing was changed."
)
REPORTED = (
    "✅ It is stopped. What was open is closed, and your account is being switched off and signed out wherever the "
    "directory can do that. The security team has been told and comes to you; you can also go to them."
)
REPORTED_BEFORE = "You said so before, and the security team knows. Nothing more was done."


def not_me(handle: str) -> ButtonElement:
    """The button below everything that happened to an account: it asks first, with what it does."""
    return sure_button(
        "It wasn't me",
        Action.NOT_ME,
        handle,
        title="This was not you?",
        facts=(
            "Your account is switched off at once and signed out everywhere, what you asked for is held back, and the "
            "security team is told. Only they can let you in again."
        ),
        yes="Stop it",
        no="It was me",
    )


def announced_message(handle: str, at: datetime) -> Message:
    """Before the change (P-6)."""
    return said(
        f"{ANNOUNCED.format(at=clock(at), proven=_PROVEN)}\nWas this not you? One click stops it.",
        buttons=[not_me(handle)],
    )


def reported_text(outcome: object) -> str:
    """To whoever said that it was not them; "" for a repeat of the same click."""
    match outcome:
        case Stopped(again=again):
            return REPORTED_BEFORE if again else REPORTED
        case Unknown():
            return "This is not about your account, so nothing was changed."
        case _:
            return ""


def alarm_message(alert: Alert) -> Message:
    """The exception: what was done, what was not, and the way to lift it; then who did so."""
    title = f"“This wasn't me”: {alert.whose}"
    what = _CHANGES.get(alert.fact("purpose"), "a change to their account")
    how = "in Slack" if alert.fact("door") == "slack" else "by the link in a mail, without signing in"
    told = sentence(
        f"{alert.whose} says of {what} that it was not theirs, {how}.",
        _DISABLED.get(alert.fact("disabled"), ""),
        _SESSIONS.get(alert.fact("sessions"), ""),
        "Links of theirs that were open are closed, and nothing is asked, given or decided in their name.",
    )
    if by := alert.fact("decided_by"):
        at, why = alert.moment("decided_at"), str(alert.facts.get("rationale") or "")
        when = f" at {clock(at)}" if at else ""
        return composed(
            alert, title, f"{told}\n✅ *Lifted* by {by}{when}{f': {quoted(why)}' if why else ''}."
        )
    todo = "Speak to them, in person or by phone. When you know what it was, lift it."
    return composed(
        alert, title, f"{told} {todo}", buttons=[button("Let them in again…", Action.RELEASE, alert.id)]
    )


def released_text(outcome: object) -> str:
    """What to tell somebody whose click did not count, or counts later; "" when it did or was a repeat."""
    match outcome:
        case NotAllowed():
            return not_allowed_text(outcome)
        case NoLonger(by=by, at=at):
            return f"{inert(by)} lifted this{f' at {clock(at)}' if at else ''}. Nothing more to do."
        case NotReleased():
            return (
                "The directory did not answer, so the account is not known to be on again. The alarm stands; please do "
                "it once more in a minute."
            )
        case Unknown():
            return "This is no longer there, so nothing was changed."
        case Released():
            return ""
        case _:
            return ""


_CHANGES = {
    "reset": "a reset of their password",
    "unlock": "an unlock of their account",
    "enrol": "a change of their proofs",
}
_DISABLED = {
    "wanted": "Their account could not be switched off yet: the directory does not answer, and Wicket goes on trying.",
    "done": "Their account is switched off.",
    "already": "Their account was switched off before.",
    "unable": "*The directory cannot switch accounts off by Wicket: please do it yourselves, now.*",
    "held": (
        "*Their account is not switched off: there were too many such reports within an hour, so that somebody may be "
        "locking people out. Please look first, and switch it off yourselves.*"
    ),
}
_SESSIONS = {
    "wanted": "Their sessions are not ended yet; Wicket goes on trying.",
    "done": "Their sessions are ended.",
    "unable": "The directory knows of no sessions that Wicket could end.",
}
