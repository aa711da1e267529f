"""A signed checkpoint of the audit log, as the security channel keeps it: out of the house, where nobody edits it.

It shows the whole signed text, so that an auditor can copy it, and judges nothing.
"""

from datetime import datetime

from slack_sdk.models.blocks import RichTextBlock, RichTextElementParts, RichTextPreformattedElement

from bot.slack.messages.parts import Message, facts, note, section
from bot.slack.words import day_and_clock, plainly

_HOW = (
    "Keep this message. Saved to a file, the text above shows whether an entry that it covers was changed later: "
    "`wicket audit verify --checkpoint FILE`"
)


def checkpoint_message(*, at: datetime, size: int, signed: str) -> Message:
    """The checkpoint over the first `size` entries. signed: its whole text, whose third line is the root."""
    root = signed.split("\n")[2]
    covered = "1 entry" if size == 1 else f"{size:,} entries"
    return Message(
        text=f"Audit checkpoint over {covered}, taken {plainly(at)}. Root of the tree: {root}",
        blocks=(
            section(f"*Audit checkpoint* over {covered}, taken {day_and_clock(at)}"),
            facts([("Entries", f"{size:,}"), ("Root", root)]),
            _preformatted(signed),
            note(_HOW),
        ),
    )


def _preformatted(text: str) -> RichTextBlock:
    """The text exactly as it is, in a block that copies as one piece."""
    return RichTextBlock(
        elements=[RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=text)])]
    )
