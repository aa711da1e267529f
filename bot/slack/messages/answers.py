"""Answers to staff: what they hold, who owns what, what can be done here, and where the secure page is.

First the answer, then why, then what to do next.
"""

from datetime import datetime

from bot.slack.actions import Action
from bot.slack.messages.abilities import help_message
from bot.slack.messages.asked_back import (
    ask_button,
    courteous_message,
    did_you_mean,
    for_another,
    nearly_understood,
    not_understood,
    nothing_named,
    reset_button,
    several_named,
    suggestions,
    worried,
)
from bot.slack.messages.during import give_back_button
from bot.slack.messages.explained import approval_message, can_ask_message, refused_message
from bot.slack.messages.own_requests import own_requests_message
from bot.slack.messages.parts import Message, button, link_button, said
from bot.slack.words import day_and_clock, either, first, inert, together, until_from
from bot.texts import as_told, say, say_counted, template
from handlers.questions.answers import (
    AccessList,
    Answer,
    Courteous,
    DidYouMean,
    Elsewhere,
    ForAnother,
    Held,
    Help,
    LinkedAlready,
    Membership,
    NearlyUnderstood,
    NotHere,
    NothingNamed,
    NotUnderstood,
    OwnedBy,
    OwnRequests,
    PasswordExpiry,
    SeveralNamed,
    Worried,
)
from handlers.questions.explained import CanAsk, WhyApproval, WhyRefused

_SHOWN = 10
_UNKNOWN_SHOWN = 5


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
        case WhyRefused():
            return refused_message(answer)
        case WhyApproval():
            return approval_message(answer)
        case CanAsk():
            return can_ask_message(answer)
        case Help():
            return help_message(answer)
        case Courteous():
            return courteous_message(answer)
        case ForAnother():
            return for_another()
        case Worried():
            return worried()
        case OwnRequests():
            return own_requests_message(answer)
        case LinkedAlready():
            return said(
                say("This Slack account is already linked to you. Ask me anything."), buttons=suggestions()
            )
        case DidYouMean():
            return did_you_mean(answer)
        case NothingNamed():
            return nothing_named()
        case SeveralNamed():
            return several_named(answer)
        case NearlyUnderstood():
            return nearly_understood(answer)
        case NotUnderstood():
            return not_understood()


def page_message(purpose: str, address: str, minutes: int) -> Message:
    """Where to go on. The address carries no authority and works for one person, for a short time."""
    works = say_counted(
        "The link is for you alone and works for {count} minute.",
        "The link is for you alone and works for {count} minutes.",
        minutes,
    )
    never = say("No one, including me, will ever ask for a password or a code in Slack.")
    return said(
        together(say(_OPENINGS[purpose]), works, never),
        buttons=[link_button(say("Continue securely"), address)],
    )


_OPENINGS = {
    "reset": template(
        "I can do that with you now. Continue on the secure page and have your passkey or authenticator ready."
    ),
    "unlock": template(
        "I can unlock your account once you show that it is you. Have your passkey or authenticator ready."
    ),
    "care": template(
        "See and change your proofs on the secure page. Have your current password ready, and one of your proofs if "
        "you have any."
    ),
    "enrol": template(
        "Set up your authenticator on the secure page. Have your current password and your phone ready."
    ),
    "step_up": template(
        "A decision needs a fresh proof of who you are. Have your passkey or authenticator ready."
    ),
    "link": template(
        "First I need to know that this Slack account is yours. Sign in once on the secure page."
    ),
}


def not_here_message(answer: NotHere) -> Message:
    """Why one cannot do this oneself, and what to do."""
    if answer.instead == "set up proofs first" and answer.vouches:
        return said(
            say(
                "I can't reset your password yet: you have no authenticator set up here.\n"
                "What you can do: set one up now with your current password. If you no longer know it, ask your "
                "manager or the help desk to vouch for you."
            ),
            buttons=[
                button(say("Set up authenticator"), Action.SET_UP_PROOFS, "enrol", primary=True),
                button(say("Be vouched for"), Action.BE_VOUCHED, "reset"),
            ],
        )
    if answer.instead == "set up proofs first":
        return said(
            say(
                "I can't reset your password yet: you have no authenticator set up here.\n"
                "What you can do: set one up now with your current password. If you no longer know it, ask the IT desk."
            ),
            buttons=[button(say("Set up authenticator"), Action.SET_UP_PROOFS, "enrol", primary=True)],
        )
    reasons = together(*(inert(as_told(reason)) for reason in answer.reasons)) or say("No policy allows it.")
    if answer.instead == "ask two people":
        return said(
            say(
                "⛔ I can't do that for you alone. {reasons} Nothing was changed.\n"
                "What you can do: ask two people to say that it is you.",
                reasons=reasons,
            ),
            buttons=[button(say("Ask two people…"), Action.PETITION_PASSWORD, "petition", primary=True)],
        )
    return said(
        say(
            "⛔ I can't do that here. {reasons} Nothing was changed.\n"
            "What you can do: ask the security team; they do it with you.",
            reasons=reasons,
        )
    )


def unlocked_message() -> Message:
    """The account is open again."""
    return said(
        say(
            "✅ Your account is unlocked. You can sign in again with the password you have.\n"
            "Were the wrong passwords not yours? Then reset your password now."
        ),
        buttons=[reset_button()],
    )


def not_known_unlocked_message() -> Message:
    """It was asked for, and nobody knows whether it happened."""
    return said(
        say(
            "I asked the directory to unlock your account, and it did not confirm it: "
            "I don't know whether it was done.\n"
            "What you can do: try to sign in. If that fails, write “unlock my account” again in a few minutes."
        )
    )


def not_locked_message() -> Message:
    """There is nothing to unlock."""
    return said(
        say("Your account is not locked. If you can't sign in, the password may be the reason."),
        buttons=[reset_button()],
    )


def no_candidate_message(several: bool) -> Message:
    """No page can help: nobody, or more than one person, has this e-mail address."""
    if several:
        why = say(
            "I can't tell who you are: more than one person in the directory has your e-mail address. "
            "The security team has been told."
        )
    else:
        why = say(
            "I can't tell who you are: nobody in the directory has the e-mail address of this Slack account. "
            "The security team has been told."
        )
    instead = say("What you can do: ask the IT desk to correct your address, then come back.")
    return said(f"{why}\n{instead}")


def greeting_message(text: str) -> Message:
    """A plain sentence of ours."""
    return said(text)


def _access(answer: AccessList, now: datetime) -> Message:
    read, unknown = read_remark(answer, now), unknown_lines(answer)
    if not answer.held:
        return said("\n".join([nothing_held(answer), *unknown]), remark=read, buttons=[ask_button()])
    lines = [
        say("• *{entitlement}*, {how}", entitlement=inert(one.entitlement), how=how_held(one, now))
        for one in answer.held[:_SHOWN]
    ]
    count = len(answer.held)
    if count > _SHOWN:
        lines.append(
            say_counted(
                "… and {count} more. Ask “am I in …?” with a name to know about one.",
                "… and {count} more. Ask “am I in …?” with a name to know about one.",
                count - _SHOWN,
            )
        )
    if unknown:
        opening = say_counted(
            "✅ You hold {count} thing that I know of.", "✅ You hold {count} things that I know of.", count
        )
    else:
        opening = say_counted("✅ You hold {count} thing.", "✅ You hold {count} things.", count)
    remark = together(read, _to_give_back(answer))
    return said("\n".join([opening, *lines, *unknown]), remark=remark, buttons=[ask_button()])


def _to_give_back(answer: AccessList) -> str:
    """What to say about what ends by itself, the soonest first; "" where nothing does."""
    own = next((one for one in answer.held if one.grant is not None and not one.ending), None)
    if own is None:
        return ""
    return say(
        "Done with it before? Say “I'm done with {entitlement}”. Where it can be extended, the button is below its own "
        "message.",
        entitlement=inert(own.entitlement),
    )


def nothing_held(answer: AccessList) -> str:
    """That they hold nothing, as far as it is known."""
    if unknown_lines(answer):
        return say("You hold nothing that I know of.")
    return say("You hold nothing from the catalogue right now.")


def how_held(one: Held, now: datetime) -> str:
    """Until when, or from whom: to follow the name."""
    if one.until is None:
        return say("standing, from {owner}", owner=inert(one.owner))
    if one.ending:
        return say("being taken back")
    return say(
        "until {time} ({from_now})", time=day_and_clock(one.until), from_now=until_from(now, one.until)
    )


def read_remark(answer: AccessList, now: datetime) -> str:
    """How old the answer is, for each directory that was asked."""
    others = [
        say("Directory {directory} read {ago}.", directory=inert(one.directory), ago=_ago(now, one.read_at))
        for one in answer.elsewhere
        if one.read_at is not None
    ]
    return together(say("Directory read {ago}.", ago=_ago(now, answer.read_at)), *others)


def unknown_lines(answer: AccessList) -> list[str]:
    """A line for each directory of which nobody can say what the person holds there."""
    return [_unknown(one) for one in answer.elsewhere if one.read_at is None]


def _unknown(elsewhere: Elsewhere) -> str:
    """What nobody can say, and why: unknown is not none (promise 7)."""
    names = first([f"*{inert(one)}*" for one in elsewhere.unknown], _UNKNOWN_SHOWN)
    why = inert(as_told(elsewhere.advice)) or say(
        "I can't read the directory {directory} right now. Ask me again in a few minutes.",
        directory=inert(elsewhere.directory),
    )
    return say("• I don't know about {names}. {why}", names=either(names), why=why)


def _membership(answer: Membership, now: datetime) -> Message:
    name, ago = inert(answer.entitlement), _ago(now, answer.read_at)
    if answer.member is None:
        return said(
            say(
                "I don't know whether you are in *{name}*. {advice}",
                name=name,
                advice=inert(as_told(answer.advice)),
            )
        )
    if not answer.member:
        return said(
            say("No, you are not in *{name}*. Directory read {ago}.", name=name, ago=ago),
            buttons=[ask_button(answer.entitlement)],
        )
    if answer.until is None:
        return said(
            say("✅ Yes, you are in *{name}*. Directory read {ago}.", name=name, ago=ago),
            remark=say(
                "It has no end. Whoever wants to give it back asks *{owner}*.", owner=inert(answer.owner)
            ),
        )
    return said(
        say(
            "✅ Yes, you are in *{name}* until {time}. Directory read {ago}.",
            name=name, time=day_and_clock(answer.until), ago=ago,
        ),
        # Its own message knows who may extend it: a button here could be nobody's to press.
        remark=say("Where it can be extended, the button is below its own message.") if answer.grant else "",
        buttons=[give_back_button(answer.grant, answer.entitlement)] if answer.grant else (),
    )  # fmt: skip


def _owned_by(answer: OwnedBy) -> Message:
    return said(
        say(
            "*{entitlement}* ({title}) belongs to *{owner}*, {channel}. It is {environment}, risk {risk} of 5.",
            entitlement=inert(answer.entitlement),
            title=inert(answer.title),
            owner=inert(answer.owner),
            channel=f"<#{answer.channel}>",
            environment=inert(answer.environment),
            risk=answer.risk,
        ),
        buttons=[ask_button(answer.entitlement)],
    )


def _password_expiry(answer: PasswordExpiry, now: datetime) -> Message:
    if answer.at is None:
        text = say("Your password does not expire.")
    elif answer.at <= now:
        text = say("Your password expired {time}.", time=day_and_clock(answer.at))
    else:
        text = say(
            "Your password expires {time} ({from_now}).",
            time=day_and_clock(answer.at),
            from_now=until_from(now, answer.at),
        )
    return said(text, buttons=[reset_button()])


def _ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    return say("just now") if seconds < 2 else say_counted("{count} s ago", "{count} s ago", seconds)
