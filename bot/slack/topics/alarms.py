"""The clicks about alarms: a person says that it was not them, and security lets them in again.

A button's value is an id to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.actions import Action
from bot.slack.forms.alarms import release_form
from bot.slack.forms.decision import read_decision
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.resets import released_text, reported_text
from bot.slack.replies import Replies
from handlers.alarms.raising import Alarms
from handlers.alarms.releasing import Releasing
from handlers.alarms.reported import MayRelease
from handlers.intents import Actor, Report, Resume


class AlarmClicks:
    """Carries them out, and whispers what came of it to the one who clicked."""

    def __init__(self, *, alarms: Alarms, releasing: Releasing, replies: Replies) -> None:
        self._alarms = alarms
        self._releasing = releasing
        self._replies = replies
        self.table: Buttons = {Action.NOT_ME: self._report, Action.RELEASE: self._open}

    async def release(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form; a sentence takes its place, "" closes it."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return typed
        return released_text(
            await self._releasing.release(
                Resume(**incoming.origin(actor), freeze=typed.grant, rationale=typed.rationale)
            )
        )

    async def _report(self, click: Click) -> None:
        outcome = await self._alarms.by_slack(Report(**click.origin, handle=click.value))
        self._replies.answer(click, reported_text(outcome))

    async def _open(self, click: Click) -> None:
        outcome = await self._releasing.consider(Resume(**click.origin, freeze=click.value))
        form = release_form(outcome) if isinstance(outcome, MayRelease) else None
        await self._replies.form_or_word(click, form, released_text(outcome))
