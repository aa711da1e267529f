"""The form to break the glass: what, for which incident, why, and for how long; and the way to the page to prove it.

It believes nothing that comes back: who may what is asked anew when it is sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    reading,
    selected,
    text_input,
    too_long,
    typed,
)
from bot.slack.messages.parts import actions, link_button, note, section
from bot.slack.words import clock, duration, inert, visible
from bot.texts import say
from handlers.decisions.emergencies import LONGEST, is_reason
from handlers.emergencies.outcomes import EmergencyAsked, MayBreakGlass
from handlers.intents import JUSTIFICATION_LIMIT, TICKET_LIMIT

LENGTHS = (15, 30, LONGEST)
DRILL = "drill"
"""What travels with the form of a drill, and with the button that opens it."""

_MOST_CHOICES = 100
_MOST_OF_A_NAME = 75


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as it was filled in, checked. entitlement: an id that somebody sent. drill: nothing happened."""

    entitlement: str
    incident: str
    reason: str
    minutes: int
    drill: bool = False


def emergency_form(may: MayBreakGlass, *, drill: bool = False) -> View:
    """What this person may take, and what has to be said. drill: to practise it, for no incident."""
    choices = [
        Option(value=one.id, text=PlainTextObject(text=visible(one.title)[:_MOST_OF_A_NAME], emoji=False))
        for one in may.choices[:_MOST_CHOICES]
    ]
    lengths = [
        Option(value=str(each), text=PlainTextObject(text=duration(each), emoji=False)) for each in LENGTHS
    ]
    blocks = [
        section(
            say(
                "A drill goes the same way: you prove that it is you, and security and those on duty hear of it, "
                "told that it is a DRILL. No access is given. Somebody else reviews how it went."
            )
            if drill
            else say(
                "For emergencies alone. You prove that it is you; then security and those on duty hear of it, and "
                "only then you have it. Somebody else reviews what you did."
            )
        ),
        input_of(
            Field.ENTITLEMENT,
            say("What do you need?"),
            StaticSelectElement(
                action_id=Field.ENTITLEMENT,
                options=choices,
                placeholder=PlainTextObject(text=say("Choose one")),
                initial_option=choices[0] if len(choices) == 1 else None,
            ),
        ),
        *([] if drill else [_incident(may.example)]),
        text_input(
            Field.JUSTIFICATION,
            say("What do you practise?") if drill else say("What happened, and what will you do?"),
            JUSTIFICATION_LIMIT,
            multiline=True,
        ),
        input_of(
            Field.LENGTH,
            say("For how long?"),
            StaticSelectElement(action_id=Field.LENGTH, options=lengths, initial_option=lengths[-1]),
            hint=say("It ends by itself. Give it back when you are done."),
        ),
        note(say("Your name and all that you write here stand in the alert, and stay on the record.")),
    ]
    return form_of(
        Form.BREAK_GLASS,
        say("DRILL: break the glass") if drill else say("Break the glass"),
        say("Continue"),
        blocks,
        about=DRILL if drill else "",
    )


def read_emergency(
    view: Mapping[str, Any], incident_of: Callable[[str], str | None], example: str
) -> Typed | Wrong:
    """What was filled in. incident_of: reads an incident id as the settings want it."""
    chosen, reason = selected(view, Field.ENTITLEMENT), typed(view, Field.JUSTIFICATION)
    drill, length = metadata(view) == DRILL, selected(view, Field.LENGTH)
    incident = DRILL if drill else incident_of(typed(view, Field.TICKET))
    wrong: dict[Field, str] = {}
    if not chosen:
        wrong[Field.ENTITLEMENT] = say("Please choose what you need.")
    if incident is None:
        wrong[Field.TICKET] = say("Please write the id of the incident, like {example}.", example=example)
    if len(reason) > JUSTIFICATION_LIMIT:
        wrong[Field.JUSTIFICATION] = too_long(reason, JUSTIFICATION_LIMIT)
    elif not is_reason(reason):
        wrong[Field.JUSTIFICATION] = say(
            "Please say in a few words what happened and what you will do: others read it while you are at it."
        )
    if length not in {str(each) for each in LENGTHS}:
        wrong[Field.LENGTH] = say("Please choose for how long.")
    if wrong or incident is None:
        return Wrong(at=wrong)
    return Typed(entitlement=chosen, incident=incident, reason=reason, minutes=int(length), drill=drill)


def prove_form(asked: EmergencyAsked, address: str) -> View:
    """It is taken down: the way to the page, in the form's place."""
    until = clock(asked.until)
    if asked.again:
        first = say(
            "You asked for *{what}* already, and it waits for your proof. I did not ask twice.",
            what=inert(asked.entitlement),
        )
    else:
        first = say("⏳ *{what}* waits for your proof. Nothing is given yet.", what=inert(asked.entitlement))
    then = say(
        "Prove on the secure page that it is you, before {time}. Then it goes on by itself: I tell security and those "
        "on duty, and write to you as soon as you have it.",
        time=until,
    )
    none = say(
        "You have set up nothing to prove it by, so this will not work in time. Ask somebody else on the list, and say "
        "`/wicket enrol` afterwards."
    )
    way = actions([link_button(say("Prove who I am"), address)])
    return reading(
        say("Prove that it is you"), [section(first), section(then if asked.enrolled else none), *way]
    )


def _incident(example: str) -> InputBlock:
    hint = say("Its id, like {example}.", example=example)
    return text_input(Field.TICKET, say("Incident"), TICKET_LIMIT, hint=hint)
