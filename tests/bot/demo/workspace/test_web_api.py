"""The Web API: how calls are read, who may call what, paging, faults, and what is written down (SL-11, SL-14)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.demo.workspace import Workspace
from bot.manifest import BOT_SCOPES

ADA, GRACE, OWNERS = "U0ADA", "U0GRACE", "C0OWNERS"


async def error_of(call) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return refused.value.response["error"]


async def raw(slack, method: str, *, verb: str = "POST", headers: dict | None = None, **more):
    async with (
        aiohttp.ClientSession() as session,
        session.request(verb, slack.api_url + method, headers=headers or {}, **more) as answer,
    ):
        return await answer.json()


def bearer(slack) -> dict[str, str]:
    return {"Authorization": f"Bearer {slack.bot_token}"}


async def test_arguments_come_as_query_form_or_json_and_the_token_in_header_or_body(workspace):
    said = {"channel": OWNERS, "text": "hi"}
    blocks = json.dumps([{"type": "divider"}])
    for more in (
        {"verb": "GET", "params": said, "headers": bearer(workspace)},
        {"data": {**said, "token": workspace.bot_token, "blocks": blocks}},
        {"json": {**said, "blocks": json.loads(blocks)}, "headers": bearer(workspace)},
    ):
        assert (await raw(workspace, "chat.postMessage", **more))["ok"]
    assert [call.arguments["text"] for call in workspace.calls] == ["hi", "hi", "hi"]
    assert not any("token" in call.arguments for call in workspace.calls)


async def test_wrong_tokens_methods_and_bodies_hear_slacks_words(workspace):
    app_token = {"Authorization": f"Bearer {workspace.app_token}"}
    answers = [
        await raw(workspace, "auth.test"),
        await raw(workspace, "auth.test", headers={"Authorization": "Bearer xoxb-wrong"}),
        await raw(workspace, "auth.test", headers=app_token),
        await raw(workspace, "apps.connections.open", headers=bearer(workspace)),
        await raw(workspace, "chat.erase", headers=bearer(workspace)),
        await raw(workspace, "api.test", data="{", headers={"Content-Type": "application/json"}),
        await raw(workspace, "api.test", data="x", headers={"Content-Type": "text/html"}),
    ]
    expected = [
        "not_authed", "invalid_auth", "not_allowed_token_type", "not_allowed_token_type", "unknown_method",
        "invalid_json", "invalid_post_type",
    ]  # fmt: skip
    assert [answer["error"] for answer in answers] == expected
    assert len(workspace.violations) == len(expected)


async def test_reading_history_and_direct_conversations_needs_a_scope_we_do_not_have(harness):
    """SL-14."""
    opened = await harness.client.conversations_open(users=ADA)
    assert (
        await error_of(harness.client.conversations_info(channel=opened["channel"]["id"])) == "missing_scope"
    )
    assert await error_of(harness.client.conversations_open(users=[ADA, GRACE])) == "missing_scope"
    assert await error_of(harness.client.conversations_list(types="im")) == "missing_scope"
    assert await error_of(harness.client.conversations_history(channel=OWNERS)) == "unknown_method"
    answer = await harness.client.auth_test()
    assert "channels:history" not in answer.headers["x-oauth-scopes"]


async def headers_of(slack, method: str, token: str) -> dict[str, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + method, headers={"Authorization": f"Bearer {token}"}) as answer,
    ):
        return {name.lower(): value for name, value in answer.headers.items()}


async def test_every_answer_says_what_the_token_may_and_what_time_it_is(workspace):
    """SL-14: the scopes are those of the token that was given, and nobody's if it is not known."""
    bot = await headers_of(workspace, "users.info", workspace.bot_token)
    assert bot["x-oauth-scopes"].split(",") == sorted(BOT_SCOPES)
    assert bot["x-accepted-oauth-scopes"] == "users:read"
    assert abs(parsedate_to_datetime(bot["date"]) - datetime.now(UTC)) < timedelta(seconds=5)
    app = await headers_of(workspace, "apps.connections.open", workspace.app_token)
    assert app["x-oauth-scopes"] == "connections:write"
    assert "x-oauth-scopes" not in await headers_of(workspace, "auth.test", "xoxb-wrong")


async def test_a_reinstalled_app_may_what_it_was_given_then(workspace, harness):
    """SL-14."""
    workspace.reinstall(bot={"users:read", "files:read"}, app=[])
    answer = await harness.client.auth_test()
    assert answer.headers["x-oauth-scopes"] == "files:read,users:read"
    with pytest.raises(SlackApiError) as refused:
        await harness.client.conversations_info(channel=OWNERS)
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["provided"] == "files:read,users:read"
    assert "email" not in (await harness.client.users_info(user=ADA))["user"]["profile"]
    assert (
        await error_of(harness.client.apps_connections_open(app_token=workspace.app_token)) == "missing_scope"
    )
    assert await error_of(harness.client.chat_postMessage(channel=OWNERS, text="hi")) == "missing_scope"


async def test_users_info_has_the_shape_an_actor_is_judged_by(harness):
    """SL-1."""
    harness.slack.add_user(
        "U0OUT", name="eve", real_name="Eve", email="e@else.example", team_id="T0ELSE", is_stranger=True
    )
    harness.slack.update_user(GRACE, deleted=True)
    ada = (await harness.client.users_info(user=ADA))["user"]
    assert (ada["team_id"], ada["deleted"], ada["is_bot"], ada["is_restricted"]) == (
        "T0WICKET",
        False,
        False,
        False,
    )
    assert (ada["profile"]["email"], ada["profile"]["display_name"]) == ("ada@lovelace.example", "ada")
    assert ada["tz"] == "Europe/London"
    assert (await harness.client.users_info(user="U0GUEST"))["user"]["is_restricted"]
    assert (await harness.client.users_info(user="U0OUT"))["user"]["team_id"] == "T0ELSE"
    assert (await harness.client.users_info(user="U0OUT"))["user"]["is_stranger"]
    assert (await harness.client.users_info(user=GRACE))["user"]["deleted"]
    assert await error_of(harness.client.users_info(user="U0NOBODY")) == "user_not_found"
    assert (await harness.client.users_lookupByEmail(email="ADA@lovelace.example"))["user"]["id"] == ADA
    assert (
        await error_of(harness.client.users_lookupByEmail(email="grace@lovelace.example"))
        == "users_not_found"
    )
    assert await error_of(harness.client.conversations_open(users=GRACE)) == "user_disabled"


async def test_lists_come_in_pages(harness):
    for number in range(7):
        harness.slack.add_channel(f"C{number}", name=f"team-{number}", members=[])
    sizes = [len(page["channels"]) async for page in await harness.client.conversations_list(limit=4)]
    assert sizes == [4, 4, 1]
    assert await error_of(harness.client.conversations_list(cursor="made up")) == "invalid_cursor"
    members = await harness.client.conversations_members(channel=OWNERS)
    assert members["members"] == sorted([ADA, GRACE, harness.slack.bot_user_id])
    mine = await harness.client.users_conversations(types="public_channel,private_channel")
    assert [channel["id"] for channel in mine["channels"]] == [OWNERS]
    assert len((await harness.client.users_list())["members"]) == 4


async def test_shared_archived_and_private_channels_say_so(harness):
    """SL-2."""
    harness.slack.update_channel(OWNERS, is_ext_shared=True)
    assert (await harness.client.conversations_info(channel=OWNERS))["channel"]["is_ext_shared"]
    assert await error_of(harness.client.conversations_info(channel="G0PRIVATE")) == "channel_not_found"
    harness.slack.update_channel(OWNERS, is_archived=True)
    assert await error_of(harness.client.chat_postMessage(channel=OWNERS, text="hi")) == "is_archived"


async def test_messages_are_updated_and_deleted_by_their_author_only(harness):
    said = await harness.slack.person(ADA).say("mine", channel=OWNERS)
    posted = await harness.client.chat_postMessage(channel=OWNERS, text="ours", blocks=[{"type": "divider"}])
    update = harness.client.chat_update
    assert await error_of(update(channel=OWNERS, ts=said.ts, text="x")) == "cant_update_message"
    assert await error_of(update(channel=OWNERS, ts="1.2", text="x")) == "message_not_found"
    assert await error_of(update(channel=ADA, ts=posted["ts"], text="x")) == "channel_not_found"
    assert await error_of(harness.client.chat_delete(channel=OWNERS, ts=said.ts)) == "cant_delete_message"
    await update(channel=OWNERS, ts=posted["ts"], text="ours, newer")
    newest = await harness.slack.person(ADA).sees("newer", channel=OWNERS)
    assert (newest.edited, [block["type"] for block in newest.blocks]) == (True, ["divider"])
    link = await harness.client.chat_getPermalink(channel=OWNERS, message_ts=posted["ts"])
    assert link["permalink"].endswith("/archives/C0OWNERS/p" + posted["ts"].replace(".", ""))
    await harness.client.chat_delete(channel=OWNERS, ts=posted["ts"])
    assert [message.plain for message in harness.slack.person(ADA).messages(OWNERS)] == ["mine"]


async def test_content_slack_would_refuse_is_refused_and_written_down(harness):
    """SL-8."""
    post, block = (
        harness.client.chat_postMessage,
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}},
    )
    assert (
        await raw(harness.slack, "chat.postMessage", json={"channel": OWNERS}, headers=bearer(harness.slack))
    )["error"] == "no_text"
    assert await error_of(post(channel=OWNERS, text="x" * 40_001)) == "msg_too_long"
    assert await error_of(post(channel=OWNERS, text="x", blocks=[block] * 4)) == "msg_blocks_too_long"
    with pytest.raises(SlackApiError) as refused:
        await post(channel=OWNERS, text="x", blocks=[{"type": "section"}])
    assert refused.value.response["error"] == "invalid_blocks"
    [why] = refused.value.response["response_metadata"]["messages"]
    assert why == "[ERROR] missing required field: text [json-pointer:/blocks/0]"
    posted = await post(channel=OWNERS, text="short")
    update = harness.client.chat_update(channel=OWNERS, ts=posted["ts"], text="x" * 4001)
    assert await error_of(update) == "msg_too_long"
    assert len(harness.slack.violations) == 5
    assert [call.error for call in harness.slack.calls][:2] == ["no_text", "msg_too_long"]


async def test_what_slack_takes_and_wicket_must_never_do_is_written_down(workspace):
    """SL-9."""
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "<!channel> look"}}]
    body = {"channel": OWNERS, "blocks": blocks, "thread": "1.2"}
    assert (await raw(workspace, "chat.postMessage", json=body, headers=bearer(workspace)))["ok"]
    assert sorted(text.split(":")[0] for text in workspace.violations) == [
        "a message would ping everybody",
        "chat.postMessage was given arguments Slack does not know",
        "no fallback text",
    ]


async def test_faults_limit_fail_delay_hold_and_drop(harness):
    """SL-11."""
    faults, post = harness.slack.faults, harness.client.chat_postMessage
    faults.rate_limit("chat.postMessage", retry_after=7, times=1)
    with pytest.raises(SlackApiError) as limited:
        await post(channel=OWNERS, text="one")
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (429, "7")
    faults.fail("chat.postMessage", "fatal_error")
    assert await error_of(post(channel=OWNERS, text="two")) == "fatal_error"
    faults.drop_response("chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await raw(
            harness.slack,
            "chat.postMessage",
            json={"channel": OWNERS, "text": "three"},
            headers=bearer(harness.slack),
        )
    faults.delay(None, 0.05)
    loop = asyncio.get_running_loop()
    before = loop.time()
    await post(channel=OWNERS, text="four")
    assert loop.time() - before >= 0.05
    faults.hold("chat.postMessage")
    waiting = asyncio.create_task(post(channel=OWNERS, text="five"))
    await asyncio.wait([waiting], timeout=0.05)
    assert not waiting.done()
    seen = [message.plain for message in harness.slack.person(ADA).messages(OWNERS)]
    assert seen == ["three", "four"]
    faults.let_go("chat.postMessage")
    await waiting
    assert faults.held == 0
    await harness.slack.person(ADA).sees("five", channel=OWNERS)
    assert harness.slack.violations == []


async def test_a_response_url_is_good_five_times_and_half_an_hour(harness, connect):
    """SL-4."""
    urls = []

    @harness.app.command("/wicket")
    async def command(ack, body):
        urls.append(body["response_url"])
        await ack(text="working", response_type="ephemeral")

    await connect()
    ada = harness.slack.person(ADA)
    await ada.slash("/wicket", "help", channel=OWNERS)
    assert (await ada.sees("working", channel=OWNERS)).ephemeral
    async with aiohttp.ClientSession() as session:
        hook = AsyncWebhookClient(urls[0], session=session)
        answers = [
            await hook.send(text=f"answer {number}", response_type="in_channel") for number in range(6)
        ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[5].body == "used_url"
    assert (
        await harness.slack.person(GRACE).sees("answer 4", channel=OWNERS)
    ).user == harness.slack.bot_user_id
    assert harness.slack.violations == ["response_url: used_url"]


async def test_a_response_url_replaces_and_deletes_the_message_it_came_from(harness, connect):
    urls = []

    @harness.app.action("go")
    async def action(ack, body):
        urls.append(body["response_url"])
        await ack()

    await connect()
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    await harness.client.chat_postEphemeral(
        channel=OWNERS, user=ADA, text="only you", blocks=[{"type": "actions", "elements": [button]}]
    )
    ada = harness.slack.person(ADA)
    await ada.click(await ada.sees("only you", channel=OWNERS), "go")
    async with aiohttp.ClientSession() as session:
        hook = AsyncWebhookClient(urls[0], session=session)
        await hook.send(text="replaced", blocks=[], replace_original=True)
        assert [message.plain for message in ada.messages(OWNERS)] == ["replaced"]
        await hook.send(delete_original=True)
        assert ada.messages(OWNERS) == []


async def test_it_listens_on_loopback_only_and_answers_to_no_other_name(workspace):
    with pytest.raises(ValueError, match="loopback"):
        await Workspace().start("0.0.0.0")
    async with aiohttp.ClientSession() as session:
        for path in ("api/api.test", "page/state", ""):
            async with session.get(workspace.page_url + path, headers={"Host": "evil.example"}) as answer:
                assert answer.status == 403
