"""The form to ask for access: shown, searched, and read back as checked values.

It never believes a submission: everything that comes back is read anew, and only ids travel in `private_metadata`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.models.blocks import (
    ExternalDataSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms import Wrong, metadata, selected, typed
from bot.slack.words import visible
from handlers.decisions.durations import parse_duration
from handlers.intents import JUSTIFICATION_LIMIT
from storage.catalogue import Catalogue, Entitlement

OPTIONS_SHOWN = 100
_OPTION_TEXT_LIMIT = 75
_TYPED_LIMIT = 60
_MOST_TYPED = 3000


@dataclass(frozen=True, kw_only=True)
class Prefilled:
    """What a request form starts with."""

    entitlement: Entitlement | None = None
    duration: str = ""
    justification: str = ""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A request form as it was filled in, checked. draft: the draft that it came from, or ""."""

    entitlement: str
    duration: timedelta
    justification: str
    draft: str


def request_form(prefilled: Prefilled, *, draft: str = "", title: str = "Ask for access") -> View:
    """The form to ask for access."""
    chosen = option_of(prefilled.entitlement) if prefilled.entitlement else None
    # Too long a reason is not cut behind a back: it stays, and hears so at its field when it is sent.
    justification = prefilled.justification[:_MOST_TYPED]
    most = JUSTIFICATION_LIMIT if len(justification) <= JUSTIFICATION_LIMIT else _MOST_TYPED
    return View(
        type="modal",
        callback_id=Form.REQUEST,
        title=PlainTextObject(text=title),
        submit=PlainTextObject(text="Send request"),
        close=PlainTextObject(text="Cancel"),
        private_metadata=draft,
        blocks=[
            InputBlock(
                block_id=Field.ENTITLEMENT,
                label=PlainTextObject(text="What do you need?"),
                element=ExternalDataSelectElement(
                    action_id=Field.ENTITLEMENT,
                    min_query_length=0,
                    initial_option=chosen,
                    placeholder=PlainTextObject(text="Type to search"),
                ),
            ),
            InputBlock(
                block_id=Field.DURATION,
                label=PlainTextObject(text="For how long?"),
                hint=PlainTextObject(text="Like 2h, 90 min or 1 day. It ends by itself."),
                element=PlainTextInputElement(
                    action_id=Field.DURATION,
                    initial_value=prefilled.duration or None,
                    max_length=_TYPED_LIMIT,
                    placeholder=PlainTextObject(text="2h"),
                ),
            ),
            InputBlock(
                block_id=Field.JUSTIFICATION,
                label=PlainTextObject(text="Why?"),
                hint=PlainTextObject(text="The approver reads this. Name the ticket if there is one."),
                element=PlainTextInputElement(
                    action_id=Field.JUSTIFICATION,
                    multiline=True,
                    initial_value=justification or None,
                    max_length=most,
                ),
            ),
        ],
    )


def read_request(view: Mapping[str, Any], catalogue: Catalogue) -> Typed | Wrong:
    """What was typed into a request form."""
    entitlement = selected(view, Field.ENTITLEMENT)
    duration = parse_duration(typed(view, Field.DURATION))
    justification = typed(view, Field.JUSTIFICATION)
    wrong: dict[Field, str] = {}
    if entitlement not in catalogue.entitlements:
        wrong[Field.ENTITLEMENT] = "Please choose something from the list."
    if isinstance(duration, str):
        wrong[Field.DURATION] = duration
    if not visible(justification):
        wrong[Field.JUSTIFICATION] = "Please write a few words about why."
    elif len(justification) > JUSTIFICATION_LIMIT:
        wrong[Field.JUSTIFICATION] = (
            f"Please keep it to {JUSTIFICATION_LIMIT} characters; this has {len(justification)}."
        )
    if wrong or isinstance(duration, str):
        return Wrong(at=wrong)
    return Typed(
        entitlement=entitlement, duration=duration, justification=justification, draft=metadata(view)
    )


def option_of(entitlement: Entitlement) -> Option:
    """An entitlement as a choice."""
    text = f"{entitlement.id} · {entitlement.access}"
    return Option(value=entitlement.id, text=PlainTextObject(text=text[:_OPTION_TEXT_LIMIT], emoji=False))


def options_for(query: str, entitlements: Iterable[Entitlement]) -> list[dict[str, Any]]:
    """The choices that contain every word typed so far, at most a hundred."""
    words = query.casefold().split()

    def fits(entitlement: Entitlement) -> bool:
        text = " ".join(
            (entitlement.id, entitlement.title, entitlement.access, *entitlement.aliases)
        ).casefold()
        return all(word in text for word in words)

    found = [entitlement for entitlement in entitlements if fits(entitlement)]
    return [option_of(entitlement).to_dict() for entitlement in found[:OPTIONS_SHOWN]]
