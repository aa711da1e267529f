"""Modals out, and what was typed into them in: views as Block Kit, submissions as checked values.

It never believes a submission: everything that comes back is read anew, and only ids travel in `private_metadata`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.incoming import part, text
from bot.slack.messages.approvals import critical_facts, details_text
from bot.slack.messages.parts import facts, note, section
from bot.slack.words import inert, visible
from handlers.decisions.durations import parse_duration
from handlers.intents import JUSTIFICATION_LIMIT, RATIONALE_LIMIT
from handlers.stories import GrantStory
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


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An approval form as it was filled in."""

    grant: str
    rationale: str


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What has to be corrected, a sentence for each field. Nothing that was typed is lost."""

    at: Mapping[Field, str]


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


def decision_form(story: GrantStory, *, approve: bool) -> View:
    """The form for the rationale, with the facts repeated."""
    verb = "Approve" if approve else "Deny"
    why = "Why is this right?" if approve else "Why not?"
    return View(
        type="modal",
        callback_id=Form.APPROVE if approve else Form.DENY,
        title=PlainTextObject(text=f"{verb} request"),
        submit=PlainTextObject(text=verb),
        close=PlainTextObject(text="Cancel"),
        private_metadata=story.id,
        blocks=[
            facts(critical_facts(story)),
            InputBlock(
                block_id=Field.RATIONALE,
                label=PlainTextObject(text=why),
                hint=PlainTextObject(text="The requester reads this."),
                element=PlainTextInputElement(
                    action_id=Field.RATIONALE, multiline=True, max_length=RATIONALE_LIMIT
                ),
            ),
            note("Your name and this sentence stay on the record."),
        ],
    )


def details_form(story: GrantStory) -> View:
    """What stands behind a request, to read only."""
    return _reading(
        "Request details",
        [facts(critical_facts(story)), section(details_text(story))],
    )


def note_form(title: str, text: str) -> View:
    """A sentence that takes the place of a form which is no longer needed."""
    return _reading(title, [section(text)])


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


def read_decision(view: Mapping[str, Any]) -> Decision | Wrong:
    """What was typed into an approval form."""
    rationale = typed(view, Field.RATIONALE)
    if not visible(rationale):
        return Wrong(at={Field.RATIONALE: "Please write a few words: they stay with the decision."})
    if len(rationale) > RATIONALE_LIMIT:
        return Wrong(
            at={
                Field.RATIONALE: f"Please keep it to {RATIONALE_LIMIT} characters; this has {len(rationale)}."
            }
        )
    return Decision(grant=metadata(view), rationale=rationale)


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


def _reading(title: str, blocks: list[Block]) -> View:
    return View(
        type="modal",
        callback_id=Form.NOTE,
        title=PlainTextObject(text=inert(title)[:24]),
        close=PlainTextObject(text="Close"),
        blocks=blocks,
    )


def field_of(view: Mapping[str, Any], field: Field) -> Mapping[str, Any]:
    """What came back of a field; empty if nothing did."""
    return part(part(part(part(view, "state"), "values"), field), field)


def typed(view: Mapping[str, Any], field: Field) -> str:
    """What was typed into a field."""
    return text(field_of(view, field).get("value")).strip()


def selected(view: Mapping[str, Any], field: Field) -> str:
    """The value of what was chosen in a menu."""
    return text(part(field_of(view, field), "selected_option").get("value"))


def metadata(view: Mapping[str, Any]) -> str:
    """The id that travelled with a form."""
    return text(view.get("private_metadata"))
