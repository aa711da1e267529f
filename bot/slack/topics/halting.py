"""The commands and forms by which security stops things at once: all new access, or one person.

What is typed is read anew at each step; nothing else in a payload is believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.slack.forms.halting import (
    halt_form,
    read_halt,
    read_revoke_all,
    read_whom,
    revoke_all_form,
    whom_form,
)
from bot.slack.forms.parts import Answer, Wrong, note_if_any
from bot.slack.incoming import Incoming
from bot.slack.messages.halting import stopping_text
from bot.slack.messages.parts import Message, said
from bot.slack.replies import Replies
from bot.texts import say
from handlers.grants.revoking_all import RevokingAll
from handlers.intents import Actor
from handlers.stops.halting import Halting
from handlers.stops.outcomes import AllRevoked, Halt, Halted, MayHalt, MayRevokeAll, NobodyFound, RevokeAll


@dataclass(frozen=True, kw_only=True)
class OpenHalting:
    """The answer is the form that stops all new access."""


@dataclass(frozen=True, kw_only=True)
class OpenRevoking:
    """The answer is the form that revokes everything of one person. whom: as it was typed; "" for nobody yet."""

    whom: str = ""


def read_command(text: str) -> OpenHalting | OpenRevoking | None:
    """What these two commands are called, and nothing that is only like them."""
    first, _, rest = text.strip().partition(" ")
    if first.casefold() == "freeze" and not rest.strip():
        return OpenHalting()
    if first.casefold() == "revoke":
        return OpenRevoking(whom=rest.strip().removeprefix("@"))
    return None


class HaltingClicks:
    """Carries them out; whoever may not hears so kindly."""

    def __init__(self, *, halting: Halting, revoking: RevokingAll, replies: Replies) -> None:
        self._halting, self._revoking, self._replies = halting, revoking, replies

    async def open(
        self, actor: Actor, incoming: Incoming, trigger: str, wanted: OpenHalting | OpenRevoking
    ) -> Message | None:
        """Open the form that was asked for; what to say instead, if anything."""
        outcome: object
        if isinstance(wanted, OpenHalting):
            outcome, form = await self._halting.consider(Halt(**incoming.origin(actor))), halt_form()
        else:
            outcome = await self._revoking.consider(RevokeAll(**incoming.origin(actor), whom=wanted.whom))
            found = outcome if isinstance(outcome, MayRevokeAll) else None
            form = revoke_all_form(found) if found else whom_form(wrong=bool(wanted.whom))
        if not isinstance(outcome, MayHalt | MayRevokeAll | NobodyFound):
            told = stopping_text(outcome)
            return said(told) if told else None
        return await self._replies.open_or_ask_again(trigger, form)

    async def halt(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Stop all new access."""
        typed = read_halt(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._halting.halt(Halt(**incoming.origin(actor), rationale=typed))
        title = say("Stopped") if isinstance(outcome, Halted) else say("Nothing was changed")
        return note_if_any(title, stopping_text(outcome))

    async def choose(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Show what there is of whom was chosen."""
        whom = read_whom(view)
        if isinstance(whom, Wrong):
            return whom
        outcome = await self._revoking.consider(RevokeAll(**incoming.origin(actor), whom=whom))
        if isinstance(outcome, MayRevokeAll):
            return revoke_all_form(outcome)
        if isinstance(outcome, NobodyFound):
            return whom_form(wrong=True)
        return stopping_text(outcome)

    async def revoke(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        """Revoke everything of one person."""
        typed = read_revoke_all(view)
        if isinstance(typed, Wrong):
            return typed
        outcome = await self._revoking.revoke(
            RevokeAll(
                **incoming.origin(actor),
                whom=typed.whom,
                rationale=typed.rationale,
                switch_off=typed.switch_off,
                stop_proofs=typed.stop_proofs,
            )
        )
        title = say("Begun") if isinstance(outcome, AllRevoked) else say("Nothing was changed")
        return note_if_any(title, stopping_text(outcome))
