"""Vouching over Slack's protocol, the real page and a real mail server: the whole way, and those who try to abuse it.

Charles is Ada's manager; Bob is on the help desk and reports to Edsger.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.workspace.submissions import Submission
from tests.bot.web.serving import Browser
from tests.handlers.made_once import shipped_policy
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY

NEW = "quiet lamps over slow water"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot with every policy as shipped: whoever vouches proves who they are."""
    opened = await open_world(tmp_path, policy=shipped_policy())
    yield opened
    await close_world(opened)


async def visit(world, browser: Browser, login: str = "ada") -> None:
    """Somebody asks for a reset in Slack, and opens the page at the way that needs nothing of their own."""
    person, origin = world.person(login), world.settings.server.public_url
    said = await person.say("reset my password")
    link = (await person.sees("Continue on the secure page", after=said.ts)).link("Continue securely")
    await browser.open(f"{link.removeprefix(origin)}?way=vouch")


async def code_of(browser: Browser) -> str:
    """They ask for a code, and read it from the page."""
    shown = await browser.send("ask-vouching")
    return shown.html.partition('<p class="said">')[2].partition("</p>")[0]


async def form(world, by: str, whom: str, code: str, **more: Any) -> Submission:
    """They begin it in Slack and send the form."""
    person = world.person(by)
    if person.view is None:
        await person.slash("/wicket", "vouch @somebody")
    view = await person.sees_view("The code that they read out to you")
    typed = {"for": world.person(whom).user_id, "code": code, "spoken": "in_person", **more}
    return await person.submit(view, typed)


async def prove(world, by: str, number: str = "") -> str:
    """They follow the way to the page and show their authenticator there; what the page says then."""
    person, origin = world.person(by), world.settings.server.public_url
    view = await person.sees_view("Show on the secure page that it is you who vouches")
    link = next(one["url"] for block in view.blocks for one in block.get("elements", []) if one.get("url"))
    async with Browser(origin) as own:
        await own.open(link.removeprefix(origin))
        code = number or world.phones.codes(person.user_id)[0]["code"]
        shown = await own.send("totp", code=code)
    await person.close_view()
    return shown.text


def mails(world, login: str) -> list[str]:
    return [mail["subject"] for mail in world.phones.mailbox(world.person(login).user_id)]


async def test_somebody_is_vouched_for_and_gets_in_an_hour_later(world):
    """P-13: nobody is prompted; one code is read out; told at once and when it counts; word and mailbox together."""
    ada, charles, origin = world.person("ada"), world.person("charles"), world.settings.server.public_url
    async with Browser(origin) as browser:
        await visit(world, browser)
        code = await code_of(browser)
        assert "Charles Babbage" in browser.shown.text
        assert charles.messages() == []
        await form(world, "charles", "ada", code)
        assert "that you vouch for Ada Lovelace" in await prove(world, "charles")
        await form(world, "charles", "ada", code)
        assert "You vouched for" in charles.view.plain
    told = await ada.sees("Charles Babbage", "vouched for you", "They say that you met in person")
    assert told.buttons["account.not_me"]["confirm"]
    await charles.sees("You vouched for Ada Lovelace")
    await world.until(lambda: "Somebody vouched for you" in mails(world, "ada"))
    async with Browser(origin) as browser:
        await visit(world, browser)
        await browser.send("mail-code")
        early = await browser.send("vouched", code=await _mailed(world))
        assert "the time after it is not over" in early.text
    world.clock.skip(minutes=61)
    await ada.sees("counts now", timeout=40)
    async with Browser(origin) as browser:
        await visit(world, browser)
        await browser.send("mail-code")
        await browser.send("vouched", code=await _mailed(world))
        shown = await browser.send("choose", password=NEW, repeated=NEW)
        assert "Your password was changed" in shown.text
    assert await world.directory.verify_password("p-ada", NEW)
    await ada.sees("was used at")
    actions = await world.actions()
    steps = ["vouching.asked done", "vouching.given done", "vouching.cooled done", "vouching.used done"]
    assert [one for one in actions if one.startswith("vouching.")] == steps
    said = "".join(str(one.body("T0", "A0")) for who in (ada, charles) for one in who.messages())
    assert code not in said
    assert code.replace(" ", "") not in said


async def _mailed(world) -> str:
    """The newest code in Ada's mailbox."""
    await world.told()
    found = world.phones.mailbox(world.person("ada").user_id)
    text = next(mail["text"] for mail in reversed(found) if mail["subject"].startswith("Your code"))
    return next(word for word in text.split() if len(word) == 8 and word.isdigit())


async def test_nobody_vouches_for_themselves_or_for_their_boss(world):
    """P-13: each hears why, nothing is asked of them first, and security sees it."""
    alan, origin = world.person("alan"), world.settings.server.public_url
    for by, whom, why, seen in (
        ("charles", "charles", "Nobody vouches for themselves", "vouches for themselves"),
        ("bob", "edsger", "They are above you", "vouches for their own boss"),
    ):
        async with Browser(origin) as browser:
            await visit(world, browser, whom)
            await form(world, by, whom, await code_of(browser), ticket="INC-4711")
        assert why in world.person(by).view.plain
        await alan.sees("Refused", seen, channel=SECURITY)
    assert "vouching.given done" not in await world.actions()


async def test_a_second_slack_account_that_somebody_took_over_gets_no_further(world):
    """P-13: session, role and code are not enough, for the proof is the voucher's own; guesses at it are counted."""
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await visit(world, browser)
        code = await code_of(browser)
    await form(world, "charles", "ada", code)
    assert "That did not work" in await prove(world, "charles", "000000")
    await form(world, "charles", "ada", code)
    await world.person("charles").sees_view("Show on the secure page that it is you who vouches")
    actions = await world.actions()
    assert "vouching.given done" not in actions
    assert "proof.given refused" in actions


async def test_a_flood_of_askings_reaches_security_and_nobody_else(world):
    """P-13: whoever could vouch is sent nothing, however often it is asked; the sixth code is nobody's."""
    charles, alan, origin = world.person("charles"), world.person("alan"), world.settings.server.public_url
    async with Browser(origin) as browser:
        await visit(world, browser)
        await code_of(browser)
        for _ in range(5):
            await browser.send("cancel-vouching")
            code = await code_of(browser)
    await alan.sees("Asked too often to be vouched for", "Ada Lovelace", channel=SECURITY)
    assert charles.messages() == []
    await form(world, "charles", "ada", code)
    await prove(world, "charles")
    refused = await form(world, "charles", "ada", code)
    assert "not the code" in str(refused.errors)
