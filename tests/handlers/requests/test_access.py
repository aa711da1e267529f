"""Asking for access and giving it up: once per delivery, only one's own, and never without a record."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.decisions.cedar import CedarPolicy
from handlers.intents import AskAccess
from handlers.outcomes import AlreadyAsked, AlreadyHeld, Asked, Ended, Repeated, TooLate, Unknown
from handlers.requests.asking import Asking
from storage import grants
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.records import Delivery, Grant
from storage.states import GrantState
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world
from tests.handlers.decisions.cast import overflowing
from tests.handlers.made_once import without_step_up


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


@pytest.mark.both_engines
async def test_low_risk_is_approved_at_once_with_its_end(world: World) -> None:
    """Promise 1: the end is durable before the access."""
    outcome = await world.ask("ada", "wiki-edit")
    assert outcome.state == GrantState.APPROVED
    row = await world.grant(outcome.grant)
    assert (row.automatic, row.expires_at) == (True, world.clock() + HOUR)
    entry = await world.last("grant.approved")
    assert (entry["policy"]["allowed"], entry["policy"]["ids"]) == (True, ["automatic-low-risk"])
    assert await world.owed() == {("request", "Uada")}


async def test_privileged_access_waits_for_its_owner_in_the_owners_channel(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    row = await world.grant(grant)
    assert (row.state, row.missing) == (GrantState.PENDING, {"owner": 1})
    assert row.lapses_at == world.clock() + timedelta(hours=24)
    assert await world.owed() == {("request", "Uada"), ("approval", "owner:data")}


async def test_a_refused_privileged_request_is_told_to_security(world: World) -> None:
    outcome = await world.ask("eve", "prod-admin")
    assert outcome.state == GrantState.REFUSED
    (told,) = await world.exceptions()
    assert (told.kind, told.who, told.correlation) == ("refused-request", "Eve (eve)", outcome.grant)
    assert told.facts["policies"] == ["contractors-never-admin"]
    assert await world.actions("grant") == ["grant.refused refused"]


async def test_a_harmless_refusal_is_no_news_for_security(world: World) -> None:
    outcome = await world.ask("ada", "wiki-edit", timedelta(days=3))
    assert outcome.state == GrantState.REFUSED
    assert await world.exceptions() == []


async def test_privileged_access_for_too_long_is_no_news_for_security_until_it_is_tried_a_third_time(
    world: World,
) -> None:
    """A shorter time would be carried to the owner: asking for more is no exception, trying it again and again is."""
    for _ in range(2):
        assert (await world.ask("ada", "prod-db", timedelta(days=3))).state == GrantState.REFUSED
    assert (await world.ask("grace", "prod-db", timedelta(days=3))).state == GrantState.REFUSED
    assert await world.exceptions() == []
    third = await world.ask("ada", "prod-db", timedelta(days=3))
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.correlation) == ("refused-request", "medium", third.grant)
    assert told.facts["times"] == 3
    assert await world.actions("grant") == ["grant.refused refused"] * 4


async def test_what_was_too_long_on_another_day_does_not_count(world: World) -> None:
    for _ in range(4):
        await world.ask("ada", "prod-db", timedelta(days=3))
        world.clock.forward(hours=13)
    assert await world.exceptions() == []


async def test_too_long_and_refused_for_something_else_is_told_at_once(tmp_path: Path) -> None:
    """For a shorter time it would be refused as well, if only by a policy without a severity of its own."""
    sources, schema = without_step_up()
    other = """
        @id("no-prod-for-ada") @reason("Not this one.")
        forbid (principal, action in [Action::"grant", Action::"request"], resource)
        when { resource.environment == "production" && principal.team == "" };
    """
    policy = CedarPolicy.load({**sources, "other.cedar": other}, schema, bound_to="test")
    async with open_world(tmp_path, policy=policy) as world:
        assert (await world.ask("ada", "prod-db", timedelta(days=3))).state == GrantState.REFUSED
        assert await world.kinds() == ["refused-request"]


@pytest.mark.both_engines
async def test_four_deliveries_of_one_request_are_one_request(world: World) -> None:
    """Promise 6, also at the same moment."""
    outcomes = await asyncio.gather(*(world.ask("ada", "prod-db", delivery="same") for _ in range(4)))
    assert sorted(type(one).__name__ for one in outcomes) == ["Asked", "Repeated", "Repeated", "Repeated"]
    assert len(await world.rows(Grant)) == 1


@pytest.mark.both_engines
async def test_asking_twice_leaves_one_request_and_both_askings_on_the_record(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    assert await world.ask("ada", "prod-db") == AlreadyAsked(grant=grant, entitlement="prod-db")
    assert await world.actions("grant") == ["grant.requested done", "grant.already_asked refused"]


@pytest.mark.parametrize("nested", [False, True])
async def test_what_stands_is_not_asked_for(world: World, nested: bool) -> None:
    """Through a group within the group as well: there is nothing to give."""
    if nested:
        await world.local.put_in_group("wiki-admins", "ada")
        await world.local.put_in_group("wiki-edit", groups=["wiki-admins"])
    else:
        await world.local.put_in_group("wiki-edit", "ada")
    assert await world.ask("ada", "wiki-edit") == AlreadyHeld(entitlement="wiki-edit", until=None)
    assert await world.rows(Grant) == []
    assert await world.actions("grant") == ["grant.already_held refused"]


async def test_what_is_being_taken_back_does_not_stand(world: World) -> None:
    """The removal does not succeed for a while; asking again gives it again instead of calling it standing."""
    first = await world.given("ada")
    world.faulty.error("remove_member")
    await world.access.give_back(await world.on("ada", first))
    await world.settle()
    outcome = await world.ask("ada", "wiki-edit")
    assert isinstance(outcome, Asked)
    world.faulty.mend()
    world.clock.forward(minutes=5)
    await world.settle()
    assert await world.state(first) == GrantState.ENDED
    assert await world.state(outcome.grant) == GrantState.ACTIVE
    assert await world.changes() == ["add ada wiki-edit"]


@pytest.mark.both_engines
async def test_what_was_taken_back_after_the_account_was_read_does_not_stand(world: World) -> None:
    """Between the reading and the transaction the removal was done."""
    grant = await world.given("ada")
    before = await world.intent("ada")
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    outcome = await world.asking.ask(
        AskAccess(**before, entitlement="wiki-edit", duration=HOUR, justification="INC-2")
    )
    assert isinstance(outcome, Asked)


async def test_what_another_directory_holds_is_refused(world: World) -> None:
    """An id that is the same there is another person."""
    outcome = await world.ask("ada", "elsewhere")
    assert outcome.state == GrantState.REFUSED
    assert outcome.reasons == ("It is kept in a directory in which you have no account.",)
    assert (await world.last("grant.refused"))["policy"]["ids"] == ["own-directory-only"]


async def test_an_unknown_entitlement_is_unknown(world: World) -> None:
    """Refused once, and on the record (promise 2)."""
    assert await world.ask("ada", "no-such-thing", delivery="same") == Unknown(what="no-such-thing")
    assert await world.ask("ada", "no-such-thing", delivery="same") == Repeated()
    assert await world.draft("ada", "no-such-thing") == Unknown(what="no-such-thing")
    assert await world.actions("grant") == ["grant.gone refused"] * 2


async def test_no_draft_is_made_of_what_could_not_be_sent(world: World) -> None:
    """A draft says what would happen: of what stands, or waits already, nothing would."""
    await world.local.put_in_group("wiki-edit", "ada")
    assert await world.draft("ada", "wiki-edit") == AlreadyHeld(entitlement="wiki-edit", until=None)
    waiting = await world.asked("ada", "prod-db")
    assert await world.draft("ada", "prod-db") == AlreadyAsked(grant=waiting, entitlement="prod-db")
    assert [row.id for row in await world.rows(Grant)] == [waiting]
    assert await world.actions("grant") == [
        "grant.already_held refused", "grant.requested done", "grant.already_asked refused",
    ]  # fmt: skip


async def test_a_draft_of_what_left_the_catalogue_is_not_sent_and_that_is_on_the_record(world: World) -> None:
    draft = (await world.draft("ada", "wiki-edit")).grant
    things = world.ground.catalogue.entitlements
    fewer = replace(
        world.ground.catalogue, entitlements={name: things[name] for name in things if name != "wiki-edit"}
    )
    asking = Asking(replace(world.ground, catalogue=fewer))
    assert await asking.send_draft(await world.on("ada", draft)) == Unknown(what="wiki-edit")
    assert await world.actions("grant") == ["grant.gone refused"]
    assert await world.exceptions() == []


async def test_a_draft_foresees_what_would_happen_and_sends_nothing(world: World) -> None:
    drafted = await world.draft("ada", "prod-db")
    row = await world.grant(drafted.grant)
    assert (row.state, row.foreseen, row.missing) == (GrantState.DRAFT, "approval", {"owner": 1})
    assert await world.owed() == {("request", "Uada")}
    assert await world.actions("grant") == []


async def test_a_draft_that_is_sent_is_the_same_request(world: World) -> None:
    """One thing keeps one message."""
    drafted = await world.draft("ada", "prod-db")
    sent = await world.asking.send_draft(await world.on("ada", drafted.grant))
    assert isinstance(sent, Asked)
    assert (sent.grant, sent.state) == (drafted.grant, GrantState.PENDING)
    assert isinstance(await world.asking.send_draft(await world.on("ada", drafted.grant)), TooLate)
    assert await world.actions("grant") == ["grant.requested done", "grant.late refused"]


@pytest.mark.both_engines
async def test_a_draft_is_changed_by_the_form(world: World) -> None:
    drafted = await world.draft("ada", "prod-db", HOUR)
    outcome = await world.ask("ada", "wiki-edit", 2 * HOUR, why="INC-2", draft=drafted.grant)
    row = await world.grant(drafted.grant)
    assert outcome.grant == drafted.grant
    assert (row.entitlement, row.group, row.minutes, row.justification) == (
        "wiki-edit",
        "wiki-edit",
        120,
        "INC-2",
    )


async def test_a_draft_asked_in_full_and_refused_is_a_refusal(world: World) -> None:
    drafted = await world.draft("eve", "prod-admin")
    assert await world.state(drafted.grant) == GrantState.REFUSED
    assert await world.kinds() == ["refused-request"]
    assert isinstance(await world.asking.send_draft(await world.on("eve", drafted.grant)), TooLate)


@pytest.mark.parametrize(("duration", "why"), [(None, "INC-1"), (HOUR, None)])
async def test_a_draft_that_lacks_something_cannot_be_sent(
    world: World, duration: timedelta | None, why: str | None
) -> None:
    drafted = await world.draft("ada", "wiki-edit", duration, why)
    assert await world.asking.send_draft(await world.on("ada", drafted.grant)) == Unknown(what="draft")
    assert await world.state(drafted.grant) == GrantState.DRAFT


@pytest.mark.parametrize(("duration", "why"), [(None, "INC-1"), (HOUR, None)])
async def test_a_draft_that_lacks_something_is_no_refusal_yet(
    world: World, duration: timedelta | None, why: str | None
) -> None:
    """Nobody asked for it in full: nothing is on the record, and security hears of nothing."""
    drafted = await world.draft("eve", "prod-admin", duration, why)
    assert await world.state(drafted.grant) == GrantState.DRAFT
    assert (await world.actions("grant"), await world.exceptions()) == ([], [])


async def test_a_draft_of_what_would_be_had_at_once_gives_nothing(world: World) -> None:
    """Free text drafts and never executes: though its person would have it at once, they have to send it."""
    drafted = await world.draft("ada", "wiki-edit")
    assert (await world.grant(drafted.grant)).foreseen == "automatic"
    await world.settle()
    assert (await world.state(drafted.grant), await world.holds("ada")) == (GrantState.DRAFT, False)
    await world.asking.send_draft(await world.on("ada", drafted.grant))
    await world.settle()
    assert (await world.state(drafted.grant), await world.holds("ada")) == (GrantState.ACTIVE, True)


@pytest.mark.both_engines
async def test_a_draft_that_was_forgotten_is_gone_kindly(world: World) -> None:
    drafted = await world.draft("ada", "wiki-edit")
    world.clock.forward(days=2)
    await world.revocation.forget_old()
    assert await world.asking.send_draft(await world.on("ada", drafted.grant)) == Unknown(what="request")
    assert await world.actions("grant") == ["grant.gone refused"]
    assert await world.exceptions() == []


@pytest.mark.parametrize(
    "change",
    ["entitlement = 'prod-db'", "minutes = 1440", "requester_account = 'ada', mac = 'x'", "mac = ''"],
)
async def test_a_draft_that_others_changed_in_the_database_can_neither_be_sent_nor_withdrawn(
    world: World, change: str
) -> None:
    """T-9: nobody was shown what it says by now, and who clicks it is no forger."""
    author = "eve" if "requester" in change else "ada"
    draft = (await world.draft(author, "wiki-edit")).grant
    await world.ground.database.write(lambda tx: tx.connection().execute(text(f"UPDATE grants SET {change}")))
    assert isinstance(await world.asking.send_draft(await world.on("ada", draft)), Unknown)
    assert isinstance(await world.access.withdraw(await world.on("ada", draft)), Unknown)
    await world.settle()
    assert [row.state for row in await world.rows(Grant)] == ["draft"]
    assert await world.exceptions() == []
    assert {one.table for one in world.ground.database.doubts} == {"grants"}


async def test_a_draft_is_thrown_away_once_and_not_sent_after_that(world: World) -> None:
    draft = (await world.draft("ada", "wiki-edit")).grant
    assert await world.access.withdraw(await world.on("ada", draft)) == Ended(
        grant=draft, state=GrantState.WITHDRAWN
    )
    assert isinstance(await world.asking.send_draft(await world.on("ada", draft)), TooLate)
    assert isinstance(await world.ask("ada", "wiki-edit", draft=draft), TooLate)
    assert [row.state for row in await world.rows(Grant)] == ["withdrawn"]


async def test_somebody_elses_request_cannot_be_touched_and_trying_is_told(world: World) -> None:
    """A button or a form of theirs was never shown to anybody else; the answer tells nothing about it."""
    draft = (await world.draft("ada", "prod-db")).grant
    pending = await world.asked("ada", "prod-admin")
    active = await world.given("ada")
    assert await world.asking.send_draft(await world.on("eve", draft)) == Unknown(what="request")
    assert await world.access.withdraw(await world.on("eve", pending)) == Unknown(what="request")
    assert await world.access.give_back(await world.on("eve", active)) == Unknown(what="request")
    assert await world.ask("eve", "wiki-edit", draft=draft) == Unknown(what="draft")
    assert [await world.state(one) for one in (draft, pending, active)] == ["draft", "pending", "active"]
    assert await world.actions("grant.tampered") == ["grant.tampered refused"] * 4
    (told,) = await world.exceptions()
    assert (told.kind, told.who, told.count) == ("tampered", "Eve (eve)", 4)


async def test_an_account_of_the_same_id_elsewhere_is_somebody_else(world: World) -> None:
    active = await world.given("ada")
    on = await world.on("ada", active)
    other = replace(on.actor, account=replace(on.actor.account, directory="other"))
    assert await world.access.give_back(replace(on, actor=other)) == Unknown(what="request")


async def test_withdrawing_ends_a_request_once(world: World) -> None:
    grant = await world.asked("ada", "prod-db")
    ended = await world.access.withdraw(await world.on("ada", grant))
    assert ended == Ended(grant=grant, state=GrantState.WITHDRAWN)
    assert isinstance(await world.access.withdraw(await world.on("ada", grant)), TooLate)
    assert await world.actions("grant") == [
        "grant.requested done",
        "grant.withdrawn done",
        "grant.late refused",
    ]


@pytest.mark.both_engines
async def test_giving_back_twice_ends_once(world: World) -> None:
    grant = await world.given("ada")
    assert isinstance(await world.access.give_back(await world.on("ada", grant, "d")), Ended)
    assert await world.access.give_back(await world.on("ada", grant, "d")) == Repeated()
    assert isinstance(await world.access.give_back(await world.on("ada", grant)), TooLate)
    await world.settle()
    assert not await world.holds("ada")
    assert await world.actions("grant.given_back") == ["grant.given_back done"]


async def test_a_slow_or_failing_directory_takes_no_delivery(world: World) -> None:
    """What failed before the transaction may be tried again under the same id."""
    before = len(await world.rows(Delivery))
    world.faulty.error("account")
    with pytest.raises(DirectoryUnavailable):
        await world.ask("ada", "wiki-edit", delivery="same")
    assert len(await world.rows(Delivery)) == before
    world.faulty.mend()
    assert isinstance(await world.ask("ada", "wiki-edit", delivery="same"), Asked)


async def test_what_a_person_holds_by_a_grant_is_not_kept_as_standing(world: World) -> None:
    """The approver must not read in a month that it stood."""
    await world.given("ada")
    grant = await world.asked("ada", "prod-db")
    assert (await world.grant(grant)).standing == []


async def test_a_broken_policy_refuses_and_is_one_exception_however_many_ask(tmp_path: Path) -> None:
    """Promise 3; the same cause does not flood."""
    sources, schema = without_step_up()
    policy = CedarPolicy.load(
        {**sources, "broken.cedar": overflowing("permit", "request")}, schema, bound_to="test"
    )
    async with open_world(tmp_path, policy=policy) as world:
        for login in ("ada", "charles", "linus"):
            assert (await world.ask(login, "prod-db")).state == GrantState.REFUSED
        (told,) = await world.exceptions()
        assert (told.kind, told.severity, told.who, told.count) == (
            "policy-error",
            "high",
            "Linus (linus)",
            3,
        )


async def test_a_policy_that_breaks_on_approvals_is_told_as_broken(tmp_path: Path) -> None:
    """It errs only while we look for what is missing: not "no approval would be enough", but an exception."""
    sources, schema = without_step_up()
    broken = overflowing("forbid", "grant").replace("when {", "when { context.approvals.total > 0 &&")
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    async with open_world(tmp_path, policy=policy) as world:
        assert (await world.ask("ada", "prod-db")).state == GrantState.REFUSED
        assert await world.kinds() == ["policy-error"]
        assert (await world.last("grant.refused"))["facts"]["errors"]


async def test_a_policy_that_breaks_on_an_approver_is_told_as_broken(tmp_path: Path) -> None:
    """At execution: nobody lost an authority (promise 3)."""
    sources, schema = without_step_up()
    broken = overflowing("forbid", "approve").replace("when {", 'when { principal.team == "New" &&')
    policy = CedarPolicy.load({**sources, "broken.cedar": broken}, schema, bound_to="test")
    async with open_world(tmp_path, policy=policy) as world:
        grant = await world.asked("ada", "prod-db")
        await world.decide("grace", grant)
        await world.local.change_account("grace", team="New")
        await world.settle()
        assert await world.state(grant) == GrantState.VOIDED
        assert await world.kinds() == ["policy-error"]
        assert (await world.last("grant.voided"))["facts"]["errors"]


async def test_no_row_leaves_a_final_state_or_moves_its_end(world: World) -> None:
    """The table of states holds whoever asks (promise 1)."""
    grant = await world.asked("ada", "wiki-edit")

    async def move(to: GrantState, **changes: object) -> None:
        def work(tx: Session) -> None:
            row = grants.get(tx, grant)
            assert row is not None
            grants.move(tx, row, to, **changes)

        await world.ground.database.write(work)

    with pytest.raises(ValueError, match="never moves"):
        await move(GrantState.ACTIVE, expires_at=world.clock() + 2 * HOUR)
    with pytest.raises(ValueError, match="cannot become"):
        await move(GrantState.ENDED)
    await move(GrantState.VOIDED)
    for to in GrantState:
        with pytest.raises(ValueError, match="cannot become"):
            await move(to)
