"""Clicks and forms about what somebody has: extended by its holder, ended by its owner or security.

A button's value is the id of a grant to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack import sentences
from bot.slack.actions import Action
from bot.slack.forms.decision import read_decision
from bot.slack.forms.ending import ending_form
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.during import already_extended_text, ended_text, late_end_text, not_ended_text
from bot.slack.messages.freezes import undone_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.grants.ending import Ending
from handlers.ground import Ground
from handlers.intents import Actor, EndGrant
from handlers.outcomes import AlreadyAsked, AlreadyExtended, EndedEarly, MayEnd, NotAllowed, TooLate
from handlers.requests.extending import Extending
from handlers.requests.storytelling import tell


class DuringClicks:
    """Carries out what is done about a grant while it lasts, and whispers what came of it."""

    def __init__(self, ground: Ground, *, extending: Extending, ending: Ending, replies: Replies) -> None:
        self._ground = ground
        self._extending = extending
        self._ending = ending
        self._replies = replies
        self.table: Buttons = {
            Action.EXTEND: self._extend,
            Action.END_NOW: self._open_end,
            Action.END_LEFT: self._open_end,
        }

    async def end(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """The form was sent: who ends it, and why."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._ending.end(
            EndGrant(**incoming.origin(actor), grant=typed.grant, rationale=typed.rationale)
        )
        return ended_answer(outcome)

    async def _extend(self, click: Click) -> None:
        self._replies.answer(click, _extended(await self._extending.extend(click.on_grant)))

    async def _open_end(self, click: Click) -> None:
        outcome = await self._ending.consider(click.on_grant)
        if not isinstance(outcome, MayEnd):
            self._replies.answer(click, ended_answer(outcome))
            return
        story = await self._ground.database.read(lambda tx: tell(tx, self._ground, outcome.grant))
        form = ending_form(story) if story else None
        await self._replies.form_or_word(click, form, say(sentences.TRY_AGAIN))


def _extended(outcome: object) -> str:
    """What to whisper to whoever extends; empty when the messages say it all."""
    match outcome:
        case AlreadyExtended():
            return already_extended_text(outcome)
        case AlreadyAsked():
            return say(sentences.ALREADY_ASKED)
        case _:
            return undone_text(outcome)


def ended_answer(outcome: object) -> str:
    """What to tell whoever ends it; empty when the message says it all."""
    match outcome:
        case EndedEarly():
            return ended_text(outcome)
        case NotAllowed():
            return not_ended_text(outcome)
        case TooLate():
            return late_end_text(outcome)
        case _:
            return undone_text(outcome)
