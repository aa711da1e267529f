"""What Wicket says, as pure functions from facts to Block Kit: all texts live here.

Nothing here looks anything up or sends anything.
"""

from bot.slack.messages.parts import Message

__all__ = ["Message"]
