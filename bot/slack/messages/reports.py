"""What somebody reads when a person they report to asked for access for them: one message, edited in place.

It says who asked, and nothing else about them.
"""

from slack_sdk.models.blocks import ButtonElement

from bot.slack.actions import Action
from bot.slack.messages.during import ended_by
from bot.slack.messages.parts import Message, said, sure_button
from bot.slack.messages.requests import name, removal, whole
from bot.slack.words import clock, day_and_clock, duration, inert, quoted, sentence
from handlers.stories import ENDED_EARLY, GrantStory
from storage.states import GrantState


def report_message(story: GrantStory) -> Message:
    """How it stands with what was asked for this person."""
    what = f"*{inert(name(story))}*"
    asked = f"{inert(story.requester.name)} asked for it for you: {quoted(story.justification)}."
    until = day_and_clock(story.expires_at) if story.expires_at else "its end"
    at = f" at {clock(story.ended_at)}" if story.ended_at else ""
    why = ended_by(story) if story.end_reason == ENDED_EARLY else story.end_reason
    ended = f"{sentence(why)}." if story.end_reason == ENDED_EARLY else whole(why) if why else ""
    buttons: list[ButtonElement] = [_done(story)] if story.state == GrantState.ACTIVE else []
    state = {
        GrantState.PENDING: f"⏳ {what}, {duration(story.minutes)}: waiting for approval.",
        GrantState.APPROVED: f"⏳ {what} is being set up for you.",
        GrantState.ACTIVE: f"✅ {what} is yours until {until}.",
        GrantState.ENDING: f"⌛ {what} is being taken back from you. {ended}",
        GrantState.ENDED: f"⌛ {what} ended{at}. {ended}",
    }.get(story.state, f"⌛ {what} was not given to you.")
    over = removal(story) if story.state == GrantState.ENDED else ""
    return said(sentence(state.strip(), asked, over), buttons=buttons)


def _done(story: GrantStory) -> ButtonElement:
    return sure_button(
        "I'm done",
        Action.GIVE_BACK,
        story.id,
        title="Give it back now?",
        facts=f"{name(story)} ends now instead of at its time. {story.requester.name} hears of it.",
        yes="Yes, I'm done",
    )
