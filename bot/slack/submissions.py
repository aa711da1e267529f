"""What a submitted form does. Errors stand at the field and nothing that was typed is lost.

The form's own id says what it is; everything in it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Form
from bot.slack.alarms import AlarmClicks
from bot.slack.deciding import DecidingClicks
from bot.slack.drift import DriftClicks
from bot.slack.during import DuringClicks
from bot.slack.forms import Wrong
from bot.slack.freezes import FreezeClicks
from bot.slack.halting import HaltingClicks
from bot.slack.incoming import Incoming, text
from bot.slack.petitions import PetitionClicks
from bot.slack.requesting import Answer, Requesting, errors, note
from bot.slack.vouching import VouchingClicks
from bot.texts import say
from handlers.intents import Actor


class Submissions:
    """Carries out forms; the answer is what Slack's acknowledgement says."""

    def __init__(
        self,
        *,
        requesting: Requesting,
        deciding: DecidingClicks,
        drift: DriftClicks,
        during: DuringClicks,
        freezes: FreezeClicks,
        alarms: AlarmClicks,
        petitions: PetitionClicks,
        vouching: VouchingClicks,
        halting: HaltingClicks,
    ) -> None:
        self._requesting = requesting
        self._deciding = deciding
        self._drift = drift
        self._freezes = freezes
        self._alarms = alarms
        self._during = during
        self._petitions = petitions
        self._vouching = vouching
        self._halting = halting

    async def carry_out(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """Do what this form is for; None if there is no such form to submit."""
        match view.get("callback_id"):
            case Form.REQUEST:
                return await self._requesting.submit(actor, incoming, view)
            case Form.APPROVE:
                return _answered(await self._deciding.decide(actor, incoming, view, approve=True))
            case Form.APPROVE_LESS:
                return _answered(await self._deciding.shorten(actor, incoming, view))
            case Form.DENY:
                return _answered(await self._deciding.decide(actor, incoming, view, approve=False))
            case Form.INQUIRE:
                return _answered(await self._deciding.inquire(actor, incoming, view))
            case Form.ANSWER:
                return _answered(await self._deciding.answer(actor, incoming, view))
            case Form.ADOPT:
                return _drifted(await self._drift.adopt(actor, incoming, view))
            case Form.END:
                return _drifted(await self._during.end(actor, incoming, view))
            case Form.DECLARE:
                return _drifted(await self._drift.declare(actor, incoming, view))
            case Form.RESUME:
                return _answered(await self._freezes.resume(actor, incoming, view))
            case Form.RELEASE:
                return _drifted(await self._alarms.release(actor, incoming, view))
            case Form.PETITION:
                return _drifted(await self._petitions.ask(actor, incoming, view))
            case Form.ATTEST:
                return _drifted(await self._petitions.decide(actor, incoming, view, approve=True))
            case Form.DENY_PETITION:
                return _drifted(await self._petitions.decide(actor, incoming, view, approve=False))
            case Form.VOUCH:
                return await self._vouching.submit(actor, incoming, view)
            case Form.HALT:
                return await self._halting.halt(actor, incoming, view)
            case Form.WHOM:
                return await self._halting.choose(actor, incoming, view)
            case Form.REVOKE_ALL:
                return await self._halting.revoke(actor, incoming, view)
            case _:
                return None


def _answered(answer: str | Wrong | View) -> Answer:
    if isinstance(answer, View):
        return {"response_action": "update", "view": answer.to_dict()}
    return _drifted(answer)


def _drifted(answer: str | Wrong) -> Answer:
    if isinstance(answer, Wrong):
        return errors(answer)
    return note(say("Nothing was changed"), answer) if answer else {}


def stay_open(view: Mapping[str, Any], sentence: str) -> Answer:
    """The form stays as it is, with the sentence at its last field; a form without fields just closes."""
    blocks = view.get("blocks")
    found = [block for block in blocks if isinstance(block, Mapping)] if isinstance(blocks, list) else []
    inputs = [text(block.get("block_id")) for block in found if block.get("type") == "input"]
    return {"response_action": "errors", "errors": {inputs[-1]: sentence}} if inputs else {}
