"""What is said at once: a whisper, a direct message, a form, a home; a Slack that fails takes nothing down with it."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.slack.forms.parts import note_form
from bot.slack.home import said_home
from bot.slack.messages.parts import said
from bot.slack.replies import Replies


@pytest.fixture
def replies(client) -> Replies:
    return Replies(client)


async def test_a_whisper_is_seen_by_one_person_where_they_clicked(slack, replies):
    """SL-10: and it is nowhere else."""
    replies.whisper("C0DATAOWN", "U0GRACE", "You can't decide this one.")
    await replies.finish()
    (heard,) = slack.person("U0GRACE").messages("C0DATAOWN")
    assert heard.ephemeral
    assert slack.person("U0ADA").messages("C0DATAOWN") == []


@pytest.mark.parametrize("channel", ["", "C0DATAOWN", "C0GONE"])
async def test_a_whisper_that_has_no_place_becomes_a_direct_message(slack, replies, channel):
    """Ada is not in the owners' channel."""
    replies.whisper(channel, "U0ADA", "You can't decide this one.")
    await replies.finish()
    assert [message.text for message in slack.person("U0ADA").messages()] == ["You can't decide this one."]


async def test_a_direct_message_brings_its_blocks(slack, replies):
    replies.tell("U0ADA", said("Hello.", remark="It is late."))
    await replies.finish()
    (message,) = slack.person("U0ADA").messages()
    assert message.plain == "Hello.\nIt is late."
    assert message.text == "Hello.\nIt is late."


async def test_a_home_is_shown_to_its_person(slack, replies):
    replies.publish_home("U0ADA", said_home(said("You hold nothing.")))
    await replies.finish()
    assert [(call.method, call.ok) for call in slack.calls] == [("views.publish", True)]
    assert slack.violations == []


async def test_a_form_whose_time_is_over_is_not_opened_and_says_so(slack, replies):
    assert not await replies.open_form("1.2.stale", note_form("Title", "A sentence."))


async def test_a_form_is_not_waited_for_longer_than_slack_waits_for_us(slack, replies):
    slack.faults.delay("views.open", 5)
    started = asyncio.get_running_loop().time()
    assert not await replies.open_form("1.2.x", note_form("Title", "A sentence."))
    assert asyncio.get_running_loop().time() - started < 1.5
    slack.faults.delay("views.open", 0)


async def test_a_slack_that_is_down_is_noted_and_nothing_is_raised(slack, replies):
    slack.faults.down()
    replies.whisper("C0DATAOWN", "U0GRACE", "Hello.")
    replies.tell("U0ADA", said("Hello."))
    assert not await replies.open_form("1.2.x", note_form("Title", "A sentence."))
    await replies.finish()
    slack.faults.up()
    assert slack.person("U0ADA").messages() == []


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json"])
async def test_an_answer_that_is_not_slacks_is_noted_and_nothing_is_raised(slack, replies, media_type):
    """What stands before Slack answers with a page of its own, often in plain text."""
    for method in ("views.open", "views.update", "chat.postEphemeral", "chat.postMessage"):
        slack.faults.garble(method, 503, media_type)
    with capture_logs() as lines:
        assert not await replies.open_form("1.2.x", note_form("Title", "A sentence."))
        assert await replies.update_form("V1", "", note_form("Title", "A sentence.")) == "not shown"
        replies.whisper("C0DATAOWN", "U0GRACE", "Hello.")
        replies.tell("U0ADA", said("Hello."))
        await replies.finish()
    assert [line["event"] for line in lines] == [
        "form.not_opened", "form.not_updated", "reply.not_said", "reply.not_said",
    ]  # fmt: skip


async def test_saying_something_holds_nobody_up(slack, replies):
    slack.faults.delay("chat.postMessage", 0.2)
    started = asyncio.get_running_loop().time()
    replies.tell("U0ADA", said("Hello."))
    assert asyncio.get_running_loop().time() - started < 0.1
    assert slack.person("U0ADA").messages() == []
    await replies.finish()
    assert len(slack.person("U0ADA").messages()) == 1
