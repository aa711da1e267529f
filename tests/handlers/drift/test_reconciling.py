"""Deciding about drift: by the right people, once, on the record, and only while it is still so."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from handlers.decisions.drift import Way
from handlers.drift.finding import Drift
from handlers.drift.reconciling import MOST_AT_ONCE, Reconciling
from handlers.exceptions.raising import Kind
from handlers.intents import Reconcile
from handlers.outcomes import MayReconcile, NoLonger, NotAllowed, NotPossible, Reconciled, Repeated, Unknown
from storage import standings
from storage.catalogue import Catalogue
from storage.engine.stores import Server
from storage.records import ExceptionRecord, Grant, Standing
from storage.states import GrantState
from tests.handlers.access_ground import CATALOGUE, SLACK, World
from tests.handlers.access_ground import world as open_world

ALLOWED = Catalogue(
    entitlements={
        name: replace(one, standing_allowed=name != "prod-admin")
        for name, one in CATALOGUE.entitlements.items()
    },
    owners=CATALOGUE.owners,
)


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, patience=1, server=server) as made:
        made.ground = replace(made.ground, catalogue=ALLOWED)
        made.effects = made.new_effects()
        await look(made)
        yield made
        assert await made.sound()


async def look(world: World) -> None:
    """A second later than what was last, so that the newest is known by its time."""
    world.clock.forward(seconds=1)
    await Drift(world.ground).look("staff")


async def found(world: World, login: str = "ada", group: str = "prod-db") -> str:
    """Other hands put somebody in, and it is told; the exception's id."""
    await world.local.put_in_group(group, login)
    await look(world)
    return (await last(world)).id


async def vanished(world: World) -> tuple[str, str]:
    """A grant of Ada's, and the exception that it vanished."""
    grant = await world.given("ada")
    await world.local.take_from_group("wiki-edit", "ada")
    await look(world)
    row = await last(world)
    assert row.kind == Kind.VANISHED
    return grant, row.id


async def last(world: World) -> ExceptionRecord:
    return max(await world.exceptions(), key=lambda row: (row.first_at, row.id))


async def row_of(world: World, exception: str) -> ExceptionRecord:
    return next(row for row in await world.exceptions() if row.id == exception)


async def wish(
    world: World, login: str, exception: str, way: Way, delivery: str = "", **more: Any
) -> Reconcile:
    plain: dict[str, Any] = {"rationale": "it is right", "minutes": 0, "owner": "data"}
    plain["minutes"] = 60 if way == Way.ADOPT else 0
    return Reconcile(**await world.intent(login, delivery), exception=exception, way=way, **{**plain, **more})


async def decide(world: World, login: str, exception: str, way: Way, **more: Any) -> Any:
    return await Reconciling(world.ground).reconcile(await wish(world, login, exception, way, **more))


# Remove.


async def test_removing_takes_it_away_and_reads_it_back(world: World) -> None:
    """Through a holding like any removal: leased, fenced, read back and recorded; the message says who."""
    exception = await found(world)
    assert await decide(world, "sam", exception, Way.REMOVE) == Reconciled(way="remove")
    row = await row_of(world, exception)
    assert (row.facts["decided_by"], "settled" in row.facts) == ("Sam", False)
    await world.settle()
    assert not await world.holds("ada", "prod-db")
    assert await world.changes() == ["remove ada prod-db"]
    assert "settled" in (await row_of(world, exception)).facts
    assert (await world.last("drift.removed"))["actor"]["id"] == "sam"
    assert (await world.last("access.removed"))["facts"]["read_back"] is True
    await look(world)
    assert len(await world.exceptions()) == 1


async def test_a_removal_that_the_directory_only_pretends_is_tried_on(world: World) -> None:
    """Promise 1 holds for what others gave, too."""
    exception = await found(world)
    world.faulty.lie("remove_member")
    await decide(world, "sam", exception, Way.REMOVE)
    await world.settle()
    assert await world.holds("ada", "prod-db")
    assert "settled" not in (await row_of(world, exception)).facts
    await look(world)
    assert "settled" not in (await row_of(world, exception)).facts
    world.clock.forward(minutes=2)
    await world.tick()
    assert Kind.REVOCATION_OVERDUE in await world.kinds()
    world.faulty.mend()
    world.clock.forward(minutes=5)
    await world.settle()
    assert not await world.holds("ada", "prod-db")
    assert "settled" in (await row_of(world, exception)).facts


@pytest.mark.both_engines
async def test_the_same_delivery_four_times_removes_once(world: World) -> None:
    """SL-5."""
    exception = await found(world)
    answers = [await decide(world, "sam", exception, Way.REMOVE, delivery="same") for _ in range(4)]
    assert answers == [Reconciled(way="remove"), *[Repeated()] * 3]
    assert len(await world.rows(Grant)) == 1
    assert await world.actions("drift.removed") == ["drift.removed done"]


async def test_second_click_hears_who_decided(world: World) -> None:
    exception = await found(world)
    await decide(world, "sam", exception, Way.REMOVE)
    late = await decide(world, "grace", exception, Way.ADOPT)
    assert late == NoLonger(by="Sam", way="remove", at=world.clock())
    assert len(await world.rows(Grant)) == 1
    assert await world.actions("drift.late") == ["drift.late refused"]


@pytest.mark.both_engines
async def test_two_who_press_at_the_same_instant_make_one_decision(world: World) -> None:
    exception = await found(world)
    answers = await asyncio.gather(
        decide(world, "sam", exception, Way.REMOVE), decide(world, "grace", exception, Way.ADOPT)
    )
    assert sorted(type(one).__name__ for one in answers) == ["NoLonger", "Reconciled"]
    assert len(await world.rows(Grant)) == 1


async def test_what_became_explained_meanwhile_is_not_removed(world: World) -> None:
    """Other hands took her out, she asked for it and was given it: the old button takes nothing of hers."""
    exception = await found(world, group="wiki-edit")
    await world.local.take_from_group("wiki-edit", "ada")
    grant = await world.given("ada")
    assert await decide(world, "sam", exception, Way.REMOVE) == NoLonger(by="", way="", at=None)
    await world.settle()
    assert await world.holds("ada")
    assert await world.state(grant) == GrantState.ACTIVE
    assert "settled" in (await row_of(world, exception)).facts


async def test_what_was_declared_meanwhile_is_not_removed(world: World) -> None:
    exception = await found(world)
    now = world.clock()
    await world.ground.database.write(
        lambda tx: standings.declare(
            tx, at=now, directory="staff", group="prod-db", entitlement="prod-db", members=[("account", "ada")],
            owner="data", declared_by="linus", rationale="ok", review_at=now + timedelta(days=9),
        )
    )  # fmt: skip
    assert await decide(world, "sam", exception, Way.REMOVE) == NoLonger(by="", way="", at=None)
    assert await world.rows(Grant) == []


async def test_what_is_gone_by_itself_is_not_adopted(world: World) -> None:
    """Adopting must never give what is not there."""
    exception = await found(world)
    await world.local.take_from_group("prod-db", "ada")
    assert await decide(world, "sam", exception, Way.ADOPT) == NoLonger(by="", way="", at=None)
    await world.settle()
    assert not await world.holds("ada", "prod-db")


@pytest.mark.both_engines
async def test_a_grant_that_ended_while_the_click_was_looked_up_is_not_adopted_back(world: World) -> None:
    """The membership was read while it was ours; before the decision our removal took it away."""
    exception = await found(world, group="wiki-edit")
    await world.local.take_from_group("wiki-edit", "ada")
    grant = await world.given("ada")
    await world.local.take_from_group("data-owners", "grace", "linus")  # who could decide is not asked about
    world.faulty.hang("account", times=1)  # of the member, beside the membership
    world.faulty.timeout = 5
    click = asyncio.create_task(decide(world, "sam", exception, Way.ADOPT))
    await world.until_hanging()
    await world.access.give_back(await world.on("ada", grant))
    await world.settle()
    assert not await world.holds("ada")
    world.faulty.release()
    assert isinstance(await click, NoLonger)
    await world.settle()
    assert not await world.holds("ada")


@pytest.mark.parametrize("way", [Way.REMOVE, Way.ADOPT, Way.DECLARE])
async def test_what_was_told_of_one_group_decides_nothing_about_another(world: World, way: Way) -> None:
    """The catalogue names another group by now, in which they are as well: the look there asks about that one."""
    exception = await found(world)
    await world.local.put_in_group("wiki-admins", "ada")
    things = world.ground.catalogue.entitlements
    moved = {**things, "prod-db": replace(things["prod-db"], group="wiki-admins")}
    world.reopen(catalogue=replace(world.ground.catalogue, entitlements=moved))
    assert await decide(world, "sam", exception, way) == Unknown(what="entitlement")
    await world.settle()
    assert await world.changes() == []
    assert await world.rows(Grant) == []
    assert [row.group for row in await world.rows(Standing)] == []
    await look(world)
    assert "settled" in (await row_of(world, exception)).facts
    told = await last(world)
    assert (told.kind, told.facts["group"]) == (Kind.FOUND_STANDING, "wiki-admins")
    assert isinstance(await decide(world, "sam", told.id, Way.DECLARE), Reconciled)


async def test_a_group_in_a_group_is_not_ours_to_take_out(world: World) -> None:
    await world.local.put_in_group("prod-db", groups=["wiki-admins"])
    await look(world)
    answer = await decide(world, "sam", (await last(world)).id, Way.REMOVE)
    assert isinstance(answer, NotPossible)
    assert await world.rows(Grant) == []


# Adopt.


@pytest.mark.both_engines
async def test_what_is_adopted_ends_on_time_like_any_grant(world: World) -> None:
    """Promise 1: its end is durable with the decision, and other hands having given it does not keep it."""
    exception = await found(world)
    await decide(world, "grace", exception, Way.ADOPT, minutes=60)
    (grant,) = await world.rows(Grant)
    assert (grant.state, grant.expires_at) == (GrantState.ACTIVE, world.clock() + timedelta(hours=1))
    await world.settle()
    assert await world.holds("ada", "prod-db")
    row = await row_of(world, exception)
    assert (row.facts["decided_by"], "settled" in row.facts) == ("Grace", True)
    world.clock.forward(minutes=59)
    await world.tick()
    assert await world.holds("ada", "prod-db")
    world.clock.forward(minutes=1)
    await world.tick()
    assert not await world.holds("ada", "prod-db")
    assert await world.state(grant.id) == GrantState.ENDED
    assert await world.changes() == ["remove ada prod-db"]


@pytest.mark.parametrize("minutes", [0, -1, 24 * 60 + 1])
async def test_an_adoption_has_an_end_within_a_day(world: World, minutes: int) -> None:
    exception = await found(world)
    assert isinstance(await decide(world, "sam", exception, Way.ADOPT, minutes=minutes), NotPossible)
    assert await world.rows(Grant) == []


async def test_a_contractors_administration_is_not_adopted_but_removed(world: World) -> None:
    exception = await found(world, "eve", "prod-admin")
    answer = await decide(world, "sam", exception, Way.ADOPT, minutes=60)
    assert isinstance(answer, NotPossible)
    assert answer.reasons == ("Contractors cannot hold administrative access. Remove it.",)
    assert await decide(world, "sam", exception, Way.REMOVE) == Reconciled(way="remove")


# Declare standing.


async def test_a_declared_member_is_explained_from_then_on(world: World) -> None:
    exception = await found(world)
    review = (world.clock() + timedelta(days=90)).date()
    assert await decide(world, "grace", exception, Way.DECLARE, review=review) == Reconciled(way="declare")
    (row,) = await world.rows(Standing)
    assert (row.member, row.owner, row.declared_by, row.rationale) == ("ada", "data", "grace", "it is right")
    await look(world)
    assert len(await world.exceptions()) == 1
    assert await world.holds("ada", "prod-db")
    said = await world.last("drift.declared")
    assert "it is right" not in str(said["facts"])


async def test_what_may_not_stand_is_not_declared_and_hears_what_to_do(world: World) -> None:
    exception = await found(world, group="prod-admin")
    answer = await decide(world, "sam", exception, Way.DECLARE)
    assert isinstance(answer, NotPossible)
    assert "Adopt it for a time or remove it" in answer.reasons[0]
    assert await world.rows(Standing) == []
    assert await world.kinds() == [Kind.UNEXPLAINED]


@pytest.mark.parametrize(("days", "fits"), [(0, False), (1, True), (365, True), (367, False)])
async def test_a_declaration_is_reviewed_within_a_year(world: World, days: int, fits: bool) -> None:
    exception = await found(world)
    review: date = (world.clock() - timedelta(hours=12) + timedelta(days=days)).date()
    answer = await decide(world, "sam", exception, Way.DECLARE, review=review)
    assert isinstance(answer, Reconciled) is fits
    assert bool(await world.rows(Standing)) is fits


async def test_a_team_that_is_not_there_answers_for_nothing(world: World) -> None:
    exception = await found(world)
    assert isinstance(await decide(world, "sam", exception, Way.DECLARE, owner="nobody"), NotPossible)
    assert await world.rows(Standing) == []


async def test_what_stood_before_is_declared_all_at_once(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, catalogue=ALLOWED)
        await world.local.put_in_group("prod-db", "ada", "charles", groups=["wiki-admins"])
        await look(world)
        exception = (await last(world)).id
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        declared = {(one.kind, one.member, one.declared_by) for one in await world.rows(Standing)}
        assert declared == {
            ("account", "ada", "sam"),
            ("account", "charles", "sam"),
            ("group", "wiki-admins", "sam"),
        }
        assert "settled" in (await row_of(world, exception)).facts


async def test_who_is_gone_by_then_is_not_declared(tmp_path: Path) -> None:
    """The group is read at the click: what stood at the first look may not stand any more."""
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, catalogue=ALLOWED)
        await world.local.put_in_group("prod-db", "ada", "charles")
        await look(world)
        exception = (await last(world)).id
        await world.local.take_from_group("prod-db", "ada")
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        assert {one.member for one in await world.rows(Standing) if one.declared_by} == {"charles"}


async def test_policy_is_asked_about_each_of_many(tmp_path: Path) -> None:
    """Whoever is switched off does not stand on because others were declared with them."""
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, catalogue=ALLOWED)
        await world.local.put_in_group("prod-db", "ada", "charles")
        await look(world)
        exception = (await last(world)).id
        await world.local.switch("ada", active=False)
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        assert {one.member for one in await world.rows(Standing) if one.declared_by} == {"charles"}
        row = await row_of(world, exception)
        assert ("settled" in row.facts, row.facts["count"]) == (False, 1)
        refused = await decide(world, "sam", exception, Way.DECLARE)
        assert isinstance(refused, NotPossible)
        assert "switched off" in refused.reasons[0]
        await world.local.switch("ada", active=True)
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        assert "settled" in (await row_of(world, exception)).facts


async def test_of_very_many_some_are_declared_at_each_click(tmp_path: Path) -> None:
    """Promise 7: nobody waits for more look-ups than a directory answers in time, and the rest stays to be decided."""
    people = [f"p{number:03}" for number in range(MOST_AT_ONCE + 20)]
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, catalogue=ALLOWED)
        for login in people:
            await world.local.add_account(login, login=login, name=login, mail=f"{login}@example.com")
        await world.local.put_in_group("prod-db", *people)
        await look(world)
        exception = (await last(world)).id
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        row = await row_of(world, exception)
        assert ("settled" in row.facts, row.facts["count"]) == (False, 20)
        assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")
        assert {one.member for one in await world.rows(Standing) if one.declared_by} == set(people)
        assert "settled" in (await row_of(world, exception)).facts


async def test_whoever_is_on_call_decides_as_such_and_as_no_approver(world: World) -> None:
    """Policy hears that they are on call, as at an approval and at an end."""
    exception = await found(world)
    assert isinstance(await decide(world, "root", exception, Way.REMOVE), NotAllowed)
    await world.local.put_in_group("wiki-admins", "root")
    data = replace(ALLOWED.owners["data"], on_call="wiki-admins")
    world.ground = replace(world.ground, catalogue=replace(ALLOWED, owners={**ALLOWED.owners, "data": data}))
    assert await decide(world, "root", exception, Way.REMOVE) == Reconciled(way="remove")
    assert (await world.last("drift.removed"))["policy"]["ids"] == ["reconcile-on-call"]


async def test_nobody_declares_their_own_among_many(tmp_path: Path) -> None:
    """R-1: Grace declares the others; hers waits for somebody else, whom the message still asks."""
    async with open_world(tmp_path) as world:
        world.ground = replace(world.ground, catalogue=ALLOWED)
        await world.local.put_in_group("prod-db", "ada", "grace")
        await look(world)
        exception = (await last(world)).id
        assert await decide(world, "grace", exception, Way.DECLARE) == Reconciled(way="declare")
        declared = {one.member: one.declared_by for one in await world.rows(Standing)}
        assert declared == {"ada": "grace", "grace": ""}
        row = await row_of(world, exception)
        assert ("settled" in row.facts, row.facts["count"]) == (False, 1)
        assert isinstance(await decide(world, "grace", exception, Way.DECLARE), NotPossible)
        assert await decide(world, "linus", exception, Way.DECLARE) == Reconciled(way="declare")
        assert "settled" in (await row_of(world, exception)).facts


# Vanished.


async def test_what_vanished_is_given_again_once_policy_agreed_again(world: World) -> None:
    """Promise 3, and the end stays where it was."""
    grant, exception = await vanished(world)
    ends = (await world.grant(grant)).expires_at
    assert await decide(world, "sam", exception, Way.GIVE_AGAIN) == Reconciled(way="give-again")
    assert await world.state(grant) == GrantState.APPROVED
    await world.settle()
    assert await world.holds("ada")
    assert (await world.grant(grant)).expires_at == ends
    assert "settled" in (await row_of(world, exception)).facts
    world.clock.forward(hours=1)
    await world.tick()
    assert not await world.holds("ada")


@pytest.mark.sqlite_alone
async def test_what_other_hands_pointed_at_somebody_else_is_not_given_again(world: World) -> None:
    """T-9: the team reads of Ada, and somebody took Linus out by hand for good."""
    _, about = await vanished(world)
    await world.given("linus")
    await world.local.take_from_group("wiki-edit", "linus")
    await look(world)
    await world.ground.database.write(
        lambda tx: tx.connection().execute(
            text("UPDATE exceptions SET facts = REPLACE(facts, '\"ada\"', '\"linus\"') WHERE id = :id"),
            {"id": about},
        )
    )
    assert await decide(world, "sam", about, Way.GIVE_AGAIN) == Unknown(what="exception", changed=True)
    await world.settle()
    assert not await world.holds("linus")
    assert (await world.last("drift.tampered"))["facts"] == {"row": "refused"}


@pytest.mark.parametrize(
    "change",
    [
        "first_at = first_at + 864000000000, last_at = last_at + 864000000000",
        "facts = REPLACE(facts, 'ada', 'eve')",
    ],
)
async def test_nothing_that_other_hands_wrote_keeps_a_difference_from_being_told(
    world: World, change: str
) -> None:
    """T-9: as if it was told a moment ago, or about somebody else."""
    first = await found(world)
    await world.ground.database.write(
        lambda tx: tx.connection().execute(text(f"UPDATE exceptions SET {change}"))
    )
    world.clock.forward(hours=25)
    await look(world)
    anew = [row.id for row in await world.exceptions() if row.kind == Kind.UNEXPLAINED and row.id != first]
    assert len(anew) == 1
    assert isinstance(await decide(world, "sam", anew[0], Way.REMOVE), Reconciled)


async def test_what_policy_no_longer_allows_is_not_given_again(world: World) -> None:
    """She became a contractor since: voided at execution, and told."""
    grant, exception = await vanished(world)
    await world.local.change_account("ada", employment="contractor")
    await decide(world, "sam", exception, Way.GIVE_AGAIN)
    await world.settle()
    assert await world.state(grant) == GrantState.VOIDED
    assert not await world.holds("ada")
    assert Kind.AUTHORITY_LOST in await world.kinds()
    assert (await row_of(world, exception)).facts["voided"] is True


@pytest.mark.both_engines
async def test_the_grant_of_what_vanished_can_be_ended(world: World) -> None:
    grant, exception = await vanished(world)
    assert await decide(world, "grace", exception, Way.END) == Reconciled(way="end")
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    assert "settled" in (await row_of(world, exception)).facts
    assert await world.changes() == ["add ada wiki-edit"]


async def test_what_is_back_by_itself_is_not_given_again(world: World) -> None:
    grant, exception = await vanished(world)
    await world.local.put_in_group("wiki-edit", "ada")
    assert isinstance(await decide(world, "sam", exception, Way.GIVE_AGAIN), NoLonger)
    assert await world.state(grant) == GrantState.ACTIVE


# Who may not.


@pytest.mark.parametrize("way", [Way.ADOPT, Way.REMOVE, Way.DECLARE])
@pytest.mark.parametrize("who", ["charles", "eve", "root", "ada"])
async def test_a_wrong_person_changes_nothing_and_is_told_of(world: World, who: str, way: Way) -> None:
    """Neither a manager nor a contractor nor an administrator, and never the one whose membership it is."""
    exception = await found(world)
    answer = await decide(world, who, exception, way)
    assert isinstance(answer, NotAllowed)
    assert answer.can == ("Grace", "Linus")
    assert set(await world.kinds()) == {Kind.UNEXPLAINED, Kind.WRONG_APPROVER}
    assert await world.actions("drift.") == [
        *["drift.first_look done"] * 3, "drift.unexplained done", "drift.refused refused"
    ]  # fmt: skip
    assert await world.rows(Grant) == []
    assert await world.rows(Standing) == []


@pytest.mark.parametrize("way", [Way.ADOPT, Way.REMOVE, Way.DECLARE])
async def test_an_approver_never_decides_about_their_own_membership(world: World, way: Way) -> None:
    """R-1, whatever policy says: with a second account of the same address, too."""
    exception = await found(world, "grace")
    assert isinstance(await decide(world, "grace", exception, way), NotAllowed)
    assert [row.severity for row in await world.exceptions() if row.kind == Kind.WRONG_APPROVER] == ["high"]
    await world.local.add_account("grace2", login="grace2", name="G", mail="grace@example.com")
    second = await found(world, "grace2")
    assert isinstance(await decide(world, "grace", second, way), NotAllowed)
    assert await world.holds("grace", "prod-db")


async def test_whoever_is_in_the_group_that_was_put_in_does_not_declare_it(world: World) -> None:
    await world.local.put_in_group("prod-db", groups=["data-owners"])
    await look(world)
    exception = (await last(world)).id
    assert isinstance(await decide(world, "grace", exception, Way.DECLARE), NotAllowed)
    assert await decide(world, "sam", exception, Way.DECLARE) == Reconciled(way="declare")


async def test_a_group_that_was_taken_out_meanwhile_is_not_declared(world: World) -> None:
    await world.local.put_in_group("prod-db", groups=["wiki-admins"])
    await look(world)
    exception = (await last(world)).id
    await world.local.drop_group("wiki-admins")
    assert isinstance(await decide(world, "sam", exception, Way.DECLARE), NoLonger)
    assert await world.rows(Standing) == []


async def test_whoever_lost_the_authority_meanwhile_decides_nothing(world: World) -> None:
    """Looked up at the click: the form was open, the group is lost (promise 5)."""
    exception = await found(world)
    desk = Reconciling(world.ground)
    assert isinstance(await desk.consider(await wish(world, "grace", exception, Way.ADOPT)), MayReconcile)
    await world.local.take_from_group("data-owners", "grace")
    assert isinstance(await decide(world, "grace", exception, Way.ADOPT), NotAllowed)


async def test_a_contractor_of_the_team_decides_nothing(world: World) -> None:
    exception = await found(world)
    await world.local.change_account("grace", employment="contractor")
    assert isinstance(await decide(world, "grace", exception, Way.REMOVE), NotAllowed)


@pytest.mark.both_engines
@pytest.mark.parametrize("way", Way)
async def test_a_forged_id_does_nothing_and_is_told_of(world: World, way: Way) -> None:
    """An id that is none, and one of an exception that offers nothing of the kind."""
    assert isinstance(await decide(world, "sam", "x-none", way), Unknown)
    exception = await found(world)
    await decide(world, "charles", exception, Way.REMOVE)
    other = next(row.id for row in await world.exceptions() if row.kind == Kind.WRONG_APPROVER)
    assert isinstance(await decide(world, "sam", other, way), Unknown)
    assert Kind.TAMPERED in await world.kinds()
    assert await world.actions("drift.tampered") == ["drift.tampered refused"] * 2


async def test_a_way_that_was_not_offered_is_a_forgery(world: World) -> None:
    exception = await found(world)
    assert isinstance(await decide(world, "sam", exception, Way.END), Unknown)
    assert Kind.TAMPERED in await world.kinds()


async def test_every_click_is_one_entry_of_the_record(world: World) -> None:
    """Promise 2: opening the form, the refused and the counting one."""
    exception = await found(world)
    desk = Reconciling(world.ground)
    before = len(await world.audit())
    await desk.consider(await wish(world, "sam", exception, Way.ADOPT))
    await decide(world, "charles", exception, Way.REMOVE)
    await decide(world, "sam", exception, Way.ADOPT)
    await decide(world, "sam", exception, Way.REMOVE)
    assert [said["action"] for said in (await world.audit())[before:]] == [
        "drift.considered", "drift.refused", "drift.adopted", "drift.late"
    ]  # fmt: skip
    assert (await world.last("drift.adopted"))["where"]["channel"] == SLACK.channel
