"""What the security channel sees: one message for each exception, with what can be decided, and how it ended.

Each scene is played through the real bot; nothing is put into its store or into a message.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

from playwright.async_api import Page
from sqlalchemy import text
from sqlmodel import delete

from bot.demo.company import LOVELACE
from bot.demo.workspace.messages import Message
from bot.settings import Settings
from handlers.audit.doubts import Doubts
from handlers.audit.taking_over import told_of_unsigned
from handlers.grants.leftovers import Leftovers
from handlers.grants.revocation import Revocation
from storage.audit.sealing import last_checkpoint_id, take_checkpoint
from storage.exceptions import SECURITY as TO_SECURITY
from storage.outbox import owe
from storage.records import Standing, Watched
from tests.browser.gallery.studio import Studio
from tests.wire.backups import back_up, go_back
from tests.wire.steps import SECURITY, approve, ask
from tests.wire.test_leavers import one_more

GRAFANA = "I need grafana-edit for 2h because of the new latency board"


async def told(it: Studio, name: str, *words: str, patience: float = 5) -> Message:
    """Take the exception with these words, as Alan sees it."""
    alert = await it.person("alan").sees(*words, channel=SECURITY, timeout=patience)
    await it.take(name, "alan", alert, channel=SECURITY)
    return alert


async def compared(it: Studio) -> None:
    """Let the bot look at its directories, as it does by itself every few minutes."""
    await it.world.app.compare()


async def refusals(it: Studio) -> None:
    """Asked for what policy refuses, turned away, and a button that was never made."""
    await it.person("eve").say("I need github-admin for 1h because the vendor portal is slow")
    await told(it, "alert-refused-request", "Refused: github-admin")
    await it.person("konrad").say("reset my password")
    await told(it, "alert-refused-self-service", "Refused: a password reset")
    await it.person("greta").say("reset my password")
    await told(it, "alert-turned-away", "Turned away")
    await ask(it.person("ada"), "I need prod-db for 2h because INC-4711")
    request = await it.person("grace").sees("Access request", channel="C0DATAOWN")
    await it.person("grace").click(request, "approval.details", value="made-up")
    await told(it, "alert-forged-click", "No button or form of ours")
    await _changed_by_hand(it)
    it.world.slack.update_user("U0ADA", email="ada@elsewhere.example")
    it.world.clock.skip(minutes=5)
    await it.person("ada").say("what access do I have?")
    await told(it, "alert-identity-mismatch", "Not certain who this is", "changed since it was linked")


async def _changed_by_hand(it: Studio) -> None:
    """Whoever can write to the database makes a request of an hour one of ten days."""
    await it.world.app.database.write(
        lambda tx: (
            tx.connection().execute(text("UPDATE grants SET minutes = 14400 WHERE state = 'pending'"))
            and None
        )
    )
    await Doubts(it.world.app.ground).look()
    await told(it, "alert-row-changed", "Not written by Wicket")
    await it.world.app.database.write(partial(told_of_unsigned, at=it.world.app.ground.now()))
    await told(it, "alert-rows-unsigned", "still count unsigned")


async def drift(it: Studio) -> None:
    """Other hands changed the directory: what can be decided, and what was."""
    alan, ada = it.person("alan"), it.person("ada")
    await it.world.directory.put_in_group("prod-db-rw", "p-bob")
    await compared(it)
    stranger = await told(it, "alert-unexplained", "Not given by Wicket")
    await alan.click(stranger, "drift.adopt")
    form = await alan.sees_view("Adopt for a time")
    await alan.choose(form, "duration", "1h")
    await alan.choose(form, "rationale", "he is on call")
    await it.take_form("form-adopt", "alan")
    await alan.close_view()
    await alan.click(stranger, "drift.remove")
    await told(it, "alert-unexplained-removed", "Removed by Alan Turing at", "The directory agrees since")
    await it.world.directory.put_in_group("wiki-editors", "p-bob")
    await compared(it)
    another = await alan.sees("Not given by Wicket: wiki-edit", channel=SECURITY)
    await alan.click(another, "drift.declare")
    form = await alan.sees_view("Which team answers for it?")
    review = (it.world.clock.now() + timedelta(days=90)).date().isoformat()
    await alan.choose(form, "review", review)
    await alan.choose(form, "rationale", "he writes the handbook")
    await it.take_form("form-declare", "alan")
    await alan.submit(form)
    await told(it, "alert-unexplained-declared", "Declared standing by Alan Turing at")
    await ask(ada, GRAFANA)
    await ada.sees("✅ grafana-edit")
    await asyncio.sleep(0.5)
    await it.world.directory.take_from_group("grafana-editors", "p-ada")
    await compared(it)
    await told(it, "alert-vanished", "Gone from the directory")
    it.world.clock.skip(days=91)
    await compared(it)
    await told(it, "alert-review-due", "Review due")


async def first_look(it: Studio) -> None:
    """A group that was put under Wicket with people in it."""

    def forget(tx) -> None:
        tx.exec(delete(Standing).where(Standing.group == "wiki-editors"))
        tx.exec(delete(Watched).where(Watched.group == "wiki-editors"))

    await it.world.database.write(forget)
    await compared(it)
    await told(it, "alert-found-standing", "Stood before Wicket")


async def groups_gone(it: Studio) -> None:
    """A group that is no longer there, and an account with a grant that is not."""
    ada = it.person("ada")
    await ask(ada, GRAFANA)
    await ada.sees("✅ grafana-edit")
    await it.world.directory.drop_group("grafana-editors")
    await compared(it)
    await told(it, "alert-group-gone", "The group of grafana-edit is gone")
    it.world.clock.skip(hours=2, seconds=1)
    await told(it, "alert-target-gone", "A group is gone")


async def late(it: Studio) -> None:
    """A removal that the directory does not carry out: told, told again to whoever can act, settled."""
    ada, alan = it.person("ada"), it.person("alan")
    await ask(ada, GRAFANA)
    await ada.sees("✅ grafana-edit")
    it.world.faulty.error("remove_member")
    it.world.clock.skip(hours=2, seconds=61)
    await told(it, "alert-overdue", "Revocation overdue", patience=12)
    it.world.clock.skip(minutes=15)
    await told(it, "alert-overdue-paged", "overdue by 16 minutes", "Owner: Observability", patience=12)
    it.world.faulty.mend()
    it.world.clock.skip(minutes=5)
    await alan.sees("Revocation overdue", "Settled", channel=SECURITY)
    await told(it, "alert-overdue-settled", "Revocation overdue", "Settled")


async def a_wrong_clock(it: Studio) -> None:
    """Something is given while the clock is three days ahead; then it is set right."""
    ada = it.person("ada")
    it.world.clock.skip(days=3)
    await ask(ada, GRAFANA)
    await ada.sees("✅ grafana-edit")
    it.world.clock.skip(days=-3)
    await Revocation(it.world.app.ground).end_sooner()
    await told(it, "alert-clock-ahead", "The clock was set back", patience=15)
    await it.take(
        "request-ends-sooner", "ada", await ada.sees("✅ grafana-edit", "The clock was ahead", timeout=15)
    )


async def left_over(it: Studio) -> None:
    """Somebody has what is not in the catalogue any more."""
    await ask(it.person("ada"), GRAFANA)
    await it.person("ada").sees("✅ grafana-edit")
    ground = it.world.app.ground
    others = {name: one for name, one in ground.catalogue.entitlements.items() if name != "grafana-edit"}
    await Leftovers(replace(ground, catalogue=replace(ground.catalogue, entitlements=others))).look()
    await told(it, "alert-left-catalogue", "Not in the catalogue any more: grafana-edit", patience=15)


async def outage(it: Studio) -> None:
    """A whole directory that does not answer while much is due: one message."""
    for login in ("ada", "bob", "charles", "joan", "linus", "grace"):
        for thing in ("grafana-edit", "crm-read"):
            await ask(it.person(login), f"I need {thing} for 2h because of the audit")
            await it.person(login).sees(f"✅ {thing}")
    it.world.faulty.error()
    it.world.clock.skip(hours=2, seconds=61)
    await told(it, "alert-outage", "Revocations overdue", patience=20)


async def not_following(it: Studio) -> None:
    """A directory that says yes and does not do it."""
    it.world.faulty.lie("add_member")
    await ask(it.person("ada"), GRAFANA)
    for _ in range(8):
        await asyncio.sleep(0.5)
        it.world.clock.skip(seconds=15)
    await told(it, "alert-not-following", "The directory does not follow", patience=12)


async def unread(it: Studio) -> None:
    """A directory that cannot be read, so that nobody sees what other hands do there."""
    it.world.faulty.error("group", "membership", "memberships_of", "group_names")
    for _ in range(4):
        await compared(it)
        it.world.clock.skip(minutes=30)
    await told(it, "alert-not-compared", "Not compared", patience=12)


async def an_owner(it: Studio) -> None:
    """A team that nobody can reach."""
    it.world.slack.update_channel("C0DATAOWN", is_archived=True)
    await ask(it.person("ada"), "I need prod-db for 2h because INC-4711")
    await told(it, "alert-owner-unreachable", "cannot be reached")


async def leavers(it: Studio) -> None:
    """Somebody left; and a directory that has lost too many at once."""
    ada = it.person("ada")
    await ask(ada, GRAFANA)
    await ada.sees("✅ grafana-edit")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await ada.sees("⏳ prod-db")
    await it.world.directory.change_account("p-ada", active=False)
    await compared(it)
    await told(it, "alert-left", "Left: Ada Lovelace")


async def many_left(it: Studio) -> None:
    """A directory that lost almost everybody at once: nothing is ended before a person says so."""
    for one in LOVELACE.people:
        if one.in_directory and one.login not in ("alan", "konrad"):
            await it.world.directory.change_account(one.account, active=False)
    for number in range(3):
        await one_more(it.world, number)
    await compared(it)
    await told(it, "alert-many-left", "Halted")


async def set_back(it: Studio) -> None:
    """Records that were restored from an older copy: new access stops until a person has looked."""
    alan, bob = it.person("alan"), it.person("bob")
    await it.world.told()
    await asyncio.sleep(1.5)
    copy = back_up(it.world)
    await ask(bob, GRAFANA)
    await bob.sees("✅ grafana-edit")
    await asyncio.sleep(1.5)
    await it.world.stop()
    go_back(it.world, copy)
    await it.world.start()
    stopped = await told(it, "alert-stopped", "New access is stopped")
    await ask(it.person("ada"), "I need prod-db for 2h because INC-4711")
    await it.take("answer-stopped", "ada", await it.person("ada").sees("Stopped since"))
    await alan.click(stopped, "freeze.resume")
    form = await alan.sees_view("New access again")
    await alan.choose(form, "rationale", "compared with the checkpoints in this channel")
    await it.take_form("form-resume", "alan")
    await alan.submit(form)
    await told(it, "alert-resumed", "Started again by Alan Turing")


async def a_broken_policy(it: Studio) -> None:
    """A policy that cannot be evaluated refuses, and security hears of it."""
    await it.person("ada").say("I need prod-db for 1h because INC-4711")
    await told(it, "alert-policy-error", "A policy could not be evaluated")


async def two_accounts(it: Studio) -> None:
    """Two accounts of another directory have the number of whoever asks."""
    assert it.world.beside is not None
    lab = it.world.beside.directory
    await it.world.directory.change_account("p-ada", person="1815")
    await lab.change_account("p-countess", person="1815")
    await lab.add_account("p-twin", login="twin", name="T. King", mail="", person="1815")
    await it.person("ada").say("I need lab-notes for 2h because INC-4711")
    await told(it, "alert-ambiguous", "Not certain whose account")


async def a_lost_directory(it: Studio) -> None:
    """A directory that is not in the settings any more, with a grant in it."""
    ada, world = it.person("ada"), it.world
    assert world.beside is not None
    await world.directory.change_account("p-ada", person="1815")
    await world.beside.directory.change_account("p-countess", person="1815")
    await ask(ada, "I need lab-notes for 2h because INC-4711")
    await ada.sees("✅ lab-notes")
    await world.stop()
    world.beside.directory.close()
    world.settings = _without(world.settings, "lab")
    world.beside = None
    await world.start()
    await told(it, "alert-directory-missing", "Not in wicket.toml any more")


async def on_the_secure_page(it: Studio) -> None:
    """What is told of a visit to the secure page: changed, not known, and locked after too many wrong codes."""
    ada, bob = it.person("ada"), it.person("bob")
    await _new_password(it, "ada", "seven brass gears turn slowly")
    await it.take("notice-password-changed", "ada", await ada.sees("✅ Your password was changed"))
    it.world.clock.skip(minutes=5)
    it.world.faulty.hang("set_password")
    await _new_password(it, "bob", "nine copper wheels turn slowly")
    await it.take("notice-password-unknown", "bob", await bob.sees("I don't know whether"))
    await told(it, "alert-change-unsure", "Unknown: whether")
    it.world.faulty.mend()
    page = await _secure_page(it, "mary")
    for _ in range(12):
        code = page.get_by_label("Code from your authenticator")
        if not await code.count():
            break
        await code.fill("000000")
        await page.get_by_role("button", name="Continue").click()
    await told(it, "alert-page-lockout", "Secure page locked")


async def a_checkpoint(it: Studio) -> None:
    """What `wicket audit checkpoint` signs, as the channel keeps it."""
    await ask(it.person("ada"), GRAFANA)
    await it.person("ada").sees("✅ grafana-edit")
    now, signer = it.world.clock.now(), it.world.settings.secrets.signer()

    def sign(tx) -> None:
        take_checkpoint(tx, signer, at=now)
        number = str(last_checkpoint_id(tx))
        owe(tx, at=now, courier="slack", kind="checkpoint", subject=number, recipient=TO_SECURITY)

    await it.world.database.write(sign)
    await told(it, "checkpoint", "Audit checkpoint", patience=15)


async def a_story(it: Studio) -> None:
    """A request from the asking to its end, as its owner has it told."""
    await ask(it.person("ada"), "I need prod-db for 2h because INC-4711")
    grace = it.person("grace")
    await approve(grace, "C0DATAOWN", "prod-db")
    await grace.sees("Active until", channel="C0DATAOWN")
    it.world.clock.skip(hours=2, seconds=1)
    over = await grace.sees("Ended at", channel="C0DATAOWN")
    await grace.click(over, "story.tell")
    await grace.sees_view("What happened")
    await it.take_form("form-story", "grace")


async def a_week(it: Studio) -> None:
    """A week in which something happened, and one in which nothing did."""
    await ask(it.person("ada"), GRAFANA)
    await ask(it.person("ada"), "I need prod-db for 2h because INC-4711")
    await approve(it.person("grace"), "C0DATAOWN", "prod-db")
    await it.person("ada").sees("✅ prod-db")
    it.world.clock.skip(hours=2, seconds=1)
    await it.person("grace").sees("Ended at", channel="C0DATAOWN")
    await it.person("ada").sees("⌛ grafana-edit")
    await it.person("eve").say("I need github-admin for 1h because the vendor portal is slow")
    await it.person("alan").sees("Refused: github-admin", channel=SECURITY)
    await it.world.told()
    for name, words in (("digest", "The week in numbers"), ("digest-quiet", "A quiet week")):
        it.world.clock.skip(days=7)
        await it.world.app.bulletins.owe_due()
        await told(it, name, words, patience=15)


async def _new_password(it: Studio, login: str, password: str) -> None:
    page = await _secure_page(it, login)
    code = it.world.phones.codes(it.person(login).user_id)[0]["code"]
    await page.get_by_label("Code from your authenticator").fill(code)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("New password").fill(password)
    await page.get_by_label("The same once more").fill(password)
    await page.get_by_role("button", name="Change my password").click()


async def _secure_page(it: Studio, login: str) -> Page:
    said = await it.person(login).say("reset my password")
    there = await it.person(login).sees("Continue", after=said.ts)
    await it.page.goto(there.link("Continue securely"))
    return it.page


async def undeliverable(it: Studio) -> None:
    """A letter that the mail server does not take."""
    it.world.phones._addresses.clear()  # it knows nobody from now on
    await _new_password(it, "bob", "nine copper wheels turn slowly")
    await told(it, "alert-undeliverable", "Undeliverable: a mail to", patience=12)


async def not_streamed(it: Studio) -> None:
    """A collector that is away: what it has not taken waits, and security hears of it."""
    await ask(it.person("ada"), GRAFANA)
    await it.person("ada").sees("✅ grafana-edit")
    for _ in range(3):
        await asyncio.sleep(1.5)
        it.world.clock.skip(minutes=8)
    await told(it, "alert-not-streamed", "The audit log is not taken", patience=12)


def _without(settings: Settings, directory: str) -> Settings:
    """The settings as they are when an operator took a directory out, with what is in it."""
    catalogue = settings.catalogue
    left = {name: one for name, one in catalogue.entitlements.items() if one.directory != directory}
    directories = {name: one for name, one in settings.directories.items() if name != directory}
    return settings.model_copy(
        update={"directories": directories, "catalogue": replace(catalogue, entitlements=left)}
    )
