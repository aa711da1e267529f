"""Petitions over Slack's protocol, the real page and a real mail server: the whole way, and the ways it is stopped.

The directory is asked what came of it (P-14).
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import update

from bot.demo.company import LOVELACE
from handlers.decisions.cedar import CedarPolicy
from handlers.policies import shipped
from storage.records import Petition
from tests.bot.web.serving import Browser
from tests.wire.conftest import World, close_world, open_world
from tests.wire.steps import SECURITY
from tests.wire.test_hostile_resets import mailed, mails, stop_link


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """With every policy as shipped: an approver's proof is one of them."""
    opened = await open_world(tmp_path, policy=CedarPolicy.load(*shipped(), bound_to=""))
    yield opened
    await close_world(opened)


NEW = "quiet lamps over slow water"
DESK = "C0ITDESK"
TITLE = {"password": "Petition: a new password", "proofs": "Petition: new proofs for lost ones"}


async def ask(world, login: str, kind: str, words: str = "My phone fell into the sea") -> None:
    """Somebody asks two people, from what they type to the form."""
    who = world.person(login)
    said = await who.say("reset my password" if kind == "password" else "I lost my phone")
    await who.click(await who.sees("Ask two people", after=said.ts), f"petition.{kind}")
    form = await who.sees_view("Ask two people")
    assert (await who.submit(form, {"justification": words})).closed


async def prove(world, login: str, link: str) -> None:
    """An approver shows their authenticator on the page."""
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        shown = await browser.send("totp", code=world.phones.codes(world.person(login).user_id)[0]["code"])
        assert "You proved who you are" in shown.text, shown.text


async def approve(
    world, login: str, kind: str, channel: str, why: str = "I spoke to them at their desk"
) -> None:
    """An approver clicks, proves who they are, clicks once more, and says why."""
    who = world.person(login)
    petition = await who.sees(TITLE[kind], "[Approve", channel=channel)
    await who.click(petition, "petition.approve")
    first = await who.sees("Before you approve, show on the secure page who you are")
    await prove(world, login, first.link("Prove who I am"))
    await who.click(petition, "petition.approve")
    form = await who.sees_view("Approve petition")
    assert (await who.submit(form, {"rationale": why})).closed


async def approved(world, login: str, kind: str) -> None:
    """Security and the help desk say that it is them, and they are told by mail."""
    await ask(world, login, kind)
    await approve(world, "alan", kind, DESK)
    await approve(world, "bob", kind, DESK)
    await world.person(login).sees("said that it is you. It opens")
    await mailed(world, login, "Two people said that it is you")
    await world.told()


async def opens(world) -> None:
    """Four hours later."""
    world.clock.skip(hours=4, seconds=1)
    await world.app._openings.settle_due()


async def test_a_privileged_password_from_the_refusal_to_the_page(world):
    """P-14, P-4: two people with fresh proofs, four hours, his own proof; the record is one story."""
    konrad, alan = world.person("konrad"), world.person("alan")
    await approved(world, "konrad", "password")
    await alan.sees("Petition for a privileged account: Konrad Zuse", channel=SECURITY)
    whole = await alan.sees(
        TITLE["password"], "Konrad Zuse (konrad", "My phone fell into the sea", channel=SECURITY
    )
    assert "Alan Turing of security approved" in whole.plain
    assert "after showing an authenticator" in whole.plain
    assert not await world.directory.verify_password("p-konrad", NEW)
    await opens(world)
    link = (await konrad.sees("Your page is open until")).link("Continue securely")
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        await browser.send("totp", code=world.phones.codes(konrad.user_id)[0]["code"])
        shown = await browser.send("choose", password=NEW, repeated=NEW)
    assert "Your password was changed" in shown.text
    assert await world.directory.verify_password("p-konrad", NEW)
    await konrad.sees("Your petition was used for a new password")
    await alan.sees(TITLE["password"], "Used", channel=SECURITY)
    subjects = mails(world, "konrad")
    for subject in (
        "Two people are asked whether it is you",
        "Two people said that it is you",
        "Your page is open",
    ):
        assert subjects.count(subject) == 1


async def test_lost_proofs_from_the_word_to_new_recovery_codes(world):
    """P-14, P-5: what is left is shown, a new authenticator is set up, the old one proves nothing any more."""
    ada, origin = world.person("ada"), world.settings.server.public_url
    await approved(world, "ada", "proofs")
    old = LOVELACE.person("ada").seed
    await opens(world)
    link = (await ada.sees("Your page is open until")).link("Continue securely")
    async with Browser(origin) as browser:
        await browser.open(link.removeprefix(origin))
        shown = await browser.send("regain-password", password=LOVELACE.person("ada").password)
        assert "Set up new proofs" in shown.text
        key = re.search(r"secret=([A-Z2-7]+)", shown.html)[1]
        assert key != old
        shown = await browser.send("regain-key", code=pyotp.TOTP(key).at(world.clock.now()))
        assert "recovery codes" in shown.text.lower()
    await ada.sees("New proofs were set up for you")
    await mailed(world, "ada", "New proofs were set up for you")
    record = await world.actions()
    assert record.count("petition.used done") == 1


async def test_the_letter_in_the_cool_off_stops_it_and_the_account(world):
    """P-14, P-6: without signing in, and security hears of it."""
    await approved(world, "ada", "proofs")
    text = await mailed(world, "ada", "Two people said that it is you")
    world.clock.skip(hours=3)
    async with Browser(world.settings.server.public_url) as browser:
        await browser.open(stop_link(world, text))
        assert "It is stopped." in (await browser.send("stop")).text
    assert not (await world.directory.account("p-ada")).active
    await world.person("alan").sees("“This wasn't me”: Ada Lovelace", channel=SECURITY)
    await world.person("bob").sees(TITLE["proofs"], "Stopped", channel=DESK)
    await opens(world)
    assert "petition.opened done" not in await world.actions()


async def test_the_button_in_slack_stops_it_before_anybody_approved(world):
    """P-14: nothing else happens to the account."""
    ada = world.person("ada")
    await ask(world, "ada", "proofs")
    await ada.click(await ada.sees("You asked two people"), "account.not_me")
    await ada.sees("nobody decides about it any more")
    assert (await world.directory.account("p-ada")).active
    await world.person("alan").sees("Petition stopped: Ada Lovelace", channel=SECURITY)
    await world.person("bob").sees(TITLE["proofs"], "Stopped", channel=DESK)


async def test_who_may_not_and_who_is_second_hear_so(world):
    """P-14, R-1: the asker, a stranger to it, an approver without a proof, one person twice, and the second click."""
    ada, bob, charles = world.person("ada"), world.person("bob"), world.person("charles")
    konrad = world.person("konrad")
    await ask(world, "konrad", "password")
    await konrad.click(await konrad.sees(TITLE["password"], "[Approve", channel=DESK), "petition.approve")
    await konrad.sees("You can't decide about the petition of Konrad Zuse", channel=DESK)
    await world.person("alan").sees("Wrong person clicked: the petition of Konrad Zuse", channel=SECURITY)
    await ask(world, "ada", "proofs")
    petition = await bob.sees(TITLE["proofs"], "[Approve", channel=DESK)
    await charles.sees(TITLE["proofs"], "Ada Lovelace (ada")  # her manager hears of it alone, too
    await approve(world, "bob", "proofs", DESK)
    await bob.click(petition, "petition.approve")
    await bob.sees("You approved this before, and you count once", channel=DESK)
    await charles.click(await charles.sees(TITLE["proofs"], "[Deny"), "petition.deny")
    second = await charles.sees_view("Deny petition")
    await bob.click(petition, "petition.deny")
    first = await bob.sees_view("Deny petition")
    assert (await bob.submit(first, {"rationale": "It was not her voice after all"})).closed
    await ada.sees("Your petition was denied by Bob Noyce", "It was not her voice")
    assert not (await charles.submit(second, {"rationale": "I can't reach her"})).closed
    await charles.sees_view("Bob Noyce denied this")


async def test_whoever_decides_reads_whose_account_it_is_from_the_directory(world):
    """Promise 9: whom the row calls otherwise, by a name of before, is not decided about unseen."""
    await ask(world, "ada", "proofs")
    alan = world.person("alan")
    petition = await alan.sees(TITLE["proofs"], "Ada Lovelace (ada", channel=DESK)
    await world.database.write(
        lambda tx: tx.execute(update(Petition).values(name="Bob Noyce", login="bob")) and None
    )
    await alan.click(petition, "petition.deny")
    form = await alan.sees_view("Deny petition")
    assert "Ada Lovelace (ada" in form.plain
    assert "Bob Noyce" not in form.plain
    await alan.click(petition, "petition.approve")
    first = await alan.sees("Before you approve, show on the secure page who you are")
    origin = world.settings.server.public_url
    async with Browser(origin) as browser:
        await browser.open(first.link("Prove who I am").removeprefix(origin))
        shown = await browser.send("totp", code=world.phones.codes(alan.user_id)[0]["code"])
    assert "Ada Lovelace (ada)" in shown.text


async def test_an_approver_who_left_meanwhile_opens_nothing_and_a_restart_forgets_nothing(world):
    """P-14, SL-17: the row is the schedule."""
    await approved(world, "ada", "proofs")
    await world.directory.change_account("p-bob", active=False)
    await world.kill()
    await world.start()
    await opens(world)
    await world.person("ada").sees("Your petition is over", "whoever approved it may not any more")
    await world.person("alan").sees("Petition not opened: Ada Lovelace", channel=SECURITY)


async def asks_at_the_door(world, login: str, what: str = "proofs") -> str:
    """Somebody without Slack asks at the page; what it answered."""
    async with Browser(world.settings.server.public_url) as browser:
        await browser.open("/ask")
        return (await browser.send("ask", login=login, what=what, words="My phone is gone")).text


async def test_the_front_door_answers_everybody_alike_and_tells_the_person_by_mail(world):
    """P-14, P-9: known, unknown, not linked, and asked before; the letter about the opening leads to the page."""
    answers = {await asks_at_the_door(world, login) for login in ("ada", "nobody", "katherine", "ada")}
    assert len(answers) == 1
    assert "Two people are asked, if this login can be helped so" in answers.pop()
    await mailed(world, "ada", "Two people are asked whether it is you")
    assert "petition.asked done" in await world.actions()
    assert (await world.actions()).count("petition.refused refused") == 3
    await approve(world, "alan", "proofs", DESK)
    await approve(world, "bob", "proofs", DESK)
    await mailed(world, "ada", "Two people said that it is you")
    await opens(world)
    text = await mailed(world, "ada", "Your page is open")
    path = next(word for word in text.split() if "/p/" in word).removeprefix(world.settings.server.public_url)
    async with Browser(world.settings.server.public_url) as browser:
        assert "Show what you have left" in (await browser.open(path)).text
