"""Clicks and forms that decide about drift: each an intent to a handler, and its outcome a sentence or a form.

A button's value is the id of an exception to look up; nothing else in the payload is believed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Action, Field
from bot.slack.forms.drift import adoption_form, declaration_form, read_adoption, read_declaration
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.drift_decided import reconciled_text
from bot.slack.replies import Replies
from bot.slack.words import duration
from bot.texts import say
from handlers.decisions.drift import Way
from handlers.drift.reconciling import Reconciling
from handlers.drift.ways import LONGEST_REVIEW, USUAL_REVIEW
from handlers.grants.leavers import Leavers
from handlers.ground import Ground
from handlers.intents import Actor, Reconcile
from handlers.outcomes import MayReconcile


class DriftClicks:
    """Carries out what is decided about drift, and whispers what came of it to the one who clicked."""

    def __init__(
        self, ground: Ground, *, reconciling: Reconciling, leavers: Leavers, replies: Replies
    ) -> None:
        self._ground = ground
        self._reconciling = reconciling
        self._leavers = leavers
        self._replies = replies
        self.table: Buttons = {
            Action.ADOPT: self._open_adoption,
            Action.DECLARE: self._open_declaration,
            Action.REMOVE: lambda click: self._decide(click, Way.REMOVE),
            Action.GIVE_AGAIN: lambda click: self._decide(click, Way.GIVE_AGAIN),
            Action.END_GRANT: lambda click: self._decide(click, Way.END),
            Action.END_LEAVERS: self._end_leavers,
        }

    async def adopt(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted adoption."""
        typed = read_adoption(view)
        if isinstance(typed, Wrong):
            return typed
        longest = await self._reconciling.longest(typed.exception)
        if longest is not None and typed.minutes > longest:
            return Wrong(
                at={
                    Field.DURATION: say(
                        "It can be adopted for {duration} at most.", duration=duration(longest)
                    )
                }
            )
        outcome = await self._reconciling.reconcile(
            Reconcile(
                **incoming.origin(actor),
                exception=typed.exception,
                way=Way.ADOPT,
                rationale=typed.rationale,
                minutes=typed.minutes,
            )
        )
        return reconciled_text(outcome)

    async def declare(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted declaration."""
        typed = read_declaration(view, self._ground.catalogue)
        if isinstance(typed, Wrong):
            return typed
        today = self._ground.now().date()
        if not today < typed.review <= today + LONGEST_REVIEW:
            return Wrong(at={Field.REVIEW: say("Please choose a day within a year from now.")})
        outcome = await self._reconciling.reconcile(
            Reconcile(
                **incoming.origin(actor),
                exception=typed.exception,
                way=Way.DECLARE,
                rationale=typed.rationale,
                owner=typed.owner,
                review=typed.review,
            )
        )
        return reconciled_text(outcome)

    async def _open_adoption(self, click: Click) -> None:
        await self._open(click, Way.ADOPT, adoption_form)

    async def _open_declaration(self, click: Click) -> None:
        review = (self._ground.now() + USUAL_REVIEW).date()
        await self._open(
            click, Way.DECLARE, lambda may: declaration_form(may, self._ground.catalogue, review=review)
        )

    async def _open(self, click: Click, way: Way, form: Callable[[MayReconcile], View]) -> None:
        outcome = await self._reconciling.consider(_intent(click, way))
        asked = form(outcome) if isinstance(outcome, MayReconcile) else None
        await self._replies.form_or_word(click, asked, reconciled_text(outcome))

    async def _decide(self, click: Click, way: Way) -> None:
        self._replies.answer(click, reconciled_text(await self._reconciling.reconcile(_intent(click, way))))

    async def _end_leavers(self, click: Click) -> None:
        self._replies.answer(click, reconciled_text(await self._leavers.confirm(_intent(click, Way.END))))


def _intent(click: Click, way: Way) -> Reconcile:
    return Reconcile(**click.origin, exception=click.value, way=way)
