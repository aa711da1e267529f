"""Two bots on one PostgreSQL behind one workspace: what people and directories see is as with one (promise 6)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from bot.app import App
from storage.records import Approval, Grant
from tests.directories.faulty import FaultyDirectory
from tests.ports import free_port
from tests.wire.conftest import World, close_world, first_day_on_a_server, open_world
from tests.wire.steps import approve, ask, undecided

DATA = "C0DATAOWN"
PAST_THE_LEASE = 31


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The first of them."""
    async with first_day_on_a_server(tmp_path) as server:
        opened = await open_world(tmp_path, server=server)
        yield opened
        await close_world(opened)


@pytest.fixture
async def second(world: World) -> AsyncIterator[World]:
    """The other one, on the same database, directory and workspace. Each is given every other payload."""
    server = world.settings.server.model_copy(update={"port": free_port()})
    settings = world.settings.model_copy(update={"server": server})
    faulty = FaultyDirectory(world.directory)
    directories = {faulty.name: faulty}
    app = App(settings, now=world.clock.now, chance=lambda: 0.0, directories=directories, policy=world.policy)
    await app.start()
    other = replace(world, app=app, settings=settings, faulty=faulty)
    yield other
    await other.app.stop()


async def changes(world: World, login: str, group: str) -> list[str]:
    """What was really changed in the directory about one membership."""
    found = await world.directory.effects()
    return [e.what for e in found if e.changed and (e.account, e.group) == (f"p-{login}", group)]


async def test_one_request_through_two_bots_is_one_message_one_effect_and_one_end(world, second):
    """Its draft, sending, approval and end each come to whichever bot is next."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await approve(grace, DATA, "prod-db")
    active = await ada.sees("✅ prod-db")
    assert (await grace.sees("Active until", channel=DATA)).ts == request.ts
    assert [m.ts for m in ada.messages() if m.bot_id] == [active.ts]
    assert await changes(world, "ada", "prod-db-rw") == ["add"]
    world.clock.skip(hours=2)
    await ada.sees("ended at")
    await world.told()
    assert await changes(world, "ada", "prod-db-rw") == ["add", "remove"]
    actions = await world.actions()
    for once in ("grant.requested done", "grant.approved done", "access.given done", "access.removed done"):
        assert actions.count(once) == 1, once
    assert len([m for m in ada.messages() if m.bot_id]) == 1
    assert len([m for m in grace.messages(DATA) if not m.ephemeral]) == 1


async def test_two_who_decide_at_once_at_two_bots_are_one_decision(world, second):
    """The second hears who was faster, whichever bot they came to."""
    ada, grace, linus = world.person("ada"), world.person("grace"), world.person("linus")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    request = await undecided(grace, DATA, "prod-db")
    await undecided(linus, DATA, "prod-db")
    await grace.click(request, "approval.approve")
    await linus.click(request, "approval.deny")
    forms = [await grace.sees_view("Approve request"), await linus.sees_view("Deny request")]
    await asyncio.gather(
        grace.submit(forms[0], {"rationale": "ok for the incident"}),
        linus.submit(forms[1], {"rationale": "not today"}),
    )
    await world.told()
    decided = await world.database.read(lambda tx: list(tx.exec(select(Approval)).all()))
    assert len(decided) == 1
    actions = await world.actions()
    assert actions.count("approval.given done") + actions.count("approval.denied done") == 1
    assert actions.count("approval.late refused") == 1


async def test_many_people_at_two_bots_get_what_they_asked_for_once(world, second):
    """All at the same time, with every end at the same moment."""
    people = [world.person(login) for login in ("ada", "bob", "charles", "linus")]
    await asyncio.gather(*(ask(who, "I need crm-read for 1h because INC-1") for who in people))
    await asyncio.gather(*(who.sees("✅ crm-read") for who in people))
    world.clock.skip(hours=1, seconds=1)
    await asyncio.gather(*(who.sees("ended at") for who in people))
    await world.told()
    assert await world.holders("crm-read") & {"ada", "bob", "charles", "linus"} == set()
    actions = await world.actions()
    assert actions.count("access.given done") == actions.count("access.removed done") == 4
    assert [len([m for m in who.messages() if m.bot_id]) for who in people] == [1, 1, 1, 1]


async def test_the_work_of_a_bot_that_stood_still_is_taken_over_and_its_late_answer_counts_for_nothing(
    world, second
):
    ada = world.person("ada")
    for each in (world.faulty, second.faulty):
        each.timeout = 20
        each.hang("add_member")
    await ask(ada, "I need grafana-edit for 2h because INC-4711")
    await world.until(lambda: world.faulty.hanging + second.faulty.hanging == 1)
    still, going = (world, second) if world.faulty.hanging else (second, world)
    going.faulty.mend()

    async def given() -> bool:
        world.clock.skip(
            seconds=PAST_THE_LEASE
        )  # the one that stands still may come first again, and hangs again
        await asyncio.sleep(1.2)
        return "access.given done" in await world.actions()

    await world.until(given, 20)
    await ada.sees("✅ grafana-edit")
    still.faulty.mend()
    still.faulty.release()
    await world.until(lambda: still.faulty.hanging == 0)
    await world.told()
    assert (await world.actions()).count("access.given done") == 1
    assert await changes(world, "ada", "grafana-editors") == ["add"]
    assert len([m for m in ada.messages() if m.bot_id]) == 1


async def test_one_that_is_replaced_takes_nothing_with_it(world, second):
    """A rolling upgrade: the old one stops, the new one was there before."""
    ada, grace = world.person("ada"), world.person("grace")
    await ask(ada, "I need prod-db for 2h because INC-4711")
    await undecided(grace, DATA, "prod-db")
    await second.stop()
    await approve(grace, DATA, "prod-db")
    await ada.sees("✅ prod-db")
    rows = await world.database.read(lambda tx: list(tx.exec(select(Grant)).all()))
    assert [row.state for row in rows] == ["active"]
