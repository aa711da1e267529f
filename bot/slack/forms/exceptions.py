"""The forms to assign an exception to somebody, and to resolve one: what it is about is repeated.

They believe nothing that comes back: who may, and who works on exceptions, is asked anew when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    Option,
    PlainTextObject,
    RichTextBlock,
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
    selected,
    selected_user,
    whom_of,
    words_in,
)
from bot.slack.messages.alerts.facts import GRAVE
from bot.slack.messages.digests import kind_words
from bot.slack.messages.parts import facts, note
from bot.texts import as_known, say, template
from handlers.exceptions.outcomes import MayWork
from handlers.intents import RATIONALE_LIMIT
from storage.states import BY_PEOPLE, Resolution

_REASONS: Mapping[str, str] = {
    Resolution.MENDED: template("Dealt with: what was wrong is mended"),
    Resolution.EXPECTED: template("Expected: agreed before, or planned"),
    Resolution.FALSE_ALARM: template("A false alarm"),
    Resolution.ACCEPTED: template("Left as it is: the risk is accepted"),
}


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The form as it was sent. whom: a Slack id."""

    exception: str
    whom: str


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The form as it was sent."""

    exception: str
    why: Resolution
    words: str


def assign_form(may: MayWork) -> View:
    """Who works on it from now on."""
    blocks = [
        _facts(may),
        whom_of(
            say("Who works on it?"),
            say("Choose a person"),
            hint=say("Somebody of the security team, yourself for instance."),
        ),
        note(say("They are told, and so is whoever works on it now.")),
    ]
    return form_of(Form.ASSIGN, say("Assign"), say("Assign"), blocks, about=may.exception)


def read_assign(view: Mapping[str, Any]) -> Assigned | Wrong:
    """Whom it was given to."""
    whom = selected_user(view)
    if not whom:
        return Wrong(at={Field.FOR: say("Please choose somebody of the security team.")})
    return Assigned(exception=metadata(view), whom=whom)


def resolve_form(may: MayWork) -> View:
    """Why it is over."""
    reasons = [
        Option(value=why, text=PlainTextObject(text=say(_REASONS[why]), emoji=False)) for why in BY_PEOPLE
    ]
    blocks = [
        _facts(may),
        input_of(
            Field.WHY,
            say("How did it end?"),
            StaticSelectElement(
                action_id=Field.WHY, options=reasons, placeholder=PlainTextObject(text=say("Choose one"))
            ),
        ),
        rationale_of(say("What did you find, and what was done?")),
        note(
            say(
                "Your name and this sentence stay on the record, and stand in the security channel. If it goes on, "
                "or recurs, it is told anew."
            )
        ),
    ]
    return form_of(Form.RESOLVE, say("Resolve"), say("Resolve"), blocks, about=may.exception)


def read_resolve(view: Mapping[str, Any]) -> Resolved | Wrong:
    """Why, and in which words."""
    why = selected(view, Field.WHY)
    lacking = say("Please write a few words: whoever meets it next reads them.")
    words = words_in(view, Field.RATIONALE, RATIONALE_LIMIT, lacking=lacking)
    wrong = dict(words.at) if isinstance(words, Wrong) else {}
    if why not in BY_PEOPLE:
        wrong[Field.WHY] = say("Please choose one of these.")
    if isinstance(words, Wrong) or wrong:
        return Wrong(at=wrong)
    return Resolved(exception=metadata(view), why=Resolution(why), words=words)


def _facts(may: MayWork) -> RichTextBlock:
    worker = [(say("Works on it"), may.assignee)] if may.assignee else []
    return facts(
        [
            (say("What"), kind_words(may.kind)),
            (say("About"), as_known(may.who) or say("somebody without a name")),
            (say("How grave"), say(GRAVE[may.severity]) if may.severity in GRAVE else may.severity),
            *worker,
        ]
    )
