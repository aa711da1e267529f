"""Everything of one person revoked in one act: what ends, what goes on by itself, and what is said of it."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from handlers.grants.revoking_all import RevokingAll
from handlers.intents import Where
from handlers.outcomes import Repeated
from handlers.stops.outcomes import (
    AllRevoked,
    MayNotStop,
    MayRevokeAll,
    NobodyFound,
    RevokeAll,
    RevokedBefore,
)
from storage import holdings
from storage.alarms import Effect, reported
from storage.records import Alarm, RevokedAll, VoidedApproval
from storage.states import GrantState
from tests.handlers.access_ground import CATALOGUE, World, thing
from tests.handlers.access_ground import world as open_world
from tests.storage.rows import keep

CLI = Where(transport="cli")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


async def revoke(world: World, whom: str, by: str = "sam", delivery: str = "", **ticks: bool) -> Any:
    intent = RevokeAll(
        **await world.intent(by, delivery), whom=whom, rationale="their phone was stolen", **ticks
    )
    return await RevokingAll(world.ground).revoke(intent)


async def look(world: World) -> None:
    """The schedule, with the alarm seen to."""
    await RevokingAll(world.ground).look()


async def facts(world: World) -> Any:
    return [row for row in await world.exceptions() if row.kind == "not-me"][-1].facts


async def seen_to(world: World) -> None:
    def work(tx: Any) -> None:
        for alarm in tx.exec(select(Alarm)).all():
            alarm.settled_at, alarm.sessions = world.clock(), Effect.DONE
            tx.add(alarm)

    await world.ground.database.write(work)


async def test_grants_requests_and_approvals_end_in_one_act_with_a_report(world: World) -> None:
    """One transaction; what the directory has to do is read back before it is reported as done."""
    held = await world.given("grace")
    asked = await world.asked("grace", "prod-admin")
    others = await world.asked("ada", "prod-admin")
    await world.decide("grace", others)
    done = await revoke(world, "grace")
    assert isinstance(done, AllRevoked)
    assert (done.stock.grants, done.stock.requests, done.stock.approvals) == (1, 1, 1)
    assert [one.why for one in await world.rows(VoidedApproval)] == [
        "security revoked everything of this person"
    ]
    assert (await world.grant(others)).missing == {"owner": 1, "security": 1}
    assert (await world.last("approval.voided"))["facts"]["act"] == done.handle
    assert await world.state(held) == GrantState.ENDING
    assert await world.state(asked) == GrantState.VOIDED
    assert ("staff", "grace") in await world.ground.database.read(reported)
    assert (await facts(world))["left"] == 1
    await world.settle()
    assert not await world.holds("grace")
    await seen_to(world)
    await look(world)
    assert (await facts(world))["finished_at"]
    assert (await facts(world))["left"] == 0
    begun, finished = await world.last("revoke_all.begun"), await world.last("revoke_all.finished")
    assert begun["correlation"] == finished["correlation"] == done.handle
    assert begun["facts"]["ended"] == [held]
    assert (await world.last("grant.ended_early"))["facts"]["act"] == done.handle


async def test_what_is_asked_afterwards_is_refused_until_security_lets_them_in(world: World) -> None:
    """The alarm keeps them stopped (P-6)."""
    await revoke(world, "ada")
    await world.ask("ada", "wiki-edit")
    assert [row.state for row in await world.rows_of_grants()] == [GrantState.REFUSED]
    assert not await world.holds("ada")


async def test_whoever_may_not_revokes_nothing_and_it_is_told(world: World) -> None:
    """Promise 5: security alone, looked up live."""
    held = await world.given("ada")
    assert isinstance(await revoke(world, "ada", by="charles"), MayNotStop)
    assert await world.state(held) == GrantState.ACTIVE
    assert await world.actions("revoke_all") == ["revoke_all.refused refused"]
    assert await world.kinds() == ["wrong-approver"]


async def test_twice_and_delivered_twice_is_once(world: World) -> None:
    """Promise 6."""
    await world.given("ada")
    assert isinstance(await revoke(world, "ada", delivery="d"), AllRevoked)
    assert await revoke(world, "ada", delivery="d") == Repeated()
    before = await revoke(world, "ada")
    assert isinstance(before, RevokedBefore)
    assert before.by == "Sam"
    assert len(await world.rows(RevokedAll)) == 1


async def test_oneself_another_of_security_somebody_gone_and_nobody(world: World) -> None:
    """It is shown before what there is about them; who is gone is known from the rows."""
    held = await world.given("ada")
    await world.local.drop_account("ada")
    consider = RevokingAll(world.ground).consider
    own = await consider(RevokeAll(**await world.intent("sam"), whom="sam"))
    assert isinstance(own, MayRevokeAll)
    assert own.oneself
    assert own.of_security
    gone = await consider(RevokeAll(**await world.intent("sam"), whom="ada"))
    assert isinstance(gone, MayRevokeAll)
    assert gone.gone
    assert gone.stock.grants == 1
    assert await revoke(world, "nobody") == NobodyFound()
    assert isinstance(await revoke(world, "ada"), AllRevoked)
    assert await world.state(held) == GrantState.ENDING


async def test_a_service_account_by_its_login_and_by_an_operator(world: World) -> None:
    """There is nobody to ask in Slack."""
    await world.local.add_account("robot", login="svc-robot", name="Robot", mail="", employment="service")
    done = await RevokingAll(world.ground).by_operator("svc-robot", "leaked", CLI, switch_off=True)
    assert isinstance(done, AllRevoked)
    (alarm,) = await world.rows(Alarm)
    assert (alarm.account, alarm.disabled) == ("robot", Effect.WANTED)


async def test_a_hanging_directory_is_told_of_and_it_goes_on_by_itself(world: World) -> None:
    """Promise 7: what is not gone yet is named, and nothing is said to be done before it is read back."""
    await world.given("ada")
    world.faulty.error("remove_member", "remove_members", "membership", "memberships_of")
    assert isinstance(await revoke(world, "ada"), AllRevoked)
    await world.settle()
    await look(world)
    (not_yet,) = (await facts(world))["not_yet"]
    assert not_yet["entitlement"] == "wiki-edit"
    assert not_yet["fault"]
    assert "finished_at" not in await facts(world)
    world.faulty.mend()
    world.clock.forward(hours=1)
    await world.settle()
    await seen_to(world)
    await look(world)
    assert (await facts(world))["finished_at"]
    assert not await world.holds("ada")


async def test_a_kill_in_the_middle_is_gone_on_from(world: World) -> None:
    """Promise 1: the row is the schedule, so another process ends what was begun and reports it."""
    await world.given("ada")
    await revoke(world, "ada")
    await world.crash(await world.begin("memberships_of"))
    world.faulty.mend()
    await world.settle()
    await seen_to(world)
    await look(world)
    assert not await world.holds("ada")
    assert (await facts(world))["left"] == 0


async def test_two_hundred_grants_end_within_ten_seconds_of_work(tmp_path: Path) -> None:
    """Measured by processor time, from the act to the report."""
    names = [f"thing-{number}" for number in range(200)]
    catalogue = replace(CATALOGUE, entitlements={name: thing(name) for name in names})
    async with open_world(tmp_path, catalogue=catalogue) as world:
        for name in names:
            await world.local.add_group(name)
            await world.local.put_in_group(name, "ada")

        def hold(tx: Any) -> None:
            now = world.clock()
            for name in names:
                grant = keep(
                    tx, now, GrantState.ACTIVE, id=f"g-{name}", directory="staff", account="ada",
                    requester_directory="staff", requester_account="ada", entitlement=name, group=name,
                    expires_at=now + timedelta(hours=1),
                )  # fmt: skip
                holding = holdings.follow_grant(tx, grant, at=now, due_at=now)
                holdings.note_stood_before(tx, holding, stood=False)

        await world.ground.database.write(hold)
        began = time.process_time()
        done = await revoke(world, "ada")
        acted = time.process_time() - began
        assert isinstance(done, AllRevoked)
        assert done.stock.grants == 200
        await world.settle(rounds=100)
        await seen_to(world)
        await look(world)
        took = time.process_time() - began
        assert (await facts(world))["finished_at"]
        print(f"the act {acted:.2f} s, all of it {took:.2f} s")
        assert took <= 10
