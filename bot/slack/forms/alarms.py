"""The form that lifts an alarm: whose account it is, and a reason that is asked for.

It believes nothing that comes back: who may is asked anew when it is sent.
"""

from slack_sdk.models.views import View

from bot.slack.actions import Form
from bot.slack.forms.parts import form_of, rationale_of
from bot.slack.messages.parts import facts, note, section
from bot.texts import as_known, say
from handlers.alarms.reported import MayRelease

_SWITCHED = frozenset({"wanted", "done"})


def release_form(may: MayRelease) -> View:
    """Why it is right now."""
    switched = may.disabled in _SWITCHED
    blocks = [
        facts([(say("Who"), as_known(may.who))]),
        section(
            say("Their account is switched on again, and what they ask for is decided as ever.")
            if switched
            else say(
                "What they ask for is decided as ever. Their account stays as it is in the directory: if you "
                "switched it off there, switch it on first."
            )
        ),
        rationale_of(say("How do you know that it is them now?")),
        note(say("Have them choose a new password first. Your name and this sentence stay on the record.")),
    ]
    return form_of(Form.RELEASE, say("Let them in again"), say("Let them in"), blocks, about=may.exception)
