"""Ending what somebody has before its time: by whom, with which record, and what stays (promises 3, 5 and 8)."""

import asyncio
from dataclasses import replace

import pytest

from handlers.outcomes import EndedEarly, MayEnd, NotAllowed, Repeated, TooLate, Unknown
from storage.records import Owed
from tests.handlers.access_ground import CATALOGUE, HOUR, thing, world


@pytest.mark.parametrize(("who", "role"), [("grace", "owner"), ("sam", "security")])
async def test_the_owner_and_security_end_it_with_a_rationale(tmp_path, who, role):
    """Whoever had it is told who and why, in a message of its own: an edit would go unseen."""
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        assert isinstance(await wicket.ending.consider(await wicket.on(who, grant)), MayEnd)
        outcome = await wicket.end(who, grant, "the incident is over")
        assert outcome == EndedEarly(grant=grant, still_until=None)
        await wicket.settle()
        assert not await wicket.holds("ada", "prod-db")
        row = await wicket.grant(grant)
        assert (row.state, row.ended_by, row.end_rationale) == ("ended", who.title(), "the incident is over")
        entry = await wicket.last("grant.ended_early")
        assert entry["facts"]["role"] == role
        assert entry["policy"]["ids"] == [f"revoke-as-{role}"]
        assert "rationale" in entry["texts"]
        assert ("ended-early", "Uada") in await wicket.owed()


@pytest.mark.parametrize("who", ["charles", "linus2", "eve", "ada"])
async def test_nobody_else_does_and_security_hears_of_it(tmp_path, who):
    """Not the manager, a colleague, a contractor in the group, nor the holder, who gives it back instead."""
    async with world(tmp_path) as wicket:
        if who == "linus2":
            await wicket.local.add_account(who, login=who, name=who, mail=f"{who}@example.com")
        if who == "eve":
            await wicket.local.put_in_group("data-owners", "eve")
        grant = await wicket.approved("ada")
        considered = await wicket.ending.consider(await wicket.on(who, grant))
        outcome = await wicket.end(who, grant)
        assert isinstance(considered, NotAllowed)
        assert isinstance(outcome, NotAllowed)
        assert {"Grace", "Linus"} <= set(outcome.can)
        assert await wicket.state(grant) == "active"
        (row,) = await wicket.exceptions()
        assert (row.kind, row.count, row.facts["ending"]) == ("wrong-approver", 2, True)
        assert await wicket.actions("ending") == ["ending.refused refused"] * 2


async def test_whoever_loses_the_authority_while_writing_why_ends_nothing(tmp_path):
    """Promise 3: asked when the form opens and when it is sent."""
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        assert isinstance(await wicket.ending.consider(await wicket.on("grace", grant)), MayEnd)
        await wicket.local.remove_member("grace", "data-owners")
        assert isinstance(await wicket.end("grace", grant), NotAllowed)
        assert await wicket.state(grant) == "active"


async def test_the_second_hears_who_ended_it(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        outcomes = await asyncio.gather(wicket.end("grace", grant), wicket.end("sam", grant))
        assert sorted(type(one).__name__ for one in outcomes) == ["EndedEarly", "TooLate"]
        (late,) = [one for one in outcomes if isinstance(one, TooLate)]
        assert late.by in ("Grace", "Sam")


async def test_the_same_delivery_ends_once(tmp_path):
    """SL-5."""
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        await wicket.end("grace", grant, delivery="same")
        assert isinstance(await wicket.end("grace", grant, delivery="same"), Repeated)
        assert await wicket.actions("grant.ended_early") == ["grant.ended_early done"]


async def test_ending_one_of_two_leaves_the_other_and_says_so(tmp_path):
    """Promise 8: grants are counted, and whoever ended one knows that it was not the last."""
    async with world(tmp_path) as wicket:
        first, other = await wicket.approved("ada"), await wicket.approved("ada", duration=2 * HOUR)
        outcome = await wicket.end("grace", first)
        assert outcome.still_until == (await wicket.grant(other)).expires_at
        await wicket.settle()
        assert [await wicket.state(one) for one in (first, other)] == ["ended", "active"]
        assert await wicket.holds("ada", "prod-db")
        assert (await wicket.end("grace", other)).still_until is None
        await wicket.settle()
        assert not await wicket.holds("ada", "prod-db")


async def test_what_goes_on_from_it_ends_with_it(tmp_path):
    """An extension is the same access; one that still waits is void."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        second = (await wicket.extend("ada", first)).grant
        await wicket.decide("grace", second)
        await wicket.settle()
        third = (await wicket.extend("ada", second)).grant
        await wicket.end("grace", first)
        await wicket.settle()
        assert [await wicket.state(one) for one in (first, second, third)] == ["ended", "ended", "voided"]
        assert not await wicket.holds("ada", "prod-db")
        late = await wicket.decide("linus", third)
        assert isinstance(late, TooLate)
        assert len([row for row in await wicket.rows(Owed) if row.kind == "ended-early"]) == 1


async def test_what_goes_on_at_once_from_what_an_owner_approved_can_be_ended_by_them(tmp_path):
    """Nobody was asked about the extension, so they are shown it."""
    tool = thing("wiki-edit", max_duration=10 * HOUR)
    catalogue = replace(CATALOGUE, entitlements={**CATALOGUE.entitlements, "wiki-edit": tool})
    async with world(tmp_path, catalogue=catalogue) as wicket:
        first = await wicket.approved("ada", "wiki-edit", 9 * HOUR)
        wicket.clock.forward(hours=8, minutes=30)
        asked = await wicket.extend("ada", first)
        assert asked.state == "approved"
        await wicket.settle()
        wicket.clock.forward(minutes=31)
        await wicket.tick()
        shown = {row.subject for row in await wicket.rows(Owed) if row.kind == "approval"}
        assert shown == {first, asked.grant}
        assert isinstance(await wicket.end("grace", asked.grant), EndedEarly)
        await wicket.settle()
        assert not await wicket.holds("ada")


async def test_an_approval_of_the_extension_races_the_end(tmp_path):
    """Whatever comes first, nothing is left when the owner ended it last or voided what was to come."""
    async with world(tmp_path) as wicket:
        first = await wicket.approved("ada")
        second = (await wicket.extend("ada", first)).grant
        await asyncio.gather(wicket.decide("grace", second), wicket.end("linus", first))
        await wicket.settle()
        assert not await wicket.holds("ada", "prod-db")
        assert await wicket.state(first) == "ended"
        assert await wicket.state(second) in ("voided", "ended")


async def test_giving_back_races_the_end(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        back, ended = await asyncio.gather(
            wicket.access.give_back(await wicket.on("ada", grant)), wicket.end("grace", grant)
        )
        assert sorted(isinstance(one, TooLate) for one in (back, ended)) == [False, True]
        await wicket.settle()
        assert await wicket.changes() == ["add ada prod-db", "remove ada prod-db"]


async def test_what_no_owner_was_asked_about_has_no_button(tmp_path):
    """Promise 5: the click was never offered."""
    async with world(tmp_path) as wicket:
        grant = await wicket.given("ada")
        assert isinstance(await wicket.end("grace", grant), Unknown)
        assert await wicket.kinds() == ["tampered"]


async def test_what_somebody_had_who_is_gone_can_still_be_ended(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        await wicket.local.drop_account("ada")
        assert isinstance(await wicket.end("sam", grant), EndedEarly)


async def test_an_entitlement_that_left_the_catalogue_ends_on_time_and_not_by_a_click(tmp_path):
    async with world(tmp_path) as wicket:
        grant = await wicket.approved("ada")
        entitlements = {name: one for name, one in CATALOGUE.entitlements.items() if name != "prod-db"}
        wicket.reopen(catalogue=type(CATALOGUE)(entitlements=entitlements, owners=CATALOGUE.owners))
        assert isinstance(await wicket.end("grace", grant), Unknown)
        assert await wicket.state(grant) == "active"


async def test_whoever_is_on_call_ends_it_as_such_and_as_no_approver(tmp_path):
    """Policy hears that they are on call, so an operator can say otherwise."""
    data = replace(CATALOGUE.owners["data"], on_call="wiki-admins")
    async with world(tmp_path, catalogue=replace(CATALOGUE, owners={"data": data})) as wicket:
        await wicket.local.put_in_group("wiki-admins", "root")
        grant = await wicket.approved("ada")
        assert isinstance(await wicket.end("root", grant), EndedEarly)
        assert (await wicket.last("grant.ended_early"))["policy"]["ids"] == ["revoke-on-call"]
