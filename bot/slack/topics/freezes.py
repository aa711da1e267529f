"""The click and the form that let new access begin again: each an intent to a handler, and its outcome a sentence.

A button's value is the id of an exception to look up; nothing else in the payload is believed.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.forms.decision import read_decision
from bot.slack.forms.freezes import resume_form
from bot.slack.forms.parts import Wrong, note_form
from bot.slack.incoming import Incoming
from bot.slack.messages.freezes import resumed_text
from bot.slack.replies import Replies
from bot.slack.topics.opening import form_or_word, to_resume
from bot.texts import say
from handlers.intents import Actor, Resume
from handlers.outcomes import MayResume
from handlers.stops.lifting import Lifting
from handlers.stops.outcomes import WordKept

if TYPE_CHECKING:
    from bot.slack.clicks import Click


class FreezeClicks:
    """Carries it out, and whispers what came of it to the one who clicked."""

    def __init__(self, *, lifting: Lifting, replies: Replies) -> None:
        self._lifting = lifting
        self._replies = replies

    @property
    def table(self) -> "Mapping[str, Callable[[Click], Awaitable[None]]]":
        """From button to method."""
        return {Action.RESUME: self._open}

    async def resume(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> str | Wrong | View:
        """A submitted form; a sentence takes its place, "" closes it."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._lifting.resume(
            Resume(
                actor=actor,
                where=incoming.where,
                delivery=incoming.delivery,
                freeze=typed.grant,
                rationale=typed.rationale,
            )
        )
        if isinstance(outcome, WordKept) and not outcome.again:
            return note_form(say("One of two"), resumed_text(outcome))
        return resumed_text(outcome)

    async def _open(self, click: "Click") -> None:
        outcome = await self._lifting.consider(to_resume(click))
        form = resume_form(outcome) if isinstance(outcome, MayResume) else None
        await form_or_word(self._replies, click, form, resumed_text(outcome))
