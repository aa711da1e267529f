"""A-17: old entries are archived whole and provably, nothing leaves unsealed, and the log verifies as before."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from bot.settings import shapes
from handlers.audit import archiving, retiling
from handlers.audit.archivable import YOUNGEST, leaves
from handlers.audit.archiving import Done, NotSound, Plan, TooYoung, look
from handlers.audit.retiling import Rebuilt, rebuild_tiles
from handlers.audit.unarchiving import BroughtBack, sign_anew, unarchive
from handlers.decisions import durations
from handlers.intents import By, Where
from storage import streams
from storage.audit import log, proving
from storage.audit.archive_files import ArchiveFiles, NotHeld, find_archived
from storage.audit.archives import ARCHIVED, read_archives
from storage.audit.checkpoint import Checkpoint, Signer, sign
from storage.audit.crew import Crew
from storage.audit.entry import Actor, Entry
from storage.audit.entry import Where as Place
from storage.audit.findings import Report
from storage.audit.heads import Head
from storage.audit.merkle import WIDTH, Frontier, leaf_hash, mark_of
from storage.audit.ranges import verify_part
from storage.audit.sealing import check_head, take_checkpoint
from storage.audit.sides import Side
from storage.audit.slices import next_slice
from storage.audit.tables import ENTRIES, HEAD, TILES
from storage.audit.tiles import add_tiles, next_tiles
from storage.audit.tlog_proof import Inclusion
from storage.audit.verification import verify_log
from storage.clock import utc_now
from storage.database import Database
from storage.engine.stores import Store
from storage.faults import AuditFault
from storage.identifiers import new_id
from storage.macs import SENDING
from tests.bot.siem.golden import GOLDEN
from tests.handlers.access_ground import MACS
from tests.handlers.audit.stores import filled_store
from tests.handlers.audit.test_retiling import done_to
from tests.handlers.made_once import copy_empty_database
from tests.storage.rows import erase_text, keep

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier
OTHER = Signer.from_seed("wicket.example/audit", bytes([1] * 32))
NOW = utc_now()
OLD, OLDEST = NOW - YOUNGEST - timedelta(days=100), NOW - YOUNGEST - timedelta(days=1)
BY = By(name="Olga", why="RETENTION-7", where=Where(transport="cli"))
# Three tiles that are old, and a rest that is of today.
OLDS, TODAYS = 3 * WIDTH + 40, 300
STAYS = ("rules.changed", "proofs.changed", "text.erased")
LEAVES = ("grant.requested", "grant.approved", "access.given", "access.removed", "grant.expired")


def entry(number: int, at: datetime) -> Entry:
    action = STAYS[number % len(STAYS)] if number % 50 == 0 else LEAVES[number % len(LEAVES)]
    return Entry(
        id=new_id("e", at), at=at, action=action, outcome="done", actor=Actor(type="person", id="p-ada"),
        correlation=f"g-{number // 5}", where=Place(transport="socket", replica="r1"), subject="p-ada",
        resource="prod-db", texts={"justification": f"why {number} — INC-{number}"} if number % 5 == 0 else {},
    )  # fmt: skip


def filled(store: Store) -> None:
    opened = Database(store, macs=MACS)
    for first in range(0, OLDS + TODAYS, 100):
        some = range(first, min(first + 100, OLDS + TODAYS))
        each = [entry(one, OLD + timedelta(minutes=one) if one < OLDS else NOW) for one in some]
        opened.write_now(lambda tx, found=each: log.append_each(tx, found))  # type: ignore[misc]
    opened.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
    opened.write_now(lambda tx: take_checkpoint(tx, SIGNER, at=NOW))
    opened.close()


def filled_and_archived(store: Store) -> None:
    """The files go: what is looked at afterwards is what is left here."""
    filled(store)
    opened = Database(store, macs=MACS)
    with TemporaryDirectory() as folder:
        archived(opened, Path(folder))
    assert slices(opened) == []
    opened.close()


@pytest.fixture
def store(engine: str, tmp_path: Path) -> Iterator[Store]:
    with filled_store(engine, tmp_path, "archivable", filled) as made:
        yield made


@pytest.fixture
def database(store: Store) -> Iterator[Database]:
    opened = Database(store, macs=MACS)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "archive"
    made.mkdir()
    return made


def planned(database: Database, before: datetime = OLDEST) -> Plan:
    found = database.read_now(lambda tx: look(tx, KEY, before=before, at=NOW))
    assert isinstance(found, Plan)
    return found


def archived(database: Database, folder: Path, before: datetime = OLDEST) -> Done:
    plan = planned(database, before)
    return archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)


def brought_back(database: Database, folder: Path) -> BroughtBack:
    return unarchive(database, folder=folder, verifier=KEY, by=BY, tell=lambda *_: None)


def verified(database: Database, *notes: str) -> Report:
    return database.read_now(lambda tx: verify_log(tx, verifier=KEY, notes=notes))


def leaves_of(database: Database) -> dict[int, bytes]:
    return database.read_now(lambda tx: {row.index: row.leaf for row in log.every(tx)})


def checkpoint(database: Database) -> str:
    return database.write_now(lambda tx: take_checkpoint(tx, SIGNER, at=NOW))


def test_whole_old_tiles_leave_and_the_log_is_as_sound_as_before(database: Database, folder: Path) -> None:
    before, kept = leaves_of(database), checkpoint(database)
    done = archived(database, folder)
    stays = [index for index in range(3 * WIDTH) if index % 50 == 0]
    assert done == Done(archived=3 * WIDTH, gone=3 * WIDTH - len(stays), stayed=len(stays))
    assert sorted(leaves_of(database)) == [*stays, *range(3 * WIDTH, OLDS + TODAYS + 1)]
    report = verified(database, kept, checkpoint(database))
    assert report.sound, report.findings
    assert (report.archived, report.strange) == (3 * WIDTH, 0)
    assert report.conclusion.startswith("Sound: all ")
    files = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH)
    assert files.leaves.read_bytes().splitlines() == [before[index] for index in range(3 * WIDTH)]
    assert database.read_now(lambda tx: check_head(tx, KEY, [kept])) is None


def test_nothing_leaves_that_no_checkpoint_was_signed_for(database: Database, folder: Path) -> None:
    done_to(database, "audit_checkpoints", "DELETE FROM audit_checkpoints")
    assert planned(database).end == 0
    assert archived(database, folder).archived == 0
    assert not any(folder.iterdir())


def test_what_is_younger_than_any_grant_may_last_is_refused(database: Database) -> None:
    found = database.read_now(lambda tx: look(tx, KEY, before=NOW - YOUNGEST + timedelta(seconds=1), at=NOW))
    assert found == TooYoung(latest=NOW - YOUNGEST)


def test_only_what_was_written_before_that_day_leaves(database: Database, folder: Path) -> None:
    assert archived(database, folder, OLD + timedelta(minutes=WIDTH + 10)).archived == WIDTH


def test_entries_that_the_siem_has_yet_to_take_are_kept(database: Database, folder: Path) -> None:
    database.write_now(
        lambda tx: streams.take(
            tx, SENDING, sender="r1", at=NOW, until=NOW + timedelta(minutes=1), begins=lambda _: 300
        )
    )
    assert planned(database).unsent == 300
    assert planned(database, OLD + timedelta(minutes=WIDTH + 10)).unsent is None, "no more is old enough"
    assert archived(database, folder).archived == WIDTH


def test_nothing_leaves_before_a_siem_that_waits_for_it_has_begun(database: Database, folder: Path) -> None:
    """It gets everything since the first entry, and a bot that was not started since would come too late."""
    found = database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW, awaited=[SENDING]))
    assert isinstance(found, Plan)
    assert (found.end, found.unsent) == (0, 0)
    archiving.archive(database, found, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert not any(folder.iterdir())


def test_nothing_leaves_that_a_siem_that_was_taken_up_since_has_yet_to_take(
    database: Database, folder: Path
) -> None:
    """As one that was given up, and is set again while somebody archives: it is waited for from that moment on."""
    plan = planned(database)
    until = NOW + timedelta(minutes=1)
    database.write_now(
        lambda tx: streams.take(tx, SENDING, sender="r1", at=NOW, until=until, begins=lambda _: 300)
    )
    with pytest.raises(AuditFault, match="has yet to take entry 300"):
        archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert len(leaves_of(database)) == OLDS + TODAYS
    assert archived(database, folder).archived == WIDTH


def test_what_was_brought_back_for_a_siem_leaves_only_when_that_took_it(
    database: Database, folder: Path
) -> None:
    """It is taken out again without a question, though a SIEM that was set up later has not come so far."""
    archived(database, folder)
    brought_back(database, folder)
    here = len(leaves_of(database))
    found = database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW, awaited=[SENDING]))
    assert isinstance(found, Plan)
    assert found.unsent == 0
    archiving.archive(database, found, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert len(leaves_of(database)) == here
    assert archived(database, folder).gone > 0, "where there is no SIEM"


def test_entries_are_kept_for_a_siem_whose_place_somebody_deleted(database: Database, folder: Path) -> None:
    """T-9: the record tells of it still."""
    begun = replace(entry(1, NOW), action="stream.begun", correlation=SENDING, facts={"position": 300})
    database.write_now(lambda tx: log.append(tx, replace(begun, id=new_id("e", NOW))))
    checkpoint(database)
    assert archived(database, folder).archived == WIDTH


def test_the_last_entry_never_leaves(database: Database, folder: Path) -> None:
    count = database.read_now(lambda tx: log.head(tx).size)
    fill_up = [entry(one, OLD + timedelta(minutes=one)) for one in range(count, 5 * WIDTH)]
    database.write_now(lambda tx: log.append_each(tx, fill_up))
    database.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
    checkpoint(database)
    plan = planned(database)
    assert plan.end == 3 * WIDTH  # what is of today stands between


def test_a_log_with_which_something_is_wrong_is_left_as_it_is(database: Database, folder: Path) -> None:
    done_to(database, "audit_entries", "UPDATE audit_entries SET actor = 'p-eve' WHERE \"index\" = 70")
    found = database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW))
    assert isinstance(found, NotSound)
    assert "index 70" in found.detail


def test_entries_of_a_story_that_goes_on_stay(database: Database, folder: Path) -> None:
    """What is held is asked about, however old it is."""
    database.write_now(lambda tx: keep(tx, OLD, id="g-21"))
    archived(database, folder)
    assert set(range(105, 110)) <= leaves_of(database).keys()
    assert verified(database).sound


@pytest.mark.parametrize(
    ("table", "deed", "told"),
    [
        ("audit_entries", 'DELETE FROM audit_entries WHERE "index" = 50', "The entry at index 50 is missing"),
        ("audit_entries", 'DELETE FROM audit_entries WHERE "index" = 800', "What stood at index 800 is missing"),
        ("audit_entries", "UPDATE audit_entries SET leaf = leaf_hash WHERE \"index\" = 100", "was edited"),
        ("audit_entries", "UPDATE audit_entries SET leaf_hash = root WHERE \"index\" = 100", "was edited"),
        ("audit_entries", "UPDATE audit_entries SET root = leaf_hash WHERE \"index\" = 100", "does not fit the tree"),
        ("audit_entries", "UPDATE audit_entries SET action = 'a.b' WHERE \"index\" = 100", "differs from its leaf"),
        ("audit_texts", "UPDATE audit_texts SET text = 'other' WHERE \"index\" = 100", "is not the text that was"),
        ("audit_texts", "DELETE FROM audit_texts WHERE \"index\" = 100", "is missing"),
        ("audit_texts", "UPDATE audit_texts SET \"index\" = 101 WHERE \"index\" = 100", "stands at index 101"),
        ("audit_tiles", "DELETE FROM audit_tiles WHERE \"index\" = 1", "the tile with their hashes is missing"),
        (
            "audit_tiles",
            "UPDATE audit_tiles SET hashes = (SELECT hashes FROM audit_tiles WHERE \"index\" = 2) WHERE \"index\" = 1",
            "are not those that the archive was signed for",
        ),
        ("audit_archives", "DELETE FROM audit_archives", "What stood at"),
        ("audit_archives", "UPDATE audit_archives SET size = size + 256", "What stood at"),
        ("audit_archives", "UPDATE audit_archives SET frontier = stay", "What stood at"),
        ("audit_archives", "UPDATE audit_archives SET note = replace(note, '768', '769')", "What stood at"),
        ("audit_archives", "UPDATE audit_archives SET note = ''", "What stood at"),
    ],
)  # fmt: skip
def test_whatever_is_done_to_what_is_left_of_an_archive_is_told(
    engine: str, tmp_path: Path, table: str, deed: str, told: str
) -> None:
    """T-2, T-9: by whoever verifies, and by the walk that the bot makes."""
    with filled_store(engine, tmp_path, "archived", filled_and_archived) as store:
        database = Database(store, macs=MACS)
        done_to(database, table, deed)
        findings = [one.detail for one in verified(database).findings]
        assert any(told in one for one in findings), findings
        walked = slices(database)
        assert any(told in one for one in walked) or told == "What stood at"
        assert walked != []
        database.close()


def slices(database: Database) -> list[str]:
    """What a round of the bot's walk finds."""

    def walk(tx: log.Transaction) -> list[str]:
        found, passed = list[str](), Frontier()
        while True:
            one = next_slice(tx, passed, KEY, most=2 * WIDTH)
            found += [finding.detail for finding in one.findings]
            if one.is_last:
                return found
            passed = one.passed

    return database.read_now(walk)


def test_whoever_has_no_key_cannot_call_it_archived(database: Database, folder: Path) -> None:
    """T-9: rows taken out under a statement that another key signed are missing."""
    plan = planned(database)
    database.write_now(lambda tx: take_checkpoint(tx, OTHER, at=NOW))
    archiving.archive(database, plan, folder=folder, signer=OTHER, by=BY, tell=lambda *_: None)
    report = verified(database)
    assert not report.sound
    assert report.strange == 1
    assert report.findings[0].detail.startswith("What stood at")
    found = database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW))
    assert isinstance(found, NotSound)
    assert "sign-archives" in found.detail


@pytest.mark.both_engines
def test_before_an_archive_is_stated_no_entry_can_be_taken_out(database: Database) -> None:
    """Promise 2: the guards ask."""
    for statement in (
        'DELETE FROM audit_entries WHERE "index" = 1',
        'DELETE FROM audit_texts WHERE "index" = 0',
    ):
        with pytest.raises(DBAPIError, match="before they are archived"):
            database.write_now(lambda tx, asked=statement: tx.execute(text(asked)))  # type: ignore[misc]


@pytest.mark.both_engines
def test_parts_and_proofs_hold_across_what_is_archived(
    database: Database, store: Store, folder: Path
) -> None:
    kept = checkpoint(database)
    early = {
        size: database.read_now(lambda tx, n=size: proving.side_of(tx, n, KEY)) for size in (1, 300, 768)
    }  # type: ignore[misc]
    archived(database, folder)
    later = checkpoint(database)
    for first, end in ((0, 900), (100, 400), (300, 1000), (768, 800), (600, 768)):
        part = database.read_now(
            lambda tx, a=first, b=end: verify_part(tx, a, b, verifier=KEY, notes=[kept])  # type: ignore[misc]
        )
        assert part.sound, part.findings
    for index in (50, 768, 900):
        row = database.read_now(lambda tx, n=index: log.row_at(tx, n))  # type: ignore[misc]
        assert row is not None
        proof = database.read_now(lambda tx, one=row: proving.prove(tx, one, KEY, note=later))  # type: ignore[misc]
        assert isinstance(proof, Inclusion), proof
    for size, side in early.items():
        assert database.read_now(lambda tx, n=size: proving.side_of(tx, n, KEY)) == side  # type: ignore[misc]
    with Crew(store, 2, most=WIDTH) as crew:
        assert database.read_now(
            lambda tx: verify_log(tx, verifier=KEY, notes=[kept, later], crew=crew)
        ).sound


@pytest.mark.parametrize(("first", "end"), [(0, 200), (0, WIDTH), (0, 2 * WIDTH)])
def test_a_part_of_an_archive_is_compared_with_what_was_signed_of_all(
    database: Database, folder: Path, first: int, end: int
) -> None:
    """T-9: nothing else would tell that its tile is another."""
    archived(database, folder)
    done_to(
        database,
        "audit_tiles",
        'UPDATE audit_tiles SET hashes = root || substr(hashes, 33) WHERE "index" = 0',
    )
    part = database.read_now(lambda tx: verify_part(tx, first, end, verifier=KEY))
    told = [one.detail for one in part.findings]
    assert "are archived, and their hashes do not lead to what was signed of that" in told[-1]


def test_a_checkpoint_over_entries_that_are_archived_still_agrees(database: Database, folder: Path) -> None:
    """T-2: what was published long ago is compared with the tiles, and those with what was signed of the archive."""
    notes = []
    for size in (1, 200, 256, 700, 768):
        side = database.read_now(lambda tx, n=size: proving.side_of(tx, n, KEY))  # type: ignore[misc]
        assert isinstance(side, Side)
        notes.append(sign(Checkpoint(origin=SIGNER.name, size=size, root=side.root), SIGNER))
    archived(database, folder)
    assert database.read_now(lambda tx: check_head(tx, KEY, notes)) is None
    wrong = sign(Checkpoint(origin=SIGNER.name, size=201, root=bytes(32)), SIGNER)
    assert "contradicts the checkpoint over 201" in str(
        database.read_now(lambda tx: check_head(tx, KEY, [wrong]))
    )
    done_to(database, "audit_tiles", 'UPDATE audit_tiles SET hashes = root || hashes WHERE "index" = 0')
    assert "contradicts the checkpoint over 200" in str(
        database.read_now(lambda tx: check_head(tx, KEY, notes[1:2]))
    )


def test_what_comes_back_is_what_left(database: Database, folder: Path) -> None:
    def everything(tx: log.Transaction) -> list[log.Row]:
        return list(log.every(tx, below=OLDS))

    before = database.read_now(everything)
    archived(database, folder)
    assert brought_back(database, folder) == BroughtBack(archives=1)
    assert database.read_now(everything) == before
    assert verified(database, checkpoint(database)).sound
    assert slices(database) == []
    # Another run takes it out again, and archives nothing anew.
    again = archived(database, folder)
    assert (again.archived, again.gone) == (0, 3 * WIDTH - 16)
    assert verified(database).sound


def test_a_text_that_was_erased_in_the_file_comes_back_erased_on_record(
    database: Database, folder: Path
) -> None:
    """A-16: words that have to go are taken out of the file of texts, and nothing else of it changes."""
    archived(database, folder)
    file = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH).texts
    kept = [line for line in file.read_bytes().splitlines(keepends=True) if b"INC-105" not in line]
    file.write_bytes(b"".join(kept))
    assert brought_back(database, folder) == BroughtBack(archives=1, erased=1)
    row = database.read_now(lambda tx: log.row_at(tx, 105))
    assert row is not None
    gone = row.texts["justification"]
    assert (gone.text, gone.salt) == (None, None)
    record = database.read_now(lambda tx: log.row(tx, gone.erased_by or ""))
    assert record is not None
    assert record.said()["facts"] == {"entry": row.id, "text": "justification"}
    assert verified(database).sound


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("leaves", lambda held: held.replace(b"p-ada", b"p-eve", 1), "is not the file that the archive was signed for"),
        ("leaves", lambda held: held[:-1], "is not the file"),
        ("texts", lambda held: held.replace(b"why 5 ", b"why 6 ", 1), "is not the text that was written"),
        ("texts", lambda held: held + held, "does not have"),
        ("texts", lambda held: b"[]\n" + held, "Line 1 of"),
        ("texts", lambda _: b'{"index":3,"name":"x","text":"","salt":"","erased_by":null}\n', "does not have"),
        ("texts", lambda _: b'{"index":9999,"name":"x","text":"","salt":"","erased_by":null}\n', "does not have"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_was_archived_brings_nothing_back(
    database: Database, folder: Path, kind: str, change: Callable[[bytes], bytes], told: str
) -> None:
    archived(database, folder)
    here = leaves_of(database)
    file: Path = getattr(ArchiveFiles(folder=folder, first=0, end=3 * WIDTH), kind)
    file.write_bytes(change(file.read_bytes()))
    found = brought_back(database, folder)
    assert found.archives == 0
    assert told in found.wrong[0]
    assert leaves_of(database) == here


def test_files_that_are_elsewhere_are_named_and_nothing_is_taken_out_without_them(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    archived(database, folder)
    brought_back(database, folder)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = archived(database, elsewhere)
    assert (done.gone, len(done.waiting)) == (0, 1)
    assert len(leaves_of(database)) == OLDS + TODAYS + 2


def test_somebody_elses_file_of_that_name_is_not_written_over(database: Database, folder: Path) -> None:
    file = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH).leaves
    file.write_bytes(b"the only copy of something\n")
    with pytest.raises(AuditFault, match="holds something else"):
        archived(database, folder)
    assert file.read_bytes() == b"the only copy of something\n"
    assert [one.name for one in folder.iterdir()] == [file.name]
    assert len(leaves_of(database)) == OLDS + TODAYS


def test_archives_go_on_one_behind_the_other(database: Database, folder: Path) -> None:
    archived(database, folder, OLD + timedelta(minutes=WIDTH + 10))
    archived(database, folder)
    there = database.read_now(lambda tx: read_archives(tx, KEY))
    assert [(one.first, one.end) for one in there.each] == [(0, WIDTH), (WIDTH, 3 * WIDTH)]
    assert verified(database, checkpoint(database)).sound
    assert brought_back(database, folder) == BroughtBack(archives=2)
    assert verified(database).sound


def test_an_entry_is_found_in_the_archive_whose_files_are_there(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    before = {row.index: row for row in database.read_now(lambda tx: list(log.every(tx)))}
    archived(database, elsewhere, OLD + timedelta(minutes=WIDTH + 10))
    archived(database, folder)
    there = database.read_now(lambda tx: read_archives(tx, KEY))
    found = find_archived(there, folder, before[600].id)
    assert isinstance(found, log.Row)
    assert found.leaf == before[600].leaf
    for nowhere in (before[5].id, "5", "e-nobody"):
        left = find_archived(there, folder, nowhere)
        assert isinstance(left, NotHeld)
        assert left.detail.endswith(" is not there. Give the folder in which the files of the archives are.")


def test_each_archive_stands_on_the_record_with_who_and_why(database: Database, folder: Path) -> None:
    archived(database, folder)
    [row] = database.read_now(lambda tx: log.rows(tx, action=ARCHIVED))
    facts = row.said()["facts"]
    assert (facts["first"], facts["end"], facts["stayed"]) == (0, 3 * WIDTH, 16)
    assert {name: kept.text for name, kept in row.texts.items()} == {"rationale": "RETENTION-7", "by": "Olga"}


@pytest.mark.both_engines
def test_under_a_new_key_the_archives_are_signed_anew(database: Database, folder: Path) -> None:
    archived(database, folder)
    new = OTHER.verifier
    assert not database.read_now(lambda tx: verify_log(tx, verifier=new)).sound
    assert sign_anew(database, signer=OTHER, old=KEY, by=BY) == 1
    report = database.read_now(lambda tx: verify_log(tx, verifier=new))
    assert (report.sound, report.archived, report.strange) == (True, 3 * WIDTH, 0)
    assert verified(database).sound  # by the old one as before
    done_to(database, "audit_tiles", 'UPDATE audit_tiles SET root = substr(hashes, 1, 32) WHERE "index" = 0')
    with pytest.raises(AuditFault, match="not that of the archives"):
        sign_anew(database, signer=OTHER, old=KEY, by=BY)
    done_to(database, "audit_archives", "DELETE FROM audit_archives WHERE id = 1")
    told = database.read_now(lambda tx: verify_log(tx, verifier=new)).findings
    assert any("was kept as number 1, and it is not there" in one.detail for one in told), told


@pytest.mark.both_engines
@pytest.mark.parametrize("at", [1, 2])
def test_what_was_broken_off_is_sound_at_any_moment_and_goes_on(
    database: Database, folder: Path, at: int
) -> None:
    """A-17: stated and only in part taken out, it is taken out by the next run; brought back in part likewise."""
    calls = 0

    def breaks_off(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archiving.archive(
            database, in_tiles(planned(database)), folder=folder, signer=SIGNER, by=BY, tell=breaks_off
        )  # fmt: skip
    assert verified(database, checkpoint(database)).sound
    calls = 0
    with pytest.raises(KeyboardInterrupt):
        unarchive(database, folder=folder, verifier=KEY, by=BY, tell=breaks_off)
    assert verified(database, checkpoint(database)).sound
    archived(database, folder)
    assert sorted(leaves_of(database))[:17] == [*range(0, 3 * WIDTH, 50), 3 * WIDTH]
    assert brought_back(database, folder).wrong == ()
    assert len([index for index in leaves_of(database) if index < 3 * WIDTH]) == 3 * WIDTH
    assert verified(database, checkpoint(database)).sound


def in_tiles(plan: Plan) -> Plan:
    """The same in archives of a tile each."""

    class InTiles(Plan):
        @property
        def parts(self) -> Iterator[tuple[int, int]]:
            return ((first, first + WIDTH) for first in range(self.first, self.end, WIDTH))

    return InTiles(there=plan.there, end=plan.end)


@pytest.mark.both_engines
def test_a_plan_that_somebody_else_was_faster_with_changes_nothing(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    stale, elsewhere = planned(database), tmp_path / "elsewhere"
    archived(database, folder)
    elsewhere.mkdir()
    with pytest.raises(AuditFault, match="Somebody else archives at the same time"):
        archiving.archive(database, stale, folder=elsewhere, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert list(elsewhere.iterdir()) == []
    assert verified(database).sound
    assert brought_back(database, folder).archives == 1


def test_no_damaged_tree_over_what_is_archived_is_made_anew_from_nothing(
    database: Database, folder: Path
) -> None:
    """T-5: tiles are all that stands of archived entries; those behind them are made anew as ever."""
    archived(database, folder)
    checkpoint(database)
    rebuild = partial(
        rebuild_tiles, database, verifier=KEY, notes=[], where=BY.where, tell=lambda *_: None
    )  # fmt: skip
    wrong = 'UPDATE audit_tiles SET root = substr(hashes, 1, 32) WHERE "index" = '
    done_to(database, "audit_tiles", f"{wrong} 3")
    assert isinstance(rebuild(), Rebuilt)
    assert verified(database, checkpoint(database)).sound
    done_to(database, "audit_tiles", f"{wrong} 1")
    assert rebuild() == retiling.Archived()
    brought_back(database, folder)
    assert isinstance(rebuild(), Rebuilt)
    assert verified(database, checkpoint(database)).sound
    archived(database, folder)
    assert verified(database, checkpoint(database)).sound


def test_what_stands_beside_the_leaves_does_not_say_what_stays(database: Database, folder: Path) -> None:
    """T-9: whoever writes rows while an operator reads what is to be archived makes nothing leave that stays."""
    plan = planned(database)
    done_to(
        database, "audit_entries",
        "UPDATE audit_entries SET action = 'message.given_up', at = 1 WHERE \"index\" IN (50, 100, 150)",
    )  # fmt: skip
    archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    there = database.read_now(lambda tx: read_archives(tx, KEY))
    assert all(there.each[0].stays(index) for index in (50, 100, 150))
    assert there.until == OLD + timedelta(minutes=3 * WIDTH - 1)


@pytest.mark.both_engines
def test_no_statement_is_signed_of_entries_that_no_checkpoint_was_signed_for(
    database: Database, folder: Path
) -> None:
    """T-9: a log that was written anew after it was verified is no history that the log's key vouches for."""
    plan = planned(database)
    rows = database.read_now(lambda tx: list(log.every(tx)))
    leaves = [row.leaf.replace(b"p-ada", b"p-eve") if row.index == 100 else row.leaf for row in rows]
    written_anew(database, leaves)
    with pytest.raises(AuditFault, match=r"do not stand in the tree .* Nothing of it was archived"):
        archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert database.read_now(lambda tx: read_archives(tx, KEY)).each == ()
    assert len(leaves_of(database)) == OLDS + TODAYS


def written_anew(database: Database, leaves: Sequence[bytes]) -> None:
    """What somebody does who may do anything and has the keys: other leaves, with what stands beside as it would be."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    grown, spines = Frontier().extend(hashes)
    said = enumerate(zip(leaves, hashes, spines, strict=True))
    entries = [
        update(ENTRIES)
        .where(ENTRIES.c.index == index)
        .values(leaf=leaf, leaf_hash=hashed, root=mark_of(spine))
        for index, (leaf, hashed, spine) in said
    ]
    done_to(database, ENTRIES.name, *entries)
    head = Head(grown, marks=True, mac=None)
    moved = {"size": grown.size, "frontier": grown.to_bytes(), "mac": MACS.of_head(head.said)}
    done_to(database, HEAD.name, update(HEAD).values(moved))
    done_to(database, TILES.name, delete(TILES))
    database.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))


def test_files_that_change_once_they_were_looked_at_bring_nothing_else_back(
    tmp_path: Path, folder: Path
) -> None:
    """T-9: whoever can write the folder brings no entry into the store that never was."""
    opened = Database(copy_empty_database(tmp_path / "wicket.db"), macs=MACS)
    each = [entry(one, OLD + timedelta(minutes=one)) for one in range(archiving.AT_ONCE + WIDTH + 1)]
    opened.write_now(lambda tx: log.append_each(tx, each))
    opened.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
    checkpoint(opened)
    archived(opened, folder)
    assert archived(opened, folder).archived == 0
    files = ArchiveFiles(folder=folder, first=0, end=archiving.AT_ONCE + WIDTH)

    def changes(*_: object) -> None:
        for file in (files.leaves, files.texts):
            held = file.read_bytes()
            with file.open("r+b") as changed:
                changed.write(held.replace(b"p-ada", b"p-eve").replace(b"why", b"who"))

    done = unarchive(opened, folder=folder, verifier=KEY, by=BY, tell=changes)
    assert done == BroughtBack(archives=1)
    assert b"p-eve" in files.leaves.read_bytes()
    assert not [leaf for leaf in leaves_of(opened).values() if b"p-eve" in leaf]
    assert verified(opened).sound
    opened.close()


def test_nobody_but_their_owner_reads_the_files(database: Database, folder: Path) -> None:
    """Promise 4: what people typed stands in them."""
    before = os.umask(0)
    try:
        archived(database, folder)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()] == [0o600] * 3


def test_a_statement_that_could_not_be_written_is_written_by_the_next_run(
    database: Database, folder: Path
) -> None:
    files = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH)
    files.statement.mkdir()
    with pytest.raises(OSError, match="directory"):
        archived(database, folder)
    assert len(leaves_of(database)) == OLDS + TODAYS + 1
    files.statement.rmdir()
    assert archived(database, folder).gone == 3 * WIDTH - 16
    [one] = database.read_now(lambda tx: read_archives(tx, KEY)).each
    assert files.statement.read_text("utf-8") == one.note
    assert len([*folder.iterdir()]) == 3


def test_files_that_cannot_be_read_are_named(database: Database, folder: Path) -> None:
    archived(database, folder)
    leaves = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH).leaves
    leaves.unlink()
    leaves.symlink_to(leaves)
    [wrong] = brought_back(database, folder).wrong
    assert wrong.startswith(f"{leaves} cannot be read: ")


@pytest.mark.parametrize("record", ["e-nobody", "\ud800"])
def test_no_file_names_the_record_of_an_erasure(database: Database, folder: Path, record: str) -> None:
    """A-16: a text that was emptied there is on record as erased when it comes back, whatever the file says of that."""
    archived(database, folder)
    file = ArchiveFiles(folder=folder, first=0, end=3 * WIDTH).texts
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    lines[3] |= {"text": None, "salt": None, "erased_by": record}
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
    assert brought_back(database, folder) == BroughtBack(archives=1, erased=1)
    assert verified(database).sound


def test_words_that_were_erased_come_back_from_no_file(database: Database, folder: Path) -> None:
    """A-16: the files of an archive, or a copy of them, hold what was erased in the store since."""
    archived(database, folder)
    brought_back(database, folder)
    row = database.read_now(lambda tx: log.row_at(tx, 105))
    assert row is not None
    record = replace(entry(1, NOW), id=new_id("e", NOW))
    assert database.write_now(lambda tx: erase_text(tx, row.id, "justification", record=record))
    archived(database, folder)
    assert brought_back(database, folder) == BroughtBack(archives=1)
    back = database.read_now(lambda tx: log.row_at(tx, 105))
    assert back is not None
    assert back.texts["justification"] == log.StoredText(text=None, salt=None, erased_by=record.id)
    assert verified(database).sound


def test_no_grant_or_request_may_last_longer_than_its_end_is_kept() -> None:
    """Promise 8: a row that was put back to before its end says by itself that its time is over."""
    assert durations.LONGEST + timedelta(days=30) < YOUNGEST
    assert shapes.LONGEST + timedelta(days=30) < YOUNGEST


def test_what_is_asked_about_for_ever_stays() -> None:
    """T-9: each action by which the record tells of rows that were put back, unless the row's own time is over too."""
    root = Path(__file__).parents[3]
    asked = {
        word
        for file in (root / "storage").glob("*.py")
        for word in re.findall(r"[\"']'?([a-z_]+\.[a-z_]+)'?[\"']", file.read_text("utf-8"))
        if word in GOLDEN
    }
    assert {"proofs.changed", "code.used", "link.suspended", "access.stopped", "account.reported"} <= asked
    of_grants = {one for one in asked if one.split(".")[0] in ("grant", "approval")}
    # What was given leaves no later than what says that it went: one story, and the older goes first.
    moves = {"access.given", "access.kept", "access.removed"}
    assert {one for one in asked if leaves(one)} == of_grants | moves
