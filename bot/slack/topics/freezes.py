"""The click and the form that let new access begin again: each an intent to a handler, and its outcome a sentence.

A button's value is the id of an exception to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.actions import Action
from bot.slack.forms.decision import read_decision
from bot.slack.forms.freezes import resume_form
from bot.slack.forms.parts import Answer, Wrong, note_form
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.freezes import resumed_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.intents import Actor, Resume
from handlers.outcomes import MayResume
from handlers.stops.lifting import Lifting
from handlers.stops.outcomes import WordKept


class FreezeClicks:
    """Carries it out, and whispers what came of it to the one who clicked."""

    def __init__(self, *, lifting: Lifting, replies: Replies) -> None:
        self._lifting = lifting
        self._replies = replies
        self.table: Buttons = {Action.RESUME: self._open}

    async def resume(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form; a sentence takes its place, "" closes it."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._lifting.resume(
            Resume(**incoming.origin(actor), freeze=typed.grant, rationale=typed.rationale)
        )
        if isinstance(outcome, WordKept) and not outcome.again:
            return note_form(say("One of two"), resumed_text(outcome))
        return resumed_text(outcome)

    async def _open(self, click: Click) -> None:
        outcome = await self._lifting.consider(Resume(**click.origin, freeze=click.value))
        form = resume_form(outcome) if isinstance(outcome, MayResume) else None
        await self._replies.form_or_word(click, form, resumed_text(outcome))
