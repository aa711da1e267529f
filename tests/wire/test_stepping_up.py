"""An approver proves who they are: from the form to the page and back, over both protocols (P-10)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from tests.bot.web.serving import Browser
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY, ask, undecided

DATA, PLATFORM = "C0DATAOWN", "C0PLATFORM"
PROVE = "Prove who I am"
WHY = "ok for the incident"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot by all the policies that it ships with."""
    opened = await open_world(tmp_path, policy=CedarPolicy.load(*shipped(), bound_to=""))
    yield opened
    await close_world(opened)


@asynccontextmanager
async def at(world: World, link: str) -> AsyncIterator[Browser]:
    """A browser of one's own on the page that a link leads to."""
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        yield browser


async def proves(world: World, login: str, link: str, *, whose: str = "") -> str:
    """They open the link and give the code that their phone shows; what the page says then."""
    phone = world.phones.codes(world.person(whose or login).user_id)
    async with at(world, link) as browser:
        return (await browser.send("totp", code=phone[0]["code"])).text


async def form_for(world: World, login: str, about: str, channel: str = DATA):
    """They press Approve on the waiting request, and see the form."""
    who = world.person(login)
    await who.click(await undecided(who, channel, about), "approval.approve")
    return await who.sees_view("Approve request")


async def test_an_approver_proves_who_they_are_and_approves(world: World):
    """The form stays with what was typed; the message and the record say how, and the requester reads it."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    form = await form_for(world, "grace", "prod-db")
    assert "This needs a fresh proof of who you are" in form.plain
    first = await grace.submit(form, {"rationale": WHY})
    assert not first.closed
    form = await grace.sees_view("Nothing is approved yet")
    assert form.state()["values"]["rationale"]["rationale"]["value"] == WHY
    assert await world.holders("prod-db") == set()
    said = await proves(world, "grace", form.link(PROVE))
    for words in (
        "You proved who you are.",
        "about prod-db, which Ada Lovelace asks for",
        "Nothing is approved",
    ):
        assert words in said
    assert (await grace.submit(form)).closed
    told = await grace.sees("Approved by Grace Hopper", "proved by authenticator at", WHY, channel=DATA)
    assert "Active until" in told.plain or "Being set up" in told.plain
    await ada.sees("✅ prod-db", "proved by authenticator at")
    steps = [
        action for action in await world.actions() if action.startswith(("approval.", "proof.", "step_up."))
    ]
    assert steps == [
        "step_up.page_opened done",
        "approval.unproven refused",
        "proof.given done",
        "approval.given done",
    ]


async def test_a_form_that_was_closed_comes_back_with_what_was_typed(world: World):
    """Proved meanwhile, it says so, and needs no link any more."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await grace.submit(await form_for(world, "grace", "prod-db"), {"rationale": WHY})
    link = (await grace.sees_view("Nothing is approved yet")).link(PROVE)
    await grace.close_view()
    await proves(world, "grace", link)
    form = await form_for(world, "grace", "prod-db")
    assert "It is you: proved by authenticator at" in form.plain
    assert PROVE not in form.plain
    assert (await grace.submit(form)).closed
    await grace.sees("Approved by Grace Hopper", WHY, channel=DATA)


async def test_a_proof_is_spent_by_one_approval_and_is_nobody_elses(world: World):
    """A second request needs one of its own; another's code proves nothing by this link; a used link does nothing."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    form = await form_for(world, "grace", "INC-4711")
    link = form.link(PROVE)
    assert "That did not work" in await proves(world, "grace", link, whose="linus")
    async with at(world, link) as one, at(world, link) as other:  # two tabs that do not know of each other
        code = world.phones.codes(grace.user_id)[0]["code"]
        assert "You proved who you are." in (await one.send("totp", code=code)).text
        assert "That did not work" in (await other.send("totp", code=code)).text
    assert (await grace.submit(form, {"rationale": WHY})).closed
    await grace.sees("Approved by Grace Hopper", channel=DATA)
    await world.person("bob").say("I need prod-db for 1h because INC-4712")
    await world.person("bob").click(await world.person("bob").sees("You are asking for"), "draft.send")
    form = await form_for(world, "grace", "INC-4712")
    assert form.link(PROVE) != link
    assert not (await grace.submit(form, {"rationale": WHY})).closed
    assert "bob" not in await world.holders("prod-db")
    for _ in range(2):
        await grace.submit(await grace.sees_view("Nothing is approved yet"))
    await world.person("alan").sees("Approval without a proof: prod-db", "3 times", channel=SECURITY)


async def test_at_risk_5_the_code_is_retyped_and_outlives_a_restart(world: World):
    """It is derived, not kept; the code of another is another."""
    ada, edsger, alan = world.person("ada"), world.person("edsger"), world.person("alan")
    await ask(ada, "I need prod-admin for 1h because INC-4711")
    form = await form_for(world, "edsger", "prod-admin", PLATFORM)
    code = form.plain.split("for you: ")[1].splitlines()[0]
    await proves(world, "edsger", form.link(PROVE))
    await world.restart()
    await edsger.submit(form, {"rationale": WHY, "code": "CCC CCC"})
    form = await edsger.sees_view("that was not this code")
    assert (await edsger.submit(form, {"code": code.lower().replace(" ", "")})).closed
    form = await form_for(world, "alan", "prod-admin", PLATFORM)
    theirs = form.plain.split("for you: ")[1].splitlines()[0]
    assert theirs != code
    await proves(world, "alan", form.link(PROVE))
    assert (await alan.submit(form, {"rationale": WHY, "code": theirs})).closed
    await ada.sees("✅ prod-admin")
    assert await world.holders("prod-admin") == {"ada"}
