"""The form that lifts an alarm: whose account it is, and a reason that is asked for.

It believes nothing that comes back: who may is asked anew when it is sent.
"""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.messages.parts import facts, note, section
from bot.texts import as_known, say
from handlers.alarms.reported import MayRelease
from handlers.intents import RATIONALE_LIMIT

_SWITCHED = frozenset({"wanted", "done"})


def release_form(may: MayRelease) -> View:
    """Why it is right now."""
    switched = may.disabled in _SWITCHED
    return View(
        type="modal",
        callback_id=Form.RELEASE,
        title=PlainTextObject(text=say("Let them in again")),
        submit=PlainTextObject(text=say("Let them in")),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=may.exception,
        blocks=[
            facts([(say("Who"), as_known(may.who))]),
            section(
                say("Their account is switched on again, and what they ask for is decided as ever.")
                if switched
                else say(
                    "What they ask for is decided as ever. Their account stays as it is in the directory: if you "
                    "switched it off there, switch it on first."
                )
            ),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=say("How do you know that it is them now?")),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note(
                say("Have them choose a new password first. Your name and this sentence stay on the record.")
            ),
        ],
    )
