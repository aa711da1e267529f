"""The way to vouch for somebody, begun by whoever vouches: the form opened and read, its outcome a sentence.

Nothing here is ever sent to somebody so that they vouch; what is typed is handed on and not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.actions import Action, Field
from bot.slack.door import PageLinks
from bot.slack.forms.parts import Answer, OnTop, Wrong, note_if_any
from bot.slack.forms.vouching import prove_form, read_vouching, vouch_form
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.freezes import stopped_plainly
from bot.slack.messages.vouching import NEEDS_TICKET, NOBODY, WRONG_CODE, vouched_text
from bot.slack.replies import Replies
from bot.texts import say
from handlers.decisions.freezing import Stopped
from handlers.intents import Actor, Vouch
from handlers.outcomes import TicketWanted
from handlers.vouching.giving import Vouching
from handlers.vouching.outcomes import NobodyKnown, ProveFirst, WrongCode


@dataclass(frozen=True, kw_only=True)
class OpenVouching:
    """The answer is the form."""


class VouchingClicks:
    """Carries it out. vouching: None where nobody vouches."""

    def __init__(self, *, vouching: Vouching | None, pages: PageLinks, replies: Replies) -> None:
        self._vouching, self._pages, self._replies = vouching, pages, replies
        self.table: Buttons = {} if self._vouching is None else {Action.VOUCH: self._open}

    async def open(self, trigger: str) -> bool:
        """Open the form; False if Slack would not any more. Nothing is recorded: nothing has happened yet."""
        return await self._replies.open_form(trigger, vouch_form())

    async def submit(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """A submitted form; None where there is no such form."""
        if self._vouching is None:
            return None
        typed = read_vouching(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._vouching.vouch(
            Vouch(
                **incoming.origin(actor),
                whom=typed.whom,
                code=typed.code,
                spoken=typed.spoken,
                ticket=typed.ticket,
            )
        )
        match outcome:
            case ProveFirst(handle=handle):
                return OnTop(form=prove_form(self._pages.address(handle)))
            case WrongCode():
                return Wrong(at={Field.CODE: say(WRONG_CODE)})
            case NobodyKnown():
                return Wrong(at={Field.FOR: say(NOBODY)})
            case TicketWanted():
                return Wrong(at={Field.TICKET: say(NEEDS_TICKET)})
            case Stopped():
                return Wrong(at={Field.CODE: stopped_plainly(outcome)})
        title, told = vouched_text(outcome)
        return note_if_any(title, told)

    async def _open(self, click: Click) -> None:
        await self._replies.form_or_word(click, vouch_form())
