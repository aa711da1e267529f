"""What somebody reads when a person they report to asked for access for them: one message, edited in place.

It says who asked, and nothing else about them.
"""

from slack_sdk.models.blocks import ButtonElement

from bot.slack.messages.during import ended_sentence, give_back_button
from bot.slack.messages.naming import name
from bot.slack.messages.parts import Message, said
from bot.slack.messages.requests import removal, whole
from bot.slack.words import clock, day_and_clock, duration, inert, quoted, together
from bot.texts import as_known, say
from handlers.requests.stories import ENDED_EARLY, GrantStory
from storage.states import GrantState


def report_message(story: GrantStory) -> Message:
    """How it stands with what was asked for this person."""
    asked = say(
        "{name} asked for it for you: {words}.",
        name=inert(story.requester.name),
        words=quoted(as_known(story.justification)),
    )
    buttons: list[ButtonElement] = [_done(story)] if story.state == GrantState.ACTIVE else []
    over = removal(story) if story.state == GrantState.ENDED else ""
    return said(together(_stands(story), asked, over), buttons=buttons)


def _stands(story: GrantStory) -> str:
    """How it stands, and why it ended."""
    what = f"*{inert(name(story))}*"
    match story.state:
        case GrantState.PENDING:
            return say(
                "⏳ {what}, {duration}: waiting for approval.", what=what, duration=duration(story.minutes)
            )
        case GrantState.APPROVED:
            return say("⏳ {what} is being set up for you.", what=what)
        case GrantState.ACTIVE:
            if story.expires_at is None:
                return say("✅ {what} is yours until its end.", what=what)
            return say("✅ {what} is yours until {time}.", what=what, time=day_and_clock(story.expires_at))
        case GrantState.ENDING:
            return together(say("⌛ {what} is being taken back from you.", what=what), _why(story))
        case GrantState.ENDED:
            at = clock(story.ended_at) if story.ended_at else ""
            ended = say("⌛ {what} ended at {time}.", what=what, time=at) if at else ""
            return together(ended or say("⌛ {what} ended.", what=what), _why(story))
        case _:
            return say("⌛ {what} was not given to you.", what=what)


def _why(story: GrantStory) -> str:
    if story.end_reason == ENDED_EARLY:
        return ended_sentence(story)
    return whole(story.end_reason) if story.end_reason else ""


def _done(story: GrantStory) -> ButtonElement:
    return give_back_button(story.id, name(story), story.requester.name)
