"""The forms that decide about drift: adopting for a time and declaring standing, out and in.

They believe nothing that comes back: who may and what may be is asked anew when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from slack_sdk.models.blocks import (
    DatePickerElement,
    Option,
    PlainTextObject,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.decision import read_decision
from bot.slack.forms.parts import (
    Wrong,
    field_of,
    form_of,
    input_of,
    metadata,
    rationale_of,
    selected,
    stays,
    text_input,
    typed,
)
from bot.slack.incoming import text
from bot.slack.messages.parts import facts
from bot.slack.words import duration, written
from bot.texts import as_known, as_told, say
from handlers.decisions.durations import parse_duration
from handlers.intents import whole_minutes
from handlers.outcomes import MayReconcile
from storage.catalogue import Catalogue

# A menu of Slack's holds so many.
_MOST_OWNERS = 100


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """An adoption as it was filled in."""

    exception: str
    rationale: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A declaration as it was filled in."""

    exception: str
    rationale: str
    owner: str
    review: date


def adoption_form(may: MayReconcile) -> View:
    """For how long, and why it is right."""
    longest = duration(may.longest)
    blocks = [
        facts([(say("Who"), as_known(may.who)), (say("What"), may.entitlement)]),
        text_input(
            Field.DURATION,
            say("For how long?"),
            60,
            shown=written(may.longest),
            hint=say("At most {duration}. Then it is taken away.", duration=longest),
        ),
        rationale_of(say("Why is this right?")),
        stays(),
    ]
    return form_of(Form.ADOPT, say("Adopt for a time"), say("Adopt"), blocks, about=may.exception)


def declaration_form(may: MayReconcile, catalogue: Catalogue, *, review: date) -> View:
    """Who answers for it, until when, and why it may stand. review: what the form begins with."""
    owners = [
        Option(value=owner.id, text=PlainTextObject(text=owner.name[:75], emoji=False))
        for owner in sorted(catalogue.owners.values(), key=lambda one: (one.id != may.owner, one.name))
    ][:_MOST_OWNERS]
    blocks = [
        facts([(say("Who"), as_known(may.who)), (say("What"), may.entitlement)]),
        input_of(
            Field.OWNER,
            say("Which team answers for it?"),
            StaticSelectElement(
                action_id=Field.OWNER, options=owners, initial_option=owners[0] if owners else None
            ),
        ),
        input_of(
            Field.REVIEW,
            say("When is it to be looked at again?"),
            DatePickerElement(action_id=Field.REVIEW, initial_date=review.isoformat()),
            hint=say("Within a year. The security channel is asked again then."),
        ),
        rationale_of(say("Why may it stand?")),
        stays(),
    ]
    return form_of(Form.DECLARE, say("Declare standing"), say("Declare"), blocks, about=may.exception)


def read_adoption(view: Mapping[str, Any]) -> Adoption | Wrong:
    """What was typed into an adoption."""
    decision, length = read_decision(view), parse_duration(typed(view, Field.DURATION))
    wrong = dict(decision.at) if isinstance(decision, Wrong) else {}
    if isinstance(length, str):
        wrong[Field.DURATION] = as_told(length)
    if isinstance(decision, Wrong) or isinstance(length, str):
        return Wrong(at=wrong)
    minutes = whole_minutes(length)
    return Adoption(exception=decision.grant, rationale=decision.rationale, minutes=minutes)


def read_declaration(view: Mapping[str, Any], catalogue: Catalogue) -> Declaration | Wrong:
    """What was chosen and typed in a declaration."""
    decision, owner = read_decision(view), selected(view, Field.OWNER)
    review = _date(text(field_of(view, Field.REVIEW).get("selected_date")))
    wrong = dict(decision.at) if isinstance(decision, Wrong) else {}
    if owner not in catalogue.owners:
        wrong[Field.OWNER] = say("Please choose a team.")
    if review is None:
        wrong[Field.REVIEW] = say("Please choose a day.")
    if isinstance(decision, Wrong) or review is None or wrong:
        return Wrong(at=wrong)
    return Declaration(exception=metadata(view), rationale=decision.rationale, owner=owner, review=review)


def _date(typed_day: str) -> date | None:
    try:
        return date.fromisoformat(typed_day)
    except ValueError:
        return None
