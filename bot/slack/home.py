"""The App Home: one person's own access and what they can do next.

It shows nobody else's data and is never kept between people (SL-18).
"""

from slack_sdk.models.blocks import Block, DividerBlock
from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, actions, button, heading, note


def home_view(answer: Message) -> View:
    """The person's access as just read, and quick actions."""
    blocks: list[Block] = [
        heading("Your access"),
        *answer.blocks,
        DividerBlock(),
        *actions(
            [
                button("Reset password", Action.RESET_PASSWORD, "reset"),
                button("Set up authenticator", Action.SET_UP_PROOFS, "enrol"),
            ]
        ),
        note('Write to me under Messages, or say "help".'),
    ]
    return View(type="home", blocks=blocks)
