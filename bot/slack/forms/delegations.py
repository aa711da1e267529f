"""The form to delegate approvals: of what, to whom, up to which risk and time, for how long.

It believes nothing that comes back: who may delegate what is asked anew when it is sent.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from slack_sdk.models.blocks import (
    ExternalDataMultiSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import Wrong, field_of, input_of, selected, typed
from bot.slack.forms.request import chosen_things
from bot.slack.incoming import text
from bot.slack.messages.parts import note
from bot.slack.words import duration, visible
from bot.texts import say, say_counted

MOST_THINGS = 20
_GROUP_LIMIT = 200
_SLACK_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_DAYS = (1, 2, 3, 5, 7, 10, 14)
_MINUTES = (60, 4 * 60, 8 * 60, 24 * 60, 3 * 24 * 60, 7 * 24 * 60)
_RISKS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, kw_only=True)
class ToDelegate:
    """The form as it was filled in, checked. whom: a Slack id, or "" where group is a name."""

    entitlements: tuple[str, ...]
    whom: str
    group: str
    max_risk: int
    max_minutes: int
    lasts: timedelta


def delegate_form(*, riskiest: int) -> View:
    """riskiest: the highest risk of what they could delegate."""
    return View(
        type="modal",
        callback_id=Form.DELEGATE,
        title=PlainTextObject(text=say("Delegate approvals")),
        submit=PlainTextObject(text=say("Delegate")),
        close=PlainTextObject(text=say("Cancel")),
        blocks=[
            input_of(
                Field.ENTITLEMENT,
                say("Approvals of what?"),
                ExternalDataMultiSelectElement(
                    action_id=Field.ENTITLEMENT,
                    min_query_length=0,
                    max_selected_items=MOST_THINGS,
                    placeholder=PlainTextObject(text=say("Type to search")),
                ),
                hint=say("What your team owns."),
            ),
            input_of(
                Field.FOR,
                say("To whom?"),
                UserSelectElement(
                    action_id=Field.FOR,
                    placeholder=PlainTextObject(text=say("Choose a colleague")),
                ),
                optional=True,
            ),
            input_of(
                Field.GROUP,
                say("Or to a group of the directory"),
                PlainTextInputElement(action_id=Field.GROUP, max_length=_GROUP_LIMIT),
                hint=say("Its name. Whoever is in it when they click counts."),
                optional=True,
            ),
            _select(
                Field.RISK,
                say("Up to which risk?"),
                {one: say("{risk} of 5", risk=one) for one in _RISKS if one <= riskiest},
            ),
            _select(Field.LENGTH, say("Up to how long a request?"), {one: duration(one) for one in _MINUTES}),
            _select(
                Field.LASTS,
                say("Until when?"),
                {one: say_counted("for {count} day", "for {count} days", one) for one in _DAYS},
            ),
            note(
                say(
                    "Your channel, security and whoever may approve then are told. It is worth something only while "
                    "you could decide yourself, and nobody passes it on."
                )
            ),
        ],
    )


def read_delegation(view: Mapping[str, Any]) -> ToDelegate | Wrong:
    """What was filled in."""
    things, group = chosen_things(view), typed(view, Field.GROUP)
    whom = text(field_of(view, Field.FOR).get("selected_user"))
    risk, minutes, days = (_number(selected(view, one)) for one in (Field.RISK, Field.LENGTH, Field.LASTS))
    wrong: dict[Field, str] = {}
    if not things:
        wrong[Field.ENTITLEMENT] = say("Please choose something from the list.")
    elif len(things) > MOST_THINGS:
        wrong[Field.ENTITLEMENT] = say(
            "Please choose {most} at most; send the rest after these.", most=MOST_THINGS
        )
    if whom and group:
        wrong[Field.GROUP] = say("Please either choose somebody above or name a group here, not both.")
    elif not _SLACK_USER.fullmatch(whom) and (not visible(group) or len(group) > _GROUP_LIMIT):
        wrong[Field.GROUP] = say("Please choose somebody above, or name a group here.")
    for field, value, most in (
        (Field.RISK, risk, 5),
        (Field.LENGTH, minutes, 10**6),
        (Field.LASTS, days, 10**3),
    ):
        if not 1 <= value <= most:
            wrong[field] = say("Please choose one of these.")
    if wrong:
        return Wrong(at=wrong)
    return ToDelegate(
        entitlements=things, whom=whom, group="" if whom else group, max_risk=risk, max_minutes=minutes,
        lasts=timedelta(days=days),
    )  # fmt: skip


def _number(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _select(name: Field, label: str, offered: Mapping[int, str]) -> InputBlock:
    options = [Option(value=str(one), text=PlainTextObject(text=words)) for one, words in offered.items()]
    return input_of(name, label, StaticSelectElement(action_id=name, options=options))
