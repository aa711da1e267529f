"""Resets under attack, over Slack's protocol, the real web server and a real mail server: told, stopped, held back.

The account of each story is taken through the doors that people have; the directory is asked what came of it.
"""

from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.demo.company import LOVELACE
from tests.bot.web.serving import Browser
from tests.wire.conftest import close_world, open_world
from tests.wire.steps import SECURITY, approve, ask, undecided

NEW = "quiet lamps over slow water"
ABOUT = "A new password is being set for you"
CHANGED = "Your password was changed"


@asynccontextmanager
async def at_the_page(world, login: str):
    """Somebody asks for a reset, opens the page and gives the code that their phone shows."""
    person = world.person(login)
    said = await person.say("reset my password")
    link = (await person.sees("Continue on the secure page", after=said.ts)).link("Continue securely")
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        await browser.send("totp", code=world.phones.codes(person.user_id)[0]["code"])
        yield browser


async def reset(world, login: str, password: str = NEW) -> Any:
    """A whole reset; what the page said last."""
    async with at_the_page(world, login) as browser:
        return await browser.send("choose", password=password, repeated=password)


def mails(world, login: str) -> list[str]:
    """The subjects in their mailbox, oldest first."""
    return [mail["subject"] for mail in world.phones.mailbox(world.person(login).user_id)]


async def mailed(world, login: str, subject: str) -> str:
    """The text of a mail, as soon as it is there."""
    await world.until(lambda: subject in mails(world, login))
    found = world.phones.mailbox(world.person(login).user_id)
    return next(mail["text"] for mail in found if mail["subject"] == subject)


def stop_link(world, text: str) -> str:
    """The path of the link in a mail that only stops."""
    address = next(word for word in text.split() if "/not-me/" in word)
    return address.removeprefix(world.settings.server.public_url)


async def is_active(world, login: str) -> bool:
    return (await world.directory.account(f"p-{login}")).active


async def test_a_reset_is_told_by_mail_and_in_slack_before_and_after(world):
    """P-6: one message in Slack for all of it, which carries the button; two mails, each with the link."""
    ada = world.person("ada")
    async with at_the_page(world, "ada") as browser:
        assert mails(world, "ada") == []
        shown = await browser.send("choose", password=NEW, repeated=NEW)
    assert "Your password was changed" in shown.text
    done = await ada.sees("✅ Your password was changed", "Was this not you?")
    assert done.buttons["account.not_me"]["confirm"]
    first, second = await mailed(world, "ada", ABOUT), await mailed(world, "ada", CHANGED)
    assert stop_link(world, first) == stop_link(world, second)
    record = await world.actions()
    assert record.index("password.announced done") < record.index("password.change_started done")
    assert NEW not in "".join(str(message.body("T0", "A0")) for message in ada.messages())


async def test_one_press_in_slack_stops_the_account_and_security_lets_it_in_again(world):
    """P-6: one exception, edited; a colleague who is not of security lets nobody in."""
    ada, alan, konrad = world.person("ada"), world.person("alan"), world.person("konrad")
    await reset(world, "ada")
    told = await ada.sees("✅ Your password was changed")
    await ada.click(told, "account.not_me")
    await ada.sees("It is stopped")
    alarm = await alan.sees(
        "“This wasn't me”: Ada Lovelace", "Their account is switched off", channel=SECURITY
    )
    assert not await is_active(world, "ada")
    await konrad.click(alarm, "account.release")
    await konrad.sees("You can't decide this one", channel=SECURITY)
    await alan.sees("Wrong person clicked", "let Ada Lovelace", channel=SECURITY)
    await alan.click(alarm, "account.release")
    form = await alan.sees_view("How do you know that it is them now?")
    assert (await alan.submit(form, {"rationale": "I called her"})).closed
    await alan.sees("Lifted by Alan Turing", "I called her", channel=SECURITY)
    assert await is_active(world, "ada")
    assert (await world.actions()).count("account.released done") == 1


async def test_one_press_below_news_of_ones_proofs_stops_the_account(world):
    """P-6: whoever holds her password and a code makes recovery codes of their own, and she hears of it in Slack."""
    ada, origin = world.person("ada"), world.settings.server.public_url
    said = await ada.say("manage my proofs")
    link = (await ada.sees("Continue securely", after=said.ts)).link("Continue securely")
    async with Browser(origin) as thief:
        await thief.open(link.removeprefix(origin))
        await thief.send("sign-in", password=LOVELACE.person("ada").password)
        await thief.send("totp", code=world.phones.codes(ada.user_id)[0]["code"])
        await thief.send("new-codes")
    await ada.click(await ada.sees("New recovery codes were made for you"), "account.not_me")
    await ada.sees("It is stopped")
    assert not await is_active(world, "ada")


async def test_the_link_of_the_mail_is_prefetched_stolen_and_used_twice(world):
    """P-6: a GET stops nobody, nor does a POST without what the page gave; the second time nothing more happens."""
    await reset(world, "ada")
    path = stop_link(world, await mailed(world, "ada", CHANGED))
    origin = world.settings.server.public_url
    async with Browser(origin) as scanner:
        for _ in range(3):
            shown = await scanner.open(path)
            assert (shown.status, "You need not sign in" in shown.text) == (200, True)
            assert "Ada" not in shown.text
        assert (await scanner.raw("HEAD", path, data=b"")).status == 200
    async with Browser(origin) as elsewhere:
        refused = await elsewhere.post(path, {"do": "stop", "token": "x" * 32})
        assert refused.status == 403
        form = (await elsewhere.open(path)).form("stop")
        framed = await elsewhere.post(form.action, form.fields, **{"Sec-Fetch-Site": "cross-site"})
        assert framed.status == 403
    assert await is_active(world, "ada")
    for title in ("It is stopped.", "This was stopped before."):
        async with Browser(origin) as holder:
            await holder.open(path)
            assert title in (await holder.send("stop")).text
    assert not await is_active(world, "ada")
    assert (await world.actions()).count("account.reported done") == 1
    assert sum("This wasn't me" in one.plain for one in world.person("alan").messages(SECURITY)) == 1


async def test_a_link_that_nobody_wrote_looks_like_any_other(world):
    """P-9: before the button nothing is looked up, and behind it nobody is named."""
    await reset(world, "ada")
    path = stop_link(world, await mailed(world, "ada", CHANGED))
    forged = path.rpartition(".")[0] + "." + "A" * 22
    async with Browser(world.settings.server.public_url) as browser:
        pages = {(await browser.open(one)).text for one in (path, forged, "/not-me/nonsense")}
        assert len(pages) == 1
        await browser.open(forged)
        assert "stops nothing" in (await browser.send("stop")).text
        # Nor does it open anything on the page where passwords are chosen.
        opened = await browser.open(path.replace("/not-me/", "/p/"))
        assert "Choose a new password" not in opened.text
    assert await is_active(world, "ada")


async def test_while_the_mail_server_is_down_nobody_s_password_is_changed(world):
    """P-6: a kind answer, nothing half done; when it is back, the same page goes on."""
    await world.phones.stop()
    async with at_the_page(world, "ada") as browser:
        shown = await browser.send("choose", password=NEW, repeated=NEW)
        assert "Nothing was changed" in shown.text
        assert NEW not in shown.html
        assert not await world.directory.verify_password("p-ada", NEW)
        await world.phones.start("127.0.0.1", world.settings.mail.port)
        world.clock.skip(seconds=30)
        await mailed(world, "ada", ABOUT)
        assert "Your password was changed" in (await browser.send("choose", password=NEW, repeated=NEW)).text
    assert await world.directory.verify_password("p-ada", NEW)


async def test_a_mail_server_that_refuses_the_person_blocks_the_change(world):
    """P-6: and security hears that they cannot be told."""
    ada = world.person("ada")
    world.phones._addresses.clear()  # every recipient is unknown there from now on
    async with at_the_page(world, "ada") as browser:
        shown = await browser.send("choose", password=NEW, repeated=NEW)
    assert "Nothing was changed" in shown.text
    assert not await world.directory.verify_password("p-ada", NEW)
    await world.person("alan").sees("Undeliverable: a mail to", channel=SECURITY)
    assert "password.change_started done" not in await world.actions()
    assert [one for one in ada.messages() if "✅ Your password was changed" in one.plain] == []


async def test_a_reset_holds_back_what_is_privileged_and_waits(world):
    """P-8: the request that waits says so, is not given by an approval, and can be asked again a day later."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 1h because INC-1")
    data = world.channel("data-owners")
    await undecided(grace, data, "prod-db")
    await reset(world, "ada")
    await grace.sees("Access request", "Their password was reset", "[Approve", channel=data)
    await approve(grace, data, "prod-db")
    await ada.sees("⛔", "prod-db", "reset less than 24 hours ago")
    assert "p-ada" not in str(await world.holders("prod-db"))
    said = await ada.say("I need prod-db for 1h because INC-2")
    await ada.sees("I can't give prod-db", "reset less than 24 hours ago", after=said.ts)
    world.clock.skip(hours=24, seconds=1)
    await ask(ada, "I need prod-db for 1h because INC-3")
    await undecided(grace, data, "prod-db")


async def test_an_approver_who_was_reset_approves_nothing_privileged_for_a_day(world):
    """P-8: whoever took over an approver gets nothing given to a friend."""
    ada, grace = world.person("ada"), world.person("grace")
    data = world.channel("data-owners")
    await reset(world, "grace")
    await ask(ada, "I need prod-db for 1h because INC-1")
    request = await undecided(grace, data, "prod-db")
    await grace.click(request, "approval.approve")
    await grace.sees("Your password was reset less than 24 hours ago", channel=data)
    assert await world.holders("prod-db") & {"ada"} == set()
    await world.person("alan").sees("Wrong person clicked: prod-db", "Grace Hopper", channel=SECURITY)


async def test_a_flood_of_resets_stops_them_for_everybody_until_security_lifts_it(tmp_path):
    """P-7: one message; everybody else hears kindly what to do; other work goes on."""
    (tmp_path / "one").mkdir()
    world = await open_world(tmp_path / "one", changes={"[security]": "[security]\nresets_an_hour = 1"})
    try:
        await reset(world, "ada")
        shown = await reset(world, "grace")
        assert "Nothing is wrong with your account" in shown.text
        bob, alan = world.person("bob"), world.person("alan")
        stopped = await alan.sees("Resets are stopped for everybody", channel=SECURITY)
        said = await bob.say("reset my password")
        await bob.sees("Nobody can reset a password by themselves right now", "IT desk", after=said.ts)
        await alan.click(stopped, "freeze.resume")
        form = await alan.sees_view("people reset their passwords by themselves as ever")
        assert (await alan.submit(form, {"rationale": "a campaign of ours"})).closed
        await alan.sees("Started again", "a campaign of ours", channel=SECURITY)
        said = await bob.say("reset my password")
        await bob.sees("Continue on the secure page", after=said.ts)
        assert (await world.actions()).count("resets.stopped done") == 1
        assert (await world.actions()).count("access.resumed done") == 1
    finally:
        await close_world(world)


async def test_two_tabs_at_once_are_one_change_and_told_once(world):
    """P-6, T-3: whichever was faster."""
    async with at_the_page(world, "ada") as browser:
        form = browser.shown.form("choose")
        typed = {**form.fields, "password": NEW, "repeated": NEW}
        shown = [await browser.post(form.action, typed) for _ in range(2)]
    assert "Your password was changed" in shown[0].text
    await mailed(world, "ada", CHANGED)
    await world.told()
    assert mails(world, "ada") == [ABOUT, CHANGED]
    assert (await world.actions()).count("password.changed done") == 1


@pytest.mark.parametrize("silent", ["switch"])
async def test_a_directory_that_is_silent_is_asked_again_after_the_report(world, silent):
    """P-6, promise 7: the exception says so meanwhile, and is edited when it is done."""
    await reset(world, "ada")
    ada, alan = world.person("ada"), world.person("alan")
    told = await ada.sees("✅ Your password was changed")
    world.faulty.error(silent)
    await ada.click(told, "account.not_me")
    await alan.sees("“This wasn't me”", "could not be switched off yet", channel=SECURITY)
    world.faulty.mend()
    await world.restart()
    await world.app._alarms.settle_due()
    await alan.sees("“This wasn't me”", "Their account is switched off", channel=SECURITY)
    assert not await is_active(world, "ada")
