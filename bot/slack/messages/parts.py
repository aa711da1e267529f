"""The pieces that messages are made of, and the message itself.

Every message stands without its blocks: `text` carries the whole meaning.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextSectionElement,
    SectionBlock,
)

from bot.slack.actions import Action
from bot.slack.words import visible
from bot.texts import say

SECTION_LIMIT = 3000
# More than this Slack does not take when a message is edited.
TEXT_LIMIT = 4000
HEADING_LIMIT = 150
CONFIRM_LIMIT = 300


class DoesNotFit(ValueError):
    """A fact that must be shown whole does not fit into a message (SL-8)."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """text: the whole meaning in words, for notifications and screen readers. blocks: the same as Block Kit.

    below: kind and subject of the message in whose thread it belongs, where that one stands in the same place.
    aloud: it is shown in the channel as well.
    """

    text: str
    blocks: tuple[Block, ...]
    below: tuple[str, str] | None = None
    aloud: bool = False

    def __post_init__(self) -> None:
        if len(self.text) > TEXT_LIMIT:
            raise DoesNotFit("the words of a message are longer than Slack takes")

    def body(self) -> dict[str, Any]:
        """As the Web API takes it."""
        return {"text": self.text, "blocks": [block.to_dict() for block in self.blocks]}


def said(text: str, *, remark: str = "", buttons: Sequence[ButtonElement] = ()) -> Message:
    """A message that is its text, perhaps with a small remark below; buttons come last."""
    remarks = (note(remark),) if remark else ()
    return Message(
        text=f"{text}\n{remark}" if remark else text, blocks=(section(text), *remarks, *actions(buttons))
    )


class _Paragraph(SectionBlock):
    """A section that is one text. Every message has one, and Slack's library goes through all that it is not."""

    def __init__(self, text: str) -> None:
        super().__init__(text=_marked(text))
        self._alone = dict(vars(self))

    def to_dict(self) -> dict[str, Any]:
        """As Slack takes it; as the library has it, if anything was added since."""
        now = vars(self)
        if any(now[name] is not value for name, value in self._alone.items()):
            return dict(super().to_dict())
        return {
            "type": self.type,
            "text": {"type": "mrkdwn", "text": self._alone["text"].text, "verbatim": True},
        }


def section(text: str) -> SectionBlock:
    """A paragraph of ours in mrkdwn; people's text in it has been made inert."""
    if len(text) > SECTION_LIMIT:
        raise DoesNotFit("a paragraph is longer than Slack shows")
    return _Paragraph(text)


def note(text: str) -> ContextBlock:
    """A small remark."""
    if len(text) > SECTION_LIMIT:
        raise DoesNotFit("a remark is longer than Slack shows")
    return ContextBlock(elements=[_marked(text)])


def heading(text: str) -> HeaderBlock:
    """A headline of at most 150 characters."""
    shown = visible(text)
    if len(shown) > HEADING_LIMIT:
        raise DoesNotFit("a headline is longer than Slack shows")
    return HeaderBlock(text=PlainTextObject(text=shown, emoji=False))


def facts(rows: Iterable[tuple[str, str]]) -> RichTextBlock:
    """Label and value, one a line. Values are shown literally: nothing in them is formatting, a mention or a link."""
    sections = [
        RichTextSectionElement(
            elements=[
                RichTextElementParts.Text(text=f"{label}  ", style=RichTextElementParts.TextStyle(bold=True)),
                RichTextElementParts.Text(text=visible(value)),
            ]
        )
        for label, value in rows
    ]
    return RichTextBlock(elements=sections)


def button(label: str, action: Action, value: str, *, primary: bool = False) -> ButtonElement:
    """A button with an opaque id."""
    return ButtonElement(
        text=PlainTextObject(text=label, emoji=False),
        action_id=action,
        value=value,
        style="primary" if primary else None,
    )


def story_button(about: str, action: Action = Action.STORY) -> ButtonElement:
    """The last button: what happened with this, for whoever it concerns. about: an opaque id."""
    return button(say("What happened?"), action, about)


def sure_button(
    label: str, action: Action, value: str, *, title: str, facts: str, yes: str, no: str = "",
    primary: bool = False,
) -> ButtonElement:  # fmt: skip
    """A button that decides at once: it asks first, with the facts repeated. What ends something is never green."""
    return ButtonElement(
        text=PlainTextObject(text=label, emoji=False),
        action_id=action,
        value=value,
        confirm=ConfirmObject(
            title=PlainTextObject(text=title, emoji=False),
            text=PlainTextObject(text=facts[:CONFIRM_LIMIT], emoji=False),
            confirm=PlainTextObject(text=yes, emoji=False),
            deny=PlainTextObject(text=no or say("Keep it"), emoji=False),
        ),
        style="primary" if primary else None,
    )


def link_button(label: str, address: str) -> ButtonElement:
    """A button that opens a page of ours."""
    return ButtonElement(
        text=PlainTextObject(text=label, emoji=False),
        action_id=Action.OPEN_PAGE,
        url=address,
        style="primary",
    )


def actions(buttons: Sequence[InteractiveElement]) -> tuple[ActionsBlock, ...]:
    """A row of at most five buttons, or nothing."""
    return (ActionsBlock(elements=list(buttons)),) if buttons else ()


def _marked(text: str) -> MarkdownTextObject:
    """Text with our own marks; verbatim, so that Slack makes no links of what only looks like one."""
    return MarkdownTextObject(text=text, verbatim=True)
