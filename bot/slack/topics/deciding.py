"""Clicks and forms that decide about a request, ask about it or answer: an intent each, and what came of it in words.

A button's value is an id to look up, with the mark of what was shown; nothing else in the payload is believed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_sdk.models.views import View

from bot.slack import sentences
from bot.slack.actions import Action, Field
from bot.slack.door import Meanwhile, PageLinks
from bot.slack.forms.decision import Decision, decision_form, less_form, read_decision, read_less, unsealed
from bot.slack.forms.inquiry import answer_form, question_form, read_written
from bot.slack.forms.parts import Answer, Wrong
from bot.slack.forms.proof import More
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.deciding import changed_text, not_allowed_text, not_yet_text
from bot.slack.messages.freezes import stopped_plainly, undone_text
from bot.slack.messages.inquiries import answered_text, enough_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.approvals.deciding import Deciding
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import Way
from handlers.ground import Ground
from handlers.intents import Actor, AnswerInquiry, Decide, Inquire, OnGrant
from handlers.outcomes import (
    Answered,
    Changed,
    Demand,
    EnoughAsked,
    MayDecide,
    NeedsMore,
    NeedsRationale,
    NotAllowed,
    NotYet,
)
from handlers.requests.inquiries import Inquiries
from handlers.requests.stories import GrantStory
from handlers.requests.storytelling import tell


class DecidingClicks:
    """Carries out what approvers and requesters do about a waiting request."""

    def __init__(
        self, ground: Ground, *, deciding: Deciding, inquiries: Inquiries, replies: Replies, pages: PageLinks
    ) -> None:
        self._ground = ground
        self._pages = pages
        self._deciding = deciding
        self._inquiries = inquiries
        self._replies = replies
        self.table: Buttons = {
            Action.APPROVE: lambda click: self._open(click, click.on_grant, "approve"),
            Action.APPROVE_LESS: lambda click: self._open(click, click.on_grant, "approve-less"),
            Action.DENY: lambda click: self._open(click, click.on_grant, "deny"),
            Action.INQUIRE: lambda click: self._open(click, click.on_grant, "ask"),
            Action.APPROVE_AT_ONCE: self._approve_at_once,
            Action.ANSWER: self._open_answer,
        }

    def ahead(self, value: str, *, explained: bool = False) -> Meanwhile | None:
        """Policy asked about an approval, for whoever it is; None where it was, since the form was opened here.

        value: the button's. explained: whether they said why.
        """
        grant, _ = unsealed(value)
        if self._deciding.was_asked(grant):
            return None
        return lambda account: self._deciding.ask_ahead(account, grant, explained=explained)

    def ahead_of(self, view: Mapping[str, Any]) -> Meanwhile | None:
        """Likewise, of a submitted approval."""
        typed = read_decision(view)
        if isinstance(typed, Wrong):
            return None
        return self.ahead(typed.grant, explained=bool(typed.rationale.strip()))

    async def decide(
        self, actor: Actor, incoming: Incoming, view: Mapping[str, Any], *, approve: bool
    ) -> Answer:
        """A submitted approval or denial."""
        typed = read_decision(view)
        return typed if isinstance(typed, Wrong) else await self._decided(actor, incoming, typed, approve)

    async def shorten(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted approval for a shorter time."""
        grant, _ = unsealed(str(view.get("private_metadata", "")))
        typed = read_less(view, asked=await self._deciding.minutes_asked(grant))
        return typed if isinstance(typed, Wrong) else await self._decided(actor, incoming, typed, True)

    async def inquire(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted question."""
        typed = read_written(view, Field.QUESTION)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._inquiries.ask(
            Inquire(**incoming.origin(actor), grant=typed.about, question=typed.text)
        )
        return await self._text(typed.about, outcome)

    async def answer(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted answer."""
        typed = read_written(view, Field.ANSWER)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._inquiries.answer(
            AnswerInquiry(**incoming.origin(actor), inquiry=typed.about, answer=typed.text)
        )
        return await self._text("", outcome)

    async def _decided(self, actor: Actor, incoming: Incoming, typed: Decision, approve: bool) -> Answer:
        outcome = await self._deciding.decide(
            Decide(
                **incoming.origin(actor),
                grant=typed.grant,
                approve=approve,
                rationale=typed.rationale,
                shown=typed.shown,
                minutes=typed.minutes,
                code=typed.code,
            )
        )
        if isinstance(outcome, NeedsMore):
            return await self._ask_more(outcome, typed, approve)
        if isinstance(outcome, NeedsRationale):  # a form of its own: this one's submission is used up
            story = await self._story(typed.grant)
            return decision_form(story, approve=approve) if story else say(sentences.GONE)
        if isinstance(outcome, Stopped):  # the form stays, with what was typed
            return Wrong(at={Field.RATIONALE: stopped_plainly(outcome)})
        return await self._text(typed.grant, outcome)

    async def _approve_at_once(self, click: Click) -> None:
        """Approve without a form. Where policy wants words from this person after all, the form opens."""
        grant, shown = unsealed(click.value)
        outcome = await self._deciding.decide(
            Decide(**click.origin, grant=grant, approve=True, rationale="", shown=shown)
        )
        if isinstance(outcome, NeedsRationale | NeedsMore):
            again = replace(click.on_grant, grant=grant, delivery=f"{click.incoming.delivery}:form")
            await self._open(click, again, "approve")
        else:
            self._replies.answer(click, await self._text(grant, outcome))

    async def _open(self, click: Click, intent: OnGrant, way: Way) -> None:
        outcome = await self._deciding.consider(intent, way)
        if not isinstance(outcome, MayDecide):
            self._replies.answer(click, await self._text(intent.grant, outcome))
            return
        story = await self._story(intent.grant)
        form = _form(story, outcome, way, self._more(outcome.demand)) if story else None
        await self._replies.form_or_word(click, form, say(sentences.TRY_AGAIN))

    async def _ask_more(self, lacking: NeedsMore, typed: Decision, approve: bool) -> Answer:
        """The form comes again with what was typed and a link that works: its submission is used up."""
        story = await self._story(typed.grant)
        if story is None:
            return say(sentences.GONE)
        more = self._more(lacking.demand, lacking)
        if typed.minutes is not None:
            return less_form(story, more=more)
        return decision_form(story, approve=approve, more=more)

    def _more(self, demand: Demand, lacking: NeedsMore | None = None) -> More:
        link = self._pages.address(demand.handle) if demand.handle else ""
        return More(demand=demand, link=link, lacking=lacking)

    async def _open_answer(self, click: Click) -> None:
        intent = AnswerInquiry(**click.origin, inquiry=click.value, answer="")
        found = await self._inquiries.question(intent)
        if found is None:  # it was never shown to them: refused and recorded, as an answer would be
            self._replies.answer(click, await self._text("", await self._inquiries.answer(intent)))
        elif found.answered_at is not None:
            self._replies.answer(click, answered_text(Answered(grant=found.grant, before=True)))
        else:
            form = answer_form(found.id, found.asker_name, found.question)
            await self._replies.form_or_word(click, form)

    async def _text(self, grant: str, outcome: object) -> str:
        """What to tell somebody whose click or form did not count; "" when it did or was a repeat."""
        match outcome:
            case NotAllowed():
                return not_allowed_text(outcome)
            case NotYet():
                story = await self._story(grant)
                return not_yet_text(outcome, story) if story else say(sentences.GONE)
            case Changed():
                return changed_text(await self._story(grant))
            case EnoughAsked():
                return enough_text(outcome)
            case Answered():
                return answered_text(outcome)
            case _:
                return undone_text(outcome)

    async def _story(self, grant_id: str) -> GrantStory | None:
        return await self._ground.database.read(lambda tx: tell(tx, self._ground, grant_id))


def _form(story: GrantStory, may: MayDecide, way: Way, more: More) -> View:
    if way == "ask":
        return question_form(story)
    if way == "approve-less":
        return less_form(story, why=may.why, more=more)
    return decision_form(story, approve=way == "approve", why=may.why, explains=may.explains, more=more)
