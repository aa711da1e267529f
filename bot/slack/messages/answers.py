"""Answers to staff: what they hold, who owns what, what can be done here, and where the secure page is.

First the answer, then why, then what to do next.
"""

from datetime import datetime

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, link_button, said
from bot.slack.messages.resets import not_me
from bot.slack.words import clock, counted, day_and_clock, inert, listed, until_from
from handlers.answers import (
    AccessList,
    Answer,
    DidYouMean,
    Elsewhere,
    Held,
    Help,
    LinkedAlready,
    Membership,
    NotHere,
    NotUnderstood,
    OwnedBy,
    PasswordExpiry,
)

_SHOWN = 10
_UNKNOWN_SHOWN = 5
_NOTHING = "You hold nothing from the catalogue right now."


def answer_message(answer: Answer, now: datetime) -> Message:
    """The answer to a routine question, as of `now`."""
    match answer:
        case AccessList():
            return _access(answer, now)
        case Membership():
            return _membership(answer, now)
        case OwnedBy():
            return _owned_by(answer)
        case PasswordExpiry():
            return _password_expiry(answer, now)
        case Help():
            return _help()
        case LinkedAlready():
            return said(
                "This Slack account is already linked to you. Ask me anything.", buttons=_suggestions()
            )
        case DidYouMean():
            return _did_you_mean(answer)
        case NotUnderstood():
            return not_understood()


def page_message(purpose: str, address: str, minutes: int) -> Message:
    """Where to go on. The address carries no authority and works for one person, for a short time."""
    opening = {
        "reset": "I can do that with you now. Continue on the secure page and have your authenticator ready.",
        "unlock": "I can unlock your account once you show that it is you. Have your authenticator ready.",
        "enrol": "Set up your authenticator on the secure page. Have your current password and your phone ready.",
        "link": "First I need to know that this Slack account is yours. Sign in once on the secure page.",
    }[purpose]
    return said(
        f"{opening} The link is for you alone and works for {counted(minutes, 'minute')}. "
        "No one, including me, will ever ask for a password or a code in Slack.",
        buttons=[link_button("Continue securely", address)],
    )


def not_here_message(answer: NotHere) -> Message:
    """Why one cannot do this oneself, and what to do."""
    if answer.instead == "set up proofs first":
        return said(
            "I can't reset your password yet: you have no authenticator set up here.\n"
            "What you can do: set one up now with your current password. If you no longer know it, ask the IT desk.",
            buttons=[button("Set up authenticator", Action.SET_UP_PROOFS, "enrol", primary=True)],
        )
    reasons = " ".join(inert(reason) for reason in answer.reasons) or "No policy allows it."
    return said(
        f"⛔ I can't do that here. {reasons} Nothing was changed.\n"
        "What you can do: ask the security team; they do it with you."
    )


def unlocked_message() -> Message:
    """The account is open again."""
    return said(
        "✅ Your account is unlocked. You can sign in again with the password you have.\n"
        "Were the wrong passwords not yours? Then reset your password now.",
        buttons=[button("Reset password", Action.RESET_PASSWORD, "reset")],
    )


def not_known_unlocked_message() -> Message:
    """It was asked for, and nobody knows whether it happened."""
    return said(
        "I asked the directory to unlock your account, and it did not confirm it: I don't know whether it was done.\n"
        "What you can do: try to sign in. If that fails, write “unlock my account” again in a few minutes."
    )


def not_locked_message() -> Message:
    """There is nothing to unlock."""
    return said(
        "Your account is not locked. If you can't sign in, the password may be the reason.",
        buttons=[button("Reset password", Action.RESET_PASSWORD, "reset")],
    )


def no_candidate_message(several: bool) -> Message:
    """No page can help: nobody, or more than one person, has this e-mail address."""
    why = (
        "more than one person in the directory has your e-mail address"
        if several
        else "nobody in the directory has the e-mail address of this Slack account"
    )
    return said(
        f"I can't tell who you are: {why}. The security team has been told.\n"
        "What you can do: ask the IT desk to correct your address, then come back."
    )


def notice_message(kind: str, result: str, at: datetime, *, handle: str = "") -> Message:
    """What came of one's visit to the secure page; it never claims more than is known. handle: to say it was not me."""
    if kind == "linked":
        return said(
            f"✅ This Slack account is linked to you since {clock(at)}. Ask me again for what you wanted.",
            buttons=_suggestions(),
        )
    what = _NOTICES.get((kind, result)) or _NOTICES[kind, "done"]
    told = what.format(at=clock(at))
    if not handle:
        return said(f"{told}\nWas this not you? Tell the security team at once.")
    return said(f"{told}\nWas this not you? One click stops it.", buttons=[not_me(handle)])


_NOTICES = {
    ("password-changed", "done"): "✅ Your password was changed at {at} and you were signed out everywhere.",
    ("password-changed", "no-sessions"): (
        "✅ Your password was changed at {at}. Your directory can't end sessions: "
        "where you are still signed in, sign out yourself."
    ),
    ("password-changed", "sessions-open"): (
        "⚠️ Your password was changed at {at}, but I could not sign you out elsewhere. "
        "Where you are still signed in, sign out yourself. The security team has been told."
    ),
    ("password-changed", "unknown"): (
        "⚠️ I don't know whether your password was changed at {at}: the directory did not answer in time. "
        "Try to sign in with the new one; if that fails, the old one still holds. The security team has been told."
    ),
    ("account-unlocked", "done"): "✅ Your account was unlocked at {at}.",
    ("account-unlocked", "unknown"): (
        "⚠️ I don't know whether your account was unlocked at {at}: the directory did not answer in time. "
        "Try to sign in; if that fails, ask me again. The security team has been told."
    ),
    ("proofs-changed", "done"): "✅ Your authenticator and recovery codes were set up at {at}.",
}


def greeting_message(text: str) -> Message:
    """A plain sentence of ours."""
    return said(text)


def not_understood() -> Message:
    """Nothing is guessed, and what was typed is not kept."""
    return said(
        "I didn't understand that. Right now I can show your access, ask for more, or reset your password. "
        "Say “help” for the rest.",
        buttons=_suggestions(),
    )


def _suggestions() -> list[ButtonElement]:
    return [
        button("My access", Action.MY_ACCESS, "access"),
        button("Ask for access…", Action.ASK_FOR_ACCESS, "request"),
        button("Reset password", Action.RESET_PASSWORD, "reset"),
    ]


def _access(answer: AccessList, now: datetime) -> Message:
    read, unknown = read_remark(answer, now), unknown_lines(answer)
    ask = button("Ask for access…", Action.ASK_FOR_ACCESS, "request")
    if not answer.held:
        nothing = "You hold nothing that I know of." if unknown else _NOTHING
        return said("\n".join([nothing, *unknown]), remark=read, buttons=[ask])
    lines = [f"• *{inert(one.entitlement)}*, {how_held(one, now)}" for one in answer.held[:_SHOWN]]
    rest = len(answer.held) - _SHOWN
    if rest > 0:
        lines.append(f"… and {rest} more. Ask “am I in …?” with a name to know about one.")
    things = counted(len(answer.held), "thing")
    said_first = f"✅ You hold {things}{' that I know of' if unknown else ''}."
    return said("\n".join([said_first, *lines, *unknown]), remark=read, buttons=[ask])


def how_held(one: Held, now: datetime) -> str:
    """Until when, or from whom: to follow the name."""
    if one.until is None:
        return f"standing, from {inert(one.owner)}"
    if one.ending:
        return "being taken back"
    return f"until {day_and_clock(one.until)} ({until_from(now, one.until)})"


def read_remark(answer: AccessList, now: datetime) -> str:
    """How old the answer is, for each directory that was asked."""
    known = [one for one in answer.elsewhere if one.read_at is not None]
    ages = "".join(f"; {inert(one.directory)} {_ago(now, one.read_at)}" for one in known if one.read_at)
    return f"Directory read {_ago(now, answer.read_at)}{ages}."


def unknown_lines(answer: AccessList) -> list[str]:
    """A line for each directory of which nobody can say what the person holds there."""
    return [_unknown(one) for one in answer.elsewhere if one.read_at is None]


def _unknown(elsewhere: Elsewhere) -> str:
    """What nobody can say, and why: unknown is not none (promise 7)."""
    names = [f"*{inert(one)}*" for one in elsewhere.unknown]
    rest = len(names) - _UNKNOWN_SHOWN
    shown = listed([*names[:_UNKNOWN_SHOWN], *([f"{rest} more"] if rest > 0 else [])], last="or")
    why = (
        inert(elsewhere.advice)
        or f"I can't read the directory {inert(elsewhere.directory)} right now. Ask me again in a few minutes."
    )
    return f"• I don't know about {shown}. {why}"


def _membership(answer: Membership, now: datetime) -> Message:
    name = f"*{inert(answer.entitlement)}*"
    if answer.member is None:
        return said(f"I don't know whether you are in {name}. {inert(answer.advice)}")
    if not answer.member:
        return said(
            f"No, you are not in {name}. Directory read {_ago(now, answer.read_at)}.",
            buttons=[button("Ask for access…", Action.ASK_FOR_ACCESS, answer.entitlement)],
        )
    until = f" until {day_and_clock(answer.until)}" if answer.until else ""
    return said(f"✅ Yes, you are in {name}{until}. Directory read {_ago(now, answer.read_at)}.")


def _owned_by(answer: OwnedBy) -> Message:
    return said(
        f"*{inert(answer.entitlement)}* ({inert(answer.title)}) belongs to *{inert(answer.owner)}*, "
        f"<#{answer.channel}>. It is {inert(answer.environment)}, risk {answer.risk} of 5.",
        buttons=[button("Ask for access…", Action.ASK_FOR_ACCESS, answer.entitlement)],
    )


def _password_expiry(answer: PasswordExpiry, now: datetime) -> Message:
    reset = button("Reset password", Action.RESET_PASSWORD, "reset")
    if answer.at is None:
        return said("Your password does not expire.", buttons=[reset])
    if answer.at <= now:
        return said(f"Your password expired {day_and_clock(answer.at)}.", buttons=[reset])
    when = f"{day_and_clock(answer.at)} ({until_from(now, answer.at)})"
    return said(f"Your password expires {when}.", buttons=[reset])


def _help() -> Message:
    return said(
        "Things you can say to me, here or after `/wicket`:\n"
        "• *what access do I have?*\n"
        "• *am I in vpn-users?* · *who owns prod-db?*\n"
        "• *I need prod-db for 2h because INC-4711*\n"
        "• *reset my password* · *unlock my account* · *when does my password expire?*\n"
        "• *set up my authenticator*",
        remark="What I don't understand I don't keep. Never type a password or a code here: nobody will ask for one.",
        buttons=_suggestions(),
    )


def _did_you_mean(answer: DidYouMean) -> Message:
    if not answer.candidates:
        return said(
            "I don't know yet what you need. Choose from what there is, or write its name.",
            buttons=[button("Ask for access…", Action.ASK_FOR_ACCESS, "request")],
        )
    names = listed([f"*{inert(one)}*" for one in answer.candidates], last="or")
    return said(
        f"I don't know that name. Did you mean {names}? Please write it once more with the name you mean."
    )


def _ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    return "just now" if seconds < 2 else f"{seconds} s ago"
