"""Effects on directories: exactly once, for as long as agreed, whatever breaks in between."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import delete

from handlers.grants.effects import LEASE, SLOTS
from handlers.grants.outages import TELL_AFTER
from handlers.outcomes import Decided
from storage.engine.stores import Server
from storage.records import Grant, Owed
from storage.states import GrantState
from tests.directories.timed import TimedDirectory
from tests.handlers.access_ground import CATALOGUE, HOUR, World
from tests.handlers.access_ground import world as open_world


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def retry(world: World) -> None:
    """The longest wait before a try is over."""
    world.clock.forward(minutes=5)
    await world.settle()


async def test_access_is_read_back_before_it_is_called_active(world: World) -> None:
    grant = await world.given("ada")
    assert await world.holds("ada")
    assert (await world.last("access.given"))["facts"] == {"read_back": True, "stood_before": False}
    assert await world.state(grant) == GrantState.ACTIVE


async def test_access_is_taken_back_and_its_lateness_recorded(world: World) -> None:
    grant = await world.given("ada")
    world.clock.forward(hours=1, seconds=2)
    await world.tick()
    assert not await world.holds("ada")
    assert await world.state(grant) == GrantState.ENDED
    assert (await world.last("access.removed"))["facts"]["late_ms"] == 2000
    assert world.late == [2.0]


async def test_a_directory_that_only_says_it_was_done_is_not_believed(world: World) -> None:
    """Promise 1: what is not read back is tried again, for ever."""
    grant = await world.given("ada")
    world.faulty.lie("remove_member")
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDING
    assert await world.holds("ada")
    assert await world.actions("access.change_failed") == ["access.change_failed failed"]
    world.faulty.mend()
    await retry(world)
    assert await world.state(grant) == GrantState.ENDED
    assert not await world.holds("ada")


async def test_overlapping_grants_are_counted(world: World) -> None:
    """Promise 8: the first end takes nothing away, the last one does."""
    first = await world.given("ada", duration=HOUR)
    second = await world.given("ada", duration=2 * HOUR)
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(first) == GrantState.ENDED
    assert await world.holds("ada")
    assert (await world.last("access.kept"))["facts"]["covered_by_another"] is True
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(second) == GrantState.ENDED
    assert await world.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]


async def test_what_stood_before_us_stays_after_us(world: World) -> None:
    """Promise 8: she is put in by other hands between the asking and the doing."""
    grant = await world.asked("ada", "wiki-edit")
    await world.local.put_in_group("wiki-edit", "ada")
    await world.settle()
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert await world.holds("ada")
    assert (await world.last("access.kept"))["facts"]["stood_before"] is True
    assert await world.changes() == []


async def test_what_we_put_in_place_of_what_stood_is_ours_to_take(world: World) -> None:
    """Promise 1: it stood, was taken by other hands, and was then given by us: it ends."""
    await world.asked("ada", "wiki-edit", 2 * HOUR)
    await world.local.put_in_group("wiki-edit", "ada")
    await world.settle()
    await world.local.take_from_group("wiki-edit", "ada")
    await world.given("ada", duration=HOUR)
    assert await world.holds("ada")
    world.clock.forward(hours=2)
    await world.tick()
    assert not await world.holds("ada")


async def test_what_stood_before_is_read_anew_for_the_next_grant(world: World) -> None:
    await world.given("ada")
    world.clock.forward(hours=1)
    await world.tick()
    await world.asked("ada", "wiki-edit")
    await world.local.put_in_group("wiki-edit", "ada")
    await world.settle()
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.holds("ada")


@pytest.mark.both_engines
@pytest.mark.parametrize("call", ["membership", "add_member"])
async def test_a_crash_before_the_add_loses_nothing(world: World, call: str) -> None:
    grant = await world.asked("ada", "wiki-edit")
    await world.crash(await world.begin(call))
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE
    assert await world.changes() == ["add ada wiki-edit"]


@pytest.mark.both_engines
async def test_a_crash_right_after_the_add_still_ends_on_time(world: World) -> None:
    """Promises 1 and 8: what the crashed process added is not mistaken for what stood before."""
    grant = await world.asked("ada", "wiki-edit")
    tasks = await world.begin("add_member")
    world.faulty.release()
    world.faulty.hang("membership", times=1)  # the reading back, after the add
    await asyncio.sleep(0)
    await world.until_hanging()
    assert await world.holds("ada")
    await world.crash(tasks)
    world.faulty.mend()
    await world.settle()
    assert await world.state(grant) == GrantState.ACTIVE
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]


@pytest.mark.both_engines
async def test_nobody_else_begins_while_the_lease_holds(world: World) -> None:
    await world.asked("ada", "wiki-edit")
    tasks = await world.begin("add_member")
    assert await world.new_effects().settle_due() == 0
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.actions("access") == ["access.given done"]


@pytest.mark.both_engines
async def test_a_worker_whose_lease_ran_out_changes_nothing(world: World) -> None:
    """Promise 6: it wakes up late, when another has done and undone the work; it must not add again."""
    grant = await world.asked("ada", "wiki-edit")
    tasks = await world.begin("membership")
    world.clock.forward(seconds=LEASE.total_seconds() + 1)
    other = world.new_effects()
    await other.settle_due()
    await other.finish()
    await world.access.give_back(await world.on("ada", grant))
    await other.settle_due()
    await other.finish()
    assert await world.state(grant) == GrantState.ENDED
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert not await world.holds("ada")
    assert await world.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]
    assert await world.actions("access") == ["access.given done", "access.removed done"]


@pytest.mark.both_engines
async def test_a_change_is_not_begun_too_near_the_end_of_the_lease(world: World) -> None:
    """Nobody took the work over yet, but somebody could before the call is over."""
    await world.given("ada")
    world.clock.forward(hours=1)
    await world.revocation.end_due()
    tasks = await world.begin("membership")
    world.clock.forward(seconds=LEASE.total_seconds() - 1)
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.holds("ada")
    assert await world.actions("access.change_failed") == ["access.change_failed failed"]
    await retry(world)
    assert not await world.holds("ada")


@pytest.mark.both_engines
async def test_a_wish_that_changes_while_adding_is_followed_at_once(world: World) -> None:
    """Given back while the add is under way: the add is on the record, and it is undone."""
    grant = await world.asked("ada", "wiki-edit")
    tasks = await world.begin("add_member")
    await world.access.give_back(await world.on("ada", grant))
    world.faulty.release()
    await asyncio.gather(*tasks)
    await world.settle()
    assert not await world.holds("ada")
    assert await world.actions("access") == ["access.given done", "access.removed done"]
    assert (await world.last("access.given"))["facts"]["overtaken"] is True
    assert await world.state(grant) == GrantState.ENDED


@pytest.mark.both_engines
async def test_asking_again_while_the_removal_is_under_way_gives_it_again(world: World) -> None:
    first = await world.given("ada")
    await world.access.give_back(await world.on("ada", first))
    tasks = await world.begin("remove_member")
    second = await world.asked("ada", "wiki-edit")
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.state(first) == GrantState.ENDED
    await world.settle()
    assert await world.state(second) == GrantState.ACTIVE
    assert await world.holds("ada")
    assert await world.actions("access") == [
        "access.given done",
        "access.removed done",
        "access.given done",
    ]


@pytest.mark.both_engines
async def test_a_grant_that_came_while_we_were_at_it_is_asked_about_too(world: World) -> None:
    """Promise 3: no grant becomes active in a round in which policy was not asked about it."""
    await world.asked("ada", "wiki-edit", HOUR)
    tasks = await world.begin("add_member")
    second = await world.asked("ada", "wiki-edit", 2 * HOUR)
    await world.local.change_account("ada", employment="contractor")
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.state(second) == GrantState.APPROVED
    await world.settle()
    assert await world.state(second) == GrantState.VOIDED


async def test_a_grant_whose_time_is_over_is_not_begun(world: World) -> None:
    """After a long stop the worker may come before the tick that ends it."""
    grant = await world.asked("ada", "wiki-edit")
    world.clock.forward(hours=2)
    await world.settle()
    assert await world.changes() == []
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert (await world.last("access.removed"))["facts"]["was_active"] is False


async def test_authority_lost_between_approval_and_execution_voids(world: World) -> None:
    """Promise 3: the approver was moved to another team before the worker came."""
    grant = await world.asked("ada", "prod-db")
    assert isinstance(await world.decide("grace", grant), Decided)
    await world.local.take_from_group("data-owners", "grace")
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert await world.kinds() == ["authority-lost"]
    assert not await world.holds("ada", "prod-db")
    held = await world.holding()
    assert (held.settled, held.wanted) == (True, False)


async def test_voided_access_that_is_there_already_is_taken_back_and_recorded(world: World) -> None:
    """The process died between the add and its record, and then authority was lost: nothing may be left behind."""
    grant = await world.asked("ada", "prod-db")
    await world.decide("grace", grant)
    world.faulty.succeed_after_timeout("add_member", times=1)
    await world.settle()
    assert await world.holds("ada", "prod-db")
    await world.local.take_from_group("data-owners", "grace")
    world.faulty.error("remove_member", times=1)
    world.clock.forward(seconds=2)
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert (await world.last("access.change_failed"))["facts"]["removal"] is True
    world.clock.forward(minutes=2)
    assert await world.revocation.tell_overdue() == 1
    await world.settle()
    assert not await world.holds("ada", "prod-db")
    assert (await world.last("access.removed"))["correlation"] == grant


async def test_the_third_failed_try_tells_security_once(world: World) -> None:
    await world.asked("ada", "wiki-edit")
    world.faulty.error("add_member")
    for _ in range(TELL_AFTER + 3):
        await retry(world)
    (told,) = await world.exceptions()
    assert (told.kind, told.count, told.facts["removal"]) == ("effect-failed", 1, False)
    assert len(await world.actions("access.change_failed")) == TELL_AFTER + 3


@pytest.mark.both_engines
async def test_security_hears_of_failing_tries_although_the_process_died_at_the_third(world: World) -> None:
    """The count moves with the claim, so nobody records that very try as failed: the next one tells."""
    await world.asked("ada", "wiki-edit")
    world.faulty.error("add_member")
    for _ in range(TELL_AFTER - 1):
        await retry(world)
    assert await world.kinds() == []
    world.clock.forward(minutes=5)
    await world.crash(await world.begin("add_member"))
    world.faulty.mend()
    world.faulty.error("add_member")
    await retry(world)
    await retry(world)
    assert await world.kinds() == ["effect-failed"]


async def test_giving_and_taking_back_that_fail_are_two_exceptions(world: World) -> None:
    """That somebody still has access must not hide behind a message that they do not have it yet."""
    grant = await world.asked("ada", "wiki-edit", 8 * HOUR)
    world.faulty.error("add_member")
    for _ in range(TELL_AFTER):
        await retry(world)
    world.faulty.mend()
    await retry(world)
    assert await world.state(grant) == GrantState.ACTIVE
    world.faulty.error("remove_member")
    await world.access.give_back(await world.on("ada", grant))
    for _ in range(TELL_AFTER):
        await retry(world)
    assert [row.facts["removal"] for row in await world.exceptions()] == [False, True]


async def test_an_add_that_lands_after_its_time_out_is_found_and_taken_back(world: World) -> None:
    """The call timed out, the grant was given back, all looked well, and then the directory did it after all."""
    grant = await world.asked("ada", "wiki-edit")
    world.faulty.error("add_member", times=1)
    await world.settle()
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    await world.local.put_in_group("wiki-edit", "ada")  # the late add
    world.clock.forward(seconds=LEASE.total_seconds())
    await world.settle()
    assert not await world.holds("ada")
    assert (await world.holding()).settled


async def test_a_hung_directory_is_left_after_a_while_and_tried_again(tmp_path: Path) -> None:
    """Promise 7: a call that never answers gives its slot back."""
    async with open_world(tmp_path, patience=0.05) as world:
        grant = await world.asked("ada", "wiki-edit")
        world.faulty.hang("add_member")
        await world.settle()
        assert await world.state(grant) == GrantState.APPROVED
        world.faulty.mend()
        await retry(world)
        assert await world.state(grant) == GrantState.ACTIVE


async def test_the_end_never_moves_however_late_the_access_comes(world: World) -> None:
    """Promise 1: the end counts from the decision."""
    grant = await world.asked("ada", "wiki-edit", timedelta(minutes=20))
    agreed = world.clock() + timedelta(minutes=20)
    world.faulty.error("add_member", times=2)
    await world.settle()
    await retry(world)
    await retry(world)
    row = await world.grant(grant)
    assert (row.state, row.expires_at) == (GrantState.ACTIVE, agreed)


async def settled(world: World) -> list[bool]:
    """Of each alert, whether it says that it is over."""
    return ["settled" in row.facts for row in await world.exceptions()]


async def test_an_overdue_removal_is_told_to_be_over(world: World) -> None:
    """Nobody is left to believe that they may still have it."""
    await world.given("ada")
    world.faulty.error("remove_member")
    world.clock.forward(hours=1, minutes=2)
    await world.tick()
    await retry(world)
    await retry(world)
    assert await world.kinds() == ["revocation-overdue", "effect-failed"]
    assert await settled(world) == [False, False]
    await world.ground.database.write(lambda tx: tx.exec(delete(Owed)))
    world.faulty.mend()
    await retry(world)
    assert await settled(world) == [True, True]
    assert (await world.exceptions())[0].facts["settled"] == world.clock().isoformat()
    assert [row.kind for row in await world.rows(Owed)].count("exception") == 2
    assert [row.count for row in await world.exceptions()] == [1, 1]


async def test_a_giving_that_failed_is_told_to_be_over(world: World) -> None:
    await world.asked("ada", "wiki-edit", 2 * HOUR)
    world.faulty.error("add_member")
    for _ in range(TELL_AFTER):
        await retry(world)
    assert await settled(world) == [False]
    world.faulty.mend()
    await retry(world)
    assert await settled(world) == [True]


async def test_what_could_never_be_given_is_over_at_its_end(world: World) -> None:
    await world.asked("ada", "wiki-edit")
    world.faulty.error("add_member")
    for _ in range(TELL_AFTER):
        await retry(world)
    world.clock.forward(hours=1)
    await world.tick()
    assert await settled(world) == [True]


async def test_what_was_told_is_over_however_the_membership_went(world: World) -> None:
    """Voided, added late, told as overdue, and then taken by other hands: no grant of ours ends with it."""
    grant = await world.asked("ada", "prod-db")
    await world.decide("grace", grant)
    world.faulty.succeed_after_timeout("add_member", times=1)
    await world.settle()
    await world.local.take_from_group("data-owners", "grace")
    world.faulty.error("remove_member")
    for _ in range(TELL_AFTER + 1):
        await retry(world)
        await world.revocation.tell_overdue()
    assert sorted(await world.kinds()) == ["authority-lost", "effect-failed", *["revocation-overdue"] * 2]
    await world.local.take_from_group("prod-db", "ada")
    await retry(world)
    still = [row for row in await world.exceptions() if not {"settled", "renewed"} & set(row.facts)]
    assert [row.kind for row in still] == ["authority-lost"]


async def test_a_removal_that_fails_again_after_it_was_over_is_news(world: World) -> None:
    """The settled message stays as it is; what is open has one of its own."""
    await test_a_giving_that_failed_is_told_to_be_over(world)
    world.faulty.error("remove_member")
    world.clock.forward(hours=2)
    for _ in range(TELL_AFTER):
        await world.tick()
        world.clock.forward(minutes=5)
    assert await settled(world) == [True, False, False]


async def test_a_removal_that_was_overdue_between_two_looks_is_told(world: World) -> None:
    """It was over before anybody looked for what is overdue: security hears all the same, once, with its end."""
    await world.given("ada")
    world.clock.forward(hours=1, seconds=61)
    await world.revocation.end_due()
    await world.settle()
    assert await world.revocation.tell_overdue() == 0
    (told,) = await world.exceptions()
    assert (told.kind, told.severity) == ("revocation-overdue", "high")
    assert told.facts["settled"] == world.clock().isoformat()
    assert await world.actions("access.removal_overdue") == ["access.removal_overdue failed"]


@pytest.mark.parametrize("late", [0, 60])
async def test_a_removal_in_time_is_not_told(world: World, late: int) -> None:
    await world.given("ada")
    world.clock.forward(hours=1, seconds=late)
    await world.tick()
    assert await world.kinds() == []


async def test_a_late_end_of_what_stays_is_no_overdue_removal(world: World) -> None:
    """Another grant covers it, or it stood before us: there was nothing to take back."""
    await world.given("ada", duration=HOUR)
    await world.given("ada", duration=5 * HOUR)
    world.clock.forward(hours=2)
    await world.tick()
    assert await world.kinds() == []


# What stands in the record before the directory is asked, and the ends that are none of the usual ones.


@pytest.mark.parametrize(("call", "removal"), [("add_member", False), ("remove_member", True)])
async def test_what_is_about_to_be_done_is_on_the_record_before_the_directory_is_asked(
    world: World, call: str, removal: bool
) -> None:
    """T-3: a crash between the two is seen as a beginning without an outcome."""
    grant = await (world.given if removal else world.asked)("ada", "wiki-edit")
    if removal:
        await world.access.give_back(await world.on("ada", grant))
    tasks = await world.begin(call)
    last = (await world.audit())[-1]
    assert (last["action"], last["correlation"], last["facts"]) == (
        "effect.begun",
        grant,
        {"removal": removal, "try": 1},
    )
    await world.crash(tasks)
    await world.settle()
    assert [said["facts"]["try"] for said in await world.audit() if said["action"] == "effect.begun"][
        -2:
    ] == [1, 2]
    assert world.tries[-1] == "done"


async def test_each_try_is_on_the_record_with_what_came_of_it(world: World) -> None:
    await world.given("ada")
    world.faulty.error("remove_member", times=2)
    world.clock.forward(hours=1)
    await world.revocation.end_due()
    await world.settle()
    await retry(world)
    await retry(world)
    assert await world.actions("effect", "access.given", "access.change", "access.removed") == [
        "effect.begun done",
        "access.given done",
        "effect.begun done",
        "access.change_failed failed",
        "effect.begun done",
        "access.change_failed failed",
        "effect.begun done",
        "access.removed done",
    ]
    assert world.tries == ["done", "failed", "failed", "done"]


async def test_asking_policy_does_not_use_up_the_time_for_the_change(world: World) -> None:
    """However long the approvers took to be read: the lease is taken anew when that is over."""
    grant = await world.asked("ada", "prod-db")
    await world.decide("grace", grant)
    tasks = await world.begin("account")
    world.clock.forward(seconds=LEASE.total_seconds() - 1)
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.state(grant) == GrantState.ACTIVE


async def test_a_worker_with_no_slot_left_says_so(world: World) -> None:
    """SL-11: then messages make room."""
    first = await world.grant(await world.given("ada"))
    names = [f"p{number}" for number in range(SLOTS)]
    await world.ground.database.write(
        lambda tx: [
            tx.add(Grant(**{**first.model_dump(), "id": f"g-{name}", "account": name})) for name in names
        ]
    )
    world.clock.forward(hours=1)
    await world.revocation.end_due()
    assert not world.effects.is_full
    world.faulty.hang("membership")
    await world.effects.settle_due()
    assert world.effects.is_full
    world.faulty.mend()
    await world.effects.finish()
    assert not world.effects.is_full
    await world.settle()


async def test_a_suspended_account_loses_its_access_on_time(world: World) -> None:
    grant = await world.given("ada")
    await world.local.change_account("ada", active=False)
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert not await world.holds("ada")
    assert await world.kinds() == []


@pytest.mark.both_engines
async def test_a_group_that_is_gone_ends_its_grants_and_is_told_once(world: World) -> None:
    """What does not exist is no member; but that it went is nobody's decision of ours."""
    for who in ("ada", "charles"):
        await world.given(who)
    await world.local.drop_group("wiki-edit")
    world.clock.forward(hours=1)
    await world.tick()
    assert {row.state for row in await world.rows(Grant)} == {GrantState.ENDED}
    assert (await world.last("access.removed"))["facts"]["gone"] == "group"
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.count, told.facts["group"]) == (
        "target-gone",
        "medium",
        2,
        "wiki-edit",
    )


async def test_an_account_that_is_gone_ends_its_grants_and_is_told(world: World) -> None:
    grant = await world.given("ada")
    await world.local.drop_account("ada")
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert (await world.last("access.removed"))["facts"]["gone"] == "account"
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.facts["gone"]) == ("target-gone", "low", "account")


async def test_why_a_membership_is_missing_does_not_hold_up_its_end(world: World) -> None:
    """It is gone; that the directory cannot say more now changes nothing about that."""
    grant = await world.given("ada")
    await world.local.drop_group("wiki-edit")
    world.faulty.error("account", "group")
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED


async def test_what_other_hands_took_is_over_without_an_alarm(world: World) -> None:
    grant = await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert await world.kinds() == []


async def test_a_group_that_is_gone_before_its_access_was_given_is_told_and_ends(world: World) -> None:
    grant = await world.asked("ada", "wiki-edit")
    await world.local.drop_group("wiki-edit")
    for _ in range(TELL_AFTER):
        await retry(world)
    (told,) = await world.exceptions()
    assert (told.kind, told.facts["removal"]) == ("effect-failed", False)
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(grant) == GrantState.ENDED
    assert await settled(world) == [True]


@pytest.mark.parametrize("gone", [{"entitlements": {}}, {"entitlements": {}, "owners": {}}])
async def test_an_entitlement_that_left_the_catalogue_is_taken_back_all_the_same(
    world: World, gone: dict[str, Any]
) -> None:
    """The row says what was given; the catalogue is asked only for who should hear that it fails."""
    grant = await world.given("ada")
    after = World(
        ground=replace(world.ground, catalogue=replace(CATALOGUE, **gone)),
        clock=world.clock, local=world.local, faulty=world.faulty,
    )  # fmt: skip
    world.faulty.error("remove_member")
    world.clock.forward(hours=1, minutes=16)
    await after.tick()
    (told,) = [row for row in await after.exceptions() if row.kind == "revocation-overdue"]
    assert (told.owner, told.facts["owner"]) == (None, "")
    world.faulty.mend()
    world.clock.forward(minutes=5)
    await after.settle()
    assert await after.state(grant) == GrantState.ENDED
    assert not await world.holds("ada")


async def test_what_was_approved_is_not_given_in_a_group_that_the_catalogue_names_no_more(
    world: World,
) -> None:
    """It was weighed as what the entitlement is by now, and would have been given as what it was."""
    given, approved = await world.given("ada"), await world.asked("grace", "wiki-edit")
    things = world.ground.catalogue.entitlements
    moved = {**things, "wiki-edit": replace(things["wiki-edit"], group="prod-db")}
    world.reopen(catalogue=replace(world.ground.catalogue, entitlements=moved))
    await world.settle()
    assert await world.state(approved) == GrantState.VOIDED
    assert await world.kinds() == ["authority-lost"]
    assert await world.changes() == ["add ada wiki-edit"]
    world.clock.forward(hours=1)
    await world.tick()
    assert await world.state(given) == GrantState.ENDED
    assert not await world.holds("ada")


@pytest.mark.parametrize("fault", ["error", "hang", "slow", "lie", "succeed_after_timeout", "partial"])
@pytest.mark.parametrize("call", ["add_member", "remove_member", "membership"])
async def test_whatever_a_directory_does_access_is_given_and_taken_back_once(
    tmp_path: Path, fault: str, call: str
) -> None:
    """Promise 1, for giving and for taking back: nothing is believed that was not read back."""
    # Only what hangs is waited for; a busy machine may take its time for the rest.
    patience = 0.1 if fault in ("hang", "slow", "succeed_after_timeout") else 5
    async with open_world(tmp_path, patience=patience) as world:
        throw = partial(getattr(world.faulty, fault), *([1.0] if fault == "slow" else []), call, times=2)
        throw()
        grant = await world.asked("ada", "wiki-edit")
        for _ in range(4):
            await world.settle(rounds=1)
            world.clock.forward(seconds=30)
        assert await world.state(grant) == GrantState.ACTIVE
        world.faulty.mend()
        throw()
        world.clock.forward(hours=1)
        for _ in range(4):
            await world.tick()
            world.clock.forward(minutes=5)
        assert await world.state(grant) == GrantState.ENDED
        assert await world.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]
        assert await world.sound()


# Where the directory ends memberships itself, as a second line of safety.


async def test_the_directory_is_told_when_access_ends(world: World) -> None:
    """Promise 1: it ends even if nobody is there any more to end it."""
    timed = TimedDirectory(world.local)
    world.faulty.inner = timed
    grant = await world.given("ada")
    assert timed.ends["ada", "wiki-edit"] == (await world.grant(grant)).expires_at


async def test_a_later_grant_moves_the_directorys_own_end(world: World) -> None:
    """Promise 8: nobody loses early what a second grant gives them, and nothing is added twice."""
    timed = TimedDirectory(world.local)
    world.faulty.inner = timed
    await world.given("ada", duration=HOUR)
    second = await world.given("ada", duration=2 * HOUR)
    assert timed.ends["ada", "wiki-edit"] == (await world.grant(second)).expires_at
    before = world.faulty.calls["add_member"]
    world.clock.forward(hours=1)
    await world.tick()
    assert world.faulty.calls["add_member"] == before
    assert await world.holds("ada")


async def test_what_stood_before_is_given_no_end(world: World) -> None:
    """Promise 8: a membership of other hands is not ours to limit."""
    timed = TimedDirectory(world.local)
    world.faulty.inner = timed
    outcome = await world.ask("ada", "wiki-edit")
    await world.local.put_in_group("wiki-edit", "ada")
    await world.settle()
    assert await world.state(outcome.grant) == GrantState.ACTIVE
    assert timed.ends == {}


async def test_a_clock_that_is_set_back_holds_up_no_removal(world: World) -> None:
    """Promise 1: the wait between two tries is never more than five minutes, whatever the clock did meanwhile."""
    await world.given("ada")
    world.clock.forward(hours=1)
    world.faulty.error("remove_member")
    await world.tick()
    world.faulty.mend()
    world.clock.forward(hours=-2)
    await world.settle()
    assert not await world.holds("ada")


@pytest.mark.both_engines
async def test_a_dead_ones_lease_holds_up_no_removal_though_the_clock_is_set_back(world: World) -> None:
    """Promise 1: no lease is so long, so it was taken before the clock was set back."""
    await world.given("ada")
    world.clock.forward(hours=1)
    await world.revocation.end_due()
    await world.crash(await world.begin("remove_member"))
    world.clock.forward(hours=-2)
    await world.settle()
    assert not await world.holds("ada")


async def test_nothing_is_given_for_what_was_approved_after_policy_was_asked(world: World) -> None:
    """Promise 3: the first is void by the time; the second was approved meanwhile, and has to be asked about too."""
    first = await world.asked("ada", "prod-db")
    await world.decide("grace", first)
    await world.local.take_from_group("data-owners", "grace")
    tasks = await world.begin("account")
    second = await world.asked("ada", "prod-db", 2 * HOUR)
    await world.decide("linus", second)
    await world.local.take_from_group("data-owners", "linus")
    world.faulty.release()
    await asyncio.gather(*tasks)
    await world.settle()
    assert [await world.state(one) for one in (first, second)] == [GrantState.VOIDED, GrantState.VOIDED]
    assert await world.changes() == []
