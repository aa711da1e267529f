"""Somebody's access checked again for the help desk: what a live grant says is put right, and nothing else (R-6)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers.decisions.helping import Act
from handlers.drift.finding import Drift
from handlers.help_desk.outcomes import Checked, MayNotHelp, NotServed, Rechecked
from handlers.outcomes import Repeated
from storage.catalogue import Catalogue
from storage.engine.stores import Server
from storage.exceptions import decide_exceptions
from tests.handlers.access_ground import CATALOGUE
from tests.handlers.helping_ground import Desks, desks


@pytest.fixture
async def staff(tmp_path: Path) -> AsyncIterator[Desks]:
    async with desks(tmp_path) as made:
        yield made


@pytest.fixture
async def on_each(tmp_path: Path, server: Server | None) -> AsyncIterator[Desks]:
    async with desks(tmp_path, server=server) as made:
        yield made


async def check(staff: Desks, whom: str = "ada", **form: Any) -> Rechecked:
    found = await staff.help(Act.RECHECK, whom, **form)
    assert isinstance(found, Rechecked), found
    return found


async def standings(staff: Desks, **form: Any) -> dict[str, str]:
    return {one.entitlement: one.standing for one in (await check(staff, **form)).checked}


@pytest.mark.both_engines
async def test_what_a_live_grant_says_and_is_missing_is_given_again(on_each: Desks) -> None:
    """R-6: on the record with who had it done, told to security as any membership that vanished, and to the person."""
    staff, world = on_each, on_each.world
    grant = await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    assert await standings(staff) == {"wiki-edit": "given-again"}
    assert not await world.holds("ada")  # the worker does it, by policy asked once more
    await world.settle()
    assert await world.holds("ada")
    assert await world.state(grant) == "active"
    again, act = await world.last("desk.given_again"), (await staff.acts())[0]
    assert (again["actor"]["id"], again["subject"], again["resource"]) == ("linus", "ada", "wiki-edit")
    assert again["policy"]["ids"] == ["give-again-by-help-desk"]
    assert (act.given_again, (await world.last("desk.rechecked"))["facts"]["given_again"]) == (
        ["wiki-edit"], ["wiki-edit"],
    )  # fmt: skip
    (told,) = [one for one in await world.exceptions() if one.kind == "vanished"]
    assert (told.facts["way"], told.facts["decided_by"]) == ("give-again", "Linus")
    assert {("desk-act", "Uada"), ("desk-act", "ada")} <= await world.owed()


async def test_it_ends_when_it_was_to_end(staff: Desks) -> None:
    """Promise 1: given again is no longer time."""
    grant = await staff.world.given("ada")
    ends = (await staff.world.grant(grant)).expires_at
    staff.world.clock.forward(minutes=30)
    await staff.world.local.take_from_group("wiki-edit", "ada")
    await check(staff)
    await staff.world.settle()
    assert (await staff.world.grant(grant)).expires_at == ends
    staff.world.clock.forward(minutes=31)
    await staff.world.tick()
    assert not await staff.world.holds("ada")


async def test_what_is_as_it_should_be_is_left_alone_and_the_person_is_told_all_the_same(
    staff: Desks,
) -> None:
    await staff.world.given("ada")
    before = await staff.world.changes()
    assert await standings(staff) == {"wiki-edit": "as-it-should-be"}
    await staff.world.settle()
    assert await staff.world.changes() == before
    assert ("desk-act", "Uada") in await staff.world.owed()


async def test_what_is_grave_is_left_to_its_owner_who_hears_of_it(staff: Desks) -> None:
    """R-6, AC-5: never around an approval."""
    world = staff.world
    grant = await world.approved("ada")
    await world.local.take_from_group("prod-db", "ada")
    assert await standings(staff) == {"prod-db": "for-its-owner"}
    await world.settle()
    assert not await world.holds("ada", "prod-db")
    assert await world.state(grant) == "active"
    (told,) = [one for one in await world.exceptions() if one.kind == "vanished"]
    assert "decided_by" not in told.facts


async def test_what_its_owner_decided_is_not_decided_again(staff: Desks) -> None:
    world = staff.world
    await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    drift = Drift(world.ground)
    await drift.look("staff")
    (told,) = [one for one in await world.exceptions() if one.kind == "vanished"]
    await world.ground.database.write(
        lambda tx: decide_exceptions(
            tx, at=world.clock(), cause=told.cause, facts={"decided_by": "Grace", "way": "end"}
        )
    )
    assert await standings(staff) == {"wiki-edit": "for-its-owner"}
    assert await world.actions("desk.given_again") == []


async def test_a_membership_that_no_grant_says_is_reported_and_not_touched(staff: Desks) -> None:
    """Promise 8: nothing new, and nothing taken away."""
    await staff.world.local.put_in_group("wiki-edit", "ada")
    assert await standings(staff) == {}
    assert await standings(staff, what="wiki-edit") == {"wiki-edit": "for-its-owner"}
    assert await staff.world.holds("ada")


async def test_what_was_never_given_is_not_given(staff: Desks) -> None:
    assert await standings(staff, what="prod-db") == {"prod-db": "no-grant"}
    assert await standings(staff, what="nothing-of-the-kind") == {}
    assert (await staff.world.last("desk.rechecked"))["resource"] is None  # what was sent is not kept
    await staff.world.settle()
    assert await staff.world.changes() == []


async def test_what_is_over_by_now_is_not_given_again(staff: Desks) -> None:
    """Promise 1: though no tick saw it yet."""
    await staff.world.given("ada")
    await staff.world.local.take_from_group("wiki-edit", "ada")
    staff.world.clock.forward(hours=1, seconds=1)
    assert await standings(staff) == {"wiki-edit": "being-taken"}
    await staff.world.tick()
    assert not await staff.world.holds("ada")


async def test_what_policy_would_not_grant_any_more_is_not_given_again(staff: Desks) -> None:
    """Promise 3: policy is asked once more before it is given."""
    world = staff.world
    grant = await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    await check(staff)
    graver = {**CATALOGUE.entitlements}
    graver["wiki-edit"] = replace(graver["wiki-edit"], environment="production", risk=4)
    world.reopen(catalogue=Catalogue(entitlements=graver, owners=CATALOGUE.owners))
    await world.settle()
    assert not await world.holds("ada")
    assert await world.state(grant) == "voided"


async def test_what_waits_for_another_try_is_tried_at_once(staff: Desks) -> None:
    """R-6: a removal that failed as well; and what is not known is said to be not known."""
    world = staff.world
    grant = await world.given("ada")
    world.clock.forward(hours=1, seconds=1)
    world.faulty.error("remove_member", times=1)
    await world.tick()
    assert await world.holds("ada")
    assert await standings(staff) == {"wiki-edit": "being-taken"}
    await world.settle()
    assert not await world.holds("ada")
    assert await world.state(grant) == "ended"


async def test_a_directory_that_is_silent_about_groups_is_not_known(staff: Desks) -> None:
    """Promise 7."""
    await staff.world.given("ada")
    staff.world.faulty.error("membership")
    assert await standings(staff) == {"wiki-edit": "silent"}


async def test_the_check_keeps_to_whom_the_desk_serves(staff: Desks) -> None:
    await staff.world.given("grace")
    assert isinstance(await staff.help(Act.RECHECK, "grace"), NotServed)
    assert isinstance(await staff.help(Act.RECHECK, "linus"), MayNotHelp)


async def test_the_same_delivery_gives_once(staff: Desks) -> None:
    """Promise 6."""
    await staff.world.given("ada")
    await staff.world.local.take_from_group("wiki-edit", "ada")
    await check(staff, delivery="view:1")
    assert await staff.help(Act.RECHECK, delivery="view:1") == Repeated()
    assert await staff.world.actions("desk.given_again") == ["desk.given_again done"]


async def test_what_the_owner_is_called_is_told(staff: Desks) -> None:
    await staff.world.approved("ada")
    await staff.world.local.take_from_group("prod-db", "ada")
    (one,) = (await check(staff)).checked
    assert one == Checked(entitlement="prod-db", standing="for-its-owner", owner="Data Platform")
