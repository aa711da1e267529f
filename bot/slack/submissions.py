"""What a submitted form does. Errors stand at the field and nothing that was typed is lost.

The form's own id says what it is; everything in it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.actions import Form
from bot.slack.clicks import asked_text, decision_text
from bot.slack.drift import DriftClicks
from bot.slack.during import DuringClicks
from bot.slack.forms import Wrong, note_form
from bot.slack.forms_decision import read_decision
from bot.slack.forms_request import read_request
from bot.slack.incoming import Incoming, text
from handlers.access import Access
from handlers.approvals import Deciding
from handlers.intents import Actor, AskAccess, Decide
from storage.catalogue import Catalogue

Answer = dict[str, Any]
"""What is acknowledged: {} closes the form."""


class Submissions:
    """Carries out forms; the answer is what Slack's acknowledgement says."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        access: Access,
        deciding: Deciding,
        drift: DriftClicks,
        during: DuringClicks,
    ) -> None:
        self._catalogue = catalogue
        self._access = access
        self._deciding = deciding
        self._drift = drift
        self._during = during

    async def carry_out(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """Do what this form is for; None if there is no such form to submit."""
        match view.get("callback_id"):
            case Form.REQUEST:
                return await self._request(actor, incoming, view)
            case Form.APPROVE:
                return await self._decide(actor, incoming, view, approve=True)
            case Form.DENY:
                return await self._decide(actor, incoming, view, approve=False)
            case Form.ADOPT:
                return _drifted(await self._drift.adopt(actor, incoming, view))
            case Form.END:
                return _drifted(await self._during.end(actor, incoming, view))
            case Form.DECLARE:
                return _drifted(await self._drift.declare(actor, incoming, view))
            case _:
                return None

    async def _request(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer:
        typed = read_request(view, self._catalogue)
        if isinstance(typed, Wrong):
            return errors(typed)
        outcome = await self._access.ask(
            AskAccess(
                actor=actor,
                where=incoming.where,
                delivery=incoming.delivery,
                entitlement=typed.entitlement,
                duration=typed.duration,
                justification=typed.justification,
                draft=typed.draft or None,
            )
        )
        text = asked_text(outcome)
        return note("Nothing was sent", text) if text else {}

    async def _decide(
        self, actor: Actor, incoming: Incoming, view: Mapping[str, Any], *, approve: bool
    ) -> Answer:
        decision = read_decision(view)
        if isinstance(decision, Wrong):
            return errors(decision)
        outcome = await self._deciding.decide(
            Decide(
                actor=actor,
                where=incoming.where,
                delivery=incoming.delivery,
                grant=decision.grant,
                approve=approve,
                rationale=decision.rationale,
            )
        )
        text = decision_text(outcome)
        return note("Nothing was changed", text) if text else {}


def _drifted(answer: str | Wrong) -> Answer:
    if isinstance(answer, Wrong):
        return errors(answer)
    return note("Nothing was changed", answer) if answer else {}


def errors(wrong: Wrong) -> Answer:
    """The form stays open with a sentence at each field."""
    return {"response_action": "errors", "errors": {str(field): text for field, text in wrong.at.items()}}


def note(title: str, text: str) -> Answer:
    """A sentence takes the form's place."""
    return {"response_action": "update", "view": note_form(title, text).to_dict()}


def stay_open(view: Mapping[str, Any], sentence: str) -> Answer:
    """The form stays as it is, with the sentence at its last field; a form without fields just closes."""
    blocks = view.get("blocks")
    found = [block for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []
    inputs = [text(block.get("block_id")) for block in found if block.get("type") == "input"]
    return {"response_action": "errors", "errors": {inputs[-1]: sentence}} if inputs else {}
