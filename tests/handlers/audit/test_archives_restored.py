"""A-17, T-4: archives and copies of the store of before and after: what was lost is owned up to, and no more."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlmodel import Session

from storage.audit import archives, log
from storage.audit.archive_files import ArchiveFiles, Held, held_of
from storage.audit.archives import Archive, read_archives
from storage.audit.entry import Actor, Entry, Where
from storage.audit.epochs import OPENED, STORY
from storage.audit.merkle import WIDTH
from storage.audit.moving import take_out
from storage.audit.sealing import check_head, seal_epoch
from storage.audit.tiles import add_tiles, next_tiles
from storage.database import Database
from storage.identifiers import new_id
from tests.handlers.access_ground import MACS
from tests.handlers.audit.test_archiving import (
    KEY,
    NOW,
    OLD,
    OLDS,
    SIGNER,
    TODAYS,
    archived,
    brought_back,
    checkpoint,
    entry,
    filled,
    folder,
    slices,
    verified,
)
from tests.handlers.audit.test_retiling import done_to
from tests.handlers.made_once import copy_filled_database
from tests.storage.rows import keep

__all__ = ["folder"]

T = TypeVar("T")


class Place:
    """A store in a file that can be copied and put back."""

    def __init__(self, at: Path) -> None:
        self.at = copy_filled_database(at, "archivable", filled)
        self.database = Database(self.at, macs=MACS)

    def copied(self) -> Path:
        self.database.close()
        copy = self.at.with_suffix(".copy")
        shutil.copyfile(self.at, copy)
        self.database = Database(self.at, macs=MACS)
        return copy

    def go_back(self, copy: Path, *, agrees: int, cites: list[str]) -> None:
        """To this copy, as a restored store is: the log goes on in a new epoch that says what it lost."""
        self.database.close()
        for beside in ("", "-wal", "-shm"):
            Path(f"{self.at}{beside}").unlink(missing_ok=True)
        shutil.copyfile(copy, self.at)
        self.database = Database(self.at, macs=MACS)
        self.write(lambda tx: _open_epoch(tx, agrees, cites))
        self.grow(200)

    def grow(self, count: int) -> str:
        """More entries of today, in tiles; the checkpoint over all."""
        self.write(lambda tx: log.append_each(tx, [entry(one, NOW) for one in range(count)]))
        self.write(lambda tx: add_tiles(tx, next_tiles(tx, most=9)))
        return checkpoint(self.database)

    def write(self, work: Callable[[Session], T]) -> T:
        return self.database.write_now(work)


def _open_epoch(tx: Session, agrees: int, cites: list[str]) -> None:
    opening = Entry(
        id=new_id("e", NOW), at=NOW, action=OPENED, outcome="done", actor=Actor(type="wicket", id="wicket"),
        correlation=STORY, where=Where(transport="schedule", replica="r1"),
        facts={"kind": "restored", "agrees": agrees, "before": "", "cites": cites},
    )  # fmt: skip
    seal_epoch(tx, SIGNER, log.append(tx, opening), at=NOW)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "wicket.db")
    yield made
    made.database.close()


def is_sound(place: Place, *notes: str) -> None:
    report = verified(place.database, *notes)
    assert report.sound, report.findings
    assert slices(place.database) == []
    assert place.database.read_now(lambda tx: check_head(tx, KEY, notes)) is None


def test_a_store_of_before_an_archive_is_archived_again_into_the_same_files(
    place: Place, folder: Path
) -> None:
    before = place.copied()
    archived(place.database, folder)
    lost = place.grow(300)
    files = {one.name: one.read_bytes() for one in folder.iterdir()}
    place.go_back(before, agrees=OLDS + TODAYS, cites=[lost])
    is_sound(place, lost)
    assert archived(place.database, folder).archived == 3 * WIDTH
    is_sound(place, lost, checkpoint(place.database))
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == files
    assert brought_back(place.database, folder).wrong == ()
    is_sound(place, lost)


def test_a_store_of_after_an_archive_goes_on_with_it_in_another_epoch(place: Place, folder: Path) -> None:
    archived(place.database, folder)
    kept, after = checkpoint(place.database), place.copied()
    lost = place.grow(300)
    place.go_back(after, agrees=OLDS + TODAYS + 1, cites=[lost])
    is_sound(place, kept, lost)
    there = place.database.read_now(lambda tx: read_archives(tx, KEY))
    assert isinstance(held_of(there, there.each[0], folder), Held)
    assert brought_back(place.database, folder).archives == 1
    assert archived(place.database, folder).gone == 3 * WIDTH - 16
    is_sound(place, kept, lost, checkpoint(place.database))


def test_a_statement_of_a_time_that_was_lost_excuses_nothing(place: Place, folder: Path) -> None:
    """T-9: it is signed, and stands in the folder for whoever can write rows; but nobody archived anything here."""
    before = place.copied()
    archived(place.database, folder)
    [signed] = place.database.read_now(lambda tx: read_archives(tx, KEY)).each
    statement = ArchiveFiles(folder=folder, first=signed.first, end=signed.end).statement
    assert statement.read_text("utf-8") == signed.note
    lost = place.grow(300)
    place.go_back(before, agrees=OLDS + TODAYS, cites=[lost])
    put_there(place, signed)
    report = verified(place.database, lost)
    assert "the log does not say that anybody archived them" in report.findings[0].detail
    assert any("does not say that anybody archived" in one for one in slices(place.database))


def test_nor_does_one_that_would_let_more_leave_than_was_archived(place: Place, folder: Path) -> None:
    before = place.copied()
    archived(place.database, folder)
    [signed] = place.database.read_now(lambda tx: read_archives(tx, KEY)).each
    lost = place.grow(300)
    place.go_back(before, agrees=OLDS + TODAYS, cites=[lost])
    place.write(lambda tx: log.append(tx, entry(7, OLD + timedelta(minutes=7))))
    place.write(lambda tx: keep(tx, OLD, id="g-21"))
    checkpoint(place.database)
    assert archived(place.database, folder).stayed == signed.staying + 5
    put_there(place, signed)
    report = verified(place.database, lost)
    assert "the log does not say that anybody archived them" in report.findings[0].detail


def test_nor_does_one_that_would_let_others_leave_than_were_archived(place: Place, folder: Path) -> None:
    """T-9: as many stay by the one as by the other, and the file is the same."""
    before = place.copied()
    place.write(lambda tx: keep(tx, OLD, id="g-21"))
    archived(place.database, folder)
    [signed] = place.database.read_now(lambda tx: read_archives(tx, KEY)).each
    lost = place.grow(300)
    place.go_back(before, agrees=OLDS + TODAYS, cites=[lost])
    place.write(lambda tx: keep(tx, OLD, id="g-22"))
    assert archived(place.database, folder).stayed == signed.staying
    brought_back(place.database, folder)
    put_there(place, signed)
    report = verified(place.database, lost)
    assert "the log does not say that anybody archived them" in report.findings[0].detail


def put_there(place: Place, signed: Archive) -> None:
    place.write(lambda tx: archives.keep_archive(tx, signed))
    stays = list(archives.staying(signed, signed.first, signed.end))
    place.write(lambda tx: take_out(tx, signed.first, signed.end, staying=stays))


@pytest.mark.parametrize("table", ["audit_archives", "audit_checkpoints"])
def test_bytes_that_are_no_text_are_named_and_end_no_walk(place: Place, folder: Path, table: str) -> None:
    """T-9: SQLite keeps them wherever somebody puts them; the walk that nobody finished would find nothing else."""
    archived(place.database, folder)
    kept = place.grow(300)
    done_to(place.database, table, f"UPDATE {table} SET note = CAST(x'ff41' AS TEXT)")
    report = verified(place.database, kept)
    if table == "audit_archives":
        assert (report.sound, report.strange) == (False, 1)
        assert report.findings[0].detail.startswith("What stood at")
        assert slices(place.database) != []
    else:
        assert (report.sound, report.unused) == (True, 2)
        assert slices(place.database) == []
    assert place.database.read_now(lambda tx: check_head(tx, KEY, [kept])) is None
