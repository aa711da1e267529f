"""The page's endpoints, as the browser uses them, with the real app behind."""

import asyncio
import json

import aiohttp
import pytest

ADA, GRACE, OWNERS = "U0ADA", "U0GRACE", "C0OWNERS"


class Phones:
    """A phone for everybody."""

    def __init__(self) -> None:
        self.scanned: list[tuple[str, str]] = []

    def codes(self, user_id):
        return [{"label": f"Wicket {user_id}", "code": "123456", "seconds_left": 12}]

    def mailbox(self, user_id):
        return []

    def scan(self, user_id, uri):
        if not uri.startswith("otpauth://"):
            raise ValueError("That is no otpauth:// key.")
        self.scanned.append((user_id, uri))


class Page:
    """What page.js does, in Python."""

    def __init__(self, slack, session, user_id) -> None:
        self.slack, self.session, self.user_id = slack, session, user_id

    async def get(self, path, **query):
        async with self.session.get(
            self.slack.page_url + path, params={"as": self.user_id, **query}
        ) as answer:
            return await answer.json()

    async def do(self, what, **more):
        wish = {"as": self.user_id, "what": what, **more}
        headers = {"X-Workspace-Page": "1"}
        async with self.session.post(self.slack.page_url + "page/do", json=wish, headers=headers) as answer:
            return await answer.json()


@pytest.fixture
async def page(workspace):
    workspace.commands = [{"command": "/ask", "description": "Ask", "usage_hint": "[what]"}]
    workspace.links = [("Secure page", "http://127.0.0.1:1/")]
    workspace.phone = Phones()
    async with aiohttp.ClientSession() as session:
        yield Page(workspace, session, ADA)


def plain(text):
    return {"type": "plain_text", "text": text}


async def test_the_state_holds_what_this_person_may_see(page):
    state = await page.get("page/state")
    assert state["team"] == {"name": "Lovelace Ltd"}
    assert state["me"] == {
        "id": ADA, "name": "ada", "real_name": "Ada Lovelace", "title": "Analyst", "tz": "Europe/London",
    }  # fmt: skip
    assert [channel["id"] for channel in state["channels"]] == [OWNERS, "C0ELSEWHERE", "D0ADA"]
    assert state["commands"][0]["command"] == "/ask"
    assert state["links"] == [{"label": "Secure page", "url": "http://127.0.0.1:1/"}]
    assert state["phone"]["codes"][0]["code"] == "123456"
    assert (state["views"], state["home"]) == ([], None)


async def test_messages_are_read_when_they_were_looked_at(page, harness):
    await harness.client.chat_postMessage(channel=OWNERS, text="news")
    unread = {channel["id"]: channel["unread"] for channel in (await page.get("page/state"))["channels"]}
    assert (unread[OWNERS], unread["D0ADA"]) == (True, False)
    [message] = (await page.get("page/messages", channel=OWNERS))["messages"]
    assert (message["text"], message["ephemeral"], message["at"]) == ("news", False, float(message["ts"]))
    unread = {channel["id"]: channel["unread"] for channel in (await page.get("page/state"))["channels"]}
    assert not unread[OWNERS]
    assert (await page.get("page/messages", channel="G0PRIVATE"))["error"] == "channel_not_found"


async def test_a_whole_story_on_the_page(page, harness, connect):
    """A command opens a form, an empty field is told, a filled one is sent, a button is pressed."""
    pressed = []
    blocks = [
        {
            "type": "input", "block_id": "b", "label": plain("What"),
            "element": {"type": "external_select", "action_id": "what", "min_query_length": 0},
        }
    ]  # fmt: skip

    @harness.app.command("/ask")
    async def ask(ack, body, client):
        view = {
            "type": "modal",
            "callback_id": "ask",
            "title": plain("Ask"),
            "submit": plain("Send"),
            "blocks": blocks,
        }
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    @harness.app.options("what")
    async def offer(ack):
        await ack(options=[{"text": plain("prod-db"), "value": "e-1"}])

    @harness.app.view("ask")
    async def submitted(ack, view, client):
        await ack()
        chosen = view["state"]["values"]["b"]["what"]["selected_option"]["value"]
        button = {"type": "button", "action_id": "go", "text": plain("Go"), "value": chosen}
        await client.chat_postMessage(
            channel=OWNERS, text="asked", blocks=[{"type": "actions", "block_id": "a", "elements": [button]}]
        )

    @harness.app.action("go")
    async def go(ack, body):
        pressed.append(body["actions"][0]["value"])
        await ack()

    await connect()
    assert (await page.do("slash", channel="D0ADA", command="/ask", text="prod"))["ok"]
    [view] = (await page.get("page/state"))["views"]
    assert view["title"]["text"] == "Ask"
    empty = await page.do("submit", view_id=view["id"], values={"b": {"what": None}})
    assert empty["errors"] == {"b": "Please complete this required field."}
    offered = await page.do("options", view_id=view["id"], block_id="b", action_id="what", query="")
    assert [option["value"] for option in offered["options"]] == ["e-1"]
    done = await page.do("submit", view_id=view["id"], values={"b": {"what": "e-1"}})
    assert (done["ok"], done["errors"], done["closed"], done["views"]) == (True, {}, True, [])
    message = await harness.slack.person(ADA).sees("Go", channel=OWNERS)
    where = {"type": "message", "channel": OWNERS, "ts": message.ts}
    assert (await page.do("action", container=where, block_id="a", action_id="go", value="e-1", state={}))[
        "ok"
    ]
    assert pressed == ["e-1"]
    assert harness.slack.violations == []


async def test_a_press_while_the_message_is_edited_reaches_the_same_button(page, harness, connect):
    """Slack names blocks anew with each edit; a button that is for something else by then is none of theirs."""
    pressed = []

    @harness.app.action("go")
    async def go(ack, body):
        pressed.append(body["actions"][0]["value"])
        await ack()

    def buttons(*values):
        made = [
            {"type": "button", "action_id": "go", "text": plain("Go"), "value": value} for value in values
        ]
        return [{"type": "actions", "elements": [one]} for one in made]

    await connect()
    posted = await harness.client.chat_postMessage(channel=OWNERS, text="as it was", blocks=buttons("r-1"))
    [shown] = (await page.get("page/messages", channel=OWNERS))["messages"]
    where = {"type": "message", "channel": OWNERS, "ts": posted["ts"]}
    press = {
        "container": where,
        "block_id": shown["blocks"][0]["block_id"],
        "action_id": "go",
        "value": "r-1",
    }
    await harness.client.chat_update(
        channel=OWNERS, ts=posted["ts"], text="edited", blocks=buttons("r-2", "r-1")
    )
    assert (await page.do("action", **press, state={}))["ok"]
    await harness.client.chat_update(channel=OWNERS, ts=posted["ts"], text="anew", blocks=buttons("r-2"))
    assert not (await page.do("action", **press, state={}))["ok"]
    assert pressed == ["r-1"]


async def test_a_choice_while_the_message_is_edited_reaches_no_other_menu(page, harness, connect):
    """A menu has no value of its own to know it by: where there are several, none is chosen in."""
    chosen = []

    @harness.app.action("how long")
    async def how_long(ack, body):
        chosen.append(body["actions"][0])
        await ack()

    hours = [{"text": plain(f"{hours} h"), "value": str(hours)} for hours in (1, 2)]
    menu = {
        "type": "static_select",
        "action_id": "how long",
        "placeholder": plain("How long"),
        "options": hours,
    }
    await connect()
    posted = await harness.client.chat_postMessage(
        channel=OWNERS, text="as it was", blocks=[{"type": "actions", "elements": [menu]}]
    )
    [shown] = (await page.get("page/messages", channel=OWNERS))["messages"]
    where = {"type": "message", "channel": OWNERS, "ts": posted["ts"]}
    await harness.client.chat_update(
        channel=OWNERS, ts=posted["ts"], text="edited", blocks=[{"type": "actions", "elements": [menu]}] * 2
    )
    wish = {"container": where, "block_id": shown["blocks"][0]["block_id"], "action_id": "how long"}
    assert not (await page.do("action", **wish, value=None, selected="1", state={}))["ok"]
    assert chosen == []


async def test_a_refusal_is_told_in_words(page):
    told = [
        (await page.do("say", channel="G0PRIVATE", text="hi"))["error"],
        (await page.do("say", text="hi"))["error"],
        (await page.do("close", view_id="V1"))["error"],
        (await page.do("dance"))["error"],
        (await page.do("scan", uri="http://x"))["error"],
        (await page.do("shortcut", callback_id="x", channel=OWNERS, ts="1.2"))["error"],
    ]
    assert told == [
        "channel_not_found", "channel_not_found", "view_not_found", "unknown_deed", "That is no otpauth:// key.",
        "message_not_found",
    ]  # fmt: skip
    assert (await page.do("scan", uri="otpauth://totp/x?secret=A"))["ok"]


async def test_nothing_can_be_done_from_another_page(page):
    wish = {"as": ADA, "what": "say", "channel": OWNERS, "text": "forged"}
    url = page.slack.page_url + "page/do"
    async with page.session.post(url, json=wish) as answer:
        assert answer.status == 403
    headers = {"X-Workspace-Page": "1", "Origin": "https://evil.example"}
    async with page.session.post(url, json=wish, headers=headers) as answer:
        assert answer.status == 403
    assert page.slack.person(ADA).messages(OWNERS) == []


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("127.0.0.1:8765", 200), ("localhost:80", 200), ("LOCALHOST", 200),
        ("[::1]", 200), ("[::1]:8765", 200),
        ("evil.example", 403), ("evil.example:8765", 403), ("localhost:80@evil.example", 403),
        ("localhost@evil.example:80", 403), ("127.0.0.1.evil.example:80", 403), ("[::1]evil.example", 403),
        ("evil.example:localhost", 403), ("localhost:80:80", 403), ("", 403),
    ],
)  # fmt: skip
async def test_only_the_names_of_loopback_are_answered(page, host, status):
    async with page.session.get(page.slack.page_url, headers={"Host": host}) as answer:
        assert answer.status == status


async def test_the_page_is_served_with_a_strict_policy_and_nothing_from_elsewhere(page):
    async with page.session.get(page.slack.page_url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_the_stream_brings_what_changed_to_whom_it_concerns(page, harness):
    url = page.slack.page_url + "page/stream"
    async with page.session.get(url, params={"as": ADA}) as line:
        assert line.content_type == "text/event-stream"
        await line.content.readline()
        await harness.client.chat_postEphemeral(channel=OWNERS, user=GRACE, text="not for ada")
        posted = await harness.client.chat_postMessage(channel=OWNERS, text="news")
        await harness.client.chat_update(channel=OWNERS, ts=posted["ts"], text="newer")
        await harness.client.chat_delete(channel=OWNERS, ts=posted["ts"])
        page.slack.phone_changed(ADA)
        page.slack.update_channel(OWNERS, topic="new topic")
        news = [await next_news(line) for _ in range(5)]
    kinds = [change["kind"] for change in news]
    assert kinds == ["message", "message_changed", "message_deleted", "phone", "channels"]
    assert news[0]["message"]["text"] == "news"
    assert news[1]["message"]["edited"]
    assert news[4]["channels"][0]["topic"] == "new topic"


async def test_of_two_looks_the_later_one_says_so(page, harness):
    """Answers and news come on lines of their own: a page can tell which of them was overtaken."""
    first = await page.get("page/state")
    async with page.session.get(page.slack.page_url + "page/stream", params={"as": ADA}) as line:
        assert await next_news(line) == {"kind": "here", "as_of": first["as_of"]}
        posted = await harness.client.chat_postMessage(channel=OWNERS, text="news")
        looked = await page.get("page/messages", channel=OWNERS)
        await harness.client.chat_update(channel=OWNERS, ts=posted["ts"], text="newer")
        scanned = await page.do("scan", uri="otpauth://totp/x?secret=A")
        came, changed = await next_news(line), await next_news(line)
    assert first["as_of"] < came["as_of"] == looked["as_of"] < changed["as_of"] == scanned["as_of"]


async def next_news(line):
    async with asyncio.timeout(2):
        while True:
            text = (await line.content.readline()).decode()
            if text.startswith("data: "):
                return json.loads(text.removeprefix("data: "))


async def test_stopping_hangs_up_on_every_page(page):
    url = page.slack.page_url + "page/stream"
    async with page.session.get(url, params={"as": ADA}) as line:
        await line.content.readline()
        await page.slack.stop()
        await line.content.read()  # a line that is cut and not hung up has no end to read
