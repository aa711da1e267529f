"""What every form has in common: how a field is made and read back, and the form that only says something.

Each form has a file of its own; nothing that comes back is believed, and only ids travel in `private_metadata`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import Block, InputBlock, InputInteractiveElement, PlainTextObject
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.incoming import part, text
from bot.slack.messages.parts import section
from bot.slack.words import inert
from bot.texts import say


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What has to be corrected, a sentence for each field. Nothing that was typed is lost."""

    at: Mapping[Field, str]


@dataclass(frozen=True, kw_only=True)
class OnTop:
    """A form above the one that was sent, which stays with what was typed."""

    form: View


Answer = str | Wrong | View | OnTop
"""What a sent form gets: a sentence in its place ("" closes it), what to correct, or the form that comes instead."""


def too_long(written: str, most: int) -> str:
    """What to say at a field in which too much was written."""
    return say("Please keep it to {most} characters; this has {count}.", most=most, count=len(written))


def note_form(title: str, text: str) -> View:
    """A sentence that takes the place of a form which is no longer needed."""
    return reading(title, [section(text)])


def note_if_any(title: str, text: str) -> Answer:
    """Likewise; where there is nothing to say, the form just closes."""
    return note_form(title, text) if text else ""


def reading(title: str, blocks: list[Block]) -> View:
    """A form to read only."""
    return View(
        type="modal",
        callback_id=Form.NOTE,
        title=PlainTextObject(text=inert(title)[:24]),
        close=PlainTextObject(text=say("Close")),
        blocks=blocks,
    )


def input_of(
    name: str,
    label: str,
    element: InputInteractiveElement,
    *,
    hint: str = "",
    optional: bool = False,
    tells: bool = False,
) -> InputBlock:
    """A field. tells: Slack says at once what is typed or chosen in it."""
    return InputBlock(
        block_id=name,
        label=PlainTextObject(text=label),
        hint=PlainTextObject(text=hint) if hint else None,
        element=element,
        optional=optional or None,
        dispatch_action=tells or None,
    )


def field_of(view: Mapping[str, Any], field: Field) -> Mapping[str, Any]:
    """What came back of a field; empty if nothing did."""
    return part(part(part(part(view, "state"), "values"), field), field)


def typed(view: Mapping[str, Any], field: Field) -> str:
    """What was typed into a field."""
    return text(field_of(view, field).get("value")).strip()


def selected(view: Mapping[str, Any], field: Field) -> str:
    """The value of what was chosen in a menu."""
    return text(part(field_of(view, field), "selected_option").get("value"))


def metadata(view: Mapping[str, Any]) -> str:
    """The id that travelled with a form."""
    return text(view.get("private_metadata"))
