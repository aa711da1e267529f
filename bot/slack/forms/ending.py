"""The form to end somebody's access before its time.

It believes nothing that comes back: who may is asked anew when it is sent, and `decision` reads it.
"""

from slack_sdk.models.views import View

from bot.slack.actions import Form
from bot.slack.forms.parts import form_of, rationale_of, stays
from bot.slack.messages.critical import critical_facts
from bot.slack.messages.parts import facts
from bot.texts import say
from handlers.requests.stories import GrantStory


def ending_form(story: GrantStory) -> View:
    """Why it is ended, with the facts repeated."""
    blocks = [
        facts(critical_facts(story)),
        rationale_of(say("Why does it end now?"), hint=say("Whoever has it reads this.")),
        stays(),
    ]
    return form_of(
        Form.END, say("End access now"), say("End now"), blocks, about=story.id, close=say("Keep it")
    )
