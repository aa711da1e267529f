"""A question about a request and its answer: for the requester, and below the request for its approvers.

People's words in it are inert and whole; it names nobody who could not act on it.
"""

from dataclasses import replace

from bot.slack.actions import Action
from bot.slack.messages.parts import Message, button, said
from bot.slack.messages.requests import what
from bot.slack.words import clock, inert, quoted
from handlers.intents import QUESTION_LIMIT
from handlers.outcomes import Answered, EnoughAsked
from handlers.stories import Asked, GrantStory
from storage.states import GrantState


def asked_message(story: GrantStory, asked: Asked) -> Message:
    """To the requester: who asks what, and a button to answer while it matters."""
    question = f"{inert(asked.name)} asks about your request for {what(story)}:\n{_words(asked.question)}"
    if asked.answered_at is not None:
        return said(f"✅ {question}\nYou answered at {clock(asked.answered_at)}: {_words(asked.answer)}")
    if story.state != GrantState.PENDING:
        return said(f"⌛ {question}\nThe request is decided by now, so there is nothing to answer any more.")
    return said(
        f"⏳ {question}",
        remark="Your answer goes to those who decide, and stays on the record.",
        buttons=[button("Answer…", Action.ANSWER, asked.id, primary=True)],
    )


def inquiry_message(story: GrantStory, asked: Asked) -> Message:
    """To the approvers, below the request."""
    text = f"{inert(asked.name)} asked {inert(story.requester.name)} at {clock(asked.at)}: {_words(asked.question)}"
    return _below(story, said(text))


def reply_message(story: GrantStory, asked: Asked) -> Message:
    """The answer, below the request. Whoever asked is called, as long as they can act on it."""
    calls = story.state == GrantState.PENDING and asked.slack_user
    who = f"<@{asked.slack_user}>" if calls else inert(asked.name)
    text = f"{inert(story.requester.name)} answered {who}: {_words(asked.answer)}"
    return _below(story, said(text))


def answered_text(outcome: Answered) -> str:
    """To whoever answered what was answered already; "" when it is on its way."""
    return "You answered this before, and that answer stands. Nothing was changed." if outcome.before else ""


def enough_text(_outcome: EnoughAsked) -> str:
    """To whoever would ask one question too many."""
    return (
        "Five questions were asked about this request already, which is as many as I pass on. "
        "Please decide with what is there, or talk to the requester. Nothing was changed."
    )


def _words(text: str) -> str:
    return quoted(text, QUESTION_LIMIT)


def _below(story: GrantStory, message: Message) -> Message:
    return replace(message, below=("approval", story.id))
