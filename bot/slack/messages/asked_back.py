"""What staff are told where they asked for nothing certain: a question back, a kind word, and what they can do next.

Nothing is guessed: what they typed is kept nowhere, and none of it is done.
"""

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, said
from bot.slack.words import either, inert, together
from bot.texts import say, template
from handlers.intents import MOST_TOGETHER
from handlers.questions.answers import Courteous, DidYouMean, NearlyUnderstood, SeveralNamed

_COMMANDS = {
    "reset": template("“reset my password”"),
    "unlock": template("“unlock my account”"),
    "access": template("“my access”"),
}


def not_understood() -> Message:
    """Nothing is guessed, and what was typed is not kept."""
    return said(
        say(
            "I didn't understand that. Right now I can show your access, ask for more, or reset your password. "
            "Say “help” for the rest."
        ),
        buttons=suggestions(),
    )


def courteous_message(answer: Courteous) -> Message:
    """A kind word for a kind word; where one could wait for something to happen by it, what it takes."""
    text = say(_COURTESIES[answer.kind])
    if answer.kind == "secret":
        return said(text, buttons=[reset_button()])
    return said(text, buttons=suggestions() if answer.kind in ("hello", "stuck") else ())


_COURTESIES = {
    "thanks": template("You're welcome. Write to me whenever you need something."),
    "goodbye": template("Goodbye. Write to me whenever you need something."),
    "hello": template(
        "Hello. I can show your access, ask for more, or reset your password. Say “help” for the rest."
    ),
    "stuck": template(
        "I'm sorry that I was no help. I am a program and do only what I understand: say “help” to see it. People "
        "answer, too: “who owns prod-db?” names the team that gives something; for the rest, ask the IT desk."
    ),
    "secret": template(
        "If that was a password or a code: delete your message now, and change it. I did not keep it, but Slack did. "
        "No one, including me, will ever ask for one here."
    ),
    "one_at_a_time": template(
        "Here I take one thing at a time, so I did nothing yet. Please write each in a message of its own, the more "
        "urgent one first."
    ),
    "fine": template(
        "All right. A word alone does nothing here: if a message above waits for you, press its button. "
        "Otherwise there is nothing to do."
    ),
    "never_mind": template(
        "No problem, I did nothing. A request that you sent earlier stands as it is: "
        "say “my requests” to see it or take it back."
    ),
    "decide": template(
        "Nothing was sent and nothing was decided: that takes the button below the message in question. "
        "What waits for your decision is on my Home tab, too."
    ),
}


def nearly_understood(answer: NearlyUnderstood) -> Message:
    """It is asked back, since nothing is done by guess; what was typed is not kept."""
    buttons = {
        "reset": reset_button,
        "unlock": lambda: button(say("Unlock my account"), Action.UNLOCK, "unlock"),
        "access": access_button,
    }
    meant = either([say(_COMMANDS[one]) for one in answer.commands])
    return said(
        say("I didn't understand that. Did you mean {meant}? Say “help” for the rest.", meant=meant),
        buttons=[buttons[one]() for one in answer.commands],
    )


def did_you_mean(answer: DidYouMean) -> Message:
    """The names that are near; where none is, how to find them. Where one alone is near what they want, the form opens
    with it chosen; whoever only asked something about it is offered nothing that they did not want.
    """
    if not answer.candidates:
        return said(
            say(
                "I don't know that name. Write “what can I ask for?” to see what there is, or choose from it."
            ),
            buttons=[ask_button()],
        )
    names = either([f"*{inert(one)}*" for one in answer.candidates])
    if answer.wanted and len(answer.candidates) == 1:
        return said(
            say(
                "I don't know that name. Did you mean {name}? Ask for it here, or write once more with that name.",
                name=names,
            ),
            buttons=[ask_button(*answer.candidates)],
        )
    return said(
        say(
            "I don't know that name. Did you mean {names}? Please write it once more with the name you mean.",
            names=names,
        )
    )


def nothing_named() -> Message:
    """It is access that they want, and they did not say to what."""
    return said(
        say("I don't know yet what you need. Choose from what there is, or write its name."),
        buttons=[ask_button()],
    )


def for_another() -> Message:
    """Access for somebody else: whom is chosen, since a name may be several people's."""
    return said(
        say(
            "Here I ask for you alone, so I sent nothing. For somebody who reports to you, choose them in the form. "
            "Anybody else writes to me themselves. If it is for you, write the reason after “because”."
        ),
        buttons=[ask_button()],
    )


def worried() -> Message:
    """Somebody else may have their account: what they can do at once, and where else to tell it."""
    return said(
        say(
            "If somebody else may have your account, reset your password now: it signs you out everywhere. "
            "If I told you of a change that was not yours, press *It wasn't me* below that message. "
            "Then tell the security team or the IT desk in person. I have not done anything yet."
        ),
        buttons=[reset_button()],
    )


def several_named(answer: SeveralNamed) -> Message:
    """Several things at once, which only the form can ask for: it opens with them."""
    if len(answer.entitlements) > MOST_TOGETHER:
        takes = say(
            "The form takes {most} at once, and has the first of them in it already.", most=MOST_TOGETHER
        )
    else:
        takes = say("The form takes several at once, and has them in it already.")
    return said(
        together(say("Here I take one thing at a time."), takes), buttons=[ask_button(*answer.entitlements)]
    )


def suggestions() -> list[ButtonElement]:
    """What can be asked for next, as buttons."""
    return [access_button(), ask_button(), reset_button()]


def access_button() -> ButtonElement:
    """What they have."""
    return button(say("My access"), Action.MY_ACCESS, "access")


def ask_button(*entitlements: str) -> ButtonElement:
    """The form, with these entitlements chosen, as many as it takes."""
    return button(
        say("Ask for access…"), Action.ASK_FOR_ACCESS, " ".join(entitlements[:MOST_TOGETHER]) or "request"
    )


def reset_button() -> ButtonElement:
    """The way to a new password."""
    return button(say("Reset password"), Action.RESET_PASSWORD, "reset")
