"""What a submitted form does. Errors stand at the field and nothing that was typed is lost.

The form's own id says what it is; everything in it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from bot.slack.actions import Form
from bot.slack.clicks import decision_text
from bot.slack.drift import DriftClicks
from bot.slack.forms import Wrong
from bot.slack.forms_decision import read_decision
from bot.slack.incoming import Incoming, text
from bot.slack.requesting import Answer, Requesting, errors, note
from handlers.approvals import Deciding
from handlers.intents import Actor, Decide


class Submissions:
    """Carries out forms; the answer is what Slack's acknowledgement says."""

    def __init__(self, *, requesting: Requesting, deciding: Deciding, drift: DriftClicks) -> None:
        self._requesting = requesting
        self._deciding = deciding
        self._drift = drift

    async def carry_out(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """Do what this form is for; None if there is no such form to submit."""
        match view.get("callback_id"):
            case Form.REQUEST:
                return await self._requesting.submit(actor, incoming, view)
            case Form.APPROVE:
                return await self._decide(actor, incoming, view, approve=True)
            case Form.DENY:
                return await self._decide(actor, incoming, view, approve=False)
            case Form.ADOPT:
                return _drifted(await self._drift.adopt(actor, incoming, view))
            case Form.DECLARE:
                return _drifted(await self._drift.declare(actor, incoming, view))
            case _:
                return None

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


def stay_open(view: Mapping[str, Any], sentence: str) -> Answer:
    """The form stays as it is, with the sentence at its last field; a form without fields just closes."""
    blocks = view.get("blocks")
    found = [block for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []
    inputs = [text(block.get("block_id")) for block in found if block.get("type") == "input"]
    return {"response_action": "errors", "errors": {inputs[-1]: sentence}} if inputs else {}
