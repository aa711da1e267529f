"""The forms to decide about a request, and what stands behind it.

It never believes a submission: everything that comes back is read anew, and only ids travel in `private_metadata`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms import Wrong, metadata, reading, typed
from bot.slack.messages.approvals import critical_facts, details_text
from bot.slack.messages.parts import facts, note, section
from bot.slack.words import visible
from handlers.intents import RATIONALE_LIMIT
from handlers.stories import GrantStory


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An approval form as it was filled in."""

    grant: str
    rationale: str


def decision_form(story: GrantStory, *, approve: bool) -> View:
    """The form for the rationale, with the facts repeated."""
    verb = "Approve" if approve else "Deny"
    why = "Why is this right?" if approve else "Why not?"
    return View(
        type="modal",
        callback_id=Form.APPROVE if approve else Form.DENY,
        title=PlainTextObject(text=f"{verb} request"),
        submit=PlainTextObject(text=verb),
        close=PlainTextObject(text="Cancel"),
        private_metadata=story.id,
        blocks=[
            facts(critical_facts(story)),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=why),
                hint=PlainTextObject(text="The requester reads this."),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note("Your name and this sentence stay on the record."),
        ],
    )


def details_form(story: GrantStory) -> View:
    """What stands behind a request, to read only."""
    return reading(
        "Request details",
        [facts(critical_facts(story)), section(details_text(story))],
    )


def read_decision(view: Mapping[str, Any]) -> Decision | Wrong:
    """What was typed into an approval form."""
    rationale = typed(view, Field.RATIONALE)
    if not visible(rationale):
        return Wrong(at={Field.RATIONALE: "Please write a few words: they stay with the decision."})
    if len(rationale) > RATIONALE_LIMIT:
        return Wrong(
            at={
                Field.RATIONALE: f"Please keep it to {RATIONALE_LIMIT} characters; this has {len(rationale)}."
            }
        )
    return Decision(grant=metadata(view), rationale=rationale)
