"""The forms to assign an exception to somebody, and to resolve one: what it is about is repeated.

They believe nothing that comes back: who may, and who works on exceptions, is asked anew when they are sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    RichTextBlock,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import Wrong, field_of, metadata, selected, too_long, typed
from bot.slack.incoming import text
from bot.slack.messages.alerts.facts import GRAVE
from bot.slack.messages.digests import kind_words
from bot.slack.messages.parts import facts, note
from bot.slack.words import visible
from bot.texts import as_known, say, template
from handlers.exceptions.outcomes import MayWork
from handlers.intents import RATIONALE_LIMIT
from storage.states import BY_PEOPLE, Resolution

_SLACK_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
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
    return View(
        type="modal",
        callback_id=Form.ASSIGN,
        title=PlainTextObject(text=say("Assign")),
        submit=PlainTextObject(text=say("Assign")),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=may.exception,
        blocks=[
            _facts(may),
            InputBlock(
                block_id=Field.FOR,
                label=PlainTextObject(text=say("Who works on it?")),
                hint=PlainTextObject(text=say("Somebody of the security team, yourself for instance.")),
                element=UserSelectElement(
                    action_id=Field.FOR, placeholder=PlainTextObject(text=say("Choose a person"))
                ),
            ),
            note(say("They are told, and so is whoever works on it now.")),
        ],
    )


def read_assign(view: Mapping[str, Any]) -> Assigned | Wrong:
    """Whom it was given to."""
    whom = text(field_of(view, Field.FOR).get("selected_user"))
    if not _SLACK_USER.fullmatch(whom):
        return Wrong(at={Field.FOR: say("Please choose somebody of the security team.")})
    return Assigned(exception=metadata(view), whom=whom)


def resolve_form(may: MayWork) -> View:
    """Why it is over."""
    reasons = [
        Option(value=why, text=PlainTextObject(text=say(_REASONS[why]), emoji=False)) for why in BY_PEOPLE
    ]
    return View(
        type="modal",
        callback_id=Form.RESOLVE,
        title=PlainTextObject(text=say("Resolve")),
        submit=PlainTextObject(text=say("Resolve")),
        close=PlainTextObject(text=say("Cancel")),
        private_metadata=may.exception,
        blocks=[
            _facts(may),
            InputBlock(
                block_id=Field.WHY,
                label=PlainTextObject(text=say("How did it end?")),
                element=StaticSelectElement(
                    action_id=Field.WHY, options=reasons, placeholder=PlainTextObject(text=say("Choose one"))
                ),
            ),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=say("What did you find, and what was done?")),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note(
                say(
                    "Your name and this sentence stay on the record, and stand in the security channel. If it goes on, "
                    "or recurs, it is told anew."
                )
            ),
        ],
    )


def read_resolve(view: Mapping[str, Any]) -> Resolved | Wrong:
    """Why, and in which words."""
    why, words, wrong = selected(view, Field.WHY), typed(view, Field.RATIONALE), dict[Field, str]()
    if why not in BY_PEOPLE:
        wrong[Field.WHY] = say("Please choose one of these.")
    if not visible(words):
        wrong[Field.RATIONALE] = say("Please write a few words: whoever meets it next reads them.")
    elif len(words) > RATIONALE_LIMIT:
        wrong[Field.RATIONALE] = too_long(words, RATIONALE_LIMIT)
    if wrong:
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
