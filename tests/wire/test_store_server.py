"""A database server that goes, over the wire: an honest answer, nothing half-done, and back by itself (A-7)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.engine.stores import Server
from tests.storage.postgres import Mortal, postgres
from tests.storage.proxy import Proxy
from tests.wire.conftest import (
    World,
    close_world,
    first_day_on_a_server,
    make_first_day,
    open_world,
    sow,
)
from tests.wire.steps import ask

PAST_THE_LEASE = 31
CANNOT = "I can't write to my records right now, so nothing was done"


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """What stands between the bot and its database."""
    async with Proxy(postgres().port) as made:
        yield made


@pytest.fixture
async def world(tmp_path: Path, proxy: Proxy) -> AsyncIterator[World]:
    """The bot, which reaches its database through the proxy."""
    async with first_day_on_a_server(tmp_path) as direct:
        name = direct.url.partition("@/")[2].partition("?")[0]
        url = f"postgresql://wicket@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
        opened = await open_world(tmp_path, server=Server(url=url))
        yield opened
        await close_world(opened)


async def test_people_hear_that_nothing_was_done_while_the_server_is_away(world, proxy):
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.told()
    proxy.before = lambda _: "cut"
    proxy.break_all()
    await ada.say("I need crm-read for 1h because INC-2")
    await ada.sees(CANNOT)
    world.clock.skip(hours=1, seconds=1)
    await asyncio.sleep(0.7)
    assert "ada" in await world.holders("grafana-edit")
    proxy.before = lambda _: None
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")
    actions = await world.actions()
    assert actions.count("access.removed done") == 1


async def test_an_answer_that_was_lost_over_a_commit_is_no_lie_and_no_second_effect(world, proxy):
    """The commit stands, so the bot goes on as if it had heard so."""
    ada = world.person("ada")
    await ada.say("I need grafana-edit for 1h because INC-1")
    draft = await ada.sees("You are asking for")
    await world.told()
    recorded: list[bytes] = []
    lost: list[bytes] = []

    def lose_some(piece: bytes) -> str | None:
        if b"INSERT INTO audit_entries" in piece:
            recorded.append(piece)
        if b"COMMIT\0" in piece and len(recorded) > len(lost) and len(lost) < 3:
            lost.append(piece)
            return "deaf"
        return None

    proxy.before = lose_some
    await ada.click(draft, "draft.send")

    async def given() -> bool:
        world.clock.skip(seconds=PAST_THE_LEASE)  # every other connection breaks with it, whatever it was at
        await asyncio.sleep(0.5)
        return "access.given done" in await world.actions()

    await world.until(given, 20)
    world.clock.skip(seconds=PAST_THE_LEASE)
    await ada.sees("✅ grafana-edit")
    assert lost
    actions = await world.actions()
    assert actions.count("grant.approved done") == actions.count("access.given done") == 1
    assert len([m for m in ada.messages() if m.bot_id]) == 1


async def test_what_cannot_be_known_is_said_to_be_unknown(world, proxy):
    """The server falls silent in the middle: to say that nothing was done would be a guess."""
    ada = world.person("ada")
    await ada.say("what access do I have?")
    await ada.sees("You hold")
    await world.told()

    def silence(piece: bytes) -> str | None:
        if b"INSERT INTO grants" in piece:
            proxy.hang()
        return None

    proxy.before = silence
    await ada.say("I need grafana-edit for 1h because INC-1")
    try:
        await ada.sees("My records went away at the very moment of writing")
    finally:
        proxy.before = lambda _: None
        proxy.go_on()
    await ada.say("what access do I have?")
    await ada.sees("You hold")


async def test_a_server_that_is_killed_and_started_again_is_gone_for_so_long_and_no_longer(tmp_path):
    """What was being written when it died is not there or whole, and the bot needs nobody's hand."""
    mortal = Mortal()
    try:
        await sow(tmp_path)
        mortal.server.template("first_day", make_first_day)
        world = await open_world(tmp_path, server=mortal.server.server("first_day"))
        ada = world.person("ada")
        await ask(ada, "I need grafana-edit for 1h because INC-1")
        await ada.sees("✅ grafana-edit")
        await world.told()
        mortal.kill()
        await ada.say("I need crm-read for 1h because INC-2")
        await ada.sees(CANNOT)
        world.clock.skip(hours=1, seconds=1)
        mortal.start()
        await ada.sees("grafana-edit · edit ended at")
        assert "ada" not in await world.holders("grafana-edit")
        await ask(ada, "I need crm-read for 1h because INC-2")
        await ada.sees("✅ crm-read")
        assert (await world.actions()).count("access.removed done") == 1
        await close_world(world)
    finally:
        mortal.end()


async def test_a_failover_to_a_server_that_is_read_only_for_a_while_is_waited_for(world, proxy):
    """It answers and takes nothing: people hear that nothing was done, and ends come right after."""
    ada = world.person("ada")
    await ask(ada, "I need grafana-edit for 1h because INC-1")
    await ada.sees("✅ grafana-edit")
    await world.told()
    name = world.settings.store.url.rpartition("/")[2].partition("?")[0]
    postgres().run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    proxy.break_all()
    await ada.say("I need crm-read for 1h because INC-2")
    await ada.sees(CANNOT)
    world.clock.skip(hours=1, seconds=1)
    await asyncio.sleep(0.7)
    assert "ada" in await world.holders("grafana-edit")
    postgres().run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    proxy.break_all()
    await ada.sees("ended at")
    assert "ada" not in await world.holders("grafana-edit")
    await ask(ada, "I need crm-read for 1h because INC-2")
    await ada.sees("✅ crm-read")
