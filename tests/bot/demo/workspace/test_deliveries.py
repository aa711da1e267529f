"""How payloads travel: acks, redelivery, several sockets, outages, and signed HTTP (SL-4, SL-5, SL-6, SL-7)."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from bot.demo.workspace.person import PATIENCE
from bot.demo.workspace.signed_http import sign

ADA, OWNERS = "U0ADA", "C0OWNERS"
# Slack's own published example (SL-6).
VECTOR_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
VECTOR_BODY = (
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F"
    "96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
VECTOR_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

# Slack waits three seconds; this is still enough for an answer on a machine that is busy with something else.
ACK_SECONDS = 0.2


def test_the_signature_is_slacks_own_example():
    """SL-6."""
    assert sign(VECTOR_SECRET, "1531420618", VECTOR_BODY.encode()) == VECTOR_SIGNATURE


def hello(event_id: str = "Ev1") -> dict:
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": "D0ADA",
        "user": ADA,
        "text": "hi",
        "ts": "1.2",
    }
    return {"type": "event_callback", "event_id": event_id, "team_id": "T0WICKET", "event": event}


@pytest.fixture
def heard(harness):
    """Registers a listener for messages; the list holds the retry number of each delivery, 0 for the first."""
    numbers: list[int] = []

    @harness.app.event("message")
    async def on_message(request):
        numbers.append(int(request.headers.get("x-slack-retry-num", [0])[0]))

    return numbers


async def test_an_event_that_is_not_acked_is_delivered_again(harness, connect):
    attempts = []

    async def stay_silent_twice(client, request):
        attempts.append((request.retry_attempt, request.retry_reason))
        if len(attempts) == 3:
            await client.send_socket_mode_response({"envelope_id": request.envelope_id})

    handler = await connect()
    handler.client.socket_mode_request_listeners[:] = [stay_silent_twice]
    harness.slack.ack_seconds = ACK_SECONDS
    [delivery] = await harness.slack.send(hello(), kind="events_api")
    assert (delivery.acked, delivery.attempts) == (True, 3)
    assert attempts == [(0, ""), (1, "timeout"), (2, "timeout")]
    assert "not acked in time" in harness.slack.violations[0]


async def test_a_command_that_is_not_acked_is_not_tried_again_and_the_person_hears_of_it(harness, connect):
    handler = await connect()
    handler.client.socket_mode_request_listeners.clear()
    harness.slack.ack_seconds = ACK_SECONDS
    ada = harness.slack.person(ADA)
    delivery = await ada.slash("/wicket", "help")
    assert (delivery.acked, delivery.attempts) == (False, 1)
    assert (await ada.sees("/wicket failed")).ephemeral


async def test_each_event_goes_to_one_socket_and_is_handed_on_when_that_one_closes(harness, connect):
    first, second = await connect(), await connect()
    got: list[str] = []
    arrived = asyncio.Event()

    def listener(name: str, *, acks: bool):
        async def listen(client, request):
            got.append(name)
            arrived.set()
            if acks:
                await client.send_socket_mode_response({"envelope_id": request.envelope_id})

        return listen

    first.client.socket_mode_request_listeners[:] = [listener("first", acks=False)]
    second.client.socket_mode_request_listeners[:] = [listener("second", acks=True)]
    sending = asyncio.create_task(harness.slack.send(hello(), kind="events_api"))
    await arrived.wait()
    await first.close_async()
    [delivery] = await sending
    assert got == ["first", "second"]
    assert delivery.acked


async def test_everything_can_be_delivered_four_times(harness, heard, connect):
    await connect()
    harness.slack.faults.deliver_times(4)
    await harness.slack.person(ADA).say("once")
    await harness.slack.settled()
    assert sorted(heard) == [0, 1, 2, 3]


async def test_an_event_waits_for_the_app_to_come_back(harness, heard, connect):
    ada = harness.slack.person(ADA)
    await ada.say("is anybody there?")
    assert not (await ada.slash("/wicket")).acked
    await connect()
    await harness.slack.settled()
    assert heard == [0]


async def test_the_app_comes_back_when_asked_to_refresh(harness, heard, connect):
    await connect()
    await harness.slack.refresh_sockets()
    await harness.slack.person(ADA).say("still here?")
    await harness.slack.settled()
    assert heard == [0]
    assert harness.slack.violations == []


async def test_a_ticket_opens_one_socket_once(harness):
    url = (await harness.client.apps_connections_open(app_token=harness.slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url)
        assert (await socket.receive_json())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        await socket.send_str("no json")
        await socket.send_json({"envelope_id": "made up"})
        await socket.close()
    await asyncio.sleep(0.01)
    assert [text[:10] for text in harness.slack.violations] == ["unreadable", "ack of an "]


async def test_while_slack_is_down_nothing_answers_and_afterwards_everything_does(harness, heard, connect):
    await connect()
    harness.slack.faults.down()
    with pytest.raises(SlackApiError) as refused:
        await harness.client.chat_postMessage(channel=OWNERS, text="hi")
    assert refused.value.response.status_code == 503
    assert await harness.slack.person(ADA).say("into the silence")
    harness.slack.faults.up()
    await harness.slack.settled()
    assert heard == [0]


async def test_over_http_too_an_outage_of_slack_keeps_events_and_loses_presses(harness, heard, serve_http):
    await serve_http()
    harness.slack.faults.down()
    ada = harness.slack.person(ADA)
    await ada.say("into the silence")
    assert not (await ada.slash("/wicket")).acked
    assert heard == []
    harness.slack.faults.up()
    await harness.slack.settled()
    assert heard == [0]


async def test_an_event_is_given_up_after_three_retries(harness, connect):
    handler = await connect()
    handler.client.socket_mode_request_listeners.clear()
    harness.slack.ack_seconds = 0.01
    [delivery] = await harness.slack.send(hello(), kind="events_api")
    assert (delivery.acked, delivery.attempts) == (False, 4)


async def test_stopping_does_not_wait_for_an_app_that_is_connected(harness, connect):
    """A server waits for its sockets for a minute otherwise."""
    await connect()
    await harness.slack.person(ADA).say("and then the lights went out")
    async with asyncio.timeout(PATIENCE):
        await harness.slack.stop()


async def test_an_eleventh_socket_is_turned_away(harness):
    """SL-7."""
    async with aiohttp.ClientSession() as session:
        sockets = []
        for number in range(11):
            url = (await harness.client.apps_connections_open(app_token=harness.slack.app_token))["url"]
            sockets.append(await session.ws_connect(url))
            told = await sockets[-1].receive_json()
            assert told["type"] == ("hello" if number < 10 else "disconnect")


async def test_signed_http_carries_events_commands_and_interactions(harness, heard, serve_http):
    pressed = []

    @harness.app.command("/wicket")
    async def command(ack, command):
        await ack(f"You typed {command['text']}")

    @harness.app.action("approve")
    async def action(ack, body):
        pressed.append(body["actions"][0]["action_id"])
        await ack()

    await serve_http()
    ada = harness.slack.person(ADA)
    await ada.say("hello")
    await harness.slack.settled()
    assert heard == [0]
    assert (await ada.slash("/wicket", "help")).status == 200
    assert (await ada.sees("You typed help")).ephemeral
    button = {"type": "button", "action_id": "approve", "text": {"type": "plain_text", "text": "Approve"}}
    blocks = [{"type": "actions", "elements": [button]}]
    await harness.client.chat_postMessage(channel=OWNERS, text="asks", blocks=blocks)
    await ada.click(await ada.sees("asks", channel=OWNERS), "approve")
    assert pressed == ["approve"]
    assert harness.slack.violations == []


async def test_forged_and_stale_signatures_do_not_get_past_the_real_verifier(harness, heard, serve_http):
    """SL-6."""
    await serve_http()
    forged = {"X-Slack-Signature": "v0=" + "0" * 64}
    stale = {"X-Slack-Request-Timestamp": "1531420618"}
    for headers in (forged, stale):
        [delivery] = await harness.slack.send(hello(), kind="events_api", headers=headers)
        assert (delivery.acked, delivery.status, delivery.attempts) == (False, 401, 4)
    assert heard == []
    assert (
        SignatureVerifier(VECTOR_SECRET).generate_signature(timestamp="1531420618", body=VECTOR_BODY)
        == VECTOR_SIGNATURE
    )


async def test_http_events_are_retried_with_a_number_and_a_reason_and_commands_are_not(harness, serve_http):
    tries = []

    @harness.app.middleware
    async def fail_at_first(request, next_):
        tries.append((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
        if len(tries) < 3:
            raise RuntimeError("not yet")
        await next_()

    @harness.app.event("message")
    async def on_message():
        pass

    await serve_http()
    [delivery] = await harness.slack.send(hello(), kind="events_api")
    assert (delivery.acked, delivery.attempts) == (True, 3)
    assert tries == [(None, None), (["1"], ["http_error"]), (["2"], ["http_error"])]
    tries.clear()
    assert (await harness.slack.person(ADA).slash("/wicket")).attempts == 1
    assert len(tries) == 1


async def test_a_url_that_does_not_prove_itself_is_not_connected(harness):
    harness.slack.deliver_by_http("http://127.0.0.1:9/slack/events")
    with pytest.raises(ConnectionError):
        await harness.slack.wait_connected()
