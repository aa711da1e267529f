"""The clicks by which policy owners approve or deny a change of the rules.

A button's value is the id of a proposal to look up; nothing else in the payload is believed.
"""

from bot.slack.actions import Action
from bot.slack.door import PageLinks
from bot.slack.incoming import Buttons, Click
from bot.slack.messages.petitions_told import prove_first_message
from bot.slack.messages.rules_told import decided_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.rules.approvals import ApprovingRules
from handlers.rules.outcomes import OnRules, ProveForRules


class RuleClicks:
    """Carries them out, and whispers what came of it to the one who clicked."""

    def __init__(self, approving: ApprovingRules, *, pages: PageLinks, replies: Replies) -> None:
        self._approving, self._pages, self._replies = approving, pages, replies
        self.table: Buttons = {Action.RULES_APPROVE: self._approve, Action.RULES_DENY: self._deny}

    async def _approve(self, click: Click) -> None:
        outcome = await self._approving.approve(_about(click))
        if isinstance(outcome, ProveForRules):
            self._replies.tell(
                click.actor.slack_user, prove_first_message(self._pages.address(outcome.handle))
            )
            self._replies.answer(
                click, say("First show who you are: I sent you the link in our direct messages.")
            )
            return
        self._replies.answer(click, decided_text(outcome))

    async def _deny(self, click: Click) -> None:
        self._replies.answer(click, decided_text(await self._approving.deny(_about(click))))


def _about(click: Click) -> OnRules:
    return OnRules(**click.origin, proposal=click.value)
