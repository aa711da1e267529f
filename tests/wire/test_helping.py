"""The help desk over Slack's protocol: an unlock and a reset for somebody else, and everybody who must not (R-6).

Konrad and Bob are on it, and it serves Lovelace Ltd; Konrad has administrative power, Eve is of Vendor Co.
"""

from typing import Any

from bot.demo.workspace.submissions import Submission
from tests.bot.web.serving import Browser
from tests.wire.hostile import clicked, submitted
from tests.wire.steps import SECURITY

NEW = "quiet lamps over slow water"
TYPED = {"ticket": "INC-1234", "rationale": "called at the desk"}


async def helps(world, by: str, whom: str, *, what: str = "unlock", **more: str) -> Submission:
    """They begin it by a command and send the form."""
    person = world.person(by)
    asked = {"unlock": "unlock @somebody", "reset": "start a reset for @somebody"}[what]
    await person.slash("/wicket", asked)
    form = await person.sees_view("They are told at once")
    return await person.submit(form, {"for": world.person(whom).user_id, **TYPED, **more})


async def lock(world, login: str) -> None:
    await world.directory.change_account(f"p-{login}", locked=True)


async def is_locked(world, login: str) -> bool:
    return (await world.directory.account(f"p-{login}")).locked


def mails(world, login: str) -> list[Any]:
    return world.phones.mailbox(world.person(login).user_id)


async def test_an_unlock_for_somebody_else_is_told_to_them_at_once(world):
    """R-6: begun in words or by a command, whom and ticket filled in; told with name and ticket, by mail too."""
    ada, konrad = world.person("ada"), world.person("konrad")
    await lock(world, "ada")
    begin = await konrad.say("unlock ada for INC-1234")
    begin = await konrad.sees("whom it serves, with a ticket", after=begin.ts)
    await konrad.click(begin, "ask.help")
    await konrad.sees_view("They are told at once")
    await konrad.close_view()
    await konrad.slash("/wicket", "unlock @ada for INC-1234")
    form = await konrad.sees_view("They are told at once")
    filled = form.state()["values"]
    assert filled["for"]["for"]["selected_user"] == ada.user_id
    assert filled["ticket"]["ticket"]["value"] == "INC-1234"
    sent = await konrad.submit(form, {"rationale": "called at the desk"})
    assert "is unlocked" in sent.view.plain
    assert not await is_locked(world, "ada")
    told = await ada.sees("Konrad Zuse of the help desk unlocked your account", "INC-1234")
    assert told.buttons["account.not_me"]["confirm"]
    assert sum("of the help desk" in one.plain for one in ada.messages()) == 1  # edited in place
    await world.until(lambda: mails(world, "ada"))
    letter = mails(world, "ada")[-1]
    assert letter["subject"] == "The help desk unlocks your account"
    assert "Konrad Zuse" in letter["text"]
    assert "INC-1234" in letter["text"]


async def test_a_reset_for_somebody_else_is_theirs_alone(world):
    """R-6: the way to the page is the person's, who proves who they are; the help desk sees that it was started."""
    ada, konrad, origin = world.person("ada"), world.person("konrad"), world.settings.server.public_url
    sent = await helps(world, "konrad", "ada", what="reset")
    assert "got the way to the secure page" in sent.view.plain
    invited = await ada.sees("Konrad Zuse of the help desk started a password reset", "INC-1234")
    link = invited.link("Continue securely")
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        await browser.send("totp", code=world.phones.codes(ada.user_id)[0]["code"])
        shown = await browser.send("choose", password=NEW, repeated=NEW)
        assert "Your password was changed" in shown.text
    assert await world.directory.verify_password("p-ada", NEW)
    await world.told()
    assert origin not in str(sent.view.blocks)
    assert konrad.messages() == []


async def test_whoever_must_not_is_told_kindly_and_nothing_is_changed(world):
    """R-6, R-1, P-4: on no desk, by hand too; oneself; administrative power; outside; without a ticket."""
    alan, bob, charles = world.person("alan"), world.person("bob"), world.person("charles")
    for login in ("ada", "konrad", "eve", "bob"):
        await lock(world, login)
    await charles.slash("/wicket", "unlock @ada for INC-1234")
    await charles.sees("You are not on a help desk", "Ask the IT desk")
    form = submitted(charles.user_id, "form.help_unlock", {"for": world.person("ada").user_id, **TYPED})
    assert all(one.acked for one in await world.slack.send(form, kind="interactive"))
    strange = clicked(charles.user_id, "ask.help", "everything")
    assert all(one.acked for one in await world.slack.send(strange, kind="interactive"))
    assert "as everybody does" in (await helps(world, "bob", "bob")).view.plain
    await alan.sees("Refused", "acts for themselves", channel=SECURITY)
    assert "administrative power" in (await helps(world, "bob", "konrad")).view.plain
    await alan.sees("Refused", "Konrad Zuse", "who has administrative power", channel=SECURITY)
    assert "does not serve" in (await helps(world, "bob", "eve")).view.plain
    assert "Please complete" in str((await helps(world, "bob", "ada", ticket="")).errors)
    again = await bob.submit(await bob.sees_view("They are told at once"), {"ticket": "please"})
    assert "no ticket that counts" in str(again.errors)
    for login in ("ada", "konrad", "eve", "bob"):
        assert await is_locked(world, login), login
    actions = await world.actions()
    assert not any(one.startswith(("desk.unlock", "account.unlocked")) for one in actions)
    assert not any("of the help desk" in one.plain for one in world.person("ada").messages())


async def test_while_the_directory_hangs_or_access_is_stopped_the_form_stays(world):
    """Promise 7, T-2: a directory that hangs, and a stop; the form stays, and nothing was done."""
    alan, konrad = world.person("alan"), world.person("konrad")
    await lock(world, "ada")
    await konrad.slash("/wicket", "unlock @ada for INC-1234")
    form = await konrad.sees_view("They are told at once")
    world.faulty.hang("account")
    silent = await konrad.submit(form, {"rationale": "called"})
    assert "can't read the directory" in str(silent.errors)
    world.faulty.mend()
    await alan.slash("/wicket", "freeze")
    await alan.submit(await alan.sees_view("What happened?"), {"rationale": "somebody is in"})
    stopped = await konrad.submit(await konrad.sees_view("They are told at once"))
    assert "stopped new access" in str(stopped.errors)
    assert await is_locked(world, "ada")
    assert "desk.unlock_started done" not in await world.actions()


async def test_four_deliveries_of_a_form_are_one_act(world):
    """Promise 6."""
    form = submitted(
        world.person("konrad").user_id, "form.help_reset", {"for": world.person("ada").user_id, **TYPED}
    )
    assert all(one.acked for one in await world.slack.send(form, kind="interactive", times=4))
    await world.person("ada").sees("started a password reset")
    assert (await world.actions()).count("desk.reset_started done") == 1


async def test_a_person_switched_off_since_the_form_opened_stays_locked(world):
    await lock(world, "ada")
    konrad = world.person("konrad")
    await konrad.slash("/wicket", "unlock @ada for INC-1234")
    form = await konrad.sees_view("They are told at once")
    await world.directory.change_account("p-ada", active=False)
    sent = await konrad.submit(form, {"rationale": "called at the desk"})
    assert "switched off or reported" in sent.view.plain
    assert await is_locked(world, "ada")


async def test_access_that_vanished_comes_back_by_the_help_desk(world):
    """R-6: what a live grant says, found live, and told to the helper, the person and security."""
    ada, alan, konrad = world.person("ada"), world.person("alan"), world.person("konrad")
    said = await ada.say("I need grafana-edit for 2h because INC-4711")
    await ada.click(await ada.sees("You are asking for", after=said.ts), "draft.send")
    await ada.sees("✅ grafana-edit")
    await world.directory.take_from_group("grafana-editors", "p-ada")
    await konrad.slash("/wicket", "check @ada's access to grafana-edit again")
    form = await konrad.sees_view("Nobody gets anything new")
    choices = await konrad.options(form, "entitlement", "grafana")
    sent = await konrad.submit(form, {"for": ada.user_id, "entitlement": choices[0]["value"], **TYPED})
    assert "is given again" in sent.view.plain
    await world.until(lambda: _holds(world, "grafana-edit", "ada"))
    await ada.sees("had your access checked again", "grafana-edit")
    await alan.sees("grafana-edit", "Konrad Zuse", channel=SECURITY)


async def _holds(world, entitlement: str, login: str) -> bool:
    return login in await world.holders(entitlement)
