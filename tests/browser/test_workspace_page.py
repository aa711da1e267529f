"""The workspace's page in a real browser, before the real pretend Slack and a small app behind it.

Nothing here calls the page's own code: it looks, types and presses as a person would.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace

# One loop for the file, as for its Chromium.
pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA, GRACE, EVE = "U0ADA", "U0GRACE", "U0EVE"
OWNERS, SECURITY = "C0OWNERS", "G0SECURITY"
HOSTILE = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
Json = dict[str, Any]


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def marked(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(action_id: str, label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": words(label), **more}


def field_of(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": words(label), "element": element, **more}


APPROVAL = [
    {"type": "header", "text": words("Access request: prod-db")},
    {"type": "section", "fields": [marked(f"*Who*\n<@{ADA}>")["text"], marked("*Risk*\n4 of 5")["text"]]},
    {"type": "actions", "block_id": "decide", "elements": [
        button("approve", "Approve…", style="primary", value="r-1"),
        button("end", "End now", style="danger", value="r-1", confirm={
            "title": words("End it now?"), "text": words("Ada loses prod-db at once."),
            "confirm": words("End it"), "deny": words("Keep it"), "style": "danger"}),
        button("details", "Details", url="https://wicket.example/r-1"),
    ]},
]  # fmt: skip

DURATIONS = [{"text": words(text), "value": text} for text in ("1 hour", "9 hours")]
FORM = {
    "type": "modal", "callback_id": "request", "title": words("Ask for access"),
    "submit": words("Send request"), "close": words("Cancel"),
    "blocks": [
        field_of("what", "What", {"type": "external_select", "action_id": "what", "min_query_length": 1}),
        field_of("long", "How long", {"type": "static_select", "action_id": "long", "options": DURATIONS}),
        field_of("why", "Why", {"type": "plain_text_input", "action_id": "why", "multiline": True}),
        field_of("tell", "Tell also", {"type": "multi_users_select", "action_id": "tell"}, optional=True),
        {"type": "actions", "block_id": "more", "elements": [button("rules", "Read the rules")]},
    ],
}  # fmt: skip
RULES = {
    "type": "modal",
    "title": words("The rules"),
    "close": words("Back"),
    "blocks": [marked("Ask for *little*.")],
}


class Phones:
    """One authenticator key, kept in a dict; a code is its key's first letters."""

    def __init__(self) -> None:
        self.keys: dict[str, list[str]] = {}

    def codes(self, user_id: str) -> list[Json]:
        return [
            {"label": f"key {key}", "code": "123456", "seconds_left": 20}
            for key in self.keys.get(user_id, [])
        ]

    def mailbox(self, user_id: str) -> list[Json]:
        letter = {"id": "m1", "at": "2026-01-02T03:04:05+00:00", "from": "wicket@lovelace.example"}
        return [
            {**letter, "subject": "Your code", "text": f"Hello {user_id}. Go to https://wicket.example/x."}
        ]

    def scan(self, user_id: str, uri: str) -> None:
        self.keys.setdefault(user_id, []).append(uri.rpartition("secret=")[2])


@dataclass(kw_only=True)
class Desk:
    """The small app, what it heard, and the page opened on its workspace."""

    slack: Workspace
    client: AsyncWebClient
    page: Page
    heard: list[Json] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    async def open(self, user_id: str, channel: str) -> None:
        await self.page.goto(f"{self.slack.page_url}?as={user_id}&channel={channel}")
        await expect(self.page.get_by_role("textbox", name="Message ")).to_be_visible()


@pytest_asyncio.fixture(loop_scope="session")
async def slack() -> AsyncIterator[Workspace]:
    workspace = Workspace()
    workspace.add_user(
        ADA, name="ada", real_name="Ada Lovelace", email="ada@lovelace.example", title="Engineer"
    )
    workspace.add_user(GRACE, name="grace", real_name="Grace Hopper", email="grace@lovelace.example")
    workspace.add_user(
        EVE, name="eve", real_name=f"Eve {HOSTILE}", email="eve@else.example", is_restricted=True
    )
    workspace.add_channel(OWNERS, name="data-owners", members=[ADA, GRACE, EVE], topic="Requests")
    workspace.add_channel(SECURITY, name="security", members=[GRACE], is_private=True)
    workspace.install_bot_in(OWNERS)
    workspace.commands = [{"command": "/wicket", "description": "Ask Wicket", "usage_hint": "help"}]
    workspace.phone = Phones()
    await workspace.start()
    yield workspace
    await workspace.stop()


def small_app(app: AsyncApp, desk: Desk) -> None:
    """The app's whole behaviour: enough of each kind of answer for the page to show."""

    @app.event("message")
    async def heard(event: Json, say: Callable[[str], Awaitable[object]]) -> None:
        if not event.get("bot_id"):
            await say(f"You said: {event['text']}")

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        blocks = [
            marked("*Your access*"),
            {"type": "actions", "elements": [button("end", "I'm done", value="home")]},
        ]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.command("/wicket")
    async def command(ack: Callable[..., Awaitable[None]], body: Json, client: AsyncWebClient) -> None:
        if body["text"] == "request":
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)
            await ack()
        else:
            await ack(f"Only you hear this: {body['text']}")

    @app.action("approve")
    async def approve(ack: Callable[[], Awaitable[None]], body: Json, client: AsyncWebClient) -> None:
        await ack()
        text = f"Approved by <@{body['user']['id']}>"
        await client.chat_update(
            channel=OWNERS, ts=body["message"]["ts"], text=text, blocks=[marked(f"✅ *{text}*")]
        )

    @app.action("rules")
    async def rules(ack: Callable[[], Awaitable[None]], body: Json, client: AsyncWebClient) -> None:
        await client.views_push(trigger_id=body["trigger_id"], view=RULES)
        await ack()

    @app.action({"action_id": "end"})
    @app.action({"action_id": "details"})
    async def pressed(ack: Callable[[], Awaitable[None]], body: Json) -> None:
        desk.heard.append(body["actions"][0])
        await ack()

    @app.options("what")
    async def options(ack: Callable[..., Awaitable[None]], body: Json) -> None:
        names = [name for name in ("prod-db", "prod-cache", "wiki") if body["value"] in name]
        await ack(options=[{"text": words(name), "value": name} for name in names])

    @app.view("request")
    async def submitted(ack: Callable[..., Awaitable[None]], view: Json) -> None:
        values = view["state"]["values"]
        if values["long"]["long"]["selected_option"]["value"] == "9 hours":
            await ack(response_action="errors", errors={"long": "One hour is the longest here."})
        else:
            desk.heard.append(values)
            await ack()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(slack: Workspace, browser: Browser) -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, session=session)
        app = AsyncApp(
            client=client, signing_secret=slack.signing_secret, process_before_response=True,
            logger=logging.getLogger("app-behind-the-page"),
        )  # fmt: skip
        context = await browser.new_context(reduced_motion="reduce")
        desk = Desk(slack=slack, client=client, page=await context.new_page())
        desk.page.set_default_timeout(5000)
        faults: list[str] = []
        desk.page.on("pageerror", lambda error: faults.append(str(error)))
        desk.page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        desk.page.on("request", lambda asked: desk.outside.append(asked.url))
        small_app(app, desk)
        socket = AsyncSocketModeHandler(app, slack.app_token, ping_interval=1)
        await socket.connect_async()
        await slack.wait_connected()
        yield desk
        await context.close()
        await socket.close_async()
        assert faults == []
        assert [url for url in desk.outside if not url.startswith((slack.page_url, "data:"))] == []
        assert slack.violations == []


async def ask_for_approval(desk: Desk) -> None:
    await desk.client.chat_postMessage(
        channel=OWNERS, text="Access request: prod-db, risk 4 of 5", blocks=APPROVAL
    )


async def open_form(desk: Desk) -> None:
    await desk.open(ADA, OWNERS)
    box = desk.page.get_by_role("textbox", name="Message #data-owners")
    await box.fill("/wicket request")
    await box.press("Enter")
    await expect(desk.page.get_by_role("dialog", name="Ask for access")).to_be_visible()


async def choose_what(page: Page) -> None:
    what = page.get_by_role("combobox", name="What")
    await what.press_sequentially("prod")
    await expect(page.locator("[role=option]:visible")).to_have_text(["prod-db", "prod-cache"])
    await what.press("ArrowDown")
    await what.press("Enter")
    await expect(what).to_have_value("prod-cache")


async def test_a_message_shows_its_blocks_and_a_press_edits_it_in_place(desk):
    await ask_for_approval(desk)
    await desk.open(GRACE, OWNERS)
    message = desk.page.locator("[data-ts]")
    await expect(message.get_by_role("heading", name="Access request: prod-db")).to_be_visible()
    await expect(message).to_contain_text("@Ada Lovelace")
    await expect(message).to_contain_text("APP")
    await message.get_by_role("button", name="Approve…").click()
    await expect(message).to_contain_text("Approved by @Grace Hopper")
    await expect(message).to_contain_text("(edited)")
    await expect(message.get_by_role("button")).to_have_count(0)


async def test_a_link_button_opens_elsewhere_without_handing_the_page_over(desk):
    await ask_for_approval(desk)
    await desk.open(GRACE, OWNERS)
    link = desk.page.get_by_role("link", name="Details")
    await expect(link).to_have_attribute("href", "https://wicket.example/r-1")
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def test_a_destructive_button_asks_first_and_no_means_no(desk):
    await ask_for_approval(desk)
    await desk.open(GRACE, OWNERS)
    sure = desk.page.get_by_role("alertdialog", name="End it now?")
    await desk.page.get_by_role("button", name="End now").click()
    await sure.get_by_role("button", name="Keep it").click()
    await expect(sure).to_have_count(0)
    assert desk.heard == []
    await desk.page.get_by_role("button", name="End now").click()
    async with desk.page.expect_response("**/page/do"):
        await sure.get_by_role("button", name="End it").click()
    assert [action["value"] for action in desk.heard] == ["r-1"]


async def test_enter_sends_and_the_answer_arrives_without_a_reload(desk):
    await desk.open(ADA, "")
    box = desk.page.get_by_role("textbox", name="Message Wicket")
    await box.fill("what access do I have?")
    await box.press("Enter")
    await expect(desk.page.locator("[data-ts]")).to_contain_text(
        ["what access do I have?", "You said: what access do I have?"]
    )
    await expect(box).to_have_value("")


async def test_a_slash_offers_the_commands_and_only_the_asker_sees_the_answer(desk):
    await desk.open(ADA, OWNERS)
    box = desk.page.get_by_role("textbox", name="Message #data-owners")
    await box.press_sequentially("/w")
    await expect(desk.page.get_by_role("option", name="/wicket")).to_be_visible()
    await box.press("Enter")
    await expect(box).to_have_value("/wicket ")
    await box.press_sequentially("help")
    await box.press("Enter")
    await expect(desk.page.locator("[data-ts]")).to_contain_text(["Only visible to you"])
    await desk.open(GRACE, OWNERS)
    await expect(desk.page.get_by_text("Nothing here yet.")).to_be_visible()


async def test_an_unknown_command_is_told_kindly_and_stays_in_the_box(desk):
    await desk.open(ADA, OWNERS)
    box = desk.page.get_by_role("textbox", name="Message #data-owners")
    await box.fill("/wikcet help")
    await box.press("Enter")
    await expect(desk.page.get_by_text("/wikcet is not a command here.")).to_be_visible()
    await expect(box).to_have_value("/wikcet help")


async def test_a_form_puts_errors_at_their_fields_and_loses_nothing_typed(desk):
    await open_form(desk)
    form = desk.page.get_by_role("dialog", name="Ask for access")
    await form.get_by_role("button", name="Send request").click()
    await expect(form.locator("[data-block-id=why] .error")).to_have_text(
        "Please complete this required field."
    )
    await choose_what(desk.page)
    await form.get_by_label("Why").fill("fix INC-1")
    await form.get_by_label("How long").select_option("9 hours")
    await form.get_by_role("combobox", name="Tell also").click()
    await desk.page.locator("[role=option]", has_text="Grace Hopper").click()
    await form.get_by_role("button", name="Send request").click()
    await expect(form.locator("[data-block-id=long] .error")).to_have_text("One hour is the longest here.")
    await expect(form.get_by_label("How long")).to_be_focused()
    await expect(form.get_by_label("Why")).to_have_value("fix INC-1")
    await form.get_by_label("How long").select_option("1 hour")
    await form.get_by_role("button", name="Send request").click()
    await expect(form).to_have_count(0)
    assert desk.heard[0]["what"]["what"]["selected_option"]["value"] == "prod-cache"
    assert desk.heard[0]["why"]["why"]["value"] == "fix INC-1"
    assert desk.heard[0]["tell"]["tell"]["selected_users"] == [GRACE]


async def test_a_form_pushed_on_top_gives_back_what_was_typed_below(desk):
    await open_form(desk)
    await desk.page.get_by_label("Why").fill("half a sentence")
    await desk.page.get_by_role("button", name="Read the rules").click()
    rules = desk.page.get_by_role("dialog", name="The rules")
    await expect(rules).to_contain_text("Ask for little.")
    await rules.get_by_role("button", name="Back").click()
    await expect(desk.page.get_by_role("dialog", name="Ask for access")).to_be_visible()
    await expect(desk.page.get_by_label("Why")).to_have_value("half a sentence")


async def test_what_was_chosen_before_the_page_was_opened_stands_in_the_form(desk):
    ada = desk.slack.person(ADA)
    await ada.slash("/wicket", "request", channel=OWNERS)
    form = await ada.sees_view("What")
    for field_name, value in (
        ("what", "prod-cache"),
        ("long", "1 hour"),
        ("why", "INC-1"),
        ("tell", [GRACE]),
    ):
        await ada.choose(form, field_name, value)
    await desk.open(ADA, OWNERS)
    form = desk.page.get_by_role("dialog", name="Ask for access")
    await expect(form.get_by_role("combobox", name="What")).to_have_value("prod-cache")
    await expect(form.get_by_label("How long")).to_have_value("1 hour")
    await expect(form.get_by_label("Why")).to_have_value("INC-1")
    await expect(form.locator(".chip")).to_contain_text("Grace Hopper")


async def test_a_form_drawn_anew_fills_what_is_untouched_and_keeps_what_was_typed(desk):
    await open_form(desk)
    form = desk.page.get_by_role("dialog", name="Ask for access")
    await form.get_by_label("Why").fill("my own words")
    due = field_of(
        "due",
        "Until",
        {"type": "datepicker", "action_id": "due", "initial_date": "2026-05-04"},
        optional=True,
    )
    blocks = [*FORM["blocks"], due]
    blocks[1] = field_of("long", "How long", {**FORM["blocks"][1]["element"], "initial_option": DURATIONS[0]})
    blocks[2] = field_of("why", "Why", {**FORM["blocks"][2]["element"], "initial_value": "their words"})
    view = desk.slack.person(ADA).view
    await desk.client.views_update(view_id=view.id, view={**FORM, "blocks": blocks})
    await expect(form.get_by_label("How long")).to_have_value("1 hour")
    await expect(form.get_by_label("Until")).to_have_value("2026-05-04")
    await expect(form.get_by_label("Why")).to_have_value("my own words")


async def test_escape_closes_the_form_for_the_server_too(desk):
    await open_form(desk)
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.get_by_role("dialog")).to_have_count(0)
    assert desk.slack.person(ADA).view is None


async def test_the_keyboard_stays_inside_an_open_form(desk):
    await open_form(desk)
    for _ in range(12):
        await desk.page.keyboard.press("Tab")
        outside = await desk.page.evaluate(
            "document.activeElement !== document.body && !document.activeElement.closest('dialog')"
        )
        assert not outside


async def test_the_home_tab_shows_what_the_app_published_and_its_buttons_work(desk):
    await desk.open(ADA, "")
    await desk.page.get_by_role("button", name="Home").click()
    home = desk.page.get_by_role("region", name="App Home")
    await expect(home).to_contain_text("Your access")
    async with desk.page.expect_response("**/page/do"):
        await home.get_by_role("button", name="I'm done").click()
    assert [action["value"] for action in desk.heard] == ["home"]
    await desk.page.get_by_role("button", name="Messages").click()
    await expect(home).to_have_count(0)


async def test_a_new_message_is_read_out_by_its_fallback_text(desk):
    await desk.open(GRACE, OWNERS)
    await expect(desk.page.get_by_text("Nothing here yet.")).to_be_visible()
    await ask_for_approval(desk)
    await expect(desk.page.locator("[aria-live=polite]")).to_have_text(
        "Wicket: Access request: prod-db, risk 4 of 5"
    )


async def test_a_press_nobody_answers_is_told_and_the_button_stays(desk):
    blocks = [{"type": "actions", "elements": [button("unheard", "Try me")]}]
    desk.slack.ack_seconds = 0.3
    await desk.client.chat_postMessage(channel=OWNERS, text="Try me", blocks=blocks)
    await desk.open(GRACE, OWNERS)
    await desk.page.get_by_role("button", name="Try me").click()
    await expect(desk.page.get_by_text("The app did not answer in time.")).to_be_visible()
    await expect(desk.page.get_by_role("button", name="Try me")).to_be_enabled()
    assert desk.slack.violations == ["not acked in time: interactive block_actions unheard"]
    desk.slack.violations.clear()


async def test_hostile_text_stays_text(desk):
    """SL-9: nothing a person or an app wrote becomes mark-up, script or a link that runs."""
    await desk.slack.person(EVE).say(f"{HOSTILE} javascript:alert(1)", channel=OWNERS)
    await desk.client.chat_postMessage(channel=OWNERS, text="x", blocks=[
        marked("&lt;!channel&gt; <javascript:alert(1)|click me> <data:text/html,x|and me>"),
        {"type": "header", "text": words(HOSTILE)},
        {"type": "actions", "elements": [button("end", "</button><b>x")]},
    ])  # fmt: skip
    await desk.open(ADA, OWNERS)
    await expect(desk.page.locator("[data-ts]").first).to_contain_text(HOSTILE)
    await expect(desk.page.locator("#messages").get_by_role("heading", name=HOSTILE)).to_be_visible()
    await expect(desk.page.get_by_text("click me")).to_be_visible()
    assert await desk.page.evaluate("window.pwned") is None
    assert await desk.page.locator("#messages :is(script, img, b, iframe)").count() == 0
    assert await desk.page.locator("a:not([href^='http'], [href^='?'])").count() == 0


async def test_everybody_sees_their_own_channels_and_a_dot_where_something_is_new(desk):
    await desk.open(ADA, "")
    channels = desk.page.get_by_role("navigation", name="Channels and direct messages")
    await expect(channels.locator("[data-channel]")).to_have_text(["#data-owners", "Wicket"])
    await ask_for_approval(desk)
    await expect(channels.get_by_role("link", name="data-owners unread")).to_be_visible()
    await desk.page.get_by_label("You act as").select_option(GRACE)
    await expect(channels.get_by_role("link", name="security")).to_be_visible()
    await expect(desk.page).to_have_url(f"{desk.slack.page_url}?as={GRACE}&channel=D0GRACE")


async def test_the_phone_takes_a_key_shows_its_code_and_the_mail(desk):
    await desk.page.set_viewport_size({"width": 1300, "height": 800})
    await desk.open(ADA, OWNERS)
    phone = desk.page.get_by_role("complementary", name="Phone")
    await expect(phone.get_by_text("No codes on this phone yet.")).to_be_visible()
    await phone.get_by_label("Setup key").fill("not a key")
    await phone.get_by_role("button", name="Add").click()
    await expect(desk.page.get_by_text("This is no setup key.")).to_be_visible()
    await phone.get_by_label("Setup key").fill("JBSW Y3DP EHPK 3PXP")
    await phone.get_by_role("button", name="Add").click()
    await expect(phone.locator("[data-code='123456']")).to_contain_text("key JBSWY3DPEHPK3PXP")
    await phone.get_by_text("Your code").click()
    await expect(phone.get_by_role("link")).to_have_attribute("href", "https://wicket.example/x")


@pytest.mark.parametrize("pane", ["Channels", "Chat", "Phone"])
async def test_nothing_scrolls_sideways_on_a_narrow_screen(desk, pane):
    await ask_for_approval(desk)
    await desk.slack.person(EVE).say("unbroken" * 60, channel=OWNERS)
    await desk.page.set_viewport_size({"width": 390, "height": 844})
    await desk.open(GRACE, OWNERS)
    await desk.page.get_by_role("button", name=pane, exact=True).click()
    parts = desk.page.locator("body, main, aside, #scroller")
    widths = await parts.evaluate_all("all => all.map(part => part.scrollWidth - part.clientWidth)")
    assert max(widths) <= 1
    assert await desk.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("pane", ["Channels", "Chat", "Phone"])
async def test_a_thumb_hits_every_button_on_a_narrow_screen(desk, pane):
    """44 px high, as Apple's guidelines ask: all but the small sign in a message's corner."""
    await ask_for_approval(desk)
    await desk.page.set_viewport_size({"width": 390, "height": 844})
    await desk.open(GRACE, OWNERS)
    await desk.page.get_by_role("button", name=pane, exact=True).click()
    buttons = desk.page.locator("button:visible, nav a:visible, #composer summary:visible")
    heights = await buttons.evaluate_all("all => all.map(one => [one.textContent, one.offsetHeight])")
    assert heights
    assert [one for one in heights if one[1] < 44] == []


async def test_the_page_allows_no_script_but_its_own(desk):
    answer = await desk.page.goto(desk.slack.page_url)
    rules = (await answer.all_headers())["content-security-policy"]
    assert "unsafe" not in rules
    assert "default-src 'none'" in rules
    assert "script-src 'self'" in rules


@asynccontextmanager
async def overtaken(page: Page, path: str) -> AsyncIterator[asyncio.Event]:
    """The next answer to this is on its way all the while: set once it is made. Afterwards the page has taken it in."""
    made, goes_on, came = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        made.set()
        await goes_on.wait()
        page.once("requestfinished", lambda _: came.set())
        await route.fulfill(response=answer)

    await page.route(path, hold, times=1)
    async with asyncio.timeout(30):
        yield made
        goes_on.set()
        await came.wait()
    # Asked only now, so whatever came before was taken in by the time that this is answered.
    await page.evaluate("fetch('/static/signs.svg').then(signs => signs.text())")


async def test_an_edit_that_comes_while_the_page_reads_anew_stays(desk):
    """What is shown is the newest: an answer that the news overtook takes nothing back, and is asked for again."""
    await desk.open(GRACE, OWNERS)
    message = desk.page.locator("[data-ts]")
    async with overtaken(desk.page, "**/page/messages?*") as made:
        posted = await desk.client.chat_postMessage(channel=OWNERS, text="being set up")
        await made.wait()
        await desk.client.chat_update(channel=OWNERS, ts=posted["ts"], text="active")
        await expect(message).to_contain_text("active")
    assert "active" in await message.inner_text()


async def test_what_changes_before_the_page_hears_of_changes_is_shown(desk):
    """Between what a page begins with and its live line nothing is lost, nor while it looks what that was."""
    posted = await desk.client.chat_postMessage(channel=OWNERS, text="being set up")
    goes_on = asyncio.Event()

    async def later(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await desk.page.route("**/page/stream?*", later)
    await desk.open(GRACE, OWNERS)
    message = desk.page.locator("[data-ts]")
    await expect(message).to_contain_text("being set up")
    await desk.client.chat_update(channel=OWNERS, ts=posted["ts"], text="active")
    topic = desk.page.get_by_text("Newer topic")
    async with overtaken(desk.page, "**/page/state?*") as made:
        goes_on.set()
        await made.wait()
        desk.slack.update_channel(OWNERS, topic="Newer topic")
        await expect(topic).to_be_visible()
    assert await topic.is_visible()
    await expect(message).to_contain_text("active")


async def test_news_for_one_person_do_not_hold_up_what_the_next_one_sees(desk):
    desk.slack.phone.scan(GRACE, "otpauth://totp/x?secret=HERS")
    await desk.page.set_viewport_size({"width": 1300, "height": 800})
    await desk.open(ADA, OWNERS)
    phone = desk.page.get_by_role("complementary", name="Phone")
    async with overtaken(desk.page, f"**/page/state?as={GRACE}") as made:
        await desk.page.get_by_label("You act as").select_option(GRACE)
        await made.wait()
        desk.slack.phone.scan(ADA, "otpauth://totp/x?secret=NEWER")
        desk.slack.phone_changed(ADA)
        await expect(phone).to_contain_text("key NEWER")
    await expect(phone).to_contain_text("key HERS")


async def test_a_page_whose_line_broke_shows_what_there_is_now(desk):
    """Also of a workspace that was started anew, and counts its changes from below what the page saw before."""
    await desk.client.chat_postMessage(channel=OWNERS, text="being set up")
    before = {"ts": "9.9", "user": ADA, "text": "of before", "blocks": [], "ephemeral": False, "edited": True}
    news = {"kind": "message_changed", "channel": OWNERS, "as_of": 2**53, "message": before}
    await desk.page.route(
        "**/page/stream?*",
        lambda route: route.fulfill(
            content_type="text/event-stream", body=f"retry: 10\ndata: {json.dumps(news)}\n\n"
        ),
        times=1,
    )
    await desk.open(GRACE, OWNERS)
    await expect(desk.page.locator("[aria-live=polite]")).to_contain_text("of before")
    await expect(desk.page.locator("[data-ts]")).to_contain_text(["being set up"])
    await expect(desk.page.locator("[data-ts]")).to_have_count(1)


async def test_a_page_whose_line_is_not_back_yet_shows_what_it_is_answered(desk):
    """The workspace was started anew: no answer of it is older than what the line of before told."""
    news = {"kind": "toast", "channel": OWNERS, "as_of": 2**53, "text": "of before"}
    lines = []

    async def breaks(route: Route) -> None:
        lines.append(route)
        if len(lines) == 1:
            body = f"retry: 10\ndata: {json.dumps(news)}\n\n"
            await route.fulfill(content_type="text/event-stream", body=body)

    await desk.page.route("**/page/stream?*", breaks)
    await desk.open(GRACE, OWNERS)
    await expect(desk.page.get_by_text("of before")).to_be_visible()
    await desk.client.chat_postMessage(channel=OWNERS, text="being set up")
    await desk.page.locator(f'nav a[data-channel="{OWNERS}"]').click()
    await expect(desk.page.locator("[data-ts]")).to_contain_text(["being set up"])


async def test_a_form_that_opens_while_another_one_is_closed_stays_open(desk):
    await open_form(desk)
    form = desk.page.get_by_role("dialog", name="Ask for access")
    async with overtaken(desk.page, "**/page/do") as made:
        await form.get_by_role("button", name="Cancel").click()
        await made.wait()
        await expect(form).to_have_count(0)
        await desk.page.get_by_role("textbox", name="Message ").fill("/wicket request")
        await desk.page.keyboard.press("Enter")
        await expect(form).to_be_visible()
    assert await form.is_visible()


async def test_a_home_that_is_published_while_it_opens_stays(desk):
    await desk.open(ADA, "")
    home = desk.page.get_by_role("region", name="App Home")
    async with overtaken(desk.page, "**/page/do") as made:
        await desk.page.get_by_role("button", name="Home").click()
        await made.wait()
        await expect(home).to_contain_text("Your access")
        await desk.client.views_publish(user_id=ADA, view={"type": "home", "blocks": [marked("Newer")]})
        await expect(home).to_contain_text("Newer")
    assert "Newer" in await home.inner_text()


async def test_a_key_that_comes_to_the_phone_while_another_one_is_added_stays(desk):
    await desk.page.set_viewport_size({"width": 1300, "height": 800})
    await desk.open(ADA, OWNERS)
    phone = desk.page.get_by_role("complementary", name="Phone")
    await phone.get_by_label("Setup key").fill("JBSW Y3DP EHPK 3PXP")
    async with overtaken(desk.page, "**/page/do") as made:
        await phone.get_by_role("button", name="Add").click()
        await made.wait()
        desk.slack.phone.scan(ADA, "otpauth://totp/x?secret=NEWER")
        desk.slack.phone_changed(ADA)
        await expect(phone).to_contain_text("key NEWER")
    assert "key NEWER" in await phone.inner_text()
