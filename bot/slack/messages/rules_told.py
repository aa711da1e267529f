"""What a policy owner is told who approved or denied a change of the rules.

It decides nothing; a repeat is told nothing.
"""

from collections.abc import Mapping

from bot.slack.messages.deciding import not_allowed_text
from bot.slack.messages.freezes import undone_text
from bot.texts import say, template
from handlers.outcomes import NotAllowed
from handlers.rules.outcomes import RulesApproved, RulesDenied, RulesOver, SaidAlready

_OVER: Mapping[str, str] = {
    "denied": template("This change was denied already. Nothing more to do."),
    "withdrawn": template("This change was withdrawn: its files say something else now. Nothing more to do."),
}


def decided_text(outcome: object) -> str:
    """To whoever decided; "" for a repeat."""
    match outcome:
        case RulesApproved(holds=True):
            return say("Your approval counts, and it was the last one: the change holds now.")
        case RulesApproved():
            return say("Your approval counts. One more policy owner is needed.")
        case RulesDenied():
            return say("Denied. What held before goes on deciding.")
        case RulesOver(state=state):
            return (
                say(_OVER[state]) if state in _OVER else say("This change holds already. Nothing more to do.")
            )
        case SaidAlready():
            return say("You approved this already. Somebody else has to be the second.")
        case NotAllowed():
            return not_allowed_text(outcome)
        case _:
            return undone_text(outcome)
