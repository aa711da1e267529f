"""What a submitted form does. Errors stand at the field and nothing that was typed is lost.

The form's own id says what it is; everything in it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Form
from bot.slack.door import Meanwhile
from bot.slack.forms.parts import Wrong
from bot.slack.incoming import Incoming, text
from bot.slack.requesting import Answer, errors, note
from bot.slack.topics.table import Topics
from bot.texts import say
from handlers.intents import Actor


class Submissions:
    """Carries out forms; the answer is what Slack's acknowledgement says."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def ahead(self, view: Mapping[str, Any]) -> Meanwhile | None:
        """What may be prepared while it is not certain yet who sent it."""
        return self._topics.deciding.ahead_of(view) if view.get("callback_id") == Form.APPROVE else None

    async def carry_out(self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]) -> Answer | None:
        """Do what this form is for; None if there is no such form to submit."""
        match view.get("callback_id"):
            case Form.REQUEST:
                return await self._topics.requesting.submit(actor, incoming, view)
            case Form.APPROVE:
                return _answered(await self._topics.deciding.decide(actor, incoming, view, approve=True))
            case Form.APPROVE_LESS:
                return _answered(await self._topics.deciding.shorten(actor, incoming, view))
            case Form.DENY:
                return _answered(await self._topics.deciding.decide(actor, incoming, view, approve=False))
            case Form.INQUIRE:
                return _answered(await self._topics.deciding.inquire(actor, incoming, view))
            case Form.ANSWER:
                return _answered(await self._topics.deciding.answer(actor, incoming, view))
            case Form.ADOPT:
                return _drifted(await self._topics.drift.adopt(actor, incoming, view))
            case Form.END:
                return _drifted(await self._topics.during.end(actor, incoming, view))
            case Form.DECLARE:
                return _drifted(await self._topics.drift.declare(actor, incoming, view))
            case Form.RESUME:
                return _answered(await self._topics.freezes.resume(actor, incoming, view))
            case Form.RELEASE:
                return _drifted(await self._topics.alarms.release(actor, incoming, view))
            case Form.PETITION:
                return _drifted(await self._topics.petitions.ask(actor, incoming, view))
            case Form.ATTEST:
                return _drifted(await self._topics.petitions.decide(actor, incoming, view, approve=True))
            case Form.DENY_PETITION:
                return _drifted(await self._topics.petitions.decide(actor, incoming, view, approve=False))
            case Form.VOUCH:
                return await self._topics.vouching.submit(actor, incoming, view)
            case Form.HELP_UNLOCK | Form.HELP_RESET | Form.HELP_RECHECK:
                return await self._topics.helping.submit(actor, incoming, view)
            case Form.HALT:
                return await self._topics.halting.halt(actor, incoming, view)
            case Form.WHOM:
                return await self._topics.halting.choose(actor, incoming, view)
            case Form.REVOKE_ALL:
                return await self._topics.halting.revoke(actor, incoming, view)
            case Form.ASSIGN:
                return _drifted(await self._topics.exceptions.assign(actor, incoming, view))
            case Form.RESOLVE:
                return _drifted(await self._topics.exceptions.resolve(actor, incoming, view))
            case Form.BREAK_GLASS:
                return await self._topics.emergencies.submit(actor, incoming, view)
            case Form.REVIEW_EMERGENCY:
                return _answered(await self._topics.emergency_reviews.review(actor, incoming, view))
            case Form.RESTORE_ELIGIBILITY:
                return _answered(await self._topics.emergency_reviews.restore(actor, incoming, view))
            case Form.RESTORE_LOST:
                return _answered(await self._topics.emergency_reviews.restore_lost(actor, incoming, view))
            case Form.DELEGATE:
                return await self._topics.delegations.submit(actor, incoming, view)
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
