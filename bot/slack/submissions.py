"""What a submitted form does. Errors stand at the field and nothing that was typed is lost.

The form's own id says what it is; everything in it is read anew.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from bot.slack.actions import Form
from bot.slack.door import Meanwhile
from bot.slack.forms.parts import Answer, OnTop, Wrong, note_form
from bot.slack.incoming import Incoming, blocks_in, text
from bot.slack.topics.table import Topics
from bot.texts import say
from handlers.intents import Actor


class Submissions:
    """Carries out forms; the answer is what Slack's acknowledgement says."""

    def __init__(self, topics: Topics) -> None:
        self._deciding = topics.deciding
        self._table: Mapping[
            str, Callable[[Actor, Incoming, Mapping[str, Any]], Awaitable[Answer | None]]
        ] = {
            Form.REQUEST: topics.requesting.submit,
            Form.APPROVE: partial(topics.deciding.decide, approve=True),
            Form.APPROVE_LESS: topics.deciding.shorten,
            Form.DENY: partial(topics.deciding.decide, approve=False),
            Form.INQUIRE: topics.deciding.inquire,
            Form.ANSWER: topics.deciding.answer,
            Form.ADOPT: topics.drift.adopt,
            Form.END: topics.during.end,
            Form.DECLARE: topics.drift.declare,
            Form.RESUME: topics.freezes.resume,
            Form.RELEASE: topics.alarms.release,
            Form.PETITION: topics.petitions.ask,
            Form.ATTEST: partial(topics.petitions.decide, approve=True),
            Form.DENY_PETITION: partial(topics.petitions.decide, approve=False),
            Form.VOUCH: topics.vouching.submit,
            Form.HELP_UNLOCK: topics.helping.submit,
            Form.HELP_RESET: topics.helping.submit,
            Form.HELP_RECHECK: topics.helping.submit,
            Form.HALT: topics.halting.halt,
            Form.WHOM: topics.halting.choose,
            Form.REVOKE_ALL: topics.halting.revoke,
            Form.ASSIGN: topics.exceptions.assign,
            Form.RESOLVE: topics.exceptions.resolve,
            Form.BREAK_GLASS: topics.emergencies.submit,
            Form.REVIEW_EMERGENCY: topics.emergency_reviews.review,
            Form.RESTORE_ELIGIBILITY: topics.emergency_reviews.restore,
            Form.RESTORE_LOST: topics.emergency_reviews.restore_lost,
            Form.DELEGATE: topics.delegations.submit,
        }

    def ahead(self, view: Mapping[str, Any]) -> Meanwhile | None:
        """What may be prepared while it is not certain yet who sent it."""
        return self._deciding.ahead_of(view) if view.get("callback_id") == Form.APPROVE else None

    async def carry_out(
        self, actor: Actor, incoming: Incoming, view: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Do what this form is for; None if there is no such form to submit."""
        name = view.get("callback_id")  # as it came: what only resembles one of ours is a forgery
        submit = self._table.get(name) if isinstance(name, str) else None
        match answer := await submit(actor, incoming, view) if submit else None:
            case None:
                return None
            case Wrong(at=at):
                return {"response_action": "errors", "errors": {str(field): why for field, why in at.items()}}
            case OnTop(form=form):
                return {"response_action": "push", "view": form.to_dict()}
            case "":
                return {}
            case str():
                answer = note_form(say("Nothing was changed"), answer)
        return {"response_action": "update", "view": answer.to_dict()}


def stay_open(view: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    """The form stays as it is, with the sentence at its last field; a form without fields just closes."""
    inputs = [text(block.get("block_id")) for block in blocks_in(view) if block.get("type") == "input"]
    return {"response_action": "errors", "errors": {inputs[-1]: sentence}} if inputs else {}
