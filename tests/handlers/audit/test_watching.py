"""The store held against what was signed of it: what is noticed, what is cited, and what fools nobody (T-1, T-2)."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from handlers.audit import watching as watching_module
from handlers.audit.publishing import Publishing
from handlers.audit.watching import Watching
from handlers.decisions.freezing import UNCHECKED, Stopped
from handlers.exceptions.strange import Kind
from storage.audit import log
from storage.audit.checkpoint import Checkpoint, Signer, sign, verify_note
from storage.audit.epochs import OPENED, read_epochs
from storage.audit.published import publish, read_published
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.stores import Server
from storage.faults import StorageUnavailable
from storage.freezes import lift, open_ones
from storage.records import Freeze
from storage.states import FreezeKind
from tests.handlers.access_ground import World
from tests.handlers.access_ground import world as open_world
from tests.handlers.audit.stores import by_other_hands
from tests.handlers.audit.test_retiling import done_to
from tests.handlers.late_answers import LateAnswers

SIGNER = Signer.generate("wicket.example")


@pytest.fixture
async def world(tmp_path: Path, server: Server | None) -> AsyncIterator[World]:
    async with open_world(tmp_path, server=server) as made:
        yield made
        assert await made.sound()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints.txt"


def watching(
    world: World,
    file: Path | None,
    signer: Signer = SIGNER,
    *,
    is_own: bool = False,
    stopped: Callable[[int], None] = lambda _: None,
) -> Watching:
    """As a process that starts now has it."""
    return Watching(
        world.ground, signer, publishing=Publishing(world.ground, file, is_own=is_own), stopped=stopped
    )


async def looked(world: World, file: Path | None, *, is_own: bool = False) -> list[Freeze]:
    """A start looks; what is frozen."""
    await watching(world, file, is_own=is_own).look()
    return list(await world.ground.database.read(open_ones))


async def happened(world: World, times: int = 1) -> None:
    for _ in range(times):
        await world.draft("ada", "prod-db")
        await world.ask("ada", "prod-db")


async def signed(world: World, more: int = 0) -> str:
    """The head, or one that is further than the log, as our key signs it."""
    head = await world.ground.database.read(log.head)
    root = head.root if not more else bytes([more] * 32)
    return sign(Checkpoint(origin=SIGNER.name, size=head.size + more, root=root), SIGNER)


async def epochs(world: World) -> int:
    found = await world.ground.database.read(lambda tx: read_epochs(tx, SIGNER.verifier))
    return len(found.later)


@pytest.mark.both_engines
async def test_a_sound_store_is_signed_as_it_grows_and_nothing_is_written_twice(
    world: World, file: Path
) -> None:
    watch = watching(world, file)
    assert watch.latest is None
    await watch.look()
    await watch.look()
    assert len(read_published(file).notes) == 1
    assert watch.latest == read_published(file).notes[0]
    await happened(world)
    await watch.look()
    await watch.last_look()
    notes = read_published(file).notes
    assert len(notes) == 2
    head = await world.ground.database.read(log.head)
    read = verify_note(notes[-1], SIGNER.verifier)
    assert isinstance(read, Checkpoint)
    assert (read.size, read.root) == (head.size, head.root)
    assert await looked(world, file) == []


def copied(from_: Path, to: Path) -> None:
    """A store put in the place of another, as by whoever restores one under a bot that runs."""
    with closing(sqlite3.connect(from_)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


@pytest.mark.sqlite_alone
async def test_without_a_file_a_process_remembers_what_it_signed_itself(world: World, tmp_path: Path) -> None:
    """T-1, T-4: an older copy under its feet is noticed at the next look."""
    watch, store, older = watching(world, None), tmp_path / "wicket.db", tmp_path / "older.db"
    await happened(world)
    copied(store, older)
    await happened(world)
    await watch.look()
    assert list(await world.ground.database.read(open_ones)) == []
    copied(older, store)
    await watch.look()
    (freeze,) = await world.ground.database.read(open_ones)
    assert freeze.kind == FreezeKind.RESTORED


async def test_a_store_that_ends_before_what_was_published_was_restored(world: World, file: Path) -> None:
    """The new epoch cites the checkpoint as it was published, and says how much of the log still agrees."""
    await happened(world)
    publish(file, await signed(world))
    agreed = (await world.ground.database.read(log.head)).size
    ahead = await signed(world, more=7)
    publish(file, ahead)
    (freeze,) = await looked(world, file)
    assert freeze.kind == FreezeKind.RESTORED
    assert freeze.facts["lost"] == 7
    opening = await world.last(OPENED)
    assert (opening["facts"]["agrees"], opening["facts"]["cites"]) == (agreed, [ahead])
    assert await world.kinds() == [Kind.ACCESS_STOPPED]
    assert await looked(world, file) == [freeze]
    assert await epochs(world) == 1
    report = await world.ground.database.read(
        lambda tx: verify_log(tx, verifier=SIGNER.verifier, notes=read_published(file).notes)
    )
    assert (report.sound, report.lost) == (True, 1)


async def test_a_store_with_another_history_is_a_mismatch_and_stays_unsound(world: World, file: Path) -> None:
    """What was rewritten is frozen once, and whoever verifies is told for good."""
    await happened(world, 2)
    size = (await world.ground.database.read(log.head)).size
    rewritten = sign(Checkpoint(origin=SIGNER.name, size=size - 1, root=bytes(32)), SIGNER)
    publish(file, rewritten)
    (freeze,) = await looked(world, file)
    assert freeze.kind == FreezeKind.MISMATCH
    assert await looked(world, file) == [freeze]
    assert await epochs(world) == 1
    report = await world.ground.database.read(
        lambda tx: verify_log(tx, verifier=SIGNER.verifier, notes=[rewritten])
    )
    assert not report.sound
    assert "History was rewritten" in report.conclusion


def rewrite(file: Path, hurt: Callable[[str], str | None]) -> None:
    """Somebody changes the file, or takes it away."""
    text = hurt(file.read_text())
    file.unlink()
    if text is not None:
        file.write_text(text)


def make_unreadable(file: Path) -> None:
    file.unlink()
    file.mkdir()


def bent(text: str) -> str:
    """The last checkpoint says another size."""
    body, dash, rest = text.rpartition("\n\n\u2014")
    lines = body.split("\n")
    lines[-2] = str(int(lines[-2]) + 1)
    return "\n".join(lines) + dash + rest


def forged(text: str) -> str:
    """Another key of the same name signed the last."""
    other = Signer.generate(SIGNER.name)
    return text + sign(Checkpoint(origin=SIGNER.name, size=3, root=bytes(32)), other) + "\n"


def cut(text: str) -> str:
    """Without its last checkpoint."""
    return text[: text.rstrip("\n").rindex(f"\n{SIGNER.name}\n") + 1]


def torn(text: str) -> str:
    """Cut in the middle of its last checkpoint."""
    return text[:-40]


def emptied(_text: str) -> str:
    return ""


def gone(_text: str) -> None:
    return None


def noise(_text: str) -> str:
    return "hello\n" * 40


async def grown_and_hurt(world: World, file: Path, hurt: Callable[[str], str | None]) -> None:
    """Three checkpoints were published, and then somebody was at the file."""
    watch = watching(world, file)
    for _ in range(3):
        await happened(world)
        await watch.look()
    rewrite(file, hurt)


@pytest.mark.parametrize("is_own", [False, True])
@pytest.mark.parametrize("hurt", [bent, forged, cut, torn, noise])
async def test_a_file_that_was_tampered_with_stops_new_access(
    world: World, file: Path, hurt: Callable[[str], str | None], is_own: bool
) -> None:
    """Fail closed: what was published last cannot be known. Stopped once, and a sound one is published after."""
    await grown_and_hurt(world, file, hurt)
    (freeze,) = await looked(world, file, is_own=is_own)
    assert freeze.kind == FreezeKind.MISMATCH
    assert await looked(world, file, is_own=is_own) == [freeze]
    assert isinstance(verify_note(read_published(file).notes[-1], SIGNER.verifier), Checkpoint)
    assert await epochs(world) == 1


@pytest.mark.parametrize(("is_own", "stops"), [(False, 1), (True, 0)])
@pytest.mark.parametrize("hurt", [emptied, gone])
async def test_a_file_that_is_gone_stops_new_access_where_somebody_named_it(
    world: World, file: Path, hurt: Callable[[str], str | None], is_own: bool, stops: int
) -> None:
    """The place that Wicket chose may end with each container: then it is begun anew, and the log says so."""
    await grown_and_hurt(world, file, hurt)
    with capture_logs() as logs:
        assert len(await looked(world, file, is_own=is_own)) == stops
    assert ("checkpoint.file_gone" in [one["event"] for one in logs]) == is_own
    assert len(read_published(file).notes) == 1
    assert await epochs(world) == stops


@pytest.mark.both_engines
async def test_a_checkpoint_that_a_crash_left_half_written_stops_nothing(world: World, file: Path) -> None:
    """It was not remembered as published either: the next one stands whole behind it."""
    watch = watching(world, file)
    await happened(world)
    await watch.look()
    rewrite(file, lambda text: f"{text}{SIGNER.name}\n12\nabc")
    await happened(world)
    assert await looked(world, file) == []
    await happened(world)
    assert await looked(world, file) == []
    assert len(read_published(file).notes) == 3


@pytest.mark.parametrize(("its_own_file", "stops"), [(True, False), (False, True)])
async def test_a_new_key_begins_a_new_file(
    world: World, file: Path, tmp_path: Path, its_own_file: bool, stops: bool
) -> None:
    """As operations.md has it. Behind the old one's, it could as well be somebody else's key: that stops new access."""
    await happened(world)
    await watching(world, file).look()
    anew = Signer.generate(SIGNER.name)
    for _ in range(2):
        await watching(world, tmp_path / "anew.txt" if its_own_file else file, anew).look()
        await happened(world)
    assert bool(await world.ground.database.read(open_ones)) == stops


@pytest.mark.parametrize("is_own", [False, True])
async def test_a_file_that_cannot_be_read_stops_new_access_at_a_start_only_where_somebody_named_it(
    world: World, file: Path, is_own: bool
) -> None:
    """While a process runs it remembers itself; nobody does at a start."""
    watch = watching(world, file)
    await watch.look()
    make_unreadable(file)
    await happened(world)
    await watch.look()
    assert await world.ground.database.read(open_ones) == ()
    assert len(await looked(world, file, is_own=is_own)) == (0 if is_own else 1)


@pytest.mark.parametrize("is_own", [False, True])
async def test_a_file_that_cannot_be_written_is_told_once_and_that_it_can_and_stops_nothing(
    world: World, tmp_path: Path, is_own: bool
) -> None:
    """T-2: an install that changed no settings starts, and does not think itself safe. Only its own place is made."""
    in_the_way = tmp_path / "state"
    in_the_way.write_text("no folder")
    file = in_the_way / "wicket" / "checkpoints.txt"
    watch = watching(world, file, is_own=is_own)
    if not is_own:
        in_the_way.unlink()
    for _ in range(3):
        await watch.look()
        await happened(world)
    assert await world.ground.database.read(open_ones) == ()
    (told,) = await world.exceptions()
    assert (told.kind, told.severity, told.count) == (Kind.NOT_LOOKED_OVER, "medium", 1)
    assert (told.facts["what"], told.facts["file"]) == ("publishing", str(file))
    assert await world.actions("log.overdue") == ["log.overdue failed"]
    if is_own:
        in_the_way.unlink()
    else:
        file.parent.mkdir(parents=True)
    await watch.look()
    assert len(read_published(file).notes) == 1
    (told,) = await world.exceptions()
    assert "settled" in told.facts


@pytest.mark.both_engines
async def test_replicas_with_a_file_each_and_one_that_was_away_call_nothing_changed(
    world: World, file: Path, tmp_path: Path
) -> None:
    """An older checkpoint is one of the same log, also after it went on in a new epoch."""
    other = tmp_path / "other.txt"
    await happened(world)
    assert await looked(world, file, is_own=True) == []
    await happened(world)
    assert await looked(world, other, is_own=True) == []
    assert await looked(world, file, is_own=True) == []
    publish(file, await signed(world, more=3))
    (freeze,) = await looked(world, file, is_own=True)
    await happened(world)
    assert await looked(world, other, is_own=True) == [freeze]
    assert await epochs(world) == 1


@pytest.mark.both_engines
async def test_of_several_that_notice_at_once_one_freezes(world: World, file: Path) -> None:
    await happened(world)
    publish(file, await signed(world, more=3))
    await asyncio.gather(*(watching(world, file).look() for _ in range(4)))
    assert len(await world.ground.database.read(open_ones)) == 1
    assert await epochs(world) == 1


@pytest.mark.both_engines
async def test_losing_more_while_it_is_stopped_opens_an_epoch_and_asks_nobody_twice(
    world: World, file: Path
) -> None:
    await happened(world)
    publish(file, await signed(world, more=3))
    await looked(world, file)
    publish(file, await signed(world, more=90))
    assert len(await looked(world, file)) == 1
    assert await epochs(world) == 2
    assert await world.kinds() == [Kind.ACCESS_STOPPED]


NEVER = "CREATE TRIGGER never BEFORE INSERT ON {} BEGIN SELECT RAISE(ABORT, 'never'); END"


@pytest.mark.sqlite_alone
@pytest.mark.parametrize("table", ["freezes", "audit_checkpoints", "exceptions"])
async def test_a_freeze_that_somebody_keeps_from_being_written_stops_all_the_same(
    world: World, file: Path, table: str
) -> None:
    """T-2: what can be done to the database does not reach what the process knows."""
    grant = await world.asked("ada", "wiki-edit")
    publish(file, await signed(world, more=3))
    watch = watching(world, file)
    await by_other_hands(world, NEVER.format(table))
    with pytest.raises(Exception, match="never"):
        await watch.look()
    found = await world.ask("ada", "prod-db")
    assert isinstance(found, Stopped)
    assert (found.kind, await world.ground.database.read(open_ones)) == (UNCHECKED, ())
    await world.settle()
    assert not await world.holds("ada"), grant
    await by_other_hands(world, "DROP TRIGGER never")
    await watch.look()
    (freeze,) = await world.ground.database.read(open_ones)
    again = await world.ask("ada", "prod-db")
    assert isinstance(again, Stopped)
    assert (again.id, again.kind) == (freeze.id, FreezeKind.RESTORED)
    assert world.ground.database.unchecked.since is None


async def test_while_the_store_cannot_be_checked_nothing_new_is_given_and_then_it_is(
    world: World, file: Path
) -> None:
    """T-2: who cannot say that all is well does not act as if it were."""
    told: list[int] = []
    watch = watching(world, file, stopped=told.append)
    await watch.look()
    await by_other_hands(world, "ALTER TABLE audit_checkpoints RENAME TO elsewhere")
    for _ in range(2):
        with pytest.raises(Exception, match="audit_checkpoints"):
            await watch.look()
    assert isinstance(await world.ask("ada", "prod-db"), Stopped)
    await by_other_hands(world, "ALTER TABLE elsewhere RENAME TO audit_checkpoints")
    await watch.look()
    assert not isinstance(await world.ask("ada", "prod-db"), Stopped)
    assert told == [0, 1, 1, 0]


async def test_a_stop_that_somebody_removes_from_the_rows_and_from_the_record_begins_anew(
    world: World, file: Path
) -> None:
    """T-2: the process knows that it stood, and that nobody lifted it; the walk came to it within a day only."""
    publish(file, await signed(world, more=3))
    watch = watching(world, file)
    await watch.look()
    (before,) = await world.ground.database.read(open_ones)
    other = "UPDATE audit_entries SET action = 'access.nothing' WHERE action = 'access.stopped'"
    done_to(world.ground.database, "audit_entries", other)
    await by_other_hands(world, "DELETE FROM freezes")
    await watch.look()
    (after,) = await world.ground.database.read(open_ones)
    assert (after.kind, after.id != before.id) == (FreezeKind.MISMATCH, True)
    assert "neither open nor lifted" in after.facts["detail"]
    await world.ground.database.write(
        lambda tx: lift(tx, tx.get_one(Freeze, after.id), at=world.clock(), by="sam", rationale="found them")
    )
    await watch.look()
    assert not isinstance(await world.ask("ada", "prod-db"), Stopped)
    back = "UPDATE audit_entries SET action = 'access.stopped' WHERE action = 'access.nothing'"
    done_to(world.ground.database, "audit_entries", back)


@pytest.mark.sqlite_alone
async def test_a_check_that_somebody_keeps_from_ever_ending_is_none(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: a view that is read for ever fails nowhere, and no look comes after it."""
    late, unchecked = asyncio.Event(), world.ground.database.unchecked
    watch = watching(world, file, stopped=lambda open_: late.set() if open_ else None)
    await watch.look()
    monkeypatch.setattr(watching_module, "_ENDS_WITHIN", 0.1)
    view = (
        "CREATE VIEW audit_checkpoints AS WITH RECURSIVE n(i) AS "
        "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500000) "
        "SELECT i AS id, 1 AS at, 1 AS size, 'x' AS note FROM n WHERE i < 0"
    )
    await by_other_hands(world, "ALTER TABLE audit_checkpoints RENAME TO elsewhere", view)
    looks = asyncio.create_task(watch.look())
    await asyncio.wait_for(late.wait(), 10)
    assert isinstance(await world.ask("ada", "prod-db"), Stopped)
    await looks
    assert unchecked.since is None
    await by_other_hands(
        world, "DROP VIEW audit_checkpoints", "ALTER TABLE elsewhere RENAME TO audit_checkpoints"
    )


async def test_what_the_walk_could_not_write_is_over_once_another_replica_wrote_it(
    world: World, file: Path
) -> None:
    unchecked, watch = world.ground.database.unchecked, watching(world, file)
    await watch.look()
    unchecked.begin("entries", world.ground.now())
    await watch.look()
    assert unchecked.since is not None
    publish(file, await signed(world, more=3))
    await watching(world, file).look()
    assert unchecked.since is None


async def test_two_looks_may_go_side_by_side_as_at_an_end(world: World, file: Path) -> None:
    """The clock's, and the last one: whichever ends first, the other does too."""
    watch = watching(world, file)
    await asyncio.gather(watch.look(), watch.last_look(), watch.look())
    assert world.ground.database.unchecked.since is None
    await by_other_hands(world, "ALTER TABLE audit_checkpoints RENAME TO elsewhere")
    found = await asyncio.gather(watch.look(), watch.look(), return_exceptions=True)
    assert not any(isinstance(one, KeyError) for one in found), found
    assert world.ground.database.unchecked.since is not None
    await by_other_hands(world, "ALTER TABLE elsewhere RENAME TO audit_checkpoints")


async def test_a_fault_that_passed_stops_access_no_longer_than_it_must(world: World, file: Path) -> None:
    """Looks may be an hour apart; one that failed is made anew soon, and no other is."""
    watch = watching(world, file)
    await watch.look()
    await happened(world)
    await watch.look_again()
    assert len(read_published(file).notes) == 1
    await by_other_hands(world, "ALTER TABLE audit_checkpoints RENAME TO elsewhere")
    with pytest.raises(Exception, match="audit_checkpoints"):
        await watch.look()
    await by_other_hands(world, "ALTER TABLE elsewhere RENAME TO audit_checkpoints")
    await watch.look_again()
    assert world.ground.database.unchecked.since is None


AWAY = "ALTER TABLE audit_checkpoints RENAME TO elsewhere"
BACK = ("DROP VIEW audit_checkpoints", "ALTER TABLE elsewhere RENAME TO audit_checkpoints")


ENDLESS = (
    "CREATE VIEW audit_checkpoints AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT i AS id, 1 AS at, 1 AS size, 'x' AS note FROM n WHERE i < 0"
)


def beside(file: Path, *statements: str) -> None:
    """As another process does."""
    with closing(sqlite3.connect(file.with_name("wicket.db"), isolation_level=None)) as other:
        other.executescript("; ".join(["BEGIN IMMEDIATE", *statements, "COMMIT"]))


@pytest.mark.sqlite_alone
async def test_a_look_without_an_end_is_the_last_of_none(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: access went on once a look beside it went well, and no look came after that one ever."""
    monkeypatch.setattr(world.ground.database, "_reads_within", 0.3)
    watch, unchecked = watching(world, file), world.ground.database.unchecked
    await watch.look()
    beside(file, AWAY, ENDLESS)
    looks = asyncio.create_task(watch.look())
    with pytest.raises(StorageUnavailable):
        await asyncio.wait_for(looks, 10)
    assert unchecked.since is not None
    beside(file, *BACK)
    await world.draft("ada", "prod-db")  # in a bot something is always written
    await watch.look_again()
    assert unchecked.since is None


@pytest.mark.sqlite_alone
async def test_a_look_that_began_before_something_happened_does_not_end_what_a_later_one_saw(
    world: World, file: Path
) -> None:
    """T-2: the earlier one reads what was, and is over last."""
    late = LateAnswers(world.ground.database)
    world.ground = replace(world.ground, database=cast("Database", late))
    watch = watching(world, file)
    await watch.look()
    late.keep_back()
    earlier = asyncio.create_task(watch.look())
    await late.waiting.wait()
    beside(file, AWAY)
    await world.draft("ada", "prod-db")
    later = asyncio.create_task(watch.look())
    await asyncio.wait(
        {later}, timeout=0.5
    )  # it would be over by then, if it did not wait for the earlier one
    late.release()
    found = await asyncio.gather(earlier, later, return_exceptions=True)
    assert [type(one) for one in found] == [type(None), StorageUnavailable]
    assert world.ground.database.unchecked.since is not None
    beside(file, "ALTER TABLE elsewhere RENAME TO audit_checkpoints")


async def test_from_what_is_found_until_it_is_written_nothing_new_is_given(world: World, file: Path) -> None:
    """T-2: writing may take long, and be kept from ending."""
    publish(file, await signed(world, more=3))
    watch, unchecked = watching(world, file), world.ground.database.unchecked
    begun, go_on = threading.Event(), threading.Event()

    def holds_up(_tx: Session) -> None:
        begun.set()
        go_on.wait(10)

    busy = asyncio.create_task(world.ground.database.write(holds_up))
    await asyncio.to_thread(begun.wait, 10)
    looks = asyncio.create_task(watch.look())
    while unchecked.since is None:
        assert not looks.done()
        await asyncio.sleep(0.01)
    go_on.set()
    await asyncio.gather(busy, looks)
    assert unchecked.since is None
    assert len(await world.ground.database.read(open_ones)) == 1


@pytest.mark.sqlite_alone
async def test_what_is_checked_and_can_not_be_signed_anew_stops_access_where_that_lasts(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: a look without an end is followed by none; a store that is locked for a moment stops nothing."""
    monkeypatch.setattr(watching_module, "_ENDS_WITHIN", 0.3)
    watch, unchecked = watching(world, file), world.ground.database.unchecked
    await by_other_hands(world, NEVER.format('"published"'))
    for lasts in (False, True):
        await happened(world)
        with pytest.raises(Exception, match="never"):
            await watch.look()
        assert (unchecked.since is not None) == lasts
        await asyncio.sleep(0.4)
    await by_other_hands(world, "DROP TRIGGER never")
    await happened(world, 2)
    assert isinstance(await world.ask("ada", "prod-db"), Stopped)
    await watch.look_again()
    assert unchecked.since is None


@pytest.mark.sqlite_alone
async def test_what_could_not_be_signed_once_is_tried_again_before_that_stops_anything(
    world: World, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look may be due in an hour: a store that was locked for a moment stopped access a minute later."""
    monkeypatch.setattr(watching_module, "_ENDS_WITHIN", 0.3)
    watch, unchecked = watching(world, file), world.ground.database.unchecked
    await by_other_hands(world, NEVER.format('"published"'))
    with pytest.raises(Exception, match="never"):
        await watch.look()
    await by_other_hands(world, "DROP TRIGGER never")
    await watch.look_again()
    await asyncio.sleep(0.4)
    assert unchecked.since is None


@pytest.mark.sqlite_alone
async def test_what_stands_is_known_though_nothing_can_be_signed_anew(world: World, file: Path) -> None:
    """T-2: else who keeps that from being written could take a stop away, its row and its entry."""
    publish(file, await signed(world, more=3))
    watch = watching(world, file)
    await by_other_hands(world, NEVER.format('"published"'))
    with pytest.raises(Exception, match="never"):
        await watch.look()
    done_to(
        world.ground.database, "audit_entries",
        "UPDATE audit_entries SET action = 'access.nothing' WHERE action = 'access.stopped'",
    )  # fmt: skip
    await by_other_hands(world, "DELETE FROM freezes")
    with pytest.raises(Exception, match="never"):
        await watch.look()
    (after,) = await world.ground.database.read(open_ones)
    assert "neither open nor lifted" in after.facts["detail"]
    back = "UPDATE audit_entries SET action = 'access.stopped' WHERE action = 'access.nothing'"
    done_to(world.ground.database, "audit_entries", back)


@pytest.mark.parametrize("by_whom", ["itself", "its end"])
async def test_a_check_that_is_broken_off_is_none_and_one_that_nobody_waits_for_any_more_says_nothing(
    world: World, file: Path, by_whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-2: whatever the fault is called; but to shut down is none."""

    def broken(*_: object) -> None:
        if by_whom == "itself":
            raise asyncio.CancelledError
        time.sleep(0.2)

    monkeypatch.setattr(watching_module, "contradiction", broken)
    looks = asyncio.create_task(watching(world, file).look())
    await asyncio.sleep(0.1)
    if by_whom == "its end":
        looks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looks
    assert (world.ground.database.unchecked.since is not None) == (by_whom == "itself")


@pytest.mark.sqlite_alone
async def test_what_acts_on_a_table_by_itself_stops_what_is_new_while_it_is_there(
    world: World, file: Path
) -> None:
    """Promise 1: no trigger keeps this process from knowing it; what ends, ends, and the rest is looked at as ever."""
    unchecked, counted = world.ground.database.unchecked, list[int]()
    watch = watching(world, file, stopped=counted.append)
    await world.given("ada")
    await by_other_hands(
        world, "CREATE TRIGGER zz BEFORE INSERT ON exceptions BEGIN SELECT RAISE(IGNORE); END"
    )
    with capture_logs() as logs:
        await watch.look_for_strangers()
    (said,) = [one for one in logs if one["event"] == "access.stopped_unchecked"]
    assert said["fault"].startswith("trigger zz on exceptions is none of Wicket's")
    assert (unchecked.checks, unchecked.found, counted[-1]) == (
        ("strangers",),
        ("trigger zz on exceptions",),
        1,
    )
    assert await world.ground.database.read(world.ground.stopped) is not None
    world.clock.forward(hours=1)
    await world.tick()
    assert not await world.holds("ada")
    await by_other_hands(world, "DROP TRIGGER zz")
    await watch.look_for_strangers()
    assert (unchecked.checks, unchecked.found, counted[-1]) == ((), (), 0)
