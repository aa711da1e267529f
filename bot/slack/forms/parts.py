"""What every form has in common: how a field is made and read back, and the form that only says something.

Each form has a file of its own; nothing that comes back is believed, and only ids travel in `private_metadata`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ExternalDataMultiSelectElement,
    InputBlock,
    InputInteractiveElement,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.incoming import part, text
from bot.slack.messages.parts import note, section
from bot.slack.words import inert, together, visible
from bot.texts import as_told, say
from handlers.intents import RATIONALE_LIMIT

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{1,30}")


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What has to be corrected, a sentence for each field. Nothing that was typed is lost."""

    at: Mapping[Field, str]


@dataclass(frozen=True, kw_only=True)
class OnTop:
    """A form above the one that was sent, which stays with what was typed."""

    form: View


Answer = str | Wrong | View | OnTop
"""What a sent form gets: a sentence in its place ("" closes it), what to correct, or a form in its place or on top."""


def too_long(written: str, most: int) -> str:
    """What to say at a field in which too much was written."""
    return say("Please keep it to {most} characters; this has {count}.", most=most, count=len(written))


def note_form(title: str, text: str) -> View:
    """A sentence that takes the place of a form which is no longer needed."""
    return reading(title, [section(text)])


def note_if_any(title: str, text: str) -> Answer:
    """Likewise; where there is nothing to say, the form just closes."""
    return note_form(title, text) if text else ""


def form_of(
    form: Form, title: str, submit: str, blocks: Sequence[Block], *, about: str = "", close: str = ""
) -> View:
    """A form to fill in. about: the id that travels with it."""
    return View(
        type="modal",
        callback_id=form,
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text=submit),
        close=PlainTextObject(text=close or say("Cancel")),
        private_metadata=about or None,
        blocks=blocks,
    )


def reading(title: str, blocks: Sequence[Block], *, close: str = "") -> View:
    """A form to read only."""
    return View(
        type="modal",
        callback_id=Form.NOTE,
        title=PlainTextObject(text=inert(title)[:24]),
        close=PlainTextObject(text=close or say("Close")),
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


def text_input(
    name: Field,
    label: str,
    most: int,
    *,
    shown: str = "",
    example: str = "",
    multiline: bool = False,
    hint: str = "",
    optional: bool = False,
    tells: bool = False,
) -> InputBlock:
    """A field to type in. most: characters. shown: what stands there already. example: in grey while nothing does."""
    element = PlainTextInputElement(
        action_id=name,
        initial_value=shown or None,
        placeholder=PlainTextObject(text=example) if example else None,
        multiline=multiline or None,
        max_length=most,
    )
    return input_of(name, label, element, hint=hint, optional=optional, tells=tells)


def rationale_of(label: str, *, shown: str = "", hint: str = "", optional: bool = False) -> InputBlock:
    """The field for why."""
    return text_input(
        Field.RATIONALE, label, RATIONALE_LIMIT, shown=shown, multiline=True, hint=hint, optional=optional
    )


def you_can(why: Iterable[str]) -> list[Block]:
    """Why the one who has opened the form may decide, in policy's own words."""
    reasons = [inert(as_told(reason)) for reason in why]
    return [note(together(say("You can decide this."), *reasons))] if reasons else []


def whom_of(
    label: str,
    placeholder: str,
    *,
    chosen: str = "",
    hint: str = "",
    optional: bool = False,
    tells: bool = False,
) -> InputBlock:
    """The field for a person. chosen: a Slack id."""
    element = UserSelectElement(
        action_id=Field.FOR, initial_user=chosen or None, placeholder=PlainTextObject(text=placeholder)
    )
    return input_of(Field.FOR, label, element, hint=hint, optional=optional, tells=tells)


def things_of(
    label: str,
    most: int,
    *,
    chosen: Sequence[Option] = (),
    hint: str = "",
    optional: bool = False,
    tells: bool = False,
) -> InputBlock:
    """The field for things of the catalogue, which are searched while somebody types."""
    element = ExternalDataMultiSelectElement(
        action_id=Field.ENTITLEMENT,
        min_query_length=0,
        initial_options=chosen or None,
        max_selected_items=most,
        placeholder=PlainTextObject(text=say("Type to search")),
    )
    return input_of(Field.ENTITLEMENT, label, element, hint=hint, optional=optional, tells=tells)


def stays() -> Block:
    """What whoever writes a rationale should know."""
    return note(say("Your name and this sentence stay on the record."))


def field_of(view: Mapping[str, Any], field: Field) -> Mapping[str, Any]:
    """What came back of a field; empty if nothing did."""
    return part(part(part(part(view, "state"), "values"), field), field)


def typed(view: Mapping[str, Any], field: Field) -> str:
    """What was typed into a field."""
    return text(field_of(view, field).get("value")).strip()


def words_in(view: Mapping[str, Any], field: Field, most: int, *, lacking: str) -> str | Wrong:
    """What was typed into a field that needs words. lacking: what to say where there are none."""
    words = typed(view, field)
    if not visible(words):
        return Wrong(at={field: lacking})
    return Wrong(at={field: too_long(words, most)}) if len(words) > most else words


def selected(view: Mapping[str, Any], field: Field) -> str:
    """The value of what was chosen in a menu."""
    return text(part(field_of(view, field), "selected_option").get("value"))


def selected_number(view: Mapping[str, Any], field: Field) -> int:
    """Likewise as a number; 0 for anything else."""
    value = selected(view, field)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def selected_user(view: Mapping[str, Any]) -> str:
    """The Slack id of whom somebody chose; "" for nobody."""
    chosen = text(field_of(view, Field.FOR).get("selected_user"))
    return chosen if _SLACK_USER.fullmatch(chosen) else ""


def metadata(view: Mapping[str, Any]) -> str:
    """The id that travelled with a form."""
    return text(view.get("private_metadata"))
