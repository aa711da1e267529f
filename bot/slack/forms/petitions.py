"""The forms of petitions: to ask two people, and to approve or deny.

It believes nothing that comes back: who may is asked anew when a form is sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import (
    Wrong,
    form_of,
    metadata,
    rationale_of,
    stays,
    text_input,
    words_in,
    you_can,
)
from bot.slack.messages.parts import facts, note, section
from bot.slack.messages.petitions import critical_facts
from bot.texts import say, template
from handlers.intents import JUSTIFICATION_LIMIT
from handlers.petitions.outcomes import MayAsk
from handlers.petitions.stories import PetitionStory
from storage.states import PetitionKind

_WHAT: Mapping[PetitionKind, str] = {
    PetitionKind.PASSWORD: template(
        "Your account has administrative power, so you don't get a new password alone. Two people who know you are "
        "asked whether it is you: one of security, one of the help desk or your manager."
    ),
    PetitionKind.PROOFS: template(
        "You lost everything that you prove yourself with: passkeys, authenticator, recovery codes. Two people who "
        "know you are asked whether it is you."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A form to ask, as it was filled in."""

    kind: PetitionKind
    explanation: str


def petition_form(may: MayAsk) -> View:
    """What happened, in one's own words."""
    blocks = [
        section(say(_WHAT[may.kind])),
        text_input(
            Field.JUSTIFICATION,
            say("What happened?"),
            JUSTIFICATION_LIMIT,
            multiline=True,
            hint=say("They read this. Write no password and no code."),
        ),
        note(
            say(
                "They speak to you before they approve. Some hours after that your page opens, once; you are told "
                "of each step in Slack and by mail, and can stop it from there."
            )
        ),
    ]
    return form_of(Form.PETITION, say("Ask two people"), say("Ask them"), blocks, about=may.kind)


def read_petition(view: Mapping[str, Any]) -> Asking | Wrong | None:
    """What was typed; None if it is no form of ours."""
    kind = metadata(view)
    if kind not in list(PetitionKind):
        return None
    lacking = say("Please write what happened: they decide by it.")
    words = words_in(view, Field.JUSTIFICATION, JUSTIFICATION_LIMIT, lacking=lacking)
    return words if isinstance(words, Wrong) else Asking(kind=PetitionKind(kind), explanation=words)


def attest_form(story: PetitionStory, *, approve: bool, why: Iterable[str] = ()) -> View:
    """The reason, with the facts repeated. why: policy's sentences about whoever decides."""
    if approve:
        label, hint = say("How do you know that it is them?"), say("Such as: “I spoke to her at her desk.”")
        title, submit = say("Approve petition"), say("Approve")
    else:
        label, hint = say("Why not?"), say("Whoever asked reads this.")
        title, submit = say("Deny petition"), say("Deny")
    blocks = [
        facts(critical_facts(story)),
        *you_can(why),
        rationale_of(label, hint=hint),
        stays(),
    ]
    return form_of(Form.ATTEST if approve else Form.DENY_PETITION, title, submit, blocks, about=story.id)
