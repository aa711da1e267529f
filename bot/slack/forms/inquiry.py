"""The forms for a question about a request and for its answer, out and in.

They believe nothing that comes back, and only ids travel in `private_metadata`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.views import View

from bot.slack.actions import Field, Form
from bot.slack.forms.parts import Wrong, form_of, metadata, text_input, words_in
from bot.slack.messages.critical import critical_facts
from bot.slack.messages.parts import facts, note
from bot.slack.words import in_quotes
from bot.texts import say
from handlers.intents import QUESTION_LIMIT
from handlers.requests.stories import GrantStory


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written, and about which request or question."""

    about: str
    text: str


def question_form(story: GrantStory) -> View:
    """What an approver wants to know before deciding."""
    return _form(
        Form.INQUIRE, say("Ask a question"), say("Ask"), story.id, critical_facts(story), Field.QUESTION,
        say("What do you want to know?"),
        say("The question goes to the requester and into the thread, and stays on the record."),
    )  # fmt: skip


def answer_form(inquiry: str, asker: str, question: str) -> View:
    """The requester's answer to one question."""
    return _form(
        Form.ANSWER, say("Answer a question"), say("Answer"), inquiry, [(asker, in_quotes(question))], Field.ANSWER,
        say("Your answer"), say("The answer goes to those who decide, and stays on the record."),
    )  # fmt: skip


def read_written(view: Mapping[str, Any], field: Field) -> Written | Wrong:
    """What was typed into either form."""
    words = words_in(view, field, QUESTION_LIMIT, lacking=say("Please write a few words."))
    return words if isinstance(words, Wrong) else Written(about=metadata(view), text=words)


def _form(
    form: Form,
    title: str,
    submit: str,
    about: str,
    rows: list[tuple[str, str]],
    field: Field,
    label: str,
    remark: str,
) -> View:
    blocks = [
        facts(rows),
        text_input(field, label, QUESTION_LIMIT, multiline=True),
        note(remark),
    ]
    return form_of(form, title, submit, blocks, about=about)
