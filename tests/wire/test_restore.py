"""A store that is set back, over the wire: nothing new until a person confirms, everything else goes on (T-2, T-4)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from bot.app import App
from bot.demo.workspace.messages import Message
from storage.audit import log
from storage.audit.epochs import OPENED
from storage.audit.verification import verify_log
from storage.freezes import open_ones
from storage.records import Proof
from tests.directories.faulty import FaultyDirectory
from tests.ports import free_port
from tests.wire.backups import PUBLISHED, back_up, go_back, published, published_world
from tests.wire.conftest import World
from tests.wire.steps import SECURITY, ask, deny, fill_in, undecided

DATA = "C0DATAOWN"
RESTORED = "My records were restored from an older copy"


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with published_world(tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
async def on_file(tmp_path: Path) -> AsyncIterator[World]:
    """Where nobody named a file: what each of these shows holds without that."""
    async with published_world(tmp_path, "sqlite", is_named=False) as opened:
        yield opened


async def set_back(world: World, copy: Path) -> Message:
    """Stop, go back to the copy, start; the message that Alan sees about it."""
    await world.stop()
    go_back(world, copy)
    await world.start()
    return await world.person("alan").sees("New access is stopped", "older copy", channel=SECURITY)


async def let_begin(world: World, message: Message, login: str = "alan") -> None:
    """Confirm, as a person of the security team does."""
    who = world.person(login)
    await who.click(message, "freeze.resume")
    form = await who.sees_view("New access again")
    assert (await who.submit(form, {"rationale": "compared with the channel"})).closed


async def test_yesterdays_backup_stops_new_access_until_a_person_confirms(world):
    """Access given since is asked about, what ended since is seen, ends go on, and then all is as ever."""
    ada, bob, alan = world.person("ada"), world.person("bob"), world.person("alan")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await ask(ada, "I need crm-read for 3h because INC-2")
    given = await ada.sees("✅ crm-read")
    await world.told()
    copy = back_up(world)
    entries = len(await world.actions())
    await ask(bob, "I need grafana-edit for 2h because INC-3")
    await bob.sees("✅ grafana-edit")
    await ada.click(given, "grant.give_back")
    await ada.sees("crm-read · read ended at")

    stopped = await set_back(world, copy)
    assert "are gone" in stopped.plain
    assert (await world.actions())[entries] == f"{OPENED} done"
    await alan.sees("Not given by Wicket", "(bob)", channel=SECURITY)
    await alan.sees("Gone from the directory: crm-read of Ada", channel=SECURITY)
    assert await world.holders("grafana-edit") >= {"ada", "bob"}

    await ada.slash("/wicket", "request")
    asking = await ada.sees_view("What do you need?")
    refused = await fill_in(ada, "staging-db", "1h", "INC-4")
    assert RESTORED in refused.errors["justification"]
    world.clock.skip(hours=1)
    await ada.sees("grafana-edit · edit ended at")
    assert "ada" not in await world.holders("grafana-edit")
    assert await world.holders("staging-db") == {"grace", "linus"}

    await let_begin(world, stopped)
    over = await alan.sees("Started again by Alan Turing", "compared with the channel", channel=SECURITY)
    assert (over.ts, list(over.buttons)) == (stopped.ts, ["story.alert"])
    assert asking.id == refused.view.id
    assert (await ada.submit(refused.view, {})).closed
    await ada.sees("✅ staging-db")
    assert "bob" in await world.holders("grafana-edit")
    signer = world.settings.secrets.signer()
    await world.until(lambda: _signed_all(world))
    notes = published(world)
    lost = [note for note in notes if "/epoch-" not in note][-1]
    report = await world.database.read(
        lambda tx: verify_log(tx, verifier=signer.verifier, notes=[notes[0], lost, notes[-1]])
    )
    assert (report.sound, report.lost) == (True, 1)
    assert len(report.epochs) == 1


async def _signed_all(world) -> bool:
    size = (await world.database.read(log.head)).size
    return bool(published(world)) and published(world)[-1].split("\n")[1] == str(size)


async def test_approving_waits_denying_does_not_and_a_lapse_is_put_off(on_file):
    """Whoever approves hears why at once, with their words kept; nobody's request lapses for it."""
    world = on_file
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-1")
    await undecided(grace, DATA, "prod-db")
    await ask(world.person("bob"), "I need staging-db for 1h because INC-2")
    await world.person("bob").sees("✅ staging-db")
    await world.told()
    copy = back_up(world)
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    stopped = await set_back(world, copy)
    await grace.click(await undecided(grace, DATA, "prod-db"), "approval.approve")
    form = await grace.sees_view("Approve request")
    refused = await grace.submit(form, {"rationale": "ok for the incident"})
    assert RESTORED in refused.errors["rationale"]
    world.clock.skip(hours=23, minutes=45)
    await world.until(lambda: _did(world, "grant.put_off done"))
    world.clock.skip(minutes=20)
    assert "grant.lapsed done" not in await world.actions()
    await let_begin(world, stopped)
    await world.person("alan").sees("Started again", channel=SECURITY)
    assert (await grace.submit(refused.view, {})).closed
    await ada.sees("✅ prod-db")
    assert "approval.stopped refused" in await world.actions()


async def test_a_request_is_denied_while_new_access_is_stopped(on_file):
    world = on_file
    ada, linus = world.person("ada"), world.person("linus")
    await ask(ada, "I need prod-db for 2h because INC-1")
    await undecided(linus, DATA, "prod-db")
    await world.told()
    copy = back_up(world)
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    await set_back(world, copy)
    await deny(linus, DATA, "prod-db", "not today")
    await ada.sees("was denied by Linus")


async def _did(world, what: str) -> bool:
    return what in await world.actions()


async def test_only_security_confirms_once_and_the_second_hears_who_did(on_file):
    """The wrong person is told of, two at once are one, and a forged value does nothing."""
    world = on_file
    alan, joan, konrad = (world.person(login) for login in ("alan", "joan", "konrad"))
    copy = back_up(world)
    await alan.say("what access do I have?")
    await alan.sees("You hold")
    message = await set_back(world, copy)
    await konrad.click(message, "freeze.resume")
    await konrad.sees("You can't decide this one", channel=SECURITY)
    await alan.sees("tried to let new access begin again", channel=SECURITY)
    forms = []
    for who in (alan, joan):
        await who.click(message, "freeze.resume")
        forms.append(await who.sees_view("New access again"))
    first, second = await asyncio.gather(
        *(who.submit(form, {"rationale": "looked"}) for who, form in zip((alan, joan), forms, strict=True))
    )
    assert sorted([first.closed, second.closed]) == [False, True]
    late = second if first.closed else first
    assert "let new access begin again at" in late.view.plain
    assert (await world.actions()).count("access.resumed done") == 1


async def test_it_stays_stopped_over_restarts_and_opens_one_epoch(on_file):
    world = on_file
    ada = world.person("ada")
    copy = back_up(world)
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    await set_back(world, copy)
    await world.restart()
    await world.restart()
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees(RESTORED)
    assert "ada" not in await world.holders("grafana-edit")
    assert (await world.actions()).count(f"{OPENED} done") == 1
    assert len(await world.database.read(open_ones)) == 1


async def test_a_button_of_the_lost_time_says_why_it_does_nothing(on_file):
    """Its message stands in the channel, its request is not known any more; nobody is called a forger for it."""
    world = on_file
    ada, grace, alan = world.person("ada"), world.person("grace"), world.person("alan")
    copy = back_up(world)
    await ask(ada, "I need prod-db for 2h because INC-1")
    request = await undecided(grace, DATA, "prod-db")
    waiting = await ada.sees("waiting for Data Platform")
    await world.told()
    await set_back(world, copy)
    await grace.click(request, "approval.approve")
    await grace.sees("from a time that my records no longer hold", channel=DATA)
    await ada.click(waiting, "request.withdraw")
    await ada.sees("from a time that my records no longer hold")
    assert "approval.tampered refused" in await world.actions()
    await world.told()
    assert not [m for m in alan.messages(SECURITY) if m.says("Forged")]


async def test_codes_of_yesterday_are_worth_nothing(on_file):
    """A recovery code that was used in the lost time must not work twice; no reset while nobody has looked."""
    world = on_file
    ada = world.person("ada")
    copy = back_up(world)
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    await set_back(world, copy)
    await ada.say("reset my password")
    await ada.sees("I can't do that here", RESTORED)
    step = int(world.clock.now().timestamp()) // 30
    rows = await world.database.read(lambda tx: tx.exec(select(Proof)).all())
    assert all(row.used_step >= step for row in rows if row.kind == "totp")
    assert all(row.used_at is not None for row in rows if row.kind == "recovery_code")
    await ada.say("unlock my account")
    await ada.sees("not locked")


async def test_a_store_that_is_swapped_under_a_running_bot_is_noticed_by_itself(tmp_path):
    """The schedule compares too, and the process remembers what it signed, with the file gone as well."""
    async with published_world(tmp_path, "postgresql") as world:
        ada, alan = world.person("ada"), world.person("alan")
        copy = back_up(world)
        await ada.say("what access do I have?")
        await ada.sees("You hold")
        await world.until(lambda: _signed_all(world))
        (world.folder / PUBLISHED).unlink()
        go_back(world, copy)
        await alan.sees("New access is stopped", channel=SECURITY)


async def test_replicas_all_see_it_and_one_epoch_is_opened(tmp_path):
    async with published_world(tmp_path, "postgresql") as world:
        ada = world.person("ada")
        copy = back_up(world)
        await ada.say("what access do I have?")
        await ada.sees("You hold")
        message = await set_back(world, copy)
        server = world.settings.server.model_copy(update={"port": free_port()})
        settings = world.settings.model_copy(update={"server": server})
        faulty = FaultyDirectory(world.directory)
        other = App(settings, now=world.clock.now, chance=lambda: 0.0, directories={faulty.name: faulty})
        await other.start()
        second = replace(world, app=other, settings=settings, faulty=faulty)
        try:
            for _ in range(2):  # payloads go to one and the other by turns
                await ask(ada, "I need grafana-edit for 1h because INC-1")
                await ada.sees(RESTORED)
            assert (await second.actions()).count(f"{OPENED} done") == 1
            await let_begin(world, message)
            await world.person("alan").sees("Started again", channel=SECURITY)
            await ask(ada, "I need crm-read for 1h because INC-2")
            await ada.sees("✅ crm-read")
        finally:
            await other.stop()
