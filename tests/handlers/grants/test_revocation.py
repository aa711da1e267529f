"""The end of things: grants on time, requests nobody answered, removals that are overdue, what is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.grants.revocation import BATCH, CLOCK
from handlers.outcomes import Asked
from storage import deliveries
from storage.engine.stores import Server
from storage.records import Delivery, ExceptionRecord, Grant
from storage.states import GrantState
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def test_a_grant_ends_at_its_time_and_not_before(world: World) -> None:
    """Promise 1."""
    grant = await world.given("ada")
    world.clock.forward(hours=1, microseconds=-1)
    assert await world.revocation.end_due() == 0
    world.clock.forward(microseconds=1)
    assert await world.revocation.end_due() == 1
    assert await world.state(grant) == GrantState.ENDING
    assert await world.actions("grant.expired") == ["grant.expired done"]


@pytest.mark.both_engines
async def test_what_a_clock_granted_that_was_ahead_lasts_its_minutes_once_that_is_noticed(
    world: World,
) -> None:
    """Promise 1: not until the wrong clock's end, and once: it is a fixed end from then on."""
    world.clock.forward(days=3)
    active, waits = await world.given("ada"), await world.asked("charles", "wiki-edit")
    world.clock.forward(days=-3)
    noticed = world.clock()
    assert [await world.revocation.end_sooner() for _ in range(2)] == [2, 0]
    for grant in (active, waits):
        assert (await world.grant(grant)).expires_at == noticed + HOUR
    assert await world.actions("grant.ends_sooner") == ["grant.ends_sooner done"] * 2
    (told,) = await world.exceptions()
    assert (told.kind, told.facts["grants"], told.facts["ahead"]) == ("clock-ahead", 2, 3 * 24 * 60)
    noted = await world.last("clock.set_back")
    assert told.correlation == noted["correlation"]
    assert set(noted["facts"]["grants"]) == {active, waits}
    world.clock.forward(minutes=30)
    assert await world.revocation.end_sooner() == 0
    assert (await world.grant(active)).remind_at == noticed + timedelta(minutes=54)
    world.clock.forward(minutes=30)
    assert await world.revocation.end_due() == 2


async def test_a_clock_that_is_set_back_again_is_noticed_again(world: World) -> None:
    grant = await world.given("ada")
    for days in (1, 2):
        world.clock.forward(days=-1)
        assert await world.revocation.end_sooner() == 1, days
        assert (await world.grant(grant)).expires_at == world.clock() + HOUR


async def test_what_was_granted_within_what_replicas_differ_by_ends_when_it_was_to(world: World) -> None:
    grant = await world.given("ada")
    before = (await world.grant(grant)).expires_at
    world.clock.forward(seconds=-5)
    assert await world.revocation.end_sooner() == 0
    assert (await world.grant(grant)).expires_at == before
    world.clock.forward(microseconds=-1)
    assert await world.revocation.end_sooner() == 1


async def test_a_clock_that_was_ahead_is_one_exception_however_many_it_granted(world: World) -> None:
    """More than one batch: each has its entry, and security reads one message that counts them."""
    first = await world.grant(await world.given("ada"))

    def copies(tx: Session) -> None:
        for number in range(BATCH + 5):
            tx.add(Grant(**{**first.model_dump(), "id": f"g-{number}", "account": f"p{number}"}))

    await world.ground.database.write(copies)
    world.clock.forward(hours=-2)
    assert await world.revocation.end_sooner() == BATCH + 6
    (told,) = await world.exceptions()
    assert (told.facts["grants"], told.severity, told.correlation) == (BATCH + 6, "medium", CLOCK)
    assert await world.revocation.end_sooner() == 0
    assert len(await world.exceptions()) == 1


async def test_a_forged_decision_is_not_signed_by_being_ended_sooner(world: World) -> None:
    """T-9: a row that somebody gave a later end is ended as one that does not count."""
    grant = await world.given("ada")

    def forge(tx: Session) -> None:
        for column in ("decided_at", "expires_at"):
            change = f"UPDATE grants SET {column} = {column} + 3600000000 WHERE id = '{grant}'"
            tx.connection().exec_driver_sql(change)

    await world.ground.database.write(forge)
    before = (await world.grant(grant)).mac
    assert await world.revocation.end_sooner() == 0
    assert (await world.grant(grant)).mac == before


async def test_after_a_long_stop_everything_overdue_ends_in_one_go(world: World) -> None:
    """More than one batch, among them what was approved and never carried out."""
    never = await world.asked("charles", "wiki-edit")
    first = await world.grant(await world.given("ada"))

    def copies(tx: Session) -> None:
        for number in range(BATCH + 5):
            row = Grant(**{**first.model_dump(), "id": f"g-{number}", "account": f"p{number}"})
            tx.add(row)

    await world.ground.database.write(copies)
    world.clock.forward(days=1)
    assert await world.revocation.end_due() == BATCH + 7
    assert await world.state(never) == GrantState.ENDING


@pytest.mark.both_engines
async def test_nothing_ends_twice(world: World) -> None:
    await world.given("ada")
    world.clock.forward(hours=1)
    assert [await world.revocation.end_due() for _ in range(3)] == [1, 0, 0]


async def test_what_was_given_back_does_not_expire_as_well(world: World) -> None:
    grant = await world.given("ada")
    await world.access.give_back(await world.on("ada", grant))
    world.clock.forward(hours=1)
    assert await world.revocation.end_due() == 0
    await world.tick()
    assert (await world.grant(grant)).end_reason == "given back"


async def test_a_request_lapses_at_its_time_with_both_messages(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    world.clock.forward(hours=24)
    assert await world.revocation.lapse_unanswered() == 1
    assert await world.revocation.lapse_unanswered() == 0
    assert await world.state(grant) == GrantState.LAPSED
    assert await world.owed() == {("request", "Uada"), ("approval", "owner:data")}
    assert await world.actions("grant.lapsed") == ["grant.lapsed done"]
    assert isinstance(await world.ask("ada", "prod-db"), Asked)


async def test_an_overdue_removal_is_told_once_with_what_is_wrong(world: World) -> None:
    grant = await world.given("ada")
    world.faulty.error("remove_member")
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.kinds() == []
    world.clock.forward(seconds=61)
    assert [await world.revocation.tell_overdue() for _ in range(3)] == [1, 0, 0]
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.correlation) == ("revocation-overdue", "high", grant)
    assert "staff answered with an error" in told.facts["fault"]
    assert await world.actions("access.removal_overdue") == ["access.removal_overdue failed"]


async def until_late(world: World, minutes: int) -> None:
    """Let time pass as it does: what is due is tried, what is late is told."""
    for _ in range(minutes):
        world.clock.forward(minutes=1)
        await world.tick()


async def told_overdue(world: World) -> list[ExceptionRecord]:
    """What was told of overdue removals, oldest first."""
    return [row for row in await world.exceptions() if row.kind == "revocation-overdue"]


async def test_what_stays_overdue_is_told_with_its_owner_and_again_each_hour(world: World) -> None:
    """Promise 1: in a message of its own each time, in the owner's channel too, and on the record."""
    await world.given("ada")
    world.faulty.error("remove_member")
    world.clock.forward(hours=1)
    await until_late(world, 14)
    assert [row.owner for row in await told_overdue(world)] == [None]
    await until_late(world, 1)
    first, page = await told_overdue(world)
    assert first.facts["renewed"] == page.facts["paged"] == world.clock().isoformat()
    assert (page.kind, page.severity, page.owner) == ("revocation-overdue", "high", "data")
    assert page.facts["owner"] == "Data Platform"
    assert "staff answered with an error" in page.facts["fault"]
    assert {("exception", "security"), ("exception", "owner:data")} <= await world.owed()
    assert (await world.last("access.removal_overdue"))["facts"]["owner_told"] == "data"
    await until_late(world, 59)
    assert len(await told_overdue(world)) == 2
    await until_late(world, 1)
    assert len(await told_overdue(world)) == 3
    assert await world.actions("access.removal_overdue") == ["access.removal_overdue failed"] * 3


async def test_of_all_that_was_told_one_message_is_open_and_says_when_it_is_over(world: World) -> None:
    await world.given("ada")
    world.faulty.error("remove_member")
    world.clock.forward(hours=1)
    await until_late(world, 80)
    world.faulty.mend()
    await until_late(world, 6)
    told = await told_overdue(world)
    assert ["renewed" in row.facts for row in told] == [True, True, False]
    assert ["settled" in row.facts for row in told] == [False, False, True]
    assert [row.count for row in told] == [1, 1, 1]


@pytest.mark.both_engines
async def test_after_a_long_stop_what_is_overdue_is_told_at_its_gravest_at_once(world: World) -> None:
    await world.given("ada")
    world.faulty.error("remove_member")
    world.clock.forward(hours=5)
    await world.tick()
    (told,) = await told_overdue(world)
    assert told.owner == "data"
    await until_late(world, 59)
    assert len(await told_overdue(world)) == 1


@pytest.mark.both_engines
async def test_how_much_is_under_way_and_overdue_can_be_watched(world: World) -> None:
    await world.given("ada")
    await world.given("charles", duration=2 * HOUR)
    due = world.clock() + HOUR
    world.clock.forward(hours=1, seconds=61)
    await world.revocation.end_due()
    tasks = await world.begin("remove_member")
    standing = await world.revocation.standing()
    assert (standing.leased, standing.overdue, standing.oldest) == (1, 1, due)
    world.faulty.release()
    await asyncio.gather(*tasks)
    standing = await world.revocation.standing()
    assert (standing.leased, standing.overdue, standing.oldest) == (0, 0, None)


async def test_many_that_are_overdue_are_all_told_in_one_look(world: World) -> None:
    first = await world.grant(await world.given("ada"))
    world.faulty.error()

    def copies(tx: Session) -> None:
        for number in range(BATCH + 5):
            tx.add(Grant(**{**first.model_dump(), "id": f"g-{number}", "account": f"p{number}"}))

    await world.ground.database.write(copies)
    world.clock.forward(hours=1)
    await world.revocation.end_due()
    world.clock.forward(minutes=2)
    assert await world.revocation.tell_overdue() == BATCH + 6


async def test_two_removals_overdue_on_one_day_are_two_exceptions(world: World) -> None:
    """The same person and group, but not the same cause."""
    for _ in range(2):
        await world.given("ada")
        world.faulty.error("remove_member")
        world.clock.forward(hours=1, minutes=2)
        await world.tick()
        world.faulty.mend()
        world.clock.forward(minutes=10)
        await world.settle()
        world.clock.forward(minutes=1)
        await world.settle()
    assert await world.kinds() == ["revocation-overdue", "revocation-overdue"]


async def test_access_that_another_grant_covers_is_not_overdue(world: World) -> None:
    await world.given("ada", duration=HOUR)
    await world.given("ada", duration=5 * HOUR)
    world.faulty.error("membership")
    world.clock.forward(hours=2)
    await world.tick()
    world.clock.forward(minutes=5)
    assert await world.revocation.tell_overdue() == 0
    assert await told_overdue(world) == []


@pytest.mark.both_engines
async def test_drafts_and_delivery_keys_are_forgotten_and_requests_never(world: World) -> None:
    draft = (await world.draft("ada", "prod-db")).grant
    pending = await world.asked("charles", "prod-db")
    world.clock.forward(hours=25)
    await world.revocation.forget_old()
    assert [row.id for row in await world.rows(Grant)] == [pending]
    assert draft != pending
    assert await world.rows(Delivery) == []


@pytest.mark.both_engines
async def test_a_delivery_is_known_for_as_long_as_slack_may_repeat_it(world: World) -> None:
    await world.ask("ada", "wiki-edit", delivery="d")
    world.clock.forward(minutes=30)
    await world.revocation.forget_old()
    assert not await world.ground.database.write(lambda tx: deliveries.take(tx, "d", world.clock()))
    assert timedelta(minutes=6) < deliveries.KEPT
