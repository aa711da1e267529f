"""Shows people their App Home: when they open it, when they turn a page, and after what they did there.

Each showing is a question about their own access, on the record; nothing is kept between two of them.
"""

from dataclasses import replace

from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.home import home_view, page_of, said_home
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.answers import answer_message
from bot.slack.messages.parts import Message
from bot.slack.replies import Replies
from handlers.intents import Actor, Ask
from handlers.outcomes import Repeated
from handlers.questions.answers import Help
from handlers.questions.checks import Kind
from handlers.questions.home import Home
from handlers.questions.overview import Page
from handlers.turns import Turns
from storage.clock import Clock

# What changes the overview at once; whatever opens a form is shown when the home is opened again.
_CHANGING = frozenset({Action.WITHDRAW, Action.GIVE_BACK})


class Homes:
    """Publishes the home of whoever looks at it."""

    def __init__(self, home: Home, *, replies: Replies, now: Clock) -> None:
        self._home = home
        self._replies = replies
        self._now = now
        self._turns = Turns()
        self.table: Buttons = {Action.HOME_BACK: self._turn, Action.HOME_MORE: self._turn}

    async def show(self, actor: Actor, incoming: Incoming, page: Page) -> None:
        """The overview as it is now, unless something was shown meanwhile that began later: it knows more."""
        turn = self._turns.begin()
        seen = await self._home.look(Ask(**incoming.origin(actor), kind=Kind.ACCESS), page)
        if isinstance(seen, Repeated):
            return
        now = self._now()
        view = said_home(answer_message(Help(), now)) if seen is None else home_view(seen, now)
        self._publish(incoming.user, view, turn)

    def say(self, incoming: Incoming, message: Message) -> None:
        """A sentence where the overview would stand."""
        self._publish(incoming.user, said_home(message), self._turns.begin())

    def _publish(self, user: str, view: View, turn: int) -> None:
        if self._turns.counts(user, turn):
            self._replies.publish_home(user, view)

    async def after(self, action: str, actor: Actor, incoming: Incoming) -> None:
        """Show the home anew after a click on it, if the click changed what stands there."""
        if action in _CHANGING:
            await self.show(actor, replace(incoming, delivery=f"{incoming.delivery}:home"), Page())

    async def _turn(self, click: Click) -> None:
        await self.show(click.actor, click.incoming, page_of(click.value))
