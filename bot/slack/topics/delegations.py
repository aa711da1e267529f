"""The command, the form and the button by which approvals are delegated and that is ended; and the list of them.

What is typed is read anew at each step; nothing else in a payload is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack import sentences
from bot.slack.actions import Action, Field
from bot.slack.forms.delegations import delegate_form, read_delegation
from bot.slack.forms.parts import Answer, Wrong, note_if_any
from bot.slack.incoming import Buttons, Click, Incoming
from bot.slack.messages.delegations import delegations_message, ended_text, made_text
from bot.slack.messages.freezes import stopped_plainly
from bot.slack.messages.parts import Message, said
from bot.slack.replies import Replies
from bot.texts import as_told, say
from handlers.decisions.freezing import Stopped
from handlers.delegations.delegating import Delegating
from handlers.delegations.outcomes import Delegate, MayDelegate, NotToThem, OnDelegation
from handlers.delegations.shown import DelegationsShown
from handlers.intents import Actor, Intent


@dataclass(frozen=True, kw_only=True)
class OpenDelegating:
    """The answer is the form."""


@dataclass(frozen=True, kw_only=True)
class ShowDelegations:
    """The answer is the list of delegations that concern whoever asks."""


def read_delegating(text: str) -> OpenDelegating | ShowDelegations | None:
    """What these two commands are called, and nothing that is only like them."""
    match text.strip().casefold():
        case "delegations":
            return ShowDelegations()
        case "delegate":
            return OpenDelegating()
        case _:
            return None


class DelegationClicks:
    """Carries it out, and whispers what came of a click to the one who clicked."""

    def __init__(self, *, delegating: Delegating, shown: DelegationsShown, replies: Replies) -> None:
        self._delegating, self._shown, self._replies = delegating, shown, replies
        self.table: Buttons = {Action.DELEGATE: self._open, Action.END_DELEGATION: self._end}

    async def answer(
        self, actor: Actor, incoming: Incoming, trigger: str, wanted: OpenDelegating | ShowDelegations
    ) -> Message | None:
        """Open the form, or show the list; what to say instead, if anything."""
        if isinstance(wanted, ShowDelegations):
            return delegations_message(*await self._shown.to(actor.account))
        text = await self._opened(actor, incoming, trigger, late=say(sentences.TYPE_AGAIN))
        return said(text) if text else None

    async def submit(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Delegate what stands in the form; errors stand at their field, and nothing that was typed is lost."""
        filled = read_delegation(view)
        if isinstance(filled, Wrong):
            return filled
        outcome = await self._delegating.delegate(
            Delegate(
                **incoming.origin(actor),
                entitlements=filled.entitlements,
                whom=filled.whom,
                group=filled.group,
                max_risk=filled.max_risk,
                max_minutes=filled.max_minutes,
                lasts=filled.lasts,
            )
        )
        if isinstance(outcome, NotToThem):
            return Wrong(at={Field.GROUP if outcome.group else Field.FOR: as_told(outcome.reason)})
        if isinstance(outcome, Stopped):  # the form stays, with what was typed
            return Wrong(at={Field.ENTITLEMENT: stopped_plainly(outcome)})
        title, told = made_text(outcome)
        return note_if_any(title, told)

    async def _open(self, click: Click) -> None:
        text = await self._opened(click.actor, click.incoming, click.trigger, late=say(sentences.TRY_AGAIN))
        self._replies.answer(click, text)

    async def _opened(self, actor: Actor, incoming: Incoming, trigger: str, *, late: str) -> str:
        """Open the form if they may delegate anything; what to say instead, "" for nothing."""
        outcome = await self._delegating.consider(Intent(**incoming.origin(actor)))
        if not isinstance(outcome, MayDelegate):
            return made_text(outcome)[1]
        form = delegate_form(riskiest=outcome.riskiest)
        return "" if await self._replies.open_form(trigger, form) else late

    async def _end(self, click: Click) -> None:
        outcome = await self._delegating.end(OnDelegation(**click.origin, delegation=click.value))
        self._replies.answer(click, ended_text(outcome))
