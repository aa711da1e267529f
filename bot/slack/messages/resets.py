"""What people and security read of resets: that one is about to be, that it was not theirs, what was done about it.

It claims nothing that is not known, and carries no address and no link.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.message import composed
from bot.slack.messages.deciding import not_allowed_text
from bot.slack.messages.parts import Message, button, said, sure_button
from bot.slack.sentences import CHANGED
from bot.slack.words import clock, inert, quoted, together
from bot.texts import say, template
from handlers.alarms.reported import NotReleased, Stopped
from handlers.outcomes import NoLonger, NotAllowed, Unknown

ANNOUNCED = template(
    "⏳ A new password is being set for your account, since {time}, after somebody proved on the secure page to be "
    "you. I tell you here what comes of it; if nothing follows, nothing was changed."
)
REPORTED = template(
    "✅ It is stopped. What was open is closed, and your account is being switched off and signed out wherever the "
    "directory can do that. The security team has been told and comes to you; you can also go to them."
)
REPORTED_AND_HELD = template(
    "⚠️ What was open is closed, but your account is not switched off: there were too many such reports at once. The "
    "security team has been told and looks first. Go to them now, in person or by phone."
)
PETITION_STOPPED = template(
    "✅ It is stopped: nobody decides about it any more, and your account stays as it is. The security team has been "
    "told that it was not you; if somebody else may be in your Slack or your mail, go to them at once."
)
PETITION_OVER = template(
    "This petition was over already, and nothing was changed by it. Nothing more was done."
)
LOST_VISIT = template(
    "This message is from a time that my records no longer hold, so nothing was stopped by it. If something is wrong "
    "with your account, go to the security team at once, in person or by phone."
)
REPORTED_BEFORE = template("You said so before, and the security team knows. Nothing more was done.")


def not_me(handle: str) -> ButtonElement:
    """The button below everything that happened to an account: it asks first, with what it does."""
    return sure_button(
        say("It wasn't me"),
        Action.NOT_ME,
        handle,
        title=say("This was not you?"),
        facts=say(
            "Your account is switched off at once and signed out everywhere, what you asked for is held back, and the "
            "security team is told. Only they can let you in again."
        ),
        yes=say("Stop it"),
        no=say("It was me"),
    )


def announced_message(handle: str, at: datetime) -> Message:
    """Before the change (P-6)."""
    told, stop = say(ANNOUNCED, time=clock(at)), say("Was this not you? One click stops it.")
    return said(f"{told}\n{stop}", buttons=[not_me(handle)])


def reported_text(outcome: object) -> str:
    """To whoever said that it was not them; "" for a repeat of the same click."""
    match outcome:
        case Stopped(petition=True, again=again):
            return say(PETITION_OVER) if again else say(PETITION_STOPPED)
        case Stopped(held=True):
            return say(REPORTED_AND_HELD)
        case Stopped(again=again):
            return say(REPORTED_BEFORE) if again else say(REPORTED)
        case Unknown(lost=True):
            return say(LOST_VISIT)
        case Unknown():
            return say("This is not about your account, so nothing was changed.")
        case _:
            return ""


def alarm_message(alert: Alert) -> Message:
    """The exception: what was done, what was not, and the way to lift it; then who did so."""
    title = say("“This wasn't me”: {name}", name=alert.whose)
    purpose, disabled, sessions = (alert.fact(name) for name in ("purpose", "disabled", "sessions"))
    what = say(_CHANGES[purpose]) if purpose in _CHANGES else say("a change to their account")
    if alert.fact("door") == "slack":
        by_whom = say(
            "{name} says of {change} that it was not theirs, in Slack.", name=alert.whose, change=what
        )
    else:
        by_whom = say(
            "{name} says of {change} that it was not theirs, by the link in a mail, without signing in.",
            name=alert.whose, change=what,
        )  # fmt: skip
    if alert.fact("decided_by"):  # what was done is over: nothing of it is told as if it still held
        was = say(WAS_DISABLED[disabled]) if disabled in WAS_DISABLED else ""
        over = say(
            "Links of theirs that were open were closed, and nothing was asked, given or decided in their name."
        )
        return composed(alert, title, f"{together(by_whom, was, over)}\n{lifted(alert)}")
    told = together(
        by_whom,
        say(DISABLED[disabled]) if disabled in DISABLED else "",
        say(SESSIONS[sessions]) if sessions in SESSIONS else "",
        say(
            "Links of theirs that were open are closed, and nothing is asked, given or decided in their name."
        ),
    )
    todo = say("Speak to them, in person or by phone. When you know what it was, lift it.")
    again = button(say("Let them in again…"), Action.RELEASE, alert.id)
    return composed(alert, title, together(told, todo), buttons=[again])


def lifted(alert: Alert) -> str:
    by, at = alert.fact("decided_by"), alert.moment("decided_at")
    why = quoted(str(alert.facts.get("rationale") or ""))
    whom = say("{name} at {time}", name=by, time=clock(at)) if at else by
    return say("✅ *Lifted* by {whom}: {words}.", whom=whom, words=why)


def released_text(outcome: object) -> str:
    """What to tell somebody whose click did not count, or counts later; "" when it did or was a repeat."""
    match outcome:
        case NotAllowed():
            return not_allowed_text(outcome)
        case NoLonger(by=by, at=at):
            when = clock(at) if at else ""
            return say("{name} lifted this: {time}. Nothing more to do.", name=inert(by), time=when)
        case NotReleased():
            return say(
                "The directory did not answer, so the account is not known to be on again. The alarm stands; please do "
                "it once more in a minute."
            )
        case Unknown(changed=True):
            return say(CHANGED)
        case Unknown():
            return say("This is no longer there, so nothing was changed.")
        case _:
            return ""


_CHANGES = {
    "reset": template("a reset of their password"),
    "unlock": template("an unlock of their account"),
    "enrol": template("a change of their proofs"),
    "care": template("a change of their proofs"),
    "recheck": template("a check of their access by the help desk"),
}
DISABLED = {
    **dict.fromkeys(
        ("wanted", "unseen"),
        template(
            "Their account could not be switched off yet: the directory does not answer, and Wicket goes on trying."
        ),
    ),
    "done": template("Their account is switched off."),
    "already": template("Their account was switched off before."),
    "unable": template("*The directory cannot switch accounts off by Wicket: please do it yourselves, now.*"),
    "spared": template("Their account was left on: nobody asked to switch it off."),
    "held": template(
        "*Their account is not switched off: there were too many such reports within an hour, so that somebody may be "
        "locking people out. Please look first, and switch it off yourselves.*"
    ),
}
WAS_DISABLED = {
    **dict.fromkeys(
        ("wanted", "unseen", "unable", "held", "spared"),
        template("Their account was not switched off by Wicket."),
    ),
    "done": template("Their account was switched off."),
    "already": template("Their account was switched off before."),
}
SESSIONS = {
    "wanted": template("Their sessions are not ended yet; Wicket goes on trying."),
    "done": template("Their sessions are ended."),
    "unable": template("The directory knows of no sessions that Wicket could end."),
}
