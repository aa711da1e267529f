"""What people read of the help desk: the person of what was done for them, the helper of what came of it.

It shows the helper no link and no code, and claims nothing that is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, link_button, said
from bot.slack.messages.resets import not_me
from bot.slack.words import clock, either, inert, listed, together
from bot.texts import as_told, say, say_counted, template
from handlers.decisions.helping import Act
from handlers.help_desk.outcomes import (
    Checked,
    MayNotHelp,
    NotLockedNow,
    NotOfDesk,
    NotServed,
    Rechecked,
    ResetStarted,
    UnlockedFor,
)

MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class HelpGiven:
    """One act. helper: their name. result: of the visit, as storage.states has it. given_again: by a check.

    visit: the handle. page: the address of the secure page while it is open, otherwise "".
    """

    act: Act
    helper: str
    ticket: str
    at: datetime
    result: str
    visit: str
    given_again: tuple[str, ...] = ()
    page: str = ""


def help_given_message(help_: HelpGiven) -> Message:
    """To the person, from the first word to the last: one message, edited in place."""
    name, ticket, time = inert(help_.helper), inert(help_.ticket), clock(help_.at)
    stop = say("Not you who asked for it? One click stops it.")
    buttons = [not_me(help_.visit)]
    if help_.act == Act.UNLOCK:
        known = help_.result if help_.result in _UNLOCKS else "changing"
        told = say(_UNLOCKS[known], name=name, ticket=ticket, time=time)
    elif help_.act == Act.RECHECK:
        told = together(
            say(
                "✅ *{name}* of the help desk had your access checked again at {time}, for ticket {ticket}.",
                name=name,
                ticket=ticket,
                time=time,
            ),
            _given_again(help_.given_again),
        )
    else:
        told = _reset_started(name, ticket, time)
        if help_.page:
            buttons = [link_button(say("Continue securely"), help_.page), *buttons]
    return said(f"{told}\n{stop}", buttons=buttons)


_UNLOCKS: Mapping[str, str] = {
    "changing": template(
        "⏳ *{name}* of the help desk is unlocking your account for ticket {ticket}, since {time}."
    ),
    "done": template("✅ *{name}* of the help desk unlocked your account at {time} for ticket {ticket}."),
    "unknown": template(
        "⚠️ *{name}* of the help desk asked at {time} to unlock your account, for ticket {ticket}. The directory did "
        "not answer, so I don't know whether it is unlocked. Try to sign in."
    ),
}


def _given_again(entitlements: Sequence[str]) -> str:
    if not entitlements:
        return say("Nothing was changed by it.")
    names = listed([f"*{inert(one)}*" for one in entitlements[:MOST_NAMED]])
    return say("You were given it before and it was missing, so you get it again: {names}.", names=names)


def _reset_started(name: str, ticket: str, time: str) -> str:
    told = together(
        say(
            "⏳ *{name}* of the help desk started a password reset for you at {time}, for ticket {ticket}.",
            name=name,
            ticket=ticket,
            time=time,
        ),
        say("Go on only if you asked for it."),
    )
    proof = say(
        "You prove who you are on the secure page, within a few minutes. Nobody, and nobody of the help desk, ever "
        "asks for a password or a code."
    )
    later = say(
        "After that, say “reset my password” to me; and if you can't prove who you are, “I lost my authenticator”."
    )
    return f"{told}\n{proof}\n{later}"


def begin_message(act: Act) -> Message:
    """To whoever says so in a direct message, from which no form opens by itself."""
    return said(say(_BEGINS[act]), buttons=[button(say(_BUTTONS[act]), Action.HELP, act.value, primary=True)])


_BEGINS: Mapping[Act, str] = {
    Act.UNLOCK: template(
        "If you are on the help desk, you can unlock the account of somebody whom it serves, with a ticket. Anybody "
        "else unlocks their own: they say “unlock my account” to me."
    ),
    Act.RESET: template(
        "If you are on the help desk, you can start a reset for somebody whom it serves, with a ticket. Anybody else "
        "resets their own: they say “reset my password” to me."
    ),
    Act.RECHECK: template(
        "If you are on the help desk, you can have the access of somebody whom it serves checked again, with a ticket."
    ),
}
_BUTTONS: Mapping[Act, str] = {
    Act.UNLOCK: template("Unlock for somebody…"),
    Act.RESET: template("Start a reset…"),
    Act.RECHECK: template("Check access again…"),
}


def helped_text(outcome: object) -> tuple[str, str]:
    """The title and the sentence that take the form's place; both "" if it stays or closes."""
    match outcome:
        case UnlockedFor(name=name, known=True):
            return say("Unlocked"), together(
                say("✅ The account of *{name}* is unlocked.", name=inert(name)),
                say("They are told, with your name and the ticket. Their password stays as it is."),
            )
        case UnlockedFor(name=name):
            return say("Not known"), say(
                "⚠️ The directory did not confirm it, so I don't know whether the account of *{name}* is unlocked. Have "
                "them try to sign in. The security team has been told.",
                name=inert(name),
            )
        case NotLockedNow(name=name):
            return say("Nothing was changed"), together(
                say("The account of *{name}* is not locked.", name=inert(name)),
                say("If they can't sign in, a reset may be what they need."),
            )
        case ResetStarted(name=name):
            return say("Started"), together(
                say("✅ *{name}* got the way to the secure page, in Slack.", name=inert(name)),
                say("There they prove who they are, and choose a new password by themselves."),
                say(
                    "If they can't prove it, have them say “I lost my authenticator” to me: two people then say that "
                    "it is them."
                ),
            )
        case Rechecked():
            return say("Checked"), _checked_text(outcome)
        case _:
            return _refused_text(outcome)


def _refused_text(outcome: object) -> tuple[str, str]:
    match outcome:
        case NotOfDesk():
            return say("Nothing was changed"), not_of_desk_text(outcome)
        case NotServed(name=name, ask=ask):
            return say("Nothing was changed"), together(
                say("⛔ Your help desk does not serve *{name}*, so nothing was changed.", name=inert(name)),
                say("Ask {names} to do it.", names=either([inert(one) for one in ask]))
                if ask
                else say("No help desk does. They do it by themselves, or go to the security team."),
            )
        case MayNotHelp(name=name, reasons=reasons):
            return say("Nothing was changed"), together(
                say("⛔ You can't do this for *{name}*, so nothing was changed.", name=inert(name)),
                *(inert(as_told(reason)) for reason in reasons),
            )
        case _:
            return "", ""


def not_of_desk_text(outcome: NotOfDesk) -> str:
    """To whoever is on no desk that may do this."""
    return together(
        say("⛔ You are not on a help desk that may do this for others, so nothing was changed."),
        say("Ask {names}.", names=either([inert(one) for one in outcome.ask]))
        if outcome.ask
        else say("Ask the security team."),
        say("Whoever it is about can often do it by themselves: they ask me."),
    )


NOBODY = template("I don't know who in the directory that is, so they could not be told and nothing is done.")
NO_TICKET = template("That is no ticket that counts here. Write it like INC-4711, or as your help desk does.")


def _checked_text(outcome: Rechecked) -> str:
    name = inert(outcome.name)
    if not outcome.checked:
        return say("✅ *{name}* was given nothing that could be checked.", name=name)
    lines = [_line(one) for one in outcome.checked]
    more = (
        say_counted("{count} more was not looked at.", "{count} more were not looked at.", outcome.more)
        if outcome.more
        else ""
    )
    told = say("They are told, with your name and the ticket.")
    return "\n".join(
        filter(None, [say("✅ The access of *{name}*, as it is now:", name=name), *lines, more, told])
    )


def _line(one: Checked) -> str:
    what, owner = f"*{inert(one.entitlement)}*", inert(one.owner)
    told = say(_STANDINGS[one.standing], what=what, owner=owner)
    return together(f"• {told}", *(inert(as_told(reason)) for reason in one.reasons))


_STANDINGS: Mapping[str, str] = {
    "as-it-should-be": template("{what}: it is there, as it should be."),
    "given-again": template("{what}: it was missing and is given again; policy is asked once more before."),
    "under-way": template("{what}: it is being given."),
    "for-its-owner": template(
        "{what}: the directory has it otherwise than I gave it. I leave that alone: {owner} decides."
    ),
    "being-taken": template("{what}: its time is over, and it is being taken back."),
    "no-grant": template("{what}: they were not given it. They can ask for it."),
    "silent": template("{what}: its directory did not answer, so nothing is known and nothing was done."),
}
