"""The walk over the whole record: what was edited behind Wicket's back is found within one round (T-1, T-2, T-10)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlmodel import Session

from handlers import recording
from handlers.audit.checkpointing import record_kept
from handlers.audit.publishing import Publishing
from handlers.audit.tiling import Tiling
from handlers.audit.walking import AT_ONCE, Walking
from handlers.audit.watching import Watching
from handlers.decisions.freezing import UNCHECKED, Stopped, What
from handlers.exceptions.strange import Kind
from storage import freezes, walks
from storage.audit import entry as audit
from storage.audit import log
from storage.audit.merkle import Frontier
from storage.audit.sealing import kept_checkpoint, take_checkpoint
from storage.audit.slices import SLICE
from storage.audit.tables import CHECKPOINTS
from storage.engine.stores import Server
from storage.faults import StorageUnavailable
from storage.identifiers import new_id
from storage.micros import to_micros
from storage.records import LogWalk
from storage.states import FreezeKind
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_retiling import done_to
from tests.handlers.audit.test_watching import SIGNER, epochs

DAY = timedelta(hours=24)


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[World]:
    """The same where one engine is enough."""
    async with open_world(tmp_path) as made:
        yield made


def walking(world: World, *, every: timedelta = DAY) -> Walking:
    """As a process that starts now has it."""
    watching = Watching(
        world.ground, SIGNER, publishing=Publishing(world.ground, None), stopped=lambda _: None
    )
    return Walking(world.ground, watching, SIGNER.verifier, every=every)


async def written(world: World, entries: int) -> None:
    """So many entries, one of them with a text, and the tiles over them."""

    now, where = world.clock(), audit.Where(transport="schedule", replica="r1")
    fresh = [
        audit.Entry(
            id=new_id("e", now), at=now, action="question.asked", outcome="done", actor=recording.WICKET, where=where,
            correlation=f"c-{number}", subject="ada", resource="prod-db",
            texts={"justification": "because"} if number == 5 else {},
        )
        for number in range(entries)
    ]  # fmt: skip
    await world.ground.database.write(lambda tx: log.append_each(tx, fresh))
    await Tiling(world.ground.database).seal_due()


async def a_round(world: World, walk: Walking | None = None) -> None:
    """One round from its beginning to its end, by time that passes."""
    walk = walk or walking(world)
    before = await rounds(world)
    await walk.look()
    for _ in range(3):
        world.clock.forward(seconds=DAY.total_seconds())
        while await walk.look() == AT_ONCE:
            pass
        if await rounds(world) > before:
            return
    raise AssertionError("the round did not end")


async def rounds(world: World) -> int:
    return await world.ground.database.read(walks.last_round)


async def stopped(world: World) -> bool:
    return await world.ground.database.read(lambda tx: world.ground.stopped(tx, What.ACCESS)) is not None


async def lifted(world: World) -> None:
    """Security looked into it and confirmed."""

    def work(tx) -> None:
        for one in freezes.open_ones(tx):
            freezes.lift(
                tx, one, at=world.clock(), by="sam", rationale="restored from the copy at the auditor's"
            )

    await world.ground.database.write(work)


def edited(world: World, change: str, at: int = 5, table: str = "audit_entries") -> None:
    done_to(world.ground.database, table, f'UPDATE {table} SET {change} WHERE "index" = {at}')


@pytest.mark.both_engines
async def test_an_honest_record_is_walked_over_and_nothing_is_told(world: World) -> None:
    """T-10: that it was is on the record itself, and so are erasures and the entries that came meanwhile."""
    await world.given("ada")
    await written(world, 2 * SLICE)
    await a_round(world)
    await world.given("charles")
    await a_round(world)
    said = await world.last("log.walked")
    assert (said["outcome"], said["facts"]["round"], said["facts"]["wrong"]) == ("done", 2, 0)
    assert said["facts"]["entries"] > 2 * SLICE
    assert (await world.kinds(), await stopped(world)) == ([], False)


COLUMNS = {
    "action": "action = 'question.asked2'", "correlation": "correlation = 'c-elsewhere'", "actor": "actor = 'eve'",
    "subject": "subject = NULL", "outcome": "outcome = 'refused'", "at": "at = at - 1",
}  # fmt: skip


@pytest.mark.both_engines
async def test_an_edited_column_is_found_and_new_access_stops(world: World) -> None:
    """T-10: the columns that checks go by. They blinded those until somebody ran `wicket audit verify`."""
    await written(world, 20)
    edited(world, ", ".join(COLUMNS.values()))
    watching = Watching(
        world.ground, SIGNER, publishing=Publishing(world.ground, None), stopped=lambda _: None
    )
    await watching.look()
    assert not await stopped(world)
    await a_round(world)
    assert isinstance(await world.ask("ada", "prod-db"), Stopped)
    (found,) = await world.exceptions()
    assert (found.kind, found.facts["kind"]) == (Kind.ACCESS_STOPPED, FreezeKind.MISMATCH)
    assert "at index 5 is not what was written" in found.facts["detail"]
    assert await epochs(world) == 1
    assert (await world.last("log.walked"))["outcome"] == "failed"


@pytest.mark.sqlite_alone
async def test_what_is_found_stops_new_access_though_somebody_keeps_the_freeze_from_being_written(
    world: World,
) -> None:
    """T-2, T-10: and the walk stays where it is until it is written."""
    await written(world, 20)
    edited(world, COLUMNS["action"])
    database = world.ground.database
    await by_other_hands(world, NEVER)
    with pytest.raises(Exception, match="never"):
        await a_round(world)
    found = await world.ask("ada", "prod-db")
    assert isinstance(found, Stopped)
    assert found.kind == UNCHECKED
    await by_other_hands(world, "DROP TRIGGER never")
    await a_round(world)
    (freeze,) = await world.exceptions()
    assert freeze.facts["kind"] == FreezeKind.MISMATCH
    assert database.unchecked.since is None


NEVER = "CREATE TRIGGER never BEFORE INSERT ON freezes BEGIN SELECT RAISE(ABORT, 'never'); END"


async def test_what_was_found_and_not_written_stops_until_the_walk_is_past_it(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: an edit that was undone meanwhile, or that another replica told of, stops nothing for ever."""
    await written(plain, 2 * SLICE)
    walk = walking(plain)
    await a_round(plain, walk)
    edited(plain, "subject = 'eve'", at=SLICE + 5)
    await by_other_hands(plain, NEVER)
    with pytest.raises(Exception, match="never"):
        await a_round(plain, walk)
    await by_other_hands(plain, f"DELETE FROM {LogWalk.__tablename__}")
    edited(plain, "subject = 'ada'", at=SLICE + 5)
    await walk.look()
    with monkeypatch.context() as patched:
        patched.setattr("handlers.audit.walking.AT_ONCE", 1)
        assert await walk.look() == 1
    assert await stopped(plain)  # whoever has it begin anew does not have it pass by
    await a_round(plain, walk)
    await walk.look()
    assert not await stopped(plain)


async def due(plain: World, count: int = 20) -> Walking:
    """A walk that has begun, with so many entries before it, all of which it is to see by now."""
    await written(plain, count)
    walk = walking(plain)
    await walk.look()
    plain.clock.forward(seconds=DAY.total_seconds())
    return walk


async def test_a_log_that_cannot_be_read_stops_new_access_until_it_can(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: what makes the walk fail each time would keep what stands behind it from ever being found."""
    walk = await due(plain)
    with monkeypatch.context() as patched:
        patched.setattr("handlers.audit.walking.next_slice", _raising(TypeError("no number")))
        with pytest.raises(TypeError):
            await walk.look()
    assert await stopped(plain)
    await walk.look()
    assert not await stopped(plain)


@pytest.mark.parametrize("how", ["gives way", "begins anew"])
async def test_what_cannot_be_read_is_not_passed_by_where_it_is_not_read(
    plain: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: a look that had nothing to read, or not there, went well, and access was given until the next."""
    walk = await due(plain, 2 * SLICE)
    with monkeypatch.context() as patched:
        patched.setattr("handlers.audit.walking.AT_ONCE", 1)
        await walk.look()
        patched.setattr("handlers.audit.walking.next_slice", _raising(TypeError("no number")))
        with pytest.raises(TypeError):
            await walk.look()
        if how == "gives way":  # it is behind by less than what makes it go on however much there is to do
            plain.clock.forward(seconds=-0.4 * DAY.total_seconds())
            with pytest.raises(TypeError):
                await walk.look(gives_way=True)
    if how == "begins anew":
        await by_other_hands(plain, f"DELETE FROM {LogWalk.__tablename__}")
        await walk.look()
        with monkeypatch.context() as patched:
            patched.setattr("handlers.audit.walking.AT_ONCE", 1)
            assert await walk.look() == 1
    assert await stopped(plain)
    await walk.look()
    assert not await stopped(plain)


async def test_a_fault_that_passes_stops_nothing_for_the_walk_and_one_that_lasts_does(
    plain: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: a table that is gone is told like a locked store, for as long as that lasts."""
    monkeypatch.setattr("handlers.audit.watching._ENDS_WITHIN", 0.3)
    walk = await due(plain)
    with monkeypatch.context() as patched:
        patched.setattr("handlers.audit.walking.next_slice", _raising(StorageUnavailable("locked")))
        for lasts in (False, True):
            with pytest.raises(StorageUnavailable):
                await walk.look()
            assert await stopped(plain) == lasts
            await asyncio.sleep(0.4)
    await walk.look()
    assert not await stopped(plain)


def _raising(fault: Exception) -> Callable[..., None]:
    def raises(*_: object, **__: object) -> None:
        raise fault

    return raises


async def test_a_checkpoint_over_no_number_of_entries_blinds_no_walk(plain: World) -> None:
    """T-10: SQLite keeps a text in a column of numbers, and rows may be added there past Wicket."""
    await written(plain, 2 * SLICE)
    edited(plain, "subject = 'eve'", at=SLICE + 5)
    planted = "INSERT INTO audit_checkpoints (id, at, size, note) VALUES (99, 1, 'many', 'none')"
    await by_other_hands(plain, planted)
    await a_round(plain)
    (found,) = await plain.exceptions()
    assert f"at index {SLICE + 5} is not what was written" in found.facts["detail"]


@pytest.mark.parametrize("does", ["RAISE(ABORT, 'never')", "RAISE(IGNORE)"])
async def test_a_walk_that_somebody_keeps_from_moving_on_stops_new_access(plain: World, does: str) -> None:
    """T-2: it would come to nothing that stands further on, and without a fault where a trigger is silent."""
    walk = await due(plain, 2 * SLICE)
    stuck = f"CREATE TRIGGER never BEFORE UPDATE ON {LogWalk.__tablename__} BEGIN SELECT {does}; END"
    await by_other_hands(plain, stuck)
    with pytest.raises(Exception, match=r"never|does not move"):
        await walk.look()
    assert await stopped(plain)
    await by_other_hands(plain, "DROP TRIGGER never")
    await walk.look()
    assert not await stopped(plain)


async def test_a_place_that_is_no_text_is_none_that_is_known(plain: World) -> None:
    """T-10: the walk begins anew, and does not fail at it each time."""
    await written(plain, 20)
    edited(plain, "subject = 'eve'")
    walk = walking(plain)
    await walk.look()
    no_text = f"UPDATE {LogWalk.__tablename__} SET frontier = CAST(x'ff' AS TEXT)"
    await by_other_hands(plain, no_text)
    await a_round(plain, walk)
    assert await stopped(plain)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        *(("audit_entries", change) for change in COLUMNS.values()),
        ("audit_entries", "id = 'e-other'"),
        ("audit_entries", "id = x'ff'"),
        ("audit_entries", "leaf = CAST(replace(CAST(leaf AS TEXT), 'prod-db', 'prod-dc') AS BLOB)"),
        ("audit_entries", "leaf_hash = zeroblob(32)"),
        ("audit_entries", "root = zeroblob(32)"),
        ("audit_texts", "text = 'because of INC-1'"),
        ("audit_texts", "text = NULL, salt = NULL, erased_by = 'e-none'"),
    ],
)
async def test_each_column_alone_is_found(plain: World, table: str, change: str) -> None:
    """T-10: and what stands there is not believed where it says that it was erased."""
    await written(plain, 20)
    edited(plain, change, table=table)
    await a_round(plain)
    assert await stopped(plain)


async def test_an_entry_that_was_taken_out_is_found(plain: World) -> None:
    await written(plain, 20)
    done_to(plain.ground.database, "audit_entries", 'DELETE FROM audit_entries WHERE "index" = 7')
    await a_round(plain)
    (found,) = await plain.exceptions()
    assert "missing from index 7 on" in found.facts["detail"]


@pytest.mark.both_engines
async def test_what_was_found_stops_access_once_and_something_else_anew(world: World) -> None:
    """T-10: an edited entry stays edited; whoever lifted the stop knows of it."""
    await written(world, 20)
    edited(world, "actor = 'eve'")
    await a_round(world)
    await lifted(world)
    await a_round(world)
    assert not await stopped(world)
    edited(world, "actor = 'eve'", at=6)
    await a_round(world)
    assert await stopped(world)
    assert await world.kinds() == [Kind.ACCESS_STOPPED] * 2


async def test_what_is_found_while_access_is_stopped_is_told_too(plain: World) -> None:
    """T-10: each place is told once; a tile, which proves nothing, stops nothing, and is settled when it is mended."""
    await written(plain, 3 * SLICE)
    for at in (5, SLICE + 5):
        edited(plain, "actor = 'eve'", at=at)
    await a_round(plain)
    assert sorted(await plain.kinds()) == [Kind.ACCESS_STOPPED, Kind.RECORD_CHANGED]
    assert await epochs(plain) == 1
    await a_round(plain)
    assert [one.count for one in await plain.exceptions()] == [1, 1]


async def test_a_damaged_tile_stops_nothing_and_is_told_until_it_is_mended(plain: World) -> None:
    """T-5, T-10: somebody with a way into the database should be noticed."""
    await written(plain, SLICE)
    hurt = 'UPDATE audit_tiles SET hashes = root || substr(hashes, 33) WHERE level = 0 AND "index" = 1'
    (before,) = await plain.ground.database.read(
        lambda tx: (
            tx.connection()
            .execute(text('SELECT hashes FROM audit_tiles WHERE level = 0 AND "index" = 1'))
            .one()
        )
    )
    done_to(plain.ground.database, "audit_tiles", hurt)
    await a_round(plain)
    (found,) = await plain.exceptions()
    assert (found.kind, found.facts["tree"], await stopped(plain)) == (Kind.RECORD_CHANGED, True, False)
    mended = f"UPDATE audit_tiles SET hashes = X'{before.hex()}' WHERE level = 0 AND \"index\" = 1"
    done_to(plain.ground.database, "audit_tiles", mended)
    await a_round(plain)
    (found,) = await plain.exceptions()
    assert "settled" in found.facts


async def test_a_round_goes_on_after_a_restart_and_never_does_more_than_its_part_at_once(
    plain: World,
) -> None:
    """T-10: a look reads some slices at most, however late it is; what is left comes with the next ones."""
    await written(plain, (AT_ONCE + 3) * SLICE)
    await walking(plain).look()
    plain.clock.forward(seconds=DAY.total_seconds() / 2)
    assert await walking(plain).look() == (AT_ONCE + 3) // 2 + 1
    plain.clock.forward(seconds=DAY.total_seconds())
    (row,) = await plain.rows(LogWalk)
    before = row.position
    assert before > 5 * SLICE
    for _ in range(2):
        assert await walking(plain).look() <= AT_ONCE
        (row,) = await plain.rows(LogWalk)
        assert row.position - before <= AT_ONCE * SLICE
    assert (await rounds(plain), (await plain.last("log.walked"))["outcome"]) == (1, "done")


async def test_it_gives_way_to_work_and_not_for_ever(plain: World) -> None:
    """T-10: whoever keeps Wicket busy holds it up by a quarter of the log at most."""
    await written(plain, 8 * SLICE)
    walk = walking(plain)
    await walk.look()
    plain.clock.forward(seconds=DAY.total_seconds() / 6)
    assert await walk.look(gives_way=True) == 0
    plain.clock.forward(seconds=DAY.total_seconds() / 6)
    assert await walk.look(gives_way=True) > 0


async def test_a_row_that_says_how_far_it_came_is_believed_only_as_it_was_written(plain: World) -> None:
    """T-9, T-10: else whoever edits an entry would have it passed by; so is a row of a round that is over."""
    await written(plain, 4 * SLICE)
    await walking(plain).look()
    plain.clock.forward(seconds=DAY.total_seconds() * 0.7)
    await walking(plain).look()
    (old,) = await plain.rows(LogWalk)
    assert old.position == 3 * SLICE
    await a_round(plain)
    edited(plain, "actor = 'eve'")
    put_back = (
        f"UPDATE log_walks SET round = {old.round}, position = {old.position}, frontier = '{old.frontier}', "
        f"began_at = {to_micros(old.began_at)}, known = '{old.known}', mac = '{old.mac}'"
    )
    unreadable = "UPDATE log_walks SET began_at = 'yesterday', round = x'ff', mac = 7"
    for statement in ("UPDATE log_walks SET round = 7", unreadable, put_back):
        assert (
            await plain.ground.database.read(walks.stand) is not None
            or statement != "UPDATE log_walks SET round = 7"
        )
        done_to(plain.ground.database, "log_walks", statement)
        assert await plain.ground.database.read(walks.stand) is None
    await a_round(plain)
    assert await stopped(plain)


@pytest.mark.parametrize("walked_before", [True, False])
async def test_whoever_removes_its_row_again_and_again_does_not_keep_it_from_the_end(
    plain: World, walked_before: bool
) -> None:
    """T-10: else what stands far back in the log is never looked at."""
    await written(plain, 4 * SLICE)
    if walked_before:
        await a_round(plain)
    edited(plain, "actor = 'eve'", at=4 * SLICE - 5)
    for _ in range(8):
        done_to(plain.ground.database, "log_walks", "DELETE FROM log_walks")
        for _look in range(2):
            await walking(plain).look()
        plain.clock.forward(seconds=DAY.total_seconds() / 4)
    assert await stopped(plain)


async def test_of_two_replicas_one_goes_on(plain: World) -> None:
    """T-10: the other sees that it was faster, and tells nothing twice."""
    await written(plain, 20)
    before = await plain.ground.database.read(walks.stand)
    after = walks.Stand(round=1, passed=Frontier(), began_at=plain.clock())
    moved = [await plain.ground.database.write(lambda tx: walks.move(tx, before, after)) for _ in range(2)]
    assert moved == [True, False]


async def test_a_clock_that_is_set_back_holds_it_up_no_longer_than_a_round(plain: World) -> None:
    await written(plain, 20)
    await a_round(plain)
    plain.clock.forward(seconds=-30 * DAY.total_seconds())
    await a_round(plain)
    assert await rounds(plain) == 2


async def test_the_head_of_the_log_is_where_the_walk_ends(plain: World) -> None:
    """T-1: what stands beyond it belongs to nobody."""
    await written(plain, 20)
    size = (await plain.ground.database.read(log.head)).size
    stray = f"INSERT INTO audit_texts VALUES ({size + 5}, 'justification', 'x', zeroblob(32), NULL)"
    done_to(plain.ground.database, "audit_texts", stray)
    await a_round(plain)
    assert await stopped(plain)


async def test_a_view_where_a_table_was_stops_new_access(plain: World) -> None:
    """T-1, T-10: what is read there is as it was written, and nothing keeps it so."""
    await written(plain, 3)
    await by_other_hands(
        plain,
        "ALTER TABLE audit_archives RENAME TO elsewhere",
        "CREATE VIEW audit_archives AS SELECT * FROM elsewhere",
    )
    await a_round(plain)
    assert await stopped(plain)
    (found,) = await plain.exceptions()
    assert "not kept in guarded tables any more" in found.facts["detail"]


async def test_a_kept_checkpoint_that_was_taken_away_stops_new_access(plain: World) -> None:
    """T-1, T-10: until it stands there again, as the message of it and its entry say."""
    await written(plain, 3)

    def take(tx: Session) -> None:
        at = plain.clock()
        take_checkpoint(tx, SIGNER, at=at)
        record_kept(tx, at=at, by=recording.BY_ITSELF)

    for _ in range(2):
        await plain.ground.database.write(take)
    await a_round(plain)
    assert not await stopped(plain)
    row = await plain.ground.database.read(lambda tx: kept_checkpoint(tx, 1))
    assert row is not None
    done_to(plain.ground.database, "audit_checkpoints", "DELETE FROM audit_checkpoints WHERE id = 1")
    await a_round(plain)
    assert await stopped(plain)
    (found,) = await plain.exceptions()
    assert "What is kept beside the audit log" in found.facts["detail"]
    (entry, *_) = await plain.ground.database.read(lambda tx: log.rows(tx, action="checkpoint.taken"))
    back = {"id": 1, "at": entry.at, "size": row.size, "note": row.note}
    done_to(plain.ground.database, "audit_checkpoints", insert(CHECKPOINTS).values(back))
    assert await plain.sound()
