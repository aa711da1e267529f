"""A signed checkpoint of the audit log, as the security channel keeps it: out of the house, where nobody edits it.

It shows the whole signed text, so that an auditor can copy it, and judges nothing.
"""

from datetime import datetime

from slack_sdk.models.blocks import RichTextBlock, RichTextElementParts, RichTextPreformattedElement

from bot.slack.messages.parts import Message, facts, note, said, section
from bot.slack.words import day_and_clock, number, together
from bot.texts import as_told, say, say_counted, template
from handlers.outcomes import CheckpointTaken, NotAllowed, NotSigned


def checkpoint_message(
    *, at: datetime, size: int, signed: str, below: tuple[str, str] | None = None
) -> Message:
    """The checkpoint over the first `size` entries. signed: its whole text, whose third line is the root.

    below: the message of the week's first one. Each has a message of its own, which is never edited.
    """
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
        below=below,
    )


def _preformatted(text: str) -> RichTextBlock:
    """The text exactly as it is, in a block that copies as one piece."""
    return RichTextBlock(
        elements=[RichTextPreformattedElement(elements=[RichTextElementParts.Text(text=text)])]
    )


def taken_message(outcome: object) -> Message | None:
    """To whoever asked for one; None for a repeat of the same asking."""
    match outcome:
        case CheckpointTaken(at=at, size=size, note=signed):
            return checkpoint_message(at=at, size=size, signed=signed)
        case NotAllowed(reasons=(why, *_)):
            return said(f"⛔ {as_told(why)}")
        case NotSigned():
            return said(say(_NOT_SIGNED))
        case _:
            return None


_NOT_SIGNED = template(
    "⚠️ The record contradicts what was signed of it before, so nothing was signed. New access stops until security "
    "has looked at it; `wicket audit verify` names what was changed."
)
