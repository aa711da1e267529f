"""Extending: a new request by policy, no gap, no end that moves, and nothing that lasts for good (N-5)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.slack.messages.during import still_ends
from handlers.grants.revocation import Revocation
from handlers.outcomes import AlreadyAsked, Asked, Ended, Repeated, TooLate, Unknown
from handlers.requests.storytelling import tell
from storage.catalogue import Catalogue
from tests.handlers.access_ground import CATALOGUE, HOUR, thing, world


async def test_an_extension_is_a_grant_of_its_own_and_leaves_no_gap(tmp_path):
    """Promises 1 and 8: the first end stays where it was, and takes nothing away."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        end = (await wicket.grant(first)).expires_at
        wicket.clock.forward(minutes=50)
        second = await wicket.extend("ada", first)
        assert isinstance(second, Asked)
        await wicket.settle()
        assert (await wicket.grant(first)).expires_at == end
        assert (await wicket.grant(second.grant)).expires_at == wicket.clock() + HOUR
        wicket.clock.forward(minutes=10, seconds=1)
        await wicket.tick()
        assert await wicket.state(first) == "ended"
        assert await wicket.state(second.grant) == "active"
        assert await wicket.holds("ada")
        wicket.clock.forward(minutes=50)
        await wicket.tick()
        assert not await wicket.holds("ada")
        assert await wicket.changes() == ["add ada wiki-edit", "remove ada wiki-edit"]


async def test_what_needs_approval_needs_it_again(tmp_path):
    """Promise 3: the owner is asked, and the story says that it is held already."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        asked = await wicket.extend("ada", first)
        assert asked.state == "pending"
        row = await wicket.grant(asked.grant)
        assert (row.extends, row.held_since) == (first, (await wicket.grant(first)).decided_at)
        await wicket.decide("grace", asked.grant)
        await wicket.settle()
        wicket.clock.forward(hours=1, seconds=1)
        await wicket.tick()
        assert await wicket.state(first) == "ended"
        assert await wicket.holds("ada", "prod-db") is (await wicket.state(asked.grant) == "active")


async def test_extended_again_and_again_it_ends_at_the_longest_time(tmp_path):
    """N-5: the last extension is as long as what is left, and then there is none."""
    short = thing(
        "prod-db", risk=4, environment="production", kind="database", max_duration=timedelta(hours=3)
    )
    catalogue = replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "prod-db": short})
    async with world(tmp_path, catalogue=catalogue) as wicket:
        first = grant = await wicket.approved("ada", duration=timedelta(minutes=80))
        lengths = []
        for minutes in (70, 70):
            wicket.clock.forward(minutes=minutes)
            asked = await wicket.extend("ada", grant)
            grant = asked.grant
            lengths.append((await wicket.grant(grant)).minutes)
            await wicket.decide("grace", grant)
            await wicket.settle()
        assert lengths == [80, 40]
        wicket.clock.forward(minutes=30)
        asked = await wicket.extend("ada", grant)
        assert asked.state == "refused"
        assert "without a break" in " ".join(asked.reasons)
        began, ends = (await wicket.grant(first)).decided_at, (await wicket.grant(grant)).expires_at
        assert ends - began <= timedelta(hours=3)


async def test_asking_anew_while_one_holds_it_is_no_way_around(tmp_path):
    """N-5: it counts as going on, whichever button it was asked with."""
    async with world(tmp_path) as wicket:
        await wicket.approved("ada", duration=timedelta(hours=20))
        wicket.clock.forward(hours=19)
        asked = await wicket.ask("ada", "prod-db", timedelta(hours=20))
        assert asked.state == "refused"
        assert "not-beyond-maximum-in-one-go" in (await wicket.last("grant.refused"))["policy"]["ids"]
        wicket.clock.forward(hours=1, seconds=1)
        await wicket.tick()
        assert (await wicket.ask("ada", "prod-db", timedelta(hours=20))).state == "pending"


async def test_what_a_clock_granted_that_was_ahead_is_held_since_that_was_noticed(tmp_path):
    """N-5: by what the wrong clock said it had been held for a minute, until that day came, however often extended."""
    async with world(tmp_path) as wicket:
        wicket.clock.forward(days=3)
        first = await wicket.approved("ada", duration=timedelta(hours=20))
        wicket.clock.forward(days=-3)
        noticed = wicket.clock()
        assert await wicket.revocation.end_sooner() == 1
        wicket.clock.forward(hours=19)
        assert (await wicket.ask("ada", "prod-db", timedelta(hours=20))).state == "refused"
        asked = await wicket.extend("ada", first)
        extension = await wicket.grant(asked.grant)
        assert (extension.held_since, extension.minutes) == (noticed, 5 * 60)


async def test_two_taps_extend_once(tmp_path):
    """SL-5: the same delivery does nothing, another says that it goes on already; side by side, too."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        outcomes = await asyncio.gather(*(wicket.extend("ada", first) for _ in range(4)))
        assert sorted(type(one).__name__ for one in outcomes) == ["AlreadyExtended"] * 3 + ["Asked"]
        await wicket.extend("ada", first, delivery="same")
        assert isinstance(await wicket.extend("ada", first, delivery="same"), Repeated)
        assert len(await wicket.rows_of_grants()) == 2
        assert await wicket.actions("grant.already_extended")


async def test_a_second_tap_while_the_owner_thinks_says_so(tmp_path):
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        asked = await wicket.extend("ada", first)
        again = await wicket.extend("ada", first)
        assert isinstance(again, AlreadyAsked)
        assert again.grant == asked.grant


async def test_nobody_extends_what_another_has(tmp_path):
    """Promise 5: it was never shown to them, so the click is forged."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        assert isinstance(await wicket.extend("linus", first), Unknown)
        assert await wicket.kinds() == ["tampered"]
        assert len(await wicket.rows_of_grants()) == 1


@pytest.mark.parametrize("seen", [True, False])
async def test_what_is_over_is_not_extended(tmp_path, seen):
    """Whether the tick saw the end or not: then there would be a gap."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        wicket.clock.forward(hours=1)
        if seen:
            await wicket.tick()
        outcome = await wicket.extend("ada", first)
        assert isinstance(outcome, TooLate)
        assert outcome.state == "ended"
        assert await wicket.actions("grant.late") == ["grant.late refused"]


async def test_extending_races_the_end_and_either_way_the_directory_agrees(tmp_path):
    """Promise 8: it is held exactly as long as a grant gives it."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        wicket.clock.forward(minutes=59, seconds=59.999)
        revocation = Revocation(wicket.ground)
        outcome, _ = await asyncio.gather(wicket.extend("ada", first), revocation.end_due())
        wicket.clock.forward(seconds=1)
        await wicket.tick()
        assert await wicket.state(first) == "ended"
        assert await wicket.holds("ada") is isinstance(outcome, Asked)


@pytest.mark.parametrize("change", [{"active": False}, {"employment": "contractor"}])
async def test_whoever_lost_what_entitled_them_is_not_extended_at_once(tmp_path, change):
    """Promise 3, SL-17: policy hears of the person as they are now."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        await wicket.local.change_account("ada", **change)
        asked = await wicket.extend("ada", first)
        assert asked.state != "approved"


async def test_an_extension_is_asked_about_again_at_execution(tmp_path):
    """Promise 3: eligibility lost after the tap; what lasts ends at its own time."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        asked = await wicket.extend("ada", first)
        assert asked.state == "approved"
        await wicket.local.change_account("ada", employment="contractor")
        await wicket.settle()
        assert await wicket.state(asked.grant) == "voided"
        assert await wicket.state(first) == "active"
        assert await wicket.holds("ada")
        assert await wicket.kinds() == ["authority-lost"]


async def test_what_is_another_group_by_now_is_no_extension(tmp_path):
    """Whoever decided would read that somebody keeps what they have. It can be asked for like anything else."""
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        moved = replace(CATALOGUE.entitlements["wiki-edit"], group="wiki-admins")
        wicket.reopen(
            catalogue=replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "wiki-edit": moved})
        )
        assert await wicket.extend("ada", first) == Unknown(what="wiki-edit")
        assert await wicket.actions("grant.gone") == ["grant.gone refused"]
        assert (await wicket.grant(await wicket.asked("ada", "wiki-edit"))).extends == ""


async def test_an_entitlement_that_left_the_catalogue_is_not_extended(tmp_path):
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        entitlements = {name: one for name, one in CATALOGUE.entitlements.items() if name != "wiki-edit"}
        wicket.reopen(catalogue=Catalogue(entitlements=entitlements, owners=CATALOGUE.owners))
        assert isinstance(await wicket.extend("ada", first), Unknown)
        assert await wicket.actions("grant.gone") == ["grant.gone refused"]


async def test_a_risk_that_was_raised_meanwhile_is_weighed_as_it_is_now(tmp_path):
    async with world(tmp_path) as wicket:
        first = await wicket.given("ada")
        risky = replace(CATALOGUE.entitlements["wiki-edit"], risk=3)
        wicket.reopen(
            catalogue=replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "wiki-edit": risky})
        )
        assert (await wicket.extend("ada", first)).state == "pending"


async def test_whoever_is_done_is_done_with_the_extension_too(tmp_path):
    """One tap ends it all: the grant, what goes on from it, and what waits."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        second = (await wicket.extend("ada", first)).grant
        await wicket.decide("grace", second)
        await wicket.settle()
        third = (await wicket.extend("ada", second)).grant
        assert isinstance(await wicket.access.give_back(await wicket.on("ada", second)), Ended)
        await wicket.settle()
        assert [await wicket.state(one) for one in (first, second, third)] == ["ended", "ended", "withdrawn"]
        assert not await wicket.holds("ada", "prod-db")


async def test_another_request_for_the_same_is_not_given_back_with_it(tmp_path):
    """Promise 8: what was asked for by itself is counted by itself."""
    async with world(tmp_path) as wicket:
        first, other = await wicket.given("ada"), await wicket.given("ada", duration=2 * HOUR)
        await wicket.access.give_back(await wicket.on("ada", first))
        await wicket.settle()
        assert await wicket.state(other) == "active"
        assert await wicket.holds("ada")


async def test_an_extension_answered_after_the_end_is_an_ordinary_request(tmp_path):
    """It still waits, and an approval gives it anew."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        asked = await wicket.extend("ada", first)
        wicket.clock.forward(hours=1, seconds=1)
        await wicket.tick()
        assert not await wicket.holds("ada", "prod-db")
        await wicket.decide("grace", asked.grant)
        await wicket.settle()
        assert await wicket.holds("ada", "prod-db")


async def test_an_extension_approved_for_too_little_puts_no_end_off(tmp_path):
    """Over before what it was to extend: nobody reads that it goes on, its end is told of, and it can be extended."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        second = (await wicket.extend("ada", first)).grant
        await wicket.decide("grace", second, minutes=58)
        await wicket.settle()
        told = await wicket.ground.database.read(lambda tx: tell(tx, wicket.ground, first))
        assert told.extension is None
        wicket.clock.forward(minutes=54)
        await wicket.reminding.remind_due()
        assert still_ends(told, now=wicket.clock())
        assert isinstance(await wicket.extend("ada", first), Asked)
