"""The help: what everybody can say, and what this person may do beside that.

It names nothing to anybody who may not do it, and does nothing itself.
"""

from collections.abc import Sequence

from bot.slack.messages.asked_back import suggestions
from bot.slack.messages.parts import Message, said
from bot.texts import say, template
from handlers.questions.answers import Ability, Help

_EVERYBODY = template(
    "Things you can say to me, here or after `/wicket`:\n"
    "• *what access do I have?*\n"
    "• *am I in vpn-users?* · *who owns prod-db?*\n"
    "• *I need prod-db for 2h because INC-4711*\n"
    "• *where is my request?* · *why was I refused?*\n"
    "• *what can I ask for?* · *why does prod-db need approval?*\n"
    "• *reset my password* · *unlock my account* · *when does my password expire?*\n"
    "• *set up my authenticator* · *manage my proofs*"
)
_FOR_OTHERS = {
    Ability.UNLOCK_OTHERS: template("*unlock Bob's account for INC-4711*"),
    Ability.RESET_OTHERS: template("*reset Bob's password for INC-4711*"),
    Ability.RECHECK_OTHERS: template("*check Bob's access for INC-4711*"),
}
_LINES = {
    Ability.DECIDE_FOR_TEAM: template(
        "*delegate my approvals*, while you are away · *End now…*, below what your team approved, takes it back"
    ),
    Ability.BREAK_GLASS: template(
        "*break the glass*, for access at once in an emergency · *drill*, to practise it"
    ),
    Ability.STOP: template(
        "`/wicket freeze` stops all new access · two of you let it begin again, below its message in your channel\n"
        "• `/wicket revoke ada` takes back all that one person has"
    ),
}


def help_message(answer: Help) -> Message:
    """What can be said here, by this person."""
    return said(
        "\n".join([say(_EVERYBODY), *(f"• {line}" for line in _beside(answer.may))]),
        remark=say(
            "What I don't understand I don't keep. Never type a password or a code here: nobody will ask for one."
        ),
        buttons=suggestions(),
    )


def _beside(may: Sequence[str]) -> list[str]:
    """What some may do, a line each. Whoever may not reads nothing of it."""
    others = [say(_FOR_OTHERS[one]) for one in _FOR_OTHERS if one in may]
    acts = [say("for others, with a ticket: {acts}", acts=" · ".join(others))] if others else []
    return [*acts, *(say(_LINES[one]) for one in _LINES if one in may)]
