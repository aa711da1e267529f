"""The clicks and forms by which security works on exceptions: each an intent to a handler, and its outcome a sentence.

A button's value is the id of an exception to look up; nothing else in the payload is believed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Action, Field
from bot.slack.forms.exceptions import assign_form, read_assign, read_resolve, resolve_form
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.exceptions_told import worked_text
from bot.slack.replies import Replies
from bot.texts import say, template
from handlers.exceptions.outcomes import Assign, MayWork, NobodyToWork, OnException, Resolve
from handlers.exceptions.working import ExceptionWork
from handlers.intents import Actor

_NOBODY = template(
    "They don't work on exceptions: it takes somebody of the security team with a linked account, whom it is not about."
)
_SILENT = template(
    "The directory does not answer just now, so I can't tell who they are. Please try again in a minute."
)


class ExceptionClicks:
    """Carries them out, and whispers to whoever clicked what came of it where nothing did."""

    def __init__(self, work: ExceptionWork, *, replies: Replies) -> None:
        self._work, self._replies = work, replies
        self.table: Buttons = {
            Action.ACKNOWLEDGE: self._acknowledge,
            Action.ASSIGN: self._open_assign,
            Action.RESOLVE: self._open_resolve,
            Action.REOPEN: self._reopen,
        }

    async def assign(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form; a sentence takes its place, "" closes it."""
        typed = read_assign(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._work.assign(
            Assign(**incoming.origin(actor), exception=typed.exception, whom=typed.whom)
        )
        if isinstance(outcome, NobodyToWork):
            return Wrong(at={Field.FOR: say(_SILENT) if outcome.silent else say(_NOBODY)})
        return worked_text(outcome)

    async def resolve(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form; a sentence takes its place, "" closes it."""
        typed = read_resolve(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._work.resolve(
            Resolve(**incoming.origin(actor), exception=typed.exception, why=typed.why, words=typed.words)
        )
        return worked_text(outcome)

    async def _acknowledge(self, click: Click) -> None:
        self._replies.answer(click, worked_text(await self._work.acknowledge(_about(click))))

    async def _reopen(self, click: Click) -> None:
        self._replies.answer(click, worked_text(await self._work.reopen(_about(click))))

    async def _open_assign(self, click: Click) -> None:
        await self._open(click, await self._work.assign(Assign(**vars(_about(click)))), assign_form)

    async def _open_resolve(self, click: Click) -> None:
        await self._open(click, await self._work.resolve(Resolve(**vars(_about(click)))), resolve_form)

    async def _open(self, click: Click, outcome: object, form: Callable[[MayWork], View]) -> None:
        asked = form(outcome) if isinstance(outcome, MayWork) else None
        await self._replies.form_or_word(click, asked, worked_text(outcome))


def _about(click: Click) -> OnException:
    return OnException(**click.origin, exception=click.value)
