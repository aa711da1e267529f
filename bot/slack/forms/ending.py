"""The form to end somebody's access before its time.

It believes nothing that comes back: who may is asked anew when it is sent, and `decision` reads it.
"""

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.messages.critical import critical_facts
from bot.slack.messages.parts import facts, note
from bot.texts import say
from handlers.intents import RATIONALE_LIMIT
from handlers.requests.stories import GrantStory


def ending_form(story: GrantStory) -> View:
    """Why it is ended, with the facts repeated."""
    return View(
        type="modal",
        callback_id=Form.END,
        title=PlainTextObject(text=say("End access now")),
        submit=PlainTextObject(text=say("End now")),
        close=PlainTextObject(text=say("Keep it")),
        private_metadata=story.id,
        blocks=[
            facts(critical_facts(story)),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=say("Why does it end now?")),
                hint=PlainTextObject(text=say("Whoever has it reads this.")),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note(say("Your name and this sentence stay on the record.")),
        ],
    )
