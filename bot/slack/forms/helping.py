"""The forms by which the help desk does something for somebody else: whom, by which ticket, and why.

They believe nothing that comes back: who may do it for whom is asked anew when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    InputBlock,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import (
    Wrong,
    field_of,
    form_of,
    rationale_of,
    selected_user,
    text_input,
    things_of,
    too_long,
    typed,
    whom_of,
)
from bot.slack.incoming import text
from bot.slack.messages.parts import note, section
from bot.texts import say, template
from handlers.decisions.helping import Act
from handlers.intents import RATIONALE_LIMIT, TICKET_LIMIT

FORMS: Mapping[Form, Act] = {
    Form.HELP_UNLOCK: Act.UNLOCK,
    Form.HELP_RESET: Act.RESET,
    Form.HELP_RECHECK: Act.RECHECK,
}


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The form as it was filled in. whom: a Slack id. entitlement: "" for all that they have."""

    whom: str
    ticket: str
    rationale: str
    entitlement: str


def help_form(act: Act, *, whom: str = "", ticket: str = "") -> View:
    """whom: the Slack id of whom was named, if that is certain."""
    things = [_things()] if act == Act.RECHECK else []
    blocks = [
        section(say(_OPENINGS[act])),
        whom_of(say("For whom?"), say("Choose a person"), chosen=whom),
        *things,
        text_input(
            Field.TICKET,
            say("Ticket"),
            TICKET_LIMIT,
            shown=ticket,
            hint=say("Like INC-4711, or its link. They read it."),
        ),
        rationale_of(say("Why?"), hint=say("This stays on the record, with your name.")),
        note(say("They are told at once, in Slack and by mail, with your name and the ticket.")),
    ]
    return form_of(
        next(form for form, one in FORMS.items() if one == act), say(TITLES[act]), say(_SUBMITS[act]), blocks
    )


def read_help(view: Mapping[str, Any]) -> Typed | Wrong:
    """What was filled in. Whether the ticket is one, is for the settings to say."""
    whom, why = selected_user(view), typed(view, Field.RATIONALE)
    ticket, wrong = typed(view, Field.TICKET), dict[Field, str]()
    if not whom:
        wrong[Field.FOR] = say("Please choose for whom.")
    if not ticket:
        wrong[Field.TICKET] = say("Nothing is done for anybody without a ticket. Please name it.")
    if not why:
        wrong[Field.RATIONALE] = say("Please say why.")
    elif len(why) > RATIONALE_LIMIT:
        wrong[Field.RATIONALE] = too_long(why, RATIONALE_LIMIT)
    if wrong:
        return Wrong(at=wrong)
    return Typed(whom=whom, ticket=ticket, rationale=why, entitlement=_chosen(view))


def _chosen(view: Mapping[str, Any]) -> str:
    options = field_of(view, Field.ENTITLEMENT).get("selected_options")
    first = options[0] if isinstance(options, list) and options else None
    return text(first.get("value")) if isinstance(first, Mapping) else ""


def _things() -> InputBlock:
    hint = say("Leave this empty to check all that they were given.")
    return things_of(say("Which access?"), 1, hint=hint, optional=True)


TITLES: Mapping[Act, str] = {
    Act.UNLOCK: template("Unlock for somebody"),
    Act.RESET: template("Start a reset"),
    Act.RECHECK: template("Check access again"),
}
_SUBMITS: Mapping[Act, str] = {
    Act.UNLOCK: template("Unlock"),
    Act.RESET: template("Start it"),
    Act.RECHECK: template("Check"),
}
_OPENINGS: Mapping[Act, str] = {
    Act.UNLOCK: template(
        "Unlock somebody's account *only if they asked you to*. Whoever types wrong passwords into it may be somebody "
        "else. Their password stays as it is."
    ),
    Act.RESET: template(
        "They get a message with the way to the secure page, and prove there who they are. *You see no password, no "
        "code and no link*, and nobody tells you whether they could."
    ),
    Act.RECHECK: template(
        "The directory is compared with what they were given. What a live grant says and is missing is given again; "
        "everything else is left to its owner. *Nobody gets anything new.*"
    ),
}
