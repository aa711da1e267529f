"""The forms of petitions: to ask two people, and to approve or deny.

It believes nothing that comes back: who may is asked anew when a form is sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import Wrong, metadata, too_long, typed
from bot.slack.messages.parts import facts, note, section
from bot.slack.messages.petitions import critical_facts
from bot.slack.words import inert, together, visible
from bot.texts import as_told, say, template
from handlers.intents import JUSTIFICATION_LIMIT, RATIONALE_LIMIT
from handlers.petitions.outcomes import MayAsk
from handlers.petitions.stories import PetitionStory
from storage.states import PetitionKind

_WHAT: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template(
        "Your account has administrative power, so you don't get a new password alone. Two people who know you are "
        "asked whether it is you: one of security, one of the help desk or your manager."
    ),
    PetitionKind.PROOFS: template(
        "You lost everything that you prove yourself with: passkeys, authenticator, recovery codes. Two people who "
        "know you are asked whether it is you."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A form to ask, as it was filled in."""

    kind: PetitionKind
    explanation: str


def petition_form(may: MayAsk) -> View:
    """What happened, in one's own words."""
    return View(
        type="modal",
        callback_id=Form.PETITION,
        title=PlainTextObject(text=say("Ask two people")),
        submit=PlainTextObject(text=say("Ask them")),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=may.kind,
        blocks=[
            section(say(_WHAT[may.kind])),
            InputBlock(
                block_id=Field.JUSTIFICATION,
                label=PlainTextObject(text=say("What happened?")),
                hint=PlainTextObject(text=say("They read this. Write no password and no code.")),
                element=PlainTextInputElement(
                    action_id=Field.JUSTIFICATION, multiline=True, max_length=JUSTIFICATION_LIMIT
                ),
            ),
            note(
                say(
                    "They speak to you before they approve. Some hours after that your page opens, once; you are told "
                    "of each step in Slack and by mail, and can stop it from there."
                )
            ),
        ],
    )


def read_petition(view: Mapping[str, Any]) -> Asking | Wrong | None:
    """What was typed; None if it is no form of ours."""
    kind, explanation = metadata(view), typed(view, Field.JUSTIFICATION)
    if kind not in list(PetitionKind):
        return None
    if not visible(explanation):
        return Wrong(at={Field.JUSTIFICATION: say("Please write what happened: they decide by it.")})
    if len(explanation) > JUSTIFICATION_LIMIT:
        return Wrong(at={Field.JUSTIFICATION: too_long(explanation, JUSTIFICATION_LIMIT)})
    return Asking(kind=PetitionKind(kind), explanation=explanation)


def attest_form(story: PetitionStory, *, approve: bool, why: Iterable[str] = ()) -> View:
    """The reason, with the facts repeated. why: policy's sentences about whoever decides."""
    if approve:
        label, hint = say("How do you know that it is them?"), say("Such as: “I spoke to her at her desk.”")
        title, submit = say("Approve petition"), say("Approve")
    else:
        label, hint = say("Why not?"), say("Whoever asked reads this.")
        title, submit = say("Deny petition"), say("Deny")
    reasons = [inert(as_told(one)) for one in why]
    return View(
        type="modal",
        callback_id=Form.ATTEST if approve else Form.DENY_PETITION,
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=story.id,
        blocks=[
            facts(critical_facts(story)),
            *([note(together(say("You can decide this."), *reasons))] if reasons else []),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=label),
                hint=PlainTextObject(text=hint),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note(say("Your name and this sentence stay on the record.")),
        ],
    )
