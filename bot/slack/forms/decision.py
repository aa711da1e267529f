"""The forms to decide about a request, and what stands behind it.

It never believes a submission: everything that comes back is read anew, and only ids travel in `private_metadata`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    Option,
    PlainTextObject,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import (
    Wrong,
    form_of,
    input_of,
    metadata,
    rationale_of,
    reading,
    selected,
    selected_number,
    stays,
    text_input,
    too_long,
    typed,
    you_can,
)
from bot.slack.forms.proof import NO_MORE, More, code_blocks, proof_blocks
from bot.slack.incoming import blocks_in
from bot.slack.messages.approvals import sealed
from bot.slack.messages.critical import critical_facts, details_text
from bot.slack.messages.parts import actions, facts, note, section, story_button
from bot.slack.words import duration, visible, written
from bot.texts import as_told, say
from handlers.decisions.durations import parse_duration
from handlers.intents import RATIONALE_LIMIT, whole_minutes
from handlers.requests.stories import GrantStory

_SHORTER = (5, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320, 10080, 20160, 43200)
"""The shorter times offered, in minutes: those below what is asked."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An approval form as it was filled in. shown: the mark of what it showed. minutes: a shorter time, if any."""

    grant: str
    shown: str
    rationale: str
    minutes: int | None = None
    code: str = ""


def decision_form(
    story: GrantStory,
    *,
    approve: bool,
    why: Iterable[str] = (),
    explains: bool = True,
    more: More = NO_MORE,
) -> View:
    """The form for the rationale, with the facts repeated. why: policy's sentences about the one who decides."""
    if approve:
        title, submit, label = say("Approve request"), say("Approve"), say("Why is this right?")
    else:
        title, submit, label = say("Deny request"), say("Deny"), say("Why not?")
    blocks = [
        facts(critical_facts(story)),
        *you_can(why),
        *proof_blocks(more),
        _rationale(label, needed=explains, typed=more.demand.rationale),
        *code_blocks(more),
        stays(),
    ]
    return form_of(Form.APPROVE if approve else Form.DENY, title, submit, blocks, about=sealed(story))


def less_form(story: GrantStory, *, why: Iterable[str] = (), more: More = NO_MORE) -> View:
    """The form to approve a shorter time: chosen from a list or typed, with the reason that the requester reads."""
    options = [
        Option(value=str(minutes), text=PlainTextObject(text=duration(minutes), emoji=False))
        for minutes in _SHORTER
        if minutes < story.minutes
    ]
    before = more.demand.minutes or 0
    known = next((one for one in options if one.value == str(before)), None)
    chosen = [
        input_of(
            Field.LESS,
            say("How long instead?"),
            StaticSelectElement(
                action_id=Field.LESS,
                options=options,
                initial_option=known,
                placeholder=PlainTextObject(text=say("Choose a shorter time")),
            ),
            optional=True,
        )
    ]
    void = any(one.approved and not one.void for one in story.said)
    blocks = [
        facts(critical_facts(story)),
        *you_can(why),
        *proof_blocks(more),
        *(chosen if options else []),
        text_input(
            Field.DURATION,
            say("Or another time") if options else say("How long instead?"),
            60,
            shown=written(before) if before and known is None else "",
            hint=say("Like “45 min”. Less than {duration}.", duration=duration(story.minutes)),
            optional=bool(options),
        ),
        _rationale(say("Why not for so long?"), needed=True, typed=more.demand.rationale),
        *code_blocks(more),
        *([note(say("Whoever approved the longer time has to approve this one too."))] if void else []),
        stays(),
    ]
    return form_of(Form.APPROVE_LESS, say("Approve for less"), say("Approve"), blocks, about=sealed(story))


def details_form(story: GrantStory) -> View:
    """What stands behind a request, to read only."""
    return reading(
        say("Request details"),
        [facts(critical_facts(story)), section(details_text(story)), *actions([story_button(story.id)])],
    )


def read_decision(view: Mapping[str, Any]) -> Decision | Wrong:
    """What was typed into an approval form. Words may be left out where the form did not want them: policy decides."""
    rationale = typed(view, Field.RATIONALE)
    if not visible(rationale):
        if not _may_be_empty(view, Field.RATIONALE):
            return Wrong(at={Field.RATIONALE: say("Please write a few words: they stay with the decision.")})
        rationale = ""
    if len(rationale) > RATIONALE_LIMIT:
        return Wrong(at={Field.RATIONALE: too_long(rationale, RATIONALE_LIMIT)})
    grant, shown = unsealed(metadata(view))
    return Decision(grant=grant, shown=shown, rationale=rationale, code=typed(view, Field.CODE))


def read_less(view: Mapping[str, Any], *, asked: int) -> Decision | Wrong:
    """What was chosen and typed for a shorter time. asked: minutes that it must stay below."""
    decision = read_decision(view)
    wrong = dict(decision.at) if isinstance(decision, Wrong) else {}
    minutes = _minutes(view)
    if isinstance(minutes, str):
        wrong[Field.DURATION] = minutes
    elif not 0 < minutes < asked:
        wrong[Field.DURATION] = say(
            "Please choose less than {duration}; for all of it there is Approve.", duration=duration(asked)
        )
    if isinstance(decision, Wrong) or isinstance(minutes, str) or wrong:
        return Wrong(at=wrong)
    return replace(decision, minutes=minutes)


def unsealed(value: str) -> tuple[str, str]:
    """The id of a request and the mark of what was shown of it, empty if there is none."""
    grant, _, shown = value.partition("~")
    return grant, shown


def _minutes(view: Mapping[str, Any]) -> int | str:
    """The time in minutes, or what is wrong with it. Two that differ are none: nobody guesses which was meant."""
    chosen, written = selected(view, Field.LESS), typed(view, Field.DURATION)
    if chosen and written:
        return say("Please either choose a time above or write one here, not both.")
    if chosen:
        return selected_number(view, Field.LESS)
    length = parse_duration(written)
    return as_told(length) if isinstance(length, str) else whole_minutes(length)


def _may_be_empty(view: Mapping[str, Any], field: Field) -> bool:
    return any(block.get("block_id") == field and block.get("optional") is True for block in blocks_in(view))


def _rationale(label: str, *, needed: bool, typed: str = "") -> InputBlock:
    return rationale_of(label, shown=typed, hint=say("The requester reads this."), optional=not needed)
