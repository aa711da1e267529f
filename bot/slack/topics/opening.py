"""What a click gets that asks for a form: the form, or a whisper why not.

It asks no handler, and knows no form.
"""

from typing import TYPE_CHECKING

from slack_sdk.models.views import View

from bot.slack import sentences
from bot.slack.replies import Replies
from bot.texts import say
from handlers.intents import Resume

if TYPE_CHECKING:
    from bot.slack.clicks import Click


async def form_or_word(replies: Replies, click: "Click", form: View | None, text: str) -> None:
    """Open the form; where there is none, or Slack would not open it any more, say so to whoever clicked."""
    if form is not None and not await replies.open_form(click.trigger, form):
        text = say(sentences.TRY_AGAIN)
    if text:
        replies.whisper(click.incoming.channel, click.actor.slack_user, text)


def to_resume(click: "Click") -> Resume:
    """Whether they may lift what the button names; without a rationale nothing is lifted yet."""
    incoming = click.incoming
    return Resume(actor=click.actor, where=incoming.where, delivery=incoming.delivery, freeze=click.value)
