"""What happened with something, as a form to read: each entry with its time and one sentence, a page at a time.

Only an opaque id and a number travel in its buttons. Whatever the record holds, it fits.
"""

import re
from collections.abc import Mapping

from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.slack.actions import Action
from bot.slack.forms.parts import reading
from bot.slack.messages.parts import SECTION_LIMIT, actions, button, note, section
from bot.slack.words import day, day_and_clock, inert, number
from bot.stories.telling import Page, Step, decided_by, told, words_of
from bot.texts import say, say_counted

_PAGE = re.compile(r"(.{1,200})~(\d{1,6})", re.DOTALL)
# All blocks of a form together may not be much longer; a page of hostile entries must stay below (SL-8).
_MOST_OF_AN_ENTRY = 900
_SIGNS = {"refused": "⛔", "failed": "⚠️"}


def story_form(story: Page, *, policy_set: str = "", reasons: Mapping[str, str] | None = None) -> View:
    """One page of the story. policy_set, reasons: of the policies of now, by their ids: they explain no older set."""
    blocks: list[Block] = []
    if story.archived is not None and not story.page:
        until = day(story.archived)
        blocks.append(
            note(
                say(
                    "What was written up to {day} is archived for the most part: this may lack its beginning.",
                    day=until,
                )
            )
        )
    before: list[str] = []
    for step in story.steps:
        known = reasons if reasons and step.policy_set == policy_set else {}
        words = words_of(step)
        # One act may be several entries with the same words: they are read once.
        blocks.append(section(_entry(step, known or {}, [] if words == before else words)))
        before = words
    if not story.steps:
        blocks.append(section(say("Nothing is on record here about this.")))
    return reading(say("What happened"), [*blocks, *_foot(story)])


def page_of(value: str) -> tuple[str, int]:
    """What a button of ours is about, and the page that it turns to: the first if it names none."""
    found = _PAGE.fullmatch(value)
    return (found[1], int(found[2])) if found else (value, 0)


def _entry(step: Step, reasons: Mapping[str, str], words: list[str]) -> str:
    """The time in the reader's zone, the sentence, the policy, and what people wrote."""
    lines = [" ".join(part for part in (told(step), decided_by(step, reasons)) if part), *words]
    sign, entry = _SIGNS.get(step.outcome, ""), inert(step.id[:100])
    first = f"{sign} *{day_and_clock(step.at)}* {entry}".strip()
    return f"{first}\n{_within(lines)}"[:SECTION_LIMIT]


def _within(lines: list[str]) -> str:
    """The lines, each inert and all of them short enough: the record has what is left out, and that is said."""
    shown: list[str] = []
    left = _MOST_OF_AN_ENTRY
    for line in lines:
        if left <= 0:
            return "\n".join([*shown, say("(the rest stands in the record)")])
        whole = len(line) <= left
        shown.append(inert(line if whole else f"{line[: left - 1]}…"))
        if not whole:
            shown.append(say("(cut here; the record has it whole)"))
        left -= len(line)
    return "\n".join(shown)


def _foot(story: Page) -> list[Block]:
    entries = say_counted("{number} entry", "{number} entries", story.entries, number=number(story.entries))
    where = say("Story {id}", id=inert(story.correlation[:100]))
    page = say("page {page} of {pages}", page=story.page + 1, pages=story.pages) if story.pages > 1 else ""
    turns: list[ButtonElement] = []
    if story.page:
        turns.append(button(say("Earlier"), Action.STORY_EARLIER, f"{story.about}~{story.page - 1}"))
    if story.page + 1 < story.pages:
        turns.append(button(say("Later"), Action.STORY_LATER, f"{story.about}~{story.page + 1}"))
    return [*actions(turns), note(" · ".join(one for one in (where, entries, page) if one))]
