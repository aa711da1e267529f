"""The digest of a week and the checkpoint of a day: counted from the record, owed once, each checkpoint its own."""

from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from handlers import recording
from handlers.audit.bulletins import CHECKPOINT, DIGEST, OPEN_EXCEPTIONS, Bulletins
from handlers.audit.checkpointing import Checkpointing
from handlers.audit.digesting import digest_of
from handlers.audit.digests import AUTOMATIC, BY_PEOPLE
from handlers.decisions.outliers import Outlier
from handlers.decisions.set_times import SetTimes
from handlers.exceptions.open_exceptions import open_exceptions
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.intents import CLI, Intent
from handlers.outcomes import CheckpointTaken, NotAllowed, Repeated
from storage import bulletins, outbox
from storage.audit.checkpoint import Checkpoint, Signer, verify_note
from storage.audit.sealing import kept_checkpoint
from storage.exceptions import SECURITY, settle_exceptions
from storage.records import Bulletin
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world

SIGNER = Signer.from_seed("wicket.example/audit", bytes(range(32)))
WEEK = timedelta(weeks=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as made:
        yield made
        assert await made.sound()


def at_the_next_hour(world: World) -> SetTimes:
    """Due first at the next whole hour."""
    soon = world.ground.now() + timedelta(hours=1)
    return SetTimes(zone=UTC, weekday=soon.weekday(), hour=soon.hour)


async def owed(world: World, kind: str) -> list[str]:
    return sorted(subject for subject, of in await _owed(world) if of == kind)


async def _owed(world: World) -> list[tuple[str, str]]:
    return [(one.subject, one.kind) for one in await world.rows(outbox.Owed) if one.recipient == SECURITY]


async def test_each_is_owed_once_for_its_day_by_whichever_replica_comes_first(world: World) -> None:
    """Promise 6: several replicas, looks again and again, and starts anew."""
    times = at_the_next_hour(world)
    first, second = (Bulletins(world.ground, SIGNER, times) for _ in range(2))
    await first.owe_due()
    assert (await owed(world, DIGEST), await owed(world, CHECKPOINT)) == (
        [],
        [],
    )  # what was before is not told
    world.clock.forward(hours=1)
    for one in (first, second, first, Bulletins(world.ground, SIGNER, times)):
        await one.owe_due()
    assert len(await owed(world, DIGEST)) == 1
    assert len(await owed(world, CHECKPOINT)) == 1
    for _ in range(8):
        world.clock.forward(days=1)
        await second.owe_due()
    assert len(await owed(world, DIGEST)) == 2
    assert len(await owed(world, CHECKPOINT)) == 9


async def test_what_was_planted_ahead_silences_nothing_and_is_told(world: World) -> None:
    """T-9, T-2: rows of the days to come, which say that somebody told all of it already."""
    mine = Bulletins(world.ground, SIGNER, at_the_next_hour(world))
    strange = Strange(kind=Kind.TAMPERED, severity=Severity.HIGH, who="Eve", cause="eve", correlation="c")
    await world.ground.database.write(lambda tx: tell_security(tx, world.ground.now(), strange))
    await mine.owe_due()
    due = at_the_next_hour(world).daily(world.ground.now() + WEEK)
    planted = [
        Bulletin(kind=kind, day=(due.until - timedelta(days=days)).date().isoformat(), since=due.since,
                 until=due.until, number=1, first=1, at=due.since).model_dump()
        for kind in (DIGEST, CHECKPOINT, OPEN_EXCEPTIONS) for days in range(-7, 8)
    ]  # fmt: skip
    await world.ground.database.write(
        lambda tx: tx.connection().execute(insert(Bulletin).prefix_with("OR IGNORE"), planted)
    )
    world.clock.forward(hours=1)
    for _ in range(7):
        await mine.owe_due()
        world.clock.forward(days=1)
    found = [len(await owed(world, kind)) for kind in (DIGEST, CHECKPOINT, OPEN_EXCEPTIONS)]
    assert found == [1, 7, 7]
    assert {one.table for one in world.ground.database.doubts} == {"bulletins"}


async def test_each_day_says_what_is_open_and_nothing_on_a_day_with_nothing(world: World) -> None:
    """W-4: owed once, whichever replica comes first."""
    times = at_the_next_hour(world)
    replicas = [Bulletins(world.ground, SIGNER, times) for _ in range(2)]
    strange = Strange(
        kind=Kind.TAMPERED, severity=Severity.HIGH, who="Eve", cause="eve", correlation="c"
    )  # fmt: skip

    async def next_day(**passes: int) -> list[str]:
        world.clock.forward(**passes)
        for replica in replicas * 2:
            await replica.owe_due()
        return await owed(world, OPEN_EXCEPTIONS)

    assert await next_day(hours=0) == []
    assert await next_day(hours=1) == []
    await world.ground.database.write(lambda tx: tell_security(tx, world.ground.now(), strange))
    assert len(await next_day(days=1)) == 1
    told = await world.ground.database.read(lambda tx: open_exceptions(tx, world.ground.now()))
    assert (told.count, told.overdue, [one.who for one in told.first]) == (1, 1, ["Eve"])
    settled = [cause_of(strange.kind, strange.cause)]
    await world.ground.database.write(lambda tx: settle_exceptions(tx, at=world.ground.now(), causes=settled))
    assert len(await next_day(days=1)) == 1


async def test_a_week_shares_the_thread_of_its_first_checkpoint_and_each_is_signed(world: World) -> None:
    """T-2: none is edited over another; what each signs agrees with what came after."""
    replica = Bulletins(world.ground, SIGNER, at_the_next_hour(world))
    await replica.owe_due()
    world.clock.forward(hours=1)
    for _ in range(8):
        await replica.owe_due()
        world.clock.forward(days=1)
    days = sorted((one for one in await world.rows(Bulletin) if one.number), key=lambda one: one.day)
    assert [one.first for one in days] == [days[0].number] * 7 + [days[7].number]
    for one in days:
        kept = await world.ground.database.read(lambda tx, number=one.number: kept_checkpoint(tx, number))
        assert kept is not None
        assert isinstance(verify_note(kept.note, SIGNER.verifier), Checkpoint)


async def test_a_checkpoint_on_demand_is_for_security_once_and_on_the_record(world: World) -> None:
    handler = Checkpointing(world.ground, SIGNER)

    async def take(login: str, delivery: str) -> object:
        return await handler.take(Intent(**await world.intent(login, delivery)))

    assert isinstance(await take("grace", "d-1"), NotAllowed)
    assert await owed(world, CHECKPOINT) == []
    taken = await take("sam", "d-2")
    assert isinstance(taken, CheckpointTaken)
    assert await take("sam", "d-2") == Repeated()
    assert taken.size == len(await world.audit()) - 1
    assert await world.actions("checkpoint") == ["checkpoint.refused refused", "checkpoint.taken done"]
    number = (await owed(world, CHECKPOINT))[0]
    assert (await world.audit())[-1]["facts"]["number"] == int(number)
    assert await world.ground.database.read(lambda tx: bulletins.by_number(tx, int(number))) is None


async def test_a_week_is_counted_from_the_record_with_what_stands_out(world: World) -> None:
    """AU-12: and what was asked before the week is measured from its asking."""
    before = await world.asked("ada", "prod-db")
    world.clock.forward(hours=5)
    begins = world.ground.now()
    await world.given("ada", "wiki-edit")
    await world.decide("grace", before)
    for login in ("charles", "ada", "grace"):
        quick = await world.asked(login, "prod-db")
        await world.decide("linus", quick)
    await world.settle()
    world.clock.forward(hours=3)
    await world.tick()
    ends = world.ground.now() + timedelta(seconds=1)
    told = await world.ground.database.read(lambda tx: digest_of(tx, begins, ends))
    approved = 1 + sum(row["action"] == "grant.approved" for row in await world.audit()) - 2
    assert (told.counts[AUTOMATIC], told.counts[BY_PEOPLE]) == (1, approved)
    assert told.counts["grant.expired"] >= 2
    assert not told.is_quiet
    stands = {one.why: one for one in told.outliers}
    assert (stands[Outlier.SLOWEST].story, stands[Outlier.SLOWEST].took) == (before, timedelta(hours=5))
    assert told.names[stands[Outlier.SLOWEST].who].lower().startswith("grace")
    assert stands[Outlier.QUICKEST].took == timedelta(0)
    assert stands[Outlier.LATEST_END].took == timedelta(hours=2)
    later = await world.ground.database.read(lambda tx: digest_of(tx, ends, ends + WEEK))
    assert (later.is_quiet, later.entries) == (True, 0)


async def test_a_week_counts_what_an_operator_did_to_the_record(world: World) -> None:
    """Each act, also where nothing else happened: archiving is no quiet week."""
    begins = world.ground.now()
    acts = (
        "text.erased",
        "log.archived",
        "log.unarchived",
        "log.archives_signed",
        "log.tiles_rebuilt",
        "stream.given_up",
    )
    for action in acts:
        await world.ground.database.write(
            lambda tx, action=action: recording.record(
                tx, at=world.ground.now(), action=action, outcome="done", actor=recording.OPERATOR, where=CLI,
                correlation="audit",
            )
        )  # fmt: skip
    ends = world.ground.now() + timedelta(seconds=1)
    told = await world.ground.database.read(lambda tx: digest_of(tx, begins, ends))
    assert {action: told.counts[action] for action in acts} == dict.fromkeys(acts, 1)
    assert not told.is_quiet
