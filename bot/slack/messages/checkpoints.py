"""A signed checkpoint of the audit log, as the security channel keeps it: out of the house, where nobody edits it.

It shows the whole signed text, so that an auditor can copy it, and judges nothing.
"""

from datetime import datetime

from slack_sdk.models.blocks import RichTextBlock, RichTextElementParts, RichTextPreformattedElement

from bot.slack.messages.parts import Message, facts, note, section
from bot.slack.words import day_and_clock, number, together
from bot.texts import say, say_counted


def checkpoint_message(*, at: datetime, size: int, signed: str) -> Message:
    """The checkpoint over the first `size` entries. signed: its whole text, whose third line is the root."""
    root = signed.split("\n")[2]
    covered = say_counted("{entries} entry", "{entries} entries", size, entries=number(size))
    taken = say("*Audit checkpoint* over {entries}, taken {time}", entries=covered, time=day_and_clock(at))
    how = say(
        "Keep this message. Saved to a file, the text above shows whether an entry that it covers was changed later: "
        "`wicket audit verify --checkpoint FILE`"
    )
    return Message(
        text=together(f"{taken}.", say("Root of the tree: {root}", root=root)),
        blocks=(
            section(taken),
            facts([(say("Entries"), number(size)), (say("Root"), root)]),
            _preformatted(signed),
            note(how),
        ),
    )


def _preformatted(text: str) -> RichTextBlock:
    """The text exactly as it is, in a block that copies as one piece."""
    return RichTextBlock(
        elements=[RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=text)])]
    )
