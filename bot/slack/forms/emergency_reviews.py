"""The forms of the review of an emergency, and of letting somebody break the glass again: all facts whole, then words.

They believe nothing that comes back: who may is asked anew when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    Option,
    PlainTextObject,
    RadioButtonsElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import (
    Wrong,
    form_of,
    input_of,
    metadata,
    rationale_of,
    selected,
    words_in,
)
from bot.slack.messages.parts import facts, note, section
from bot.slack.messages.proofs import proofs_told
from bot.slack.words import (
    day_and_clock,
    duration,
    in_quotes,
    inert,
    listed,
    plainly,
    quoted,
    visible,
)
from bot.texts import as_known, say
from handlers.decisions.emergency_reviews import Finding
from handlers.emergencies.reviewed import Looked, MayRestore, MayRestoreLost, MayReview
from handlers.intents import RATIONALE_LIMIT

# All of them are shown, so many in one section, whose text has a limit of its own.
_IN_A_SECTION = 10


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A review as it was filled in."""

    emergency: str
    finding: Finding
    words: str


def review_form(may: MayReview) -> View:
    """What happened, whether it was right, and what is to be changed. Of a drill: how it went."""
    looked = may.looked
    if looked.drill:
        question = say("Did it go as it should?")
        labels = (
            say("Yes: alerts came, and whoever had to act knew how"),
            say("No: something has to change"),
        )
        words = say("What is to be changed?")
    else:
        question = say("Was it justified?")
        labels = (say("Justified"), say("Not justified"))
        words = say("What is to be changed, so that it need not happen again?")
    options = [
        Option(value=finding, text=PlainTextObject(text=label))
        for finding, label in zip((Finding.JUSTIFIED, Finding.NOT_JUSTIFIED), labels, strict=True)
    ]
    lapses = say(
        "If it was not justified, they cannot break the glass until the security team lets them again."
    )
    blocks = [
        *_facts(looked),
        input_of(Field.FINDING, question, RadioButtonsElement(action_id=Field.FINDING, options=options)),
        rationale_of(words, hint=say("“Nothing” is an answer, too.")),
        *([] if looked.drill else [note(lapses)]),
        note(say("Your name and these words stay on the record, and stand in the security channel.")),
    ]
    return form_of(
        Form.REVIEW_EMERGENCY,
        say("Review a drill") if looked.drill else say("Review an emergency"),
        say("Keep the review"),
        blocks,
        about=looked.id,
    )


def restore_form(may: MayRestore) -> View:
    """What was found, and why they may break the glass again all the same."""
    found = say(
        "{name} found it not justified: {words}", name=inert(may.reviewed_by), words=quoted(may.words)
    )
    blocks = [
        *_facts(may.looked),
        section(found),
        rationale_of(say("Why may they break the glass again?")),
        note(say("Your name and these words stay on the record, and stand in the security channel.")),
    ]
    return form_of(
        Form.RESTORE_ELIGIBILITY, say("Let them again"), say("Let them again"), blocks, about=may.looked.id
    )


def restore_lost_form(may: MayRestoreLost) -> View:
    """Which emergencies the record tells of and the table does not, who said so before, and why they may again."""
    named = [
        say(
            "*{what}*, {time}, story {id}", what=inert(visible(what)), time=day_and_clock(at), id=inert(story)
        )
        for story, what, at in may.lost
    ]
    lines = [f"• {one}" for one in named]
    starts = range(0, len(lines), _IN_A_SECTION)
    lists = ["\n".join(lines[start : start + _IN_A_SECTION]) for start in starts]
    found = say(
        "The record tells of these emergencies of {name}, and the table does not have them as they were written:",
        name=inert(may.who),
    )
    look = say(
        "Find out who changed the database, and read what the record says of each (*What happened?*, or "
        "`wicket audit show --story`). It takes two people of security."
    )
    said = [note(say("Said so already: {names}.", names=inert(listed([*may.said]))))] if may.said else []
    blocks = [
        section("\n".join([found, *lists[:1]])),
        *map(section, lists[1:]),
        section(look),
        *said,
        rationale_of(say("What did you look at, and why may they break the glass again?")),
        note(say("Your name and these words stay on the record, and stand in the security channel.")),
    ]
    return form_of(
        Form.RESTORE_LOST, say("Let them again"), say("Say so"), blocks, about=f"{may.exception}~{may.shown}"
    )


def read_review(view: Mapping[str, Any]) -> Typed | Wrong:
    """What was chosen and typed."""
    words, chosen = read_words(view), selected_radio(view)
    wrong = dict(words.at) if isinstance(words, Wrong) else {}
    if chosen not in list(Finding):
        wrong[Field.FINDING] = say("Please choose one of the two.")
    if isinstance(words, Wrong) or wrong:
        return Wrong(at=wrong)
    return Typed(emergency=metadata(view), finding=Finding(chosen), words=words)


def read_words(view: Mapping[str, Any]) -> str | Wrong:
    """The words alone."""
    lacking = say("Please write a few words: they stay with the review.")
    return words_in(view, Field.RATIONALE, RATIONALE_LIMIT, lacking=lacking)


def selected_radio(view: Mapping[str, Any]) -> str:
    """Which of the two was chosen; "" for none."""
    return selected(view, Field.FINDING)


def _facts(looked: Looked) -> list[Block]:
    """Who, what, how long, for what and why, who ended it, by which proof: whole (promise 9)."""
    proofs = proofs_told(looked.proved_by.split())
    rows = [
        (say("Who"), as_known(looked.who)),
        (say("What"), looked.what),
        (say("How long"), _how_long(looked)),
        (say("Incident"), looked.incident),
        (say("Why"), in_quotes(as_known(looked.reason))),
        (say("Ended"), _ended(looked)),
        *([(say("Proof"), proofs)] if proofs else []),
    ]
    drill = [section(say("*This was a DRILL.* No access was given."))] if looked.drill else []
    by_hand = section(
        say("It did not go through Wicket: an operator put it on the record, as they heard of it.")
    )
    due = note(say("Review due {time}.", time=day_and_clock(looked.due_at)))
    return [*drill, facts(rows), *([by_hand] if looked.by_hand else []), due]


def _how_long(looked: Looked) -> str:
    if looked.drill:
        return say("nothing was given, {time}", time=plainly(looked.began_at))
    return say(
        "{duration}, from {begin} to {end}",
        duration=duration(looked.minutes) if looked.minutes else say("less than a minute"),
        begin=plainly(looked.began_at),
        end=plainly(looked.ended_at),
    )


def _ended(looked: Looked) -> str:
    if looked.drill or looked.by_hand:
        return say("by itself")
    if not looked.ended_by:
        return say("by itself, at its time")
    if not looked.ended_why:
        return say("by {name}, before its time", name=visible(looked.ended_by))
    return say(
        "by {name}, before its time: {words}",
        name=visible(looked.ended_by),
        words=in_quotes(looked.ended_why),
    )
