"""Rows that are not as Wicket wrote them: told once, on the record, and what they gave ends (T-9)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from handlers.audit.doubts import Doubts
from handlers.intents import Where
from handlers.recording import WICKET, record
from storage import freezes
from storage.approvals import counting_of
from storage.audit import log
from storage.database import Database
from storage.faults import NotKept
from storage.records import Freeze
from storage.states import FreezeKind, GrantState
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as opened
from tests.handlers.made_once import copy_empty_database
from tests.handlers.page_ground import START


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened(tmp_path) as made:
        yield made


async def _by_hand(world: World, *statements: str) -> None:
    """As whoever can write to the database does."""
    await world.ground.database.write(
        lambda tx: [tx.connection().execute(text(each)) for each in statements] and None
    )


async def test_an_end_that_was_moved_ends_now_and_is_told_once(world: World):
    """T-9, promise 1: whom it concerns is named; the second look tells nothing more."""
    grant = await world.given("ada")
    await _by_hand(world, "UPDATE grants SET expires_at = expires_at + 86400000000")
    doubts = Doubts(world.ground)
    assert await doubts.look() == 1
    await world.settle()
    assert await world.state(grant) == GrantState.ENDED
    assert not await world.holds("ada")
    await doubts.look()
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.who, told.count) == ("row-changed", "high", "Ada (ada)", 1)
    assert await world.actions("row", "grant.ended_early") == [
        "grant.ended_early done",
        "row.refused refused",
    ]
    assert (await world.last("row.refused"))["facts"] == {"table": "grants", "row": grant}
    assert await world.sound()


async def test_a_grant_that_nobody_approved_gives_nothing(world: World):
    """T-9: a copy of somebody's grant, for somebody else."""
    await world.given("ada")
    columns = [column.name for column in (await world.rows_of_grants())[0].__table__.columns]  # type: ignore[attr-defined]
    taken = {"id": "'g-forged'", "account": "'bob'", "requester_account": "'bob'", "state": "'approved'"}
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(taken.get(name, f'"{name}"') for name in columns)
    await _by_hand(
        world,
        f"INSERT INTO grants ({names}) SELECT {values} FROM grants",
        "INSERT INTO holdings SELECT 'h-forged', directory, 'bob', \"group\", wanted, present, false, false, 0, 0, '',"
        " false, due_at, next_at, NULL, NULL, '' FROM holdings",
    )
    await world.settle()
    assert not await world.holds("bob")
    assert await Doubts(world.ground).tell_due() == 1
    assert await world.state("g-forged") in (GrantState.ENDING, GrantState.ENDED)
    await world.settle()
    assert not await world.holds("bob")
    assert await world.holds("ada")


async def test_a_grant_that_was_put_under_another_account_leaves_neither_with_access(world: World):
    """T-9: the record knows whose it was."""
    await world.given("ada")
    await _by_hand(world, "UPDATE grants SET account = 'bob'")
    await Doubts(world.ground).look()
    await world.settle()
    assert not await world.holds("ada")
    assert not await world.holds("bob")


async def test_a_request_that_was_changed_is_void_and_who_clicks_it_is_no_forger(world: World):
    """T-9: the click gives nothing, and the alert is about the row."""
    grant = await world.asked("ada", "prod-db")
    await _by_hand(world, "UPDATE grants SET minutes = 9999")
    await world.decide("grace", grant)
    assert await world.kinds() == []
    await Doubts(world.ground).look()
    assert await world.state(grant) == GrantState.VOIDED
    assert await world.kinds() == ["row-changed"]


async def test_an_approval_that_was_written_by_hand_approves_nothing(world: World):
    """T-9: the one that is told is the approver in whose name it was."""
    grant = await world.asked("ada", "prod-admin")
    await world.decide("grace", grant)
    names = "approver_name, slack_user, role, approved, rationale, at, shown, proof, proved_by, proved_at, retyped, mac"
    await _by_hand(
        world,
        f'INSERT INTO approvals (id, "grant", approver, {names})'
        f" SELECT 'a-forged', \"grant\", 'sam', {names.replace('role', chr(39) + 'security' + chr(39))} FROM approvals",
    )
    await world.settle()
    assert await world.state(grant) == GrantState.PENDING
    assert [one.approver for one in await world.ground.database.read(lambda tx: counting_of(tx, grant))] == [
        "grace"
    ]
    assert await Doubts(world.ground).tell_due() == 1
    (told,) = await world.exceptions()
    assert (told.who, told.correlation) == ("Sam (sam)", grant)


@pytest.mark.parametrize("by_hand", ["UPDATE holdings SET settled = true", "DELETE FROM holdings"])
async def test_an_end_that_nobody_works_on_is_taken_up_again(world: World, by_hand: str):
    """T-9, promise 1: the holding says that all is done, or is gone, and the grant that its end has only begun."""
    grant = await world.given("ada")
    doubts = Doubts(world.ground)
    await doubts.look()
    world.clock.forward(hours=3)
    await world.revocation.end_due()
    assert await world.state(grant) == GrantState.ENDING
    await _by_hand(world, by_hand)
    await world.settle()
    assert await world.holds("ada")
    await doubts.look()
    await world.settle()
    assert not await world.holds("ada")
    assert await world.state(grant) == GrantState.ENDED
    assert "row-changed" in await world.kinds()


async def test_a_freeze_that_was_deleted_stops_new_access_all_the_same(world: World):
    """T-9, T-4: and it is there again, to be lifted as any other."""
    now = world.clock()

    def begin(tx: Session) -> None:
        freeze = freezes.begin(tx, at=now, kind=FreezeKind.RESTORED, by="cli", lost_from=None, facts={})
        record(
            tx, at=now, action="access.stopped", outcome="done", actor=WICKET, where=Where(transport="cli"),
            correlation=freeze.id, facts={"kind": FreezeKind.RESTORED},
        )  # fmt: skip

    await world.ground.database.write(begin)
    await _by_hand(world, "DELETE FROM freezes")
    assert await world.ground.database.read(world.ground.stopped) is not None
    await Doubts(world.ground).look()
    assert len(await world.rows(Freeze)) == 1
    assert {(told.kind, told.who) for told in await world.exceptions()} == {
        ("row-changed", "Wicket"), ("access-stopped", "Wicket"),
    }  # fmt: skip


async def test_the_entries_of_two_bots_tell_themselves_apart(tmp_path: Path):
    """A-6: each says which of them wrote it."""
    store = tmp_path / "wicket.db"
    copy_empty_database(store)
    names = ("wicket-1", "wicket-2")
    for name in names:
        database = Database(store, replica=name)
        await database.write(
            lambda tx: record(
                tx,
                at=START,
                action="keys.resealed",
                outcome="done",
                actor=WICKET,
                where=Where(transport="schedule"),
                correlation="n-1",
            )
        )
        database.close()
    database = Database(store)
    entries = database.read_now(log.rows)
    database.close()
    assert [entry.said()["where"]["replica"] for entry in entries] == list(names)


async def test_a_row_that_cannot_be_ended_is_told_and_keeps_no_other_from_it(world: World):
    """T-9, promise 1: of several that somebody changed, one is kept from being ended as well."""
    kept, other = await world.given("ada"), await world.given("charles")
    await _by_hand(
        world,
        "UPDATE grants SET expires_at = expires_at + 86400000000",
        "CREATE TRIGGER x BEFORE UPDATE ON grants WHEN NEW.account = 'ada' BEGIN SELECT RAISE(IGNORE); END",
    )
    with pytest.raises(NotKept):
        await Doubts(world.ground).look()
    assert (await world.state(kept), await world.state(other)) == (GrantState.ACTIVE, GrantState.ENDING)
    told = {(one.kind, one.who) for one in await world.exceptions()}
    assert told == {("row-changed", "Ada (ada)"), ("row-changed", "Charles (charles)")}
