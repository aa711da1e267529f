"""A question about a request and its answer: for the requester, and below the request for its approvers.

People's words in it are inert and whole; it names nobody who could not act on it.
"""

from dataclasses import replace

from bot.slack.actions import Action
from bot.slack.messages.naming import what
from bot.slack.messages.parts import Message, button, said
from bot.slack.words import clock, inert, quoted
from bot.texts import say
from handlers.intents import QUESTION_LIMIT
from handlers.outcomes import Answered, EnoughAsked
from handlers.requests.stories import Asked, GrantStory
from storage.states import GrantState


def asked_message(story: GrantStory, asked: Asked) -> Message:
    """To the requester: who asks what, and a button to answer while it matters."""
    words, is_open = _words(asked.question), story.state == GrantState.PENDING
    if asked.answered_at is None and is_open:
        opening = say(
            "⏳ {name} asks about your request for {what}:", name=inert(asked.name), what=what(story)
        )
        return said(
            f"{opening}\n{words}",
            remark=say("Your answer goes to those who decide, and stays on the record."),
            buttons=[button(say("Answer…"), Action.ANSWER, asked.id, primary=True)],
        )
    if asked.answered_at is None:
        opening = say(
            "⌛ {name} asks about your request for {what}:", name=inert(asked.name), what=what(story)
        )
        after = say("The request is decided by now, so there is nothing to answer any more.")
    else:
        opening = say(
            "✅ {name} asked about your request for {what}:", name=inert(asked.name), what=what(story)
        )
        after = say(
            "You answered at {time}: {words}", time=clock(asked.answered_at), words=_words(asked.answer)
        )
    return said(f"{opening}\n{words}\n{after}")


def inquiry_message(story: GrantStory, asked: Asked) -> Message:
    """To the approvers, below the request."""
    text = say(
        "{name} asked {requester} at {time}: {words}",
        name=inert(asked.name),
        requester=inert(story.requester.name),
        time=clock(asked.at),
        words=_words(asked.question),
    )
    return _below(story, said(text))


def reply_message(story: GrantStory, asked: Asked) -> Message:
    """The answer, below the request. Whoever asked is called, as long as they can act on it."""
    calls = story.state == GrantState.PENDING and asked.slack_user
    text = say(
        "{requester} answered {name}: {words}",
        requester=inert(story.requester.name),
        name=f"<@{asked.slack_user}>" if calls else inert(asked.name),
        words=_words(asked.answer),
    )
    return _below(story, said(text))


def answered_text(outcome: Answered) -> str:
    """To whoever answered what was answered already; "" when it is on its way."""
    if not outcome.before:
        return ""
    return say("You answered this before, and that answer stands. Nothing was changed.")


def enough_text(_outcome: EnoughAsked) -> str:
    """To whoever would ask one question too many."""
    return say(
        "Five questions were asked about this request already, which is as many as I pass on. "
        "Please decide with what is there, or talk to the requester. Nothing was changed."
    )


def _words(text: str) -> str:
    return quoted(text, QUESTION_LIMIT)


def _below(story: GrantStory, message: Message) -> Message:
    return replace(message, below=("approval", story.id))
