"""Answers to what became of one's requests: each as its own message says it, with the way to take it back.

It shows nobody else's, and keeps no state: that is in each request's own message.
"""

from slack_sdk.models.blocks import Block

from bot.slack.messages.asked_back import ask_button
from bot.slack.messages.parts import SECTION_LIMIT, Message, actions, note, said, section
from bot.slack.messages.requests import request_message, withdraw_button
from bot.texts import say, say_counted
from handlers.questions.answers import OwnRequests
from handlers.requests.stories import GrantStory
from storage.states import GrantState


def own_requests_message(answer: OwnRequests) -> Message:
    """Whose turn each is, since when, until when; where none waits, what became of the last."""
    if answer.open:
        return _waiting(answer)
    if answer.last is None:
        return said(
            say("You have not asked for anything yet. Choose what you need, and I ask whoever decides it."),
            buttons=[ask_button()],
        )
    none = say("None of your requests is waiting. This is the last one:")
    return said(f"{none}\n{request_message(answer.last).text}", remark=_elsewhere(), buttons=[ask_button()])


def _waiting(answer: OwnRequests) -> Message:
    count = len(answer.open)
    title = (
        say("More than {count} of your requests are open. The oldest:", count=count)
        if answer.more
        else say_counted("{count} request of yours is open.", "{count} requests of yours are open.", count)
    )
    texts, blocks, left = [title], list[Block]([section(title)]), SECTION_LIMIT
    for one in answer.open:
        told = request_message(one).text
        if (
            len(told) > left
        ):  # the words of those who decide may be long; each has its own message all the same
            break
        left -= len(told)
        texts.append(told)
        blocks += [section(told), *_ways(one)]
    remark = _elsewhere()
    return Message(text="\n".join([*texts, remark]), blocks=(*blocks, note(remark)))


def _ways(story: GrantStory) -> tuple[Block, ...]:
    return actions([withdraw_button(story)]) if story.state == GrantState.PENDING else ()


def _elsewhere() -> str:
    return say("Each request has its own message here, which changes as soon as something happens.")
