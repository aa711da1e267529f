"""Saying, answering and pressing, over Socket Mode with the real libraries."""

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


async def test_a_thread_needs_a_message_to_hang_on(harness):
    first = await harness.client.chat_postMessage(channel=OWNERS, text="question")
    await harness.client.chat_postMessage(channel=OWNERS, text="answer", thread_ts=first["ts"])
    assert (await harness.slack.person(ADA).sees("answer", channel=OWNERS)).thread_ts == first["ts"]
    with pytest.raises(SlackApiError) as refused:
        await harness.client.chat_postMessage(channel=OWNERS, text="lost", thread_ts="1.2")
    assert refused.value.response["error"] == "cannot_reply_to_message"


async def test_where_buttons_share_an_id_the_value_tells_which_one_is_meant(harness, connect):
    pressed = []

    @harness.app.action("end")
    async def end(ack, action):
        pressed.append((action["block_id"], action["value"]))
        await ack()

    await connect()
    text = {"type": "mrkdwn", "text": "a grant"}
    blocks = [
        {"type": "section", "block_id": f"b{n}", "text": text, "accessory": button("end", value=f"g-{n}")}
        for n in range(2)
    ]
    await harness.client.chat_postMessage(channel=OWNERS, text="grants", blocks=blocks)
    ada = harness.slack.person(ADA)
    message = await ada.sees("grants", channel=OWNERS)
    await ada.click(message, "end", value="g-1")
    await ada.click(message, "end", block_id="b0")
    await ada.click(message, "end", value="g-9")
    assert pressed == [("b1", "g-1"), ("b0", "g-0"), ("b0", "g-9")]


async def test_a_link_button_tells_where_it_leads_and_the_app_hears_of_the_press(harness, connect):
    pressed = []

    @harness.app.action("open")
    async def opened(ack, body):
        pressed.append(body["container"]["type"])
        await ack()

    await connect()
    link = button("open", url="https://wicket.example/s/1")
    blocks = [{"type": "actions", "elements": [link]}]
    await harness.client.chat_postMessage(channel=ADA, text="go on", blocks=blocks)
    ada = harness.slack.person(ADA)
    message = await ada.sees("go on")
    assert message.link("Approve") == "https://wicket.example/s/1"
    await ada.click(message, "open")
    assert pressed == ["message"]
    with pytest.raises(LookupError):
        message.link("Deny")


async def test_an_ephemeral_message_is_not_sent_along_with_a_press(harness, connect):
    bodies = []

    @harness.app.action("approve")
    async def pressed(ack, body):
        bodies.append(body)
        await ack()

    await connect()
    await harness.client.chat_postEphemeral(channel=OWNERS, user=ADA, text="only you", blocks=with_button())
    ada = harness.slack.person(ADA)
    await ada.click(await ada.sees("only you", channel=OWNERS), "approve")
    assert "message" not in bodies[0]
    assert bodies[0]["container"]["is_ephemeral"]


async def test_somebody_from_outside_carries_their_own_team(harness, connect):
    """SL-1."""
    events = []

    @harness.app.event("message")
    async def heard(event, body):
        events.append((event["team"], body["is_ext_shared_channel"]))

    await connect()
    harness.slack.add_user("U0OUT", name="eve", real_name="Eve", email="e@else.example", team_id="T0ELSE")
    await harness.slack.person("U0OUT").say("hello")
    await harness.slack.settled()
    assert events == [("T0ELSE", True)]
    with pytest.raises(LookupError):
        await harness.slack.person("U0OUT").say("let me in", channel=OWNERS)
