"""The form to ask for access: shown with what would happen, and read back as checked values.

It never believes a submission: everything that comes back is read anew, and only ids travel in `private_metadata`.
"""

from collections.abc import Mapping, Sequence
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
from bot.slack.choices import option_of
from bot.slack.forms.parts import (
    Wrong,
    field_of,
    form_of,
    input_of,
    metadata,
    selected_user,
    text_input,
    things_of,
    too_long,
    typed,
    whom_of,
)
from bot.slack.incoming import part, text
from bot.slack.messages.asking import foresight_blocks
from bot.slack.words import duration as in_words
from bot.slack.words import together, visible
from bot.slack.words import written as as_typed_in
from bot.texts import as_told, say
from handlers.decisions.durations import HOW_TO_WRITE, parse_duration
from handlers.decisions.ladder import rungs
from handlers.decisions.tickets import HOW_TO_WRITE as HOW_TO_WRITE_A_TICKET
from handlers.decisions.tickets import parse_ticket
from handlers.intents import JUSTIFICATION_LIMIT, MOST_TOGETHER, TICKET_LIMIT, whole_minutes
from handlers.requests.foreseen import Filled, Foresight
from storage.catalogue import Catalogue, Entitlement

LIVE_FIELDS = frozenset({Field.ENTITLEMENT, Field.LENGTH, Field.DURATION, Field.TICKET, Field.FOR})
"""Whatever is chosen or entered in these changes what would happen."""

_TYPED_LIMIT = 60
_MOST_TYPED = 3000
_LONGEST_ID = 150


@dataclass(frozen=True, kw_only=True)
class Prefilled:
    """What a request form starts with. minutes: 0 for no time yet. report: a Slack id, or "".

    written: what stands in the field for another time; None lets the form write it there if its menu has no such time.
    """

    entitlements: tuple[Entitlement, ...] = ()
    minutes: int = 0
    written: str | None = None
    justification: str = ""
    ticket: str = ""
    report: str = ""

    @property
    def filled(self) -> Filled:
        """What can be foreseen of it."""
        return Filled(
            entitlements=tuple(one.id for one in self.entitlements),
            minutes=self.minutes,
            justification=self.justification,
            ticket=self.ticket,
            report=self.report,
        )


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A request form as it was filled in, checked. draft: the draft that it came from, or "".

    entitlements: ids, of which the catalogue may have lost some; not all of them.
    """

    entitlements: tuple[str, ...]
    duration: timedelta
    justification: str
    ticket: str
    report: str
    draft: str


def request_form(
    prefilled: Prefilled, foresight: Foresight | str, *, draft: str = "", remark: str = ""
) -> View:
    """The form to ask for access. foresight: or a sentence in its place. remark: a sentence above it."""
    offered = _lengths(foresight)
    written = prefilled.written
    if written is None:
        written = as_typed_in(prefilled.minutes) if prefilled.minutes not in (0, *offered) else ""
    blocks = [
        _things(prefilled.entitlements),
        _length(offered, 0 if written else prefilled.minutes),
        _other_length(written),
        _why(prefilled.justification),
        _ticket(prefilled.ticket, wanted=isinstance(foresight, Foresight) and foresight.ticket_wanted),
        _for_whom(prefilled.report),
        *foresight_blocks(foresight, remark),
    ]
    return form_of(Form.REQUEST, say("Ask for access"), say("Send request"), blocks, about=draft)


def read_request(view: Mapping[str, Any], catalogue: Catalogue) -> Typed | Wrong:
    """What was filled into a request form."""
    entitlements = chosen_things(view)
    duration = _duration(view)
    justification, ticket = typed(view, Field.JUSTIFICATION), _ticket_of(view)
    wrong: dict[Field, str] = {}
    if not any(name in catalogue.entitlements for name in entitlements):
        wrong[Field.ENTITLEMENT] = say("Please choose something from the list.")
    elif len(entitlements) > MOST_TOGETHER:
        wrong[Field.ENTITLEMENT] = too_many()
    if isinstance(duration, str):
        wrong[Field.DURATION] = as_told(duration)
    if not visible(justification):
        wrong[Field.JUSTIFICATION] = say("Please write a few words about why.")
    elif len(justification) > JUSTIFICATION_LIMIT:
        wrong[Field.JUSTIFICATION] = too_long(justification, JUSTIFICATION_LIMIT)
    if ticket is None:
        wrong[Field.TICKET] = as_told(HOW_TO_WRITE_A_TICKET)
    if wrong or isinstance(duration, str) or ticket is None:
        return Wrong(at=wrong)
    return Typed(
        entitlements=entitlements,
        duration=duration,
        justification=justification,
        ticket=ticket,
        report=selected_user(view),
        draft=metadata(view),
    )


def too_many() -> str:
    """Of more things than one request may be for."""
    return say("Please choose {most} at most; send the rest after these.", most=MOST_TOGETHER)


def read_so_far(view: Mapping[str, Any], catalogue: Catalogue) -> Prefilled:
    """What stands in a form that is still being filled in: what cannot be read is not there yet."""
    known = catalogue.entitlements
    found = [known[name] for name in chosen_things(view) if name in known]
    duration = _duration(view)
    return Prefilled(
        entitlements=tuple(found[:MOST_TOGETHER]),
        minutes=0 if isinstance(duration, str) else whole_minutes(duration),
        written=typed(view, Field.DURATION),
        justification=typed(view, Field.JUSTIFICATION),
        ticket=_ticket_of(view) or "",
        report=selected_user(view),
    )


# The fields.


def _things(chosen: Sequence[Entitlement]) -> InputBlock:
    options = [option_of(one) for one in chosen]
    return things_of(say("What do you need?"), MOST_TOGETHER, chosen=options, tells=True)


def _lengths(foresight: Foresight | str) -> Mapping[int, bool | None]:
    """The minutes to choose from, and whether each would be given at once, where that is known."""
    if isinstance(foresight, str) or not foresight.lengths:
        return dict.fromkeys(rungs(()))
    return {one.minutes: one.at_once for one in foresight.lengths}


def _length(offered: Mapping[int, bool | None], chosen: int) -> InputBlock:
    options = {
        minutes: Option(
            value=str(minutes),
            text=PlainTextObject(text=in_words(minutes), emoji=False),
            description=None if at_once is None else PlainTextObject(text=_takes(at_once), emoji=False),
        )
        for minutes, at_once in offered.items()
    }
    element = StaticSelectElement(
        action_id=Field.LENGTH,
        options=list(options.values()),
        initial_option=options.get(chosen),
        placeholder=PlainTextObject(text=say("Choose a time")),
    )
    # Slack keeps what was chosen in a block of the same name, offered any more or not: other choices, another name.
    name = f"{Field.LENGTH}:{','.join(f'{minutes}{_MARK[at_once]}' for minutes, at_once in offered.items())}"
    hint = say("It ends by itself.")
    return input_of(name, say("For how long?"), element, hint=hint, optional=True, tells=True)


_MARK = {True: "a", False: "n", None: ""}


def _takes(at_once: bool) -> str:
    return say("at once") if at_once else say("needs approval")


def _other_length(written: str) -> InputBlock:
    return text_input(
        Field.DURATION,
        say("Or another time"),
        _TYPED_LIMIT,
        shown=written,
        example=say("45 min"),
        hint=say("Like 90 min or 3 days. What you write here counts before what is chosen above."),
        optional=True,
        tells=True,
    )


def _why(justification: str) -> InputBlock:
    # Too long a reason is not cut behind a back: it stays, and hears so at its field when it is sent.
    shown = justification[:_MOST_TYPED]
    most = JUSTIFICATION_LIMIT if len(shown) <= JUSTIFICATION_LIMIT else _MOST_TYPED
    hint = say("The approver reads this.")
    return text_input(Field.JUSTIFICATION, say("Why?"), most, shown=shown, multiline=True, hint=hint)


def _ticket(ticket: str, *, wanted: bool) -> InputBlock:
    return text_input(
        Field.TICKET,
        say("Ticket"),
        TICKET_LIMIT,
        shown=ticket,
        hint=say("Like INC-4711, or its link."),
        optional=not wanted,
        tells=True,
    )


def _for_whom(report: str) -> InputBlock:
    whom, hint = say("Somebody who reports to you"), say("Leave this empty to ask for yourself.")
    return whom_of(say("For whom?"), whom, chosen=report, hint=hint, optional=True, tells=True)


# What comes back.


def chosen_things(view: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids chosen, each once, in the order of choosing."""
    options = field_of(view, Field.ENTITLEMENT).get("selected_options")
    found = [one for one in options if isinstance(one, Mapping)] if isinstance(options, list) else []
    ids = (text(one.get("value"))[:_LONGEST_ID] for one in found)
    return tuple(dict.fromkeys(one for one in ids if one))


def _duration(view: Mapping[str, Any]) -> timedelta | str:
    """What was written, else what was chosen; otherwise a sentence that says what to do."""
    written = typed(view, Field.DURATION)
    if written:
        return parse_duration(written)
    values = part(part(view, "state"), "values")
    for name, fields in values.items():
        if str(name).partition(":")[0] == Field.LENGTH and isinstance(fields, Mapping):
            minutes = text(part(part(fields, Field.LENGTH), "selected_option").get("value"))
            return parse_duration(f"{minutes} minutes") if minutes else _choose_a_time()
    return _choose_a_time()


def _choose_a_time() -> str:
    return together(say("Choose for how long, or write it here."), as_told(HOW_TO_WRITE))


def _ticket_of(view: Mapping[str, Any]) -> str | None:
    """The ticket, "" if none was named, None if what stands there is none."""
    written = typed(view, Field.TICKET)
    return parse_ticket(written) if written else ""
