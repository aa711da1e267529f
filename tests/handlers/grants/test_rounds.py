"""Rounds of removals: what comes of many at a time is what would come of each alone, whatever breaks in between."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, select, update

from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.exceptions.strange import membership_cause
from handlers.grants.completing import LEASE
from handlers.grants.effects import ROUNDS
from handlers.grants.outages import TELL_AFTER
from handlers.grants.rounds import ROUND
from storage import holdings
from storage.directories.base import Directory, Membership, Pair
from storage.engine.stores import Server
from storage.faults import DirectoryUnavailable
from storage.group_names import GroupNames
from storage.identifiers import new_id
from storage.records import Grant, Holding, Owed
from storage.states import GrantState
from tests.directories.faulty import FaultyDirectory
from tests.handlers.access_ground import HOUR, World
from tests.handlers.access_ground import world as open_world

PEOPLE = ("ada", "charles", "grace", "linus", "sam")


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


async def given_to_all(world: World, who: Sequence[str] = PEOPLE) -> dict[str, str]:
    """The same thing for each of them for an hour; their grants."""
    grants = {login: await world.asked(login, "wiki-edit") for login in who}
    await world.settle()
    assert all([await world.holds(login) for login in who])
    world.faulty.calls.clear()
    world.tries.clear()
    return grants


async def over(world: World) -> None:
    """Their time is over, and the end of each has begun."""
    world.clock.forward(hours=1)
    assert await world.revocation.end_due() > 0


async def states(world: World, grants: dict[str, str]) -> dict[str, str]:
    return {who: await world.state(grant) for who, grant in grants.items()}


def once_each() -> list[str]:
    """What changes in the directory when everybody is given it and loses it, once."""
    return [f"{what} {who} wiki-edit" for what in ("add", "remove") for who in PEOPLE]


async def test_many_are_taken_back_in_one_round(world: World) -> None:
    """Promise 1: read, taken and read back, each in one call for all of them."""
    grants = await given_to_all(world)
    await over(world)
    world.clock.forward(seconds=2)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    assert {world.faulty.calls[name] for name in ("memberships_of", "remove_members")} == {1, 2}
    assert await world.changes() == once_each()
    assert world.late == [2.0] * len(PEOPLE)
    assert world.tries == ["done"] * len(PEOPLE)


class OneName:
    """A directory that tells no capitals apart in the names of its groups."""

    def __init__(self, inner: Directory) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def membership(self, account_id: str, group: str) -> Membership:
        return await self.inner.membership(account_id, group.lower())

    async def add_member(self, account_id: str, group: str, *, until: datetime | None = None) -> None:
        await self.inner.add_member(account_id, group.lower(), until=until)

    async def remove_member(self, account_id: str, group: str) -> None:
        await self.inner.remove_member(account_id, group.lower())


@pytest.mark.both_engines
async def test_what_a_version_before_held_apart_is_taken_back_by_itself(
    tmp_path: Path, server: Server | None
) -> None:
    """Promise 8: a round sees the grants of one way to write a group, and this one is written in two."""
    names = GroupNames({"staff": str.casefold})
    async with open_world(tmp_path, server=server, group_names=names) as world:
        given = await given_to_all(world)
        world.faulty.inner = OneName(world.local)  # type: ignore[assignment]
        ada = await world.grant(given["ada"])

        def held_apart(tx: Session) -> None:
            (holding,) = tx.exec(select(Holding).where(Holding.account == "ada")).all()
            for row in (ada, holding):
                apart = {"id": f"before-{row.id}", "group": "WIKI-EDIT", "mac": ""}
                tx.add(type(row)(**{**row.model_dump(), **apart}))

        await world.ground.database.write(held_apart)
        await over(world)
        world.faulty.hang("remove_members", "remove_member")
        await world.effects.settle_due()
        await world.until_hanging()
        again = await world.asked("ada", "wiki-edit", HOUR)
        world.faulty.mend()
        await world.effects.finish()
        await world.settle()
        assert set((await states(world, {**given, "before": f"before-{ada.id}"})).values()) == {
            GrantState.ENDED
        }
        assert await world.state(again) == GrantState.ACTIVE
        assert await world.holds("ada")
        rows = [one for one in await world.rows(Holding) if one.account == "ada"]
        assert [(one.wanted, one.present, one.stood_before) for one in rows] == [(True, True, False)] * 2
        assert await world.kinds() == []


async def story(folder: Path, server: Server | None, at_once: int) -> dict[str, Any]:
    """What is left of some ends of all kinds, without ids and hashes."""
    async with open_world(folder, server=server, at_once=at_once) as world:
        for who in PEOPLE:
            await world.asked(who, "wiki-edit", HOUR)
        await world.asked("ada", "wiki-edit", 2 * HOUR)  # covers
        asked = await world.asked("charles", "prod-db", HOUR)  # was told to the owner's channel too
        await world.decide("grace", asked)
        await world.settle()
        await world.asked("eve", "wiki-edit", HOUR)  # never approved
        await world.settle()
        await over(world)
        world.clock.forward(seconds=3)
        await world.settle()
        return await remains(world)


async def remains(world: World) -> dict[str, Any]:
    audit, grants = await world.audit(), await world.rows(Grant)
    told = ("action", "outcome", "subject", "resource", "facts", "where")
    kept = ("account", "entitlement", "minutes", "state", "end_reason", "ended_at", "active_at")
    return {
        "audit": sorted(str([said[name] for name in told]) for said in audit),
        "order": {who: [said["action"] for said in audit if said["subject"] == who] for who in PEOPLE},
        "grants": sorted(str([getattr(row, name) for name in kept]) for row in grants),
        "holdings": sorted(str(row.model_dump(exclude={"id"})) for row in await world.rows(Holding)),
        "owed": sorted((row.kind, row.recipient, row.urgency) for row in await world.rows(Owed)),
        "changes": sorted(await world.changes()),
        "late": sorted(world.late),
        "tries": world.tries,
    }


async def test_a_round_leaves_what_single_removals_leave(tmp_path: Path, server: Server | None) -> None:
    """States, entries, messages and holdings are the same to the letter."""
    folders = [tmp_path / name for name in ("alone", "together")]
    for folder in folders:
        folder.mkdir()
    alone = await story(folders[0], None, 1)
    assert await story(folders[1], server, 500) == alone
    assert len(alone["late"]) == len(PEOPLE) + 1


async def test_each_is_on_the_record_before_the_directory_is_asked(world: World) -> None:
    """T-3: a crash between the two is seen as beginnings without an outcome."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("memberships_of")
    begun = [said for said in await world.audit() if said["action"] == "effect.begun"][-len(PEOPLE) :]
    assert {said["correlation"] for said in begun} == set(grants.values())
    assert {str(said["facts"]) for said in begun} == {"{'removal': True, 'try': 1}"}
    assert {row.lease_until for row in await world.rows(Holding)} == {world.clock() + LEASE}
    world.faulty.release()
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("call", ["membership", "remove_member"])
async def test_the_failure_of_one_is_its_own(world: World, call: str) -> None:
    """It waits and is tried again alone; the others are over."""
    grants = await given_to_all(world)
    await over(world)
    world.faulty.error(call, times=1)
    await world.settle()
    found = await states(world, grants)
    assert sorted(found.values()) == [GrantState.ENDED] * 4 + [GrantState.ENDING]
    (failed,) = [who for who, state in found.items() if state == GrantState.ENDING]
    assert await world.actions("access.change_failed") == ["access.change_failed failed"]
    assert (await world.last("access.change_failed"))["facts"] == {"tries": 1, "removal": True}
    assert await world.holds(failed)
    assert sorted(world.tries) == ["done"] * 4 + ["failed"]
    before = world.faulty.calls["remove_members"]
    world.clock.forward(minutes=5)
    await world.settle()
    assert world.faulty.calls["remove_members"] == before
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}


async def test_one_that_was_not_done_though_it_was_said_is_not_believed(world: World) -> None:
    grants = await given_to_all(world)
    await over(world)
    world.faulty.lie("remove_member", times=1)
    await world.settle()
    found = await states(world, grants)
    assert sorted(found.values()) == [GrantState.ENDED] * 4 + [GrantState.ENDING]
    (still,) = [who for who in PEOPLE if await world.holds(who)]
    assert found[still] == GrantState.ENDING
    (fault,) = [row.last_fault for row in await world.rows(Holding) if row.last_fault]
    assert "reading it back" in fault


@pytest.mark.parametrize("call", ["memberships_of", "remove_members"])
async def test_a_call_that_fails_fails_for_all_and_each_is_tried_again_alone(world: World, call: str) -> None:
    """So that one that cannot be taken back does not keep the others from it for ever."""
    grants = await given_to_all(world)
    await over(world)
    world.faulty.error(call)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDING}
    assert len(await world.actions("access.change_failed")) == len(PEOPLE)
    world.clock.forward(minutes=5)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}


class Forgetful(FaultyDirectory):
    """Leaves out an answer, against its word."""

    async def remove_members(self, pairs: Sequence[Pair]) -> Sequence[DirectoryUnavailable | None]:
        return (await super().remove_members(pairs))[1:]


async def test_a_connector_that_breaks_its_word_is_not_believed(world: World) -> None:
    grants = await given_to_all(world)
    world.ground.directories["staff"] = Forgetful(world.local)  # type: ignore[index]
    await over(world)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDING}
    assert "unexpected" in (await world.rows(Holding))[0].last_fault
    world.clock.forward(minutes=5)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    assert (await world.actions("access.removed")) == ["access.removed done"] * len(PEOPLE)


@pytest.mark.both_engines
async def test_one_that_was_asked_for_again_meanwhile_is_given_again(world: World) -> None:
    """Its end is recorded, and the new grant is asked about before it is carried out (promise 3)."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("remove_members")
    again = await world.asked("grace", "wiki-edit")
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    assert await world.state(again) == GrantState.APPROVED
    await world.settle()
    assert await world.state(again) == GrantState.ACTIVE
    assert [who for who in PEOPLE if await world.holds(who)] == ["grace"]


async def test_one_that_another_grant_covers_stays(world: World) -> None:
    """Promise 8."""
    grants = await given_to_all(world)
    longer = await world.given("linus", duration=2 * HOUR)
    await over(world)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    assert await world.state(longer) == GrantState.ACTIVE
    assert [who for who in PEOPLE if await world.holds(who)] == ["linus"]
    assert (await world.last("access.kept"))["facts"]["covered_by_another"] is True


@pytest.mark.parametrize("state", [GrantState.ACTIVE, GrantState.APPROVED])
async def test_what_a_grant_gives_is_not_taken_though_its_holding_says_so(world: World, state: str) -> None:
    """The grants are what counts: they are looked at when it is taken up, whatever stands in its row."""
    grant = await world.given("ada")

    def contradict(tx: Session) -> None:
        tx.execute(update(Holding).values(wanted=False, settled=False))
        tx.execute(update(Grant).values(state=state))

    await world.ground.database.write(contradict)
    await world.settle()
    assert await world.holds("ada")
    assert await world.state(grant) == GrantState.ACTIVE
    assert await world.changes() == ["add ada wiki-edit"]


@pytest.mark.both_engines
async def test_what_no_grant_explains_is_taken_alone_and_is_on_the_record(world: World) -> None:
    """Nothing ends with it, so there is nothing that a round could record."""
    grant = await world.given("ada")

    def forget(tx: Session) -> None:
        tx.execute(update(Holding).values(wanted=False, settled=False))
        tx.execute(update(Grant).values(state=GrantState.VOIDED))

    await world.ground.database.write(forget)
    await world.settle()
    assert not await world.holds("ada")
    removed = await world.last("access.removed")
    assert (removed["correlation"], removed["facts"]["overtaken"]) == (grant, True)
    assert world.faulty.calls["remove_members"] == 0


async def test_two_grants_of_one_membership_end_in_one_round(world: World) -> None:
    grants = await given_to_all(world)
    second = await world.given("ada")
    await over(world)
    await world.settle()
    assert {*(await states(world, grants)).values(), await world.state(second)} == {GrantState.ENDED}
    changes = [f"{what} {who} wiki-edit" for what in ("add", "remove") for who in PEOPLE]
    assert (
        sorted(await world.changes()) == changes
    )  # which of them is first, when all are due at once, is open
    assert len(await world.actions("access.removed")) == len(PEOPLE) + 1


async def test_what_stood_before_stays_beside_what_is_taken(world: World) -> None:
    """Promise 8."""
    asked = await world.asked("sam", "wiki-edit")
    await world.local.put_in_group("wiki-edit", "sam")
    grants = await given_to_all(world, PEOPLE[:4])
    await over(world)
    await world.settle()
    assert {*(await states(world, grants)).values(), await world.state(asked)} == {GrantState.ENDED}
    assert [who for who in PEOPLE if await world.holds(who)] == ["sam"]


async def test_adding_goes_on_beside_a_round(world: World) -> None:
    grants = await given_to_all(world, PEOPLE[:4])
    await over(world)
    added = await world.asked("sam", "wiki-edit")
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    assert await world.state(added) == GrantState.ACTIVE


@pytest.mark.both_engines
async def test_a_worker_whose_lease_ran_out_in_a_round_records_nothing(world: World) -> None:
    """Promise 6: another did the work meanwhile, and nothing is done or written twice."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("memberships_of")
    world.clock.forward(seconds=LEASE.total_seconds() + 1)
    other = world.new_effects()
    await other.settle_due()
    await other.finish()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert await world.actions("access.removed", "access.change") == ["access.removed done"] * len(PEOPLE)
    # In which order a round removes is nobody's promise.
    once_each = [f"{what} {who} wiki-edit" for what in ("add", "remove") for who in PEOPLE]
    assert sorted(await world.changes()) == sorted(once_each)


@pytest.mark.both_engines
async def test_one_that_went_to_another_in_the_middle_is_left_to_it(world: World) -> None:
    """Only its fence says so: its end is theirs to record, and of ours that we took it out of our turn (promise 2)."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("remove_members")

    def seize(tx: Session) -> None:
        row = tx.exec(select(Holding).where(Holding.account == "ada")).one()
        row.fence += 1
        tx.add(row)

    await world.ground.database.write(seize)
    world.faulty.release()
    await asyncio.gather(*tasks)
    found = await states(world, grants)
    assert found.pop("ada") == GrantState.ENDING
    assert set(found.values()) == {GrantState.ENDED}
    removed = [said for said in await world.audit() if said["action"] == "access.removed"]
    assert [said["subject"] for said in removed if "overtaken" in said["facts"]] == ["ada"]
    assert len(removed) == len(PEOPLE)


@pytest.mark.both_engines
async def test_a_round_changes_nothing_too_near_the_end_of_its_lease(world: World) -> None:
    """Somebody could take the work over before the call is over."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("memberships_of")
    world.clock.forward(seconds=LEASE.total_seconds() - 1)
    world.faulty.release()
    await asyncio.gather(*tasks)
    assert world.faulty.calls["remove_members"] == 0
    assert set((await states(world, grants)).values()) == {GrantState.ENDING}
    assert len(await world.actions("access.change_failed")) == len(PEOPLE)


@pytest.mark.both_engines
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_crash_before_the_removals_loses_nothing(world: World, restarts: bool) -> None:
    grants = await given_to_all(world)
    await over(world)
    await world.crash(await world.begin("remove_members"), restarts=restarts)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    # In whatever order the server gives them out again.
    assert sorted(await world.changes()) == sorted(once_each())


@pytest.mark.both_engines
@pytest.mark.parametrize("restarts", [False, True])
async def test_a_crash_between_the_removals_and_their_record_is_found_out(
    world: World, restarts: bool
) -> None:
    """They are gone already: it is recorded once, nothing is done twice, and nobody is alarmed."""
    grants = await given_to_all(world)
    await over(world)
    tasks = await world.begin("remove_members")
    world.faulty.release()
    world.faulty.hang("memberships_of", times=1)  # the reading back
    await asyncio.sleep(0)
    await world.until_hanging()
    await world.crash(tasks, restarts=restarts)
    world.faulty.mend()
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    # In whatever order the server gives them out again.
    assert sorted(await world.changes()) == sorted(once_each())
    assert await world.actions("access.removed") == ["access.removed done"] * len(PEOPLE)
    assert await world.kinds() == []


async def test_a_group_that_is_gone_ends_them_all_and_is_told_once(world: World) -> None:
    grants = await given_to_all(world)
    await world.local.drop_group("wiki-edit")
    await over(world)
    await world.settle()
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}
    (told,) = await world.exceptions()
    assert (told.kind, told.count) == ("target-gone", len(PEOPLE))


@pytest.mark.both_engines
async def test_one_that_is_gone_and_went_to_another_meanwhile_is_left_to_it(world: World) -> None:
    """What a round finds to be not so plain is looked at only under the lease that it was found under."""
    await given_to_all(world, ["ada"])
    await world.local.take_from_group("wiki-edit", "ada")
    await over(world)
    tasks = await world.begin("memberships_of")

    def seize(tx: Session) -> None:
        row = tx.exec(select(Holding)).one()
        row.fence += 1
        tx.add(row)

    await world.ground.database.write(seize)
    world.faulty.release()
    await asyncio.gather(*tasks)
    await world.effects.finish()
    assert world.faulty.calls["membership"] == 1  # of the round alone
    assert await world.actions("access.removed") == []


async def test_what_is_late_is_told_once_each_though_it_went_in_a_round(world: World) -> None:
    """It was over before anybody looked for what is overdue."""
    await given_to_all(world)
    world.clock.forward(hours=1, seconds=61)
    await world.revocation.end_due()
    await world.settle()
    assert await world.kinds() == ["revocation-overdue"] * len(PEOPLE)
    assert all("settled" in row.facts for row in await world.exceptions())
    assert await world.actions("access.removal_overdue") == ["access.removal_overdue failed"] * len(PEOPLE)


async def test_what_was_told_is_told_to_be_over_though_it_went_in_a_round(world: World) -> None:
    """The directory was away for long; the one that it is told of is settled with its end."""
    grants = await given_to_all(world)

    def claim_that_it_vanished(tx: Session) -> None:
        tell_security(
            tx,
            world.clock(),
            Strange(
                kind=Kind.VANISHED, severity=Severity.LOW, who="Ada", facts={}, correlation=grants["ada"],
                cause=membership_cause("wiki-edit", "account", "ada"),
            ),
        )  # fmt: skip

    await world.ground.database.write(claim_that_it_vanished)
    await over(world)
    await world.settle()
    (told,) = await world.exceptions()
    assert "settled" in told.facts
    assert set((await states(world, grants)).values()) == {GrantState.ENDED}


REFUSE = """CREATE TRIGGER refuse BEFORE UPDATE ON grants WHEN NEW.state = 'ended' AND NEW.account = 'ada'
BEGIN SELECT RAISE(ABORT, 'not her'); END"""


async def test_one_that_cannot_be_recorded_keeps_no_other_from_it(tmp_path: Path) -> None:
    """Whatever it is about one row: the others of its round are over, and it is tried again."""
    async with open_world(tmp_path) as world:
        grants = await given_to_all(world)
        await world.ground.database.write(lambda tx: tx.execute(text(REFUSE)))
        await over(world)
        await world.settle()
        found = await states(world, grants)
        assert found.pop("ada") == GrantState.ENDING
        assert set(found.values()) == {GrantState.ENDED}
        assert await world.actions("access.change_failed") == ["access.change_failed failed"]
        await world.ground.database.write(lambda tx: tx.execute(text("DROP TRIGGER refuse")))
        world.clock.forward(minutes=5)
        await world.settle()
        assert await world.state(grants["ada"]) == GrantState.ENDED
        assert await world.sound()


async def crowded(world: World, count: int) -> None:
    """So many more with access to the wiki, whose time is over."""
    first = await world.grant(await world.given("ada"))
    names = [f"p{number:03}" for number in range(count)]
    for name in names:
        await world.local.add_account(name, login=name, name=name, mail=f"{name}@example.com")
    await world.local.put_in_group("wiki-edit", *names)

    def work(tx: Session) -> None:
        for name in names:
            grant = Grant(**{**first.model_dump(), "id": new_id("g", world.clock()), "account": name})
            tx.add(grant)
            tx.flush()
            row = holdings.take_over(tx, grant, at=world.clock())
            holdings.settle(tx, row, present=True, over=False)

    await world.ground.database.write(work)
    world.faulty.calls.clear()
    await over(world)


async def test_no_more_rounds_than_slots_for_them_are_under_way(tmp_path: Path) -> None:
    """SL-11: then messages make room; and nobody waits for more than a round."""
    async with open_world(tmp_path) as world:
        await crowded(world, ROUND * ROUNDS + 20)
        added = await world.asked("charles", "wiki-edit")
        world.faulty.hang("memberships_of")
        assert await world.effects.settle_due() == ROUND * ROUNDS
        assert await world.effects.settle_due() == 0
        assert world.effects.is_full
        world.faulty.mend()
        await world.effects.finish()
        assert world.faulty.calls["remove_members"] == ROUNDS
        await world.settle()
        assert not world.effects.is_full
        assert {row.state for row in await world.rows(Grant) if row.id != added} == {GrantState.ENDED}
        assert await world.state(added) == GrantState.ACTIVE
        assert [who for who, group in await world.local.memberships() if group == "wiki-edit"] == ["charles"]
        assert await world.sound()


async def test_a_round_is_no_larger_than_the_directory_says(tmp_path: Path) -> None:
    async with open_world(tmp_path, at_once=3) as world:
        await given_to_all(world)
        await over(world)
        await world.settle()
        assert world.faulty.calls["remove_members"] == 2


async def test_a_directory_that_takes_one_at_a_time_has_no_rounds(tmp_path: Path) -> None:
    """A slow one must not be at it when the lease is over."""
    async with open_world(tmp_path, at_once=1) as world:
        grants = await given_to_all(world)
        await over(world)
        await world.settle()
        assert set((await states(world, grants)).values()) == {GrantState.ENDED}
        assert world.faulty.calls["remove_members"] == world.faulty.calls["memberships_of"] == 0


async def test_a_removal_that_keeps_failing_is_told_as_if_it_had_been_alone(world: World) -> None:
    await given_to_all(world)
    await over(world)
    world.faulty.error("remove_member")
    for _ in range(TELL_AFTER):
        await world.settle()
        world.clock.forward(seconds=10)
    assert await world.kinds() == ["effect-failed"] * len(PEOPLE)


async def test_what_one_call_says_of_many_is_beside_what_it_is_about(world: World) -> None:
    await given_to_all(world, ["ada"])
    pairs = [("charles", "wiki-edit"), ("ada", "wiki-edit"), ("nobody", "nothing")]
    found = await world.faulty.memberships_of(pairs)
    assert [isinstance(one, Membership) and one.present for one in found] == [False, True, False]
