"""The form to vouch for somebody: whom, the code that they read out, how one spoke to them, a ticket.

It believes nothing that comes back, and the code travels in no `private_metadata`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
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
    reading,
    selected,
    selected_user,
    text_input,
    typed,
    whom_of,
)
from bot.slack.messages.parts import actions, link_button, note, section
from bot.texts import as_told, say, template
from handlers.decisions.tickets import HOW_TO_WRITE, parse_ticket
from handlers.decisions.vouching import Spoken, plain_code
from handlers.intents import TICKET_LIMIT

_LONGEST_CODE = 20
_WAYS = {
    Spoken.IN_PERSON: template("In person"),
    Spoken.VIDEO: template("By video, and I saw them"),
    Spoken.KNOWN_NUMBER: template("I called a number that I know from the directory"),
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as it was filled in, checked. whom: a Slack id."""

    whom: str
    code: str
    spoken: str
    ticket: str


def vouch_form() -> View:
    """Empty: whoever vouches fills in all of it."""
    ways = [Option(value=way, text=PlainTextObject(text=say(_WAYS[way]), emoji=False)) for way in Spoken]
    blocks = [
        section(
            say(
                "Vouch only for somebody whom you have spoken to *just now* and know. If anybody hurries you, or "
                "they called you, stop: call them back by a number that you know."
            )
        ),
        whom_of(
            say("For whom?"),
            say("Somebody who reports to you"),
            hint=say("Or anybody, if you are on the help desk."),
        ),
        text_input(
            Field.CODE,
            say("The code that they read out to you"),
            _LONGEST_CODE,
            hint=say(
                "Eight digits, from the page that they have open. Take it from nobody else, nor in writing."
            ),
        ),
        input_of(
            Field.SPOKEN,
            say("How did you speak to them?"),
            StaticSelectElement(
                action_id=Field.SPOKEN, options=ways, placeholder=PlainTextObject(text=say("Choose how"))
            ),
            hint=say("I have spoken to them, and know their voice or saw them."),
        ),
        text_input(
            Field.TICKET,
            say("Ticket"),
            TICKET_LIMIT,
            hint=say("Like INC-4711, or its link. The help desk needs one."),
            optional=True,
        ),
        note(say("What you say here stays on the record with your name, and they are told of it.")),
    ]
    return form_of(Form.VOUCH, say("Vouch for somebody"), say("Vouch"), blocks)


def prove_form(address: str) -> View:
    """Shown on top of it: the way to the page. What was typed below stays."""
    told = say(
        "Show on the secure page that it is you who vouches. Then come back here and press *Vouch* once more: what "
        "you typed is still there."
    )
    way = actions([link_button(say("Continue securely"), address)])
    return reading(say("First show it is you"), [section(told), *way], close=say("Back"))


def read_vouching(view: Mapping[str, Any]) -> Typed | Wrong:
    """What was filled in."""
    whom = selected_user(view)
    code, spoken = plain_code(typed(view, Field.CODE)), selected(view, Field.SPOKEN)
    written = typed(view, Field.TICKET)
    ticket = parse_ticket(written) if written else ""
    wrong: dict[Field, str] = {}
    if not whom:
        wrong[Field.FOR] = say("Please choose for whom.")
    if code is None:
        wrong[Field.CODE] = say("Please type the eight digits that they read out.")
    if spoken not in list(Spoken):
        wrong[Field.SPOKEN] = say("Please choose how you spoke to them.")
    if ticket is None:
        wrong[Field.TICKET] = as_told(HOW_TO_WRITE)
    if wrong or code is None or ticket is None:
        return Wrong(at=wrong)
    return Typed(whom=whom, code=code, spoken=spoken, ticket=ticket)
