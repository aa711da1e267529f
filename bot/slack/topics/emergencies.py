"""Breaking the glass in Slack: the form opened and read, and the one click that ends what was taken.

A button's value is the id of an emergency to look up; nothing else in a payload is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.slack.actions import Action
from bot.slack.door import PageLinks
from bot.slack.forms.emergencies import DRILL, emergency_form, prove_form, read_emergency
from bot.slack.forms.parts import Answer, Wrong, note_if_any
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.emergencies import not_asked_text
from bot.slack.messages.parts import Message, said
from bot.slack.replies import Replies
from bot.slack.topics.during import ended_answer
from bot.texts import say
from handlers.emergencies.asking import AskingEmergency
from handlers.emergencies.outcomes import BreakGlass, EmergencyAsked, MayBreakGlass
from handlers.grants.ending import Ending
from handlers.ground import Ground
from handlers.intents import Actor, EndGrant, Intent
from handlers.requests.access import Access
from handlers.requests.own import owns
from storage.emergencies import FORESEEN
from storage.reminders import seen


@dataclass(frozen=True, kw_only=True)
class OpenBreakGlass:
    """The answer is the form. drill: to practise it."""

    drill: bool = False


class EmergencyClicks:
    """Carries it out, and tells whoever may not so kindly."""

    def __init__(self, ground: Ground, *, pages: PageLinks, replies: Replies) -> None:
        self._ground, self._pages, self._replies = ground, pages, replies
        self._asking, self._ending, self._access = AskingEmergency(ground), Ending(ground), Access(ground)
        self.table: Buttons = {Action.BREAK_GLASS: self._open, Action.END_EMERGENCY: self._end}

    async def open(
        self, actor: Actor, incoming: Incoming, trigger: str, *, drill: bool = False
    ) -> Message | None:
        """Open the form; what to say instead, if anything."""
        outcome = await self._asking.consider(Intent(**incoming.origin(actor)))
        if not isinstance(outcome, MayBreakGlass):
            told = not_asked_text(outcome)
            return said(told) if told else None
        return await self._replies.open_or_ask_again(trigger, emergency_form(outcome, drill=drill))

    async def submit(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """A submitted form: what is wrong at its fields, or where to prove it."""
        rules = self._ground.emergencies
        typed = read_emergency(view, rules.incident, rules.example)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._asking.ask(
            BreakGlass(
                **incoming.origin(actor),
                entitlement=typed.entitlement,
                incident=typed.incident,
                reason=typed.reason,
                minutes=typed.minutes,
                drill=typed.drill,
            )
        )
        if isinstance(outcome, EmergencyAsked):
            return prove_form(outcome, self._pages.address(outcome.handle))
        return note_if_any(say("Nothing was given"), not_asked_text(outcome))

    async def _open(self, click: Click) -> None:
        drill = click.value == DRILL
        answer = await self.open(click.actor, click.incoming, click.trigger, drill=drill)
        if answer is not None:
            self._replies.answer(click, answer.text)

    async def _end(self, click: Click) -> None:
        """By whoever has it, its owner's team or security: the confirmation was the form, and the alert says who."""
        grant = await self._ground.database.read(lambda tx: seen(tx, click.value))
        # What is no emergency has no such button: it is ended with a reason, or this is a forgery.
        is_one = grant is not None and grant.foreseen == FORESEEN
        about = replace(click.on_grant, grant=click.value if is_one else "")
        if grant is not None and is_one and owns(click.actor, grant):
            outcome: object = await self._access.give_back(about)
        else:
            outcome = await self._ending.end(EndGrant(**vars(about), rationale=""))
        self._replies.answer(click, ended_answer(outcome))
