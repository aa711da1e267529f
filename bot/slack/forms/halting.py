"""The forms to stop all new access, and to revoke everything of one person: whom, what there is, and why.

They believe nothing that comes back: who may is asked anew when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import (
    CheckboxesElement,
    Option,
    PlainTextObject,
)
from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import (
    Wrong,
    field_of,
    form_of,
    input_of,
    metadata,
    rationale_of,
    selected_user,
    text_input,
    typed,
    whom_of,
    words_in,
)
from bot.slack.incoming import text
from bot.slack.messages.halting import NOBODY, counted_things
from bot.slack.messages.parts import facts, note, section
from bot.slack.words import visible
from bot.texts import as_known, say
from handlers.intents import RATIONALE_LIMIT
from handlers.stops.outcomes import MayRevokeAll

SWITCH_OFF, STOP_PROOFS = "switch_off", "stop_proofs"
_LOGIN_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class ToRevoke:
    """The confirmation as it was sent. whom: the account's id."""

    whom: str
    rationale: str
    switch_off: bool
    stop_proofs: bool


def halt_form() -> View:
    """Why all new access is to stop."""
    blocks = [
        section(
            say(
                "From then on nobody gets new access: nothing is approved, given or extended. Ends, removals, "
                "answers and checks go on, and nothing that waits is lost."
            )
        ),
        section(
            say(
                "You need no fresh proof to stop it. *Two people of the security team* let it begin again, each "
                "with a reason."
            )
        ),
        rationale_of(say("What happened?")),
        note(say("Your name and this sentence stay on the record, and stand in the security channel.")),
    ]
    return form_of(Form.HALT, say("Stop new access"), say("Stop it now"), blocks)


def whom_form(*, wrong: bool = False) -> View:
    """Of whom everything is to be revoked. wrong: what was typed named nobody."""
    blocks = [
        *([section(say(NOBODY))] if wrong else []),
        whom_of(say("Of whom?"), say("Choose a person"), optional=True),
        text_input(
            Field.ANSWER,
            say("Or their login"),
            _LOGIN_LIMIT,
            hint=say("For whoever has no linked Slack account, or a service account."),
            optional=True,
        ),
        note(say("Nothing is revoked yet.")),
    ]
    return form_of(Form.WHOM, say("Revoke everything"), say("Show what there is"), blocks)


def read_whom(view: Mapping[str, Any]) -> str | Wrong:
    """A Slack id or a login."""
    chosen, login = selected_user(view), typed(view, Field.ANSWER)
    if chosen and login:
        return Wrong(
            at={Field.ANSWER: say("Please either choose somebody above or type a login here, not both.")}
        )
    if chosen or visible(login):
        return chosen or login
    return Wrong(at={Field.ANSWER: say("Please choose somebody above, or type their login here.")})


def revoke_all_form(may: MayRevokeAll) -> View:
    """What there is, repeated before anything is done; and what is to be done besides."""
    also = [
        Option(value=SWITCH_OFF, text=PlainTextObject(text=say("Switch their account off, too"))),
        Option(value=STOP_PROOFS, text=PlainTextObject(text=say("Let their proofs prove nothing any more"))),
    ]
    blocks = [
        facts([(say("Who"), as_known(may.name)), (say("What there is"), counted_things(**vars(may.stock)))]),
        *[section(one) for one in _remarks(may)],
        section(
            say(
                "All of it ends at once, their sessions are ended where the directory can do that, and nothing is "
                "asked, given or decided in their name until security lets them in again."
            )
        ),
        rationale_of(say("What happened?")),
        input_of(
            Field.ALSO, say("Besides"), CheckboxesElement(action_id=Field.ALSO, options=also), optional=True
        ),
        note(say("Your name and this sentence stay on the record, and stand in the security channel.")),
    ]
    return form_of(Form.REVOKE_ALL, say("Revoke everything"), say("Revoke it now"), blocks, about=may.whom)


def read_halt(view: Mapping[str, Any]) -> str | Wrong:
    """Why."""
    lacking = say("Please write a few words: they stay with what you stop here.")
    return words_in(view, Field.RATIONALE, RATIONALE_LIMIT, lacking=lacking)


def read_revoke_all(view: Mapping[str, Any]) -> ToRevoke | Wrong:
    """What was confirmed."""
    rationale = read_halt(view)
    if isinstance(rationale, Wrong):
        return rationale
    chosen = field_of(view, Field.ALSO).get("selected_options")
    found = {
        text(one.get("value"))
        for one in (chosen if isinstance(chosen, list) else [])
        if isinstance(one, Mapping)
    }
    return ToRevoke(
        whom=metadata(view),
        rationale=rationale,
        switch_off=SWITCH_OFF in found,
        stop_proofs=STOP_PROOFS in found,
    )


def _remarks(may: MayRevokeAll) -> list[str]:
    told = []
    if may.oneself:
        told.append(say("*This is your own account.* Only somebody else of security lets you in again."))
    elif may.of_security:
        told.append(say("*They are of the security team.* Somebody else of it lets them in again."))
    if may.gone:
        told.append(say("The directory does not have them any more, or has them switched off."))
    if may.silent:
        told.append(say("The directory does not answer just now. What it has to do is done once it does."))
    return told
