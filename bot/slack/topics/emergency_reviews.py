"""The clicks and forms of what follows an emergency: its review, and letting somebody break the glass again.

A button's value is the id of an emergency to look up; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.forms.emergency_reviews import (
    read_review,
    read_words,
    restore_form,
    restore_lost_form,
    review_form,
)
from bot.slack.forms.parts import Answer, Wrong, metadata, note_form
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.emergency_reviews import review_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.emergencies.lost import LostEmergencies
from handlers.emergencies.reviewed import (
    MayRestore,
    MayRestoreLost,
    MayReview,
    Restored,
    RestoreEligibility,
    RestoreLost,
    ReviewEmergency,
    ReviewKept,
)
from handlers.emergencies.reviews import EmergencyReviews
from handlers.intents import Actor
from handlers.stops.outcomes import WordKept


class EmergencyReviewClicks:
    """Carries them out, and whispers what came of it to the one who clicked."""

    def __init__(self, reviews: EmergencyReviews, lost: LostEmergencies, *, replies: Replies) -> None:
        self._reviews, self._lost, self._replies = reviews, lost, replies
        self.table: Buttons = {
            Action.REVIEW_EMERGENCY: self._open_review,
            Action.RESTORE_ELIGIBILITY: self._open_restoring,
            Action.RESTORE_LOST: self._open_restoring_lost,
        }

    async def review(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted review."""
        typed = read_review(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._reviews.review(
            ReviewEmergency(
                **incoming.origin(actor), emergency=typed.emergency, finding=typed.finding, words=typed.words
            )
        )
        text = review_text(outcome)
        return note_form(say("Reviewed"), text) if isinstance(outcome, ReviewKept) else text

    async def restore(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Somebody is let again."""
        words = read_words(view)
        if isinstance(words, Wrong):
            return words
        outcome = await self._reviews.restore(
            RestoreEligibility(**incoming.origin(actor), emergency=metadata(view), rationale=words)
        )
        text = review_text(outcome)
        return note_form(say("Done"), text) if isinstance(outcome, Restored) else text

    async def restore_lost(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """One of the two words by which somebody is let again whose emergencies were lost."""
        words = read_words(view)
        if isinstance(words, Wrong):
            return words
        exception, _, shown = metadata(view).partition("~")
        outcome = await self._lost.restore(
            RestoreLost(**incoming.origin(actor), exception=exception, shown=shown, rationale=words)
        )
        text = review_text(outcome)
        if isinstance(outcome, WordKept) and not outcome.again:
            return note_form(say("One of two"), text)
        return note_form(say("Done"), text) if isinstance(outcome, Restored) else text

    async def _open_restoring_lost(self, click: Click) -> None:
        outcome = await self._lost.consider(RestoreLost(**click.origin, exception=click.value))
        form = restore_lost_form(outcome) if isinstance(outcome, MayRestoreLost) else None
        await self._show(click, outcome, form)

    async def _open_review(self, click: Click) -> None:
        outcome = await self._reviews.consider(ReviewEmergency(**click.origin, emergency=click.value))
        await self._show(click, outcome, review_form(outcome) if isinstance(outcome, MayReview) else None)

    async def _open_restoring(self, click: Click) -> None:
        outcome = await self._reviews.consider_restoring(
            RestoreEligibility(**click.origin, emergency=click.value)
        )
        await self._show(click, outcome, restore_form(outcome) if isinstance(outcome, MayRestore) else None)

    async def _show(self, click: Click, outcome: object, form: View | None) -> None:
        await self._replies.form_or_word(click, form, review_text(outcome))
