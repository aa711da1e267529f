"""Saying, answering and pressing, over Socket Mode with the real libraries."""

import time
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

ADA, GRACE, OWNERS = "U0ADA", "U0GRACE", "C0OWNERS"


def button(action_id: str = "approve", **more: Any) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": "Approve"},
        **more,
    }


def with_button(**more: Any) -> list[dict[str, Any]]:
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": "Ada asks for *prod-db*"}},
        {"type": "actions", "block_id": "decide", "elements": [button(value="r-1", **more)]},
    ]


async def test_a_person_says_something_and_is_answered(harness, connect):
    @harness.app.event("message")
    async def heard(event, say):
        await say(f"You said: {event['text']}")

    await connect()
    ada = harness.slack.person(ADA)
    await ada.say("what access do I have?")
    answer = await ada.sees("You said: what access do I have?")
    assert answer.user == harness.slack.bot_user_id
    assert ada.messages()[0].plain == "what access do I have?"
    assert harness.slack.violations == []


async def test_starting_and_connecting_is_quick(harness, connect):
    before = time.perf_counter()
    await connect()
    assert time.perf_counter() - before < 0.5


async def test_typed_text_arrives_escaped_and_with_links(harness, connect):
    texts = []

    @harness.app.event("message")
    async def heard(event):
        texts.append(event["text"])

    await connect()
    await harness.slack.person(ADA).say("<!channel> & https://a.example/x. ada@lovelace.example")
    await harness.slack.settled()
    assert texts == [
        "&lt;!channel&gt; &amp; <https://a.example/x>. <mailto:ada@lovelace.example|ada@lovelace.example>"
    ]


async def test_a_press_reaches_the_app_with_the_button_and_the_message(harness, connect):
    payloads = []

    @harness.app.action("approve")
    async def pressed(ack, body):
        payloads.append(body)
        await ack()

    await connect()
    await harness.client.chat_postMessage(channel=OWNERS, text="Ada asks for prod-db", blocks=with_button())
    grace = harness.slack.person(GRACE)
    message = await grace.sees("prod-db", channel=OWNERS)
    assert message.plain == "Ada asks for prod-db\n[Approve]"
    delivery = await grace.click(message, "approve")
    assert delivery.acked
    [body] = payloads
    assert body["user"] == {"id": GRACE, "username": "grace", "name": "grace", "team_id": "T0WICKET"}
    assert body["actions"][0]["value"] == "r-1"
    assert body["message"]["ts"] == message.ts
    assert body["container"]["channel_id"] == OWNERS
    await grace.click(message, "approve", value="forged")
    assert payloads[1]["actions"][0]["value"] == "forged"


async def test_a_button_that_was_taken_away_cannot_be_pressed_but_on_a_stale_screen(harness, connect):
    pressed = []

    @harness.app.action("approve")
    async def on_press(ack, body):
        pressed.append(body["user"]["id"])
        await ack()

    await connect()
    posted = await harness.client.chat_postMessage(channel=OWNERS, text="asks", blocks=with_button())
    grace = harness.slack.person(GRACE)
    message = await grace.sees("asks", channel=OWNERS)
    await harness.client.chat_update(channel=OWNERS, ts=posted["ts"], text="done", blocks=[])
    with pytest.raises(LookupError):
        await grace.click(message, "approve")
    await grace.click(message, "approve", stale=True)
    assert pressed == [GRACE]
    assert grace.messages(OWNERS)[0].edited


async def test_the_bots_own_words_in_a_direct_message_come_back_as_events(harness, connect):
    """Bolt drops them unseen, so this looks at the socket itself."""
    events = []

    async def on_envelope(_client, envelope, _raw):
        if envelope["type"] == "events_api":
            events.append(envelope["payload"]["event"])

    handler = await connect()
    handler.client.message_listeners.append(on_envelope)
    opened = await harness.client.conversations_open(users=ADA)
    posted = await harness.client.chat_postMessage(channel=opened["channel"]["id"], text="hello")
    await harness.client.chat_update(channel=posted["channel"], ts=posted["ts"], text="hello again")
    await harness.slack.settled()
    assert events[0]["bot_id"] == "B0WICKET"
    assert events[1]["subtype"] == "message_changed"
    assert events[1]["message"]["text"] == "hello again"
    assert harness.slack.violations == []


async def test_an_ephemeral_message_is_for_one_person_and_gone_on_reload(harness):
    await harness.client.chat_postEphemeral(channel=OWNERS, user=GRACE, text="only you")
    grace = harness.slack.person(GRACE)
    assert (await grace.sees("only you", channel=OWNERS)).ephemeral
    assert harness.slack.person(ADA).messages(OWNERS) == []
    grace.reload()
    assert grace.messages(OWNERS) == []


async def test_sees_says_what_is_there_when_it_gives_up(harness):
    await harness.client.chat_postMessage(channel=OWNERS, text="something else")
    with pytest.raises(AssertionError, match="something else"):
        await harness.slack.person(ADA).sees("never", channel=OWNERS, timeout=0.01)


async def test_nobody_sees_a_private_channel_they_are_not_in(harness):
    with pytest.raises(LookupError):
        harness.slack.person(ADA).messages("G0PRIVATE")
    with pytest.raises(LookupError):
        harness.slack.person("U0GUEST").messages(OWNERS)


async def test_the_bot_cannot_post_where_it_is_not_a_member(harness):
    for channel, error in (("C0ELSEWHERE", "not_in_channel"), ("G0PRIVATE", "channel_not_found")):
        with pytest.raises(SlackApiError) as refused:
            await harness.client.chat_postMessage(channel=channel, text="hi")
        assert refused.value.response["error"] == error
