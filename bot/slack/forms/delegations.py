"""The form to delegate approvals: of what, to whom, up to which risk and time, for how long.

It believes nothing that comes back: who may delegate what is asked anew when it is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
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
    selected_number,
    selected_user,
    text_input,
    things_of,
    typed,
    whom_of,
)
from bot.slack.forms.request import chosen_things
from bot.slack.messages.parts import note
from bot.slack.words import duration, visible
from bot.texts import say, say_counted

MOST_THINGS = 20
_GROUP_LIMIT = 200
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
    blocks = [
        things_of(say("Approvals of what?"), MOST_THINGS, hint=say("What your team owns.")),
        whom_of(say("To whom?"), say("Choose a colleague"), optional=True),
        text_input(
            Field.GROUP,
            say("Or to a group of the directory"),
            _GROUP_LIMIT,
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
    ]
    return form_of(Form.DELEGATE, say("Delegate approvals"), say("Delegate"), blocks)


def read_delegation(view: Mapping[str, Any]) -> ToDelegate | Wrong:
    """What was filled in."""
    things, group = chosen_things(view), typed(view, Field.GROUP)
    whom = selected_user(view)
    risk, minutes, days = (selected_number(view, one) for one in (Field.RISK, Field.LENGTH, Field.LASTS))
    wrong: dict[Field, str] = {}
    if not things:
        wrong[Field.ENTITLEMENT] = say("Please choose something from the list.")
    elif len(things) > MOST_THINGS:
        wrong[Field.ENTITLEMENT] = say(
            "Please choose {most} at most; send the rest after these.", most=MOST_THINGS
        )
    if whom and group:
        wrong[Field.GROUP] = say("Please either choose somebody above or name a group here, not both.")
    elif not whom and (not visible(group) or len(group) > _GROUP_LIMIT):
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


def _select(name: Field, label: str, offered: Mapping[int, str]) -> InputBlock:
    options = [Option(value=str(one), text=PlainTextObject(text=words)) for one, words in offered.items()]
    return input_of(name, label, StaticSelectElement(action_id=name, options=options))
