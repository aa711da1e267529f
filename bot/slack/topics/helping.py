"""The way for the help desk to do something for somebody else: the form opened and read, its outcome a sentence.

Nothing that is typed is believed or acted on before the form is sent; nothing of it goes to anybody but the person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack import sentences
from bot.slack.actions import Action, Field, Form
from bot.slack.forms.helping import FORMS, help_form, read_help
from bot.slack.forms.parts import Answer, Wrong, note_if_any
from bot.slack.incoming import Buttons, Click, Incoming, text
from bot.slack.messages.freezes import stopped_plainly
from bot.slack.messages.helping import NO_TICKET, NOBODY, helped_text, not_of_desk_text
from bot.slack.messages.parts import Message, said
from bot.slack.replies import Replies
from bot.texts import say
from handlers.decisions.freezing import Stopped
from handlers.decisions.helping import Act
from handlers.help_desk.helping import Helping
from handlers.help_desk.outcomes import ConsiderHelp, HelpFor, MayHelp, NobodyToHelp, NoTicket
from handlers.intents import Actor


@dataclass(frozen=True, kw_only=True)
class OpenHelping:
    """The answer is the form. whom: as typed, a login at best. ticket: as typed; both may be empty."""

    act: Act
    whom: str = ""
    ticket: str = ""


class HelpingClicks:
    """Carries it out. helping: None where nobody acts for others."""

    def __init__(self, *, helping: Helping | None, replies: Replies) -> None:
        self._helping, self._replies = helping, replies
        self.table: Buttons = {} if self._helping is None else {Action.HELP: self._open}

    async def open(
        self, actor: Actor, incoming: Incoming, trigger: str, wanted: OpenHelping
    ) -> Message | None:
        """Open the form for whoever is on a desk; what to say instead, if anything."""
        if self._helping is None:
            return said(say(sentences.GONE))
        may = await self._helping.consider(
            ConsiderHelp(**incoming.origin(actor), act=wanted.act, whom=wanted.whom)
        )
        if not isinstance(may, MayHelp):
            return said(not_of_desk_text(may))
        form = help_form(wanted.act, whom=may.whom, ticket=wanted.ticket)
        return await self._replies.open_or_ask_again(trigger, form)

    async def submit(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """A submitted form; None where there is no such form."""
        if self._helping is None:
            return None
        typed = read_help(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._helping.help(
            HelpFor(
                **incoming.origin(actor),
                act=FORMS[Form(text(view.get("callback_id")))],
                whom=typed.whom,
                ticket=typed.ticket,
                rationale=typed.rationale,
                entitlement=typed.entitlement,
            )
        )
        match outcome:
            case NobodyToHelp():
                return Wrong(at={Field.FOR: say(NOBODY)})
            case NoTicket():
                return Wrong(at={Field.TICKET: say(NO_TICKET)})
            case Stopped():
                return Wrong(at={Field.RATIONALE: stopped_plainly(outcome)})
        title, told = helped_text(outcome)
        return note_if_any(title, told)

    async def _open(self, click: Click) -> None:
        """A button of ours says no more than what is to be done; one that says anything else is not."""
        if click.value not in list(Act):
            self._replies.answer(click, say(sentences.GONE))
            return
        wanted = OpenHelping(act=Act(click.value))
        told = await self.open(click.actor, click.incoming, click.trigger, wanted)
        if told is not None:
            self._replies.answer(click, told.text)
