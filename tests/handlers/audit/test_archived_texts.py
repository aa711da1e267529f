"""A-17, A-16: words are in the store or in the file of an archive, and in neither once they were erased on record."""

import fcntl
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from handlers.audit import archiving
from handlers.audit.archiving import Done
from handlers.audit.unarchiving import BroughtBack, unarchive
from storage.audit import log
from storage.audit.archive_files import ArchiveFiles, alone_in, sweep, write_files
from storage.audit.merkle import WIDTH
from storage.database import Database
from storage.engine.stores import Store
from storage.faults import AuditFault
from storage.identifiers import new_id
from tests.handlers.access_ground import MACS
from tests.handlers.audit.test_archiving import (
    BY,
    KEY,
    NOW,
    OLDS,
    SIGNER,
    TODAYS,
    archived,
    brought_back,
    database,
    entry,
    folder,
    leaves_of,
    planned,
    store,
    verified,
)
from tests.handlers.audit.test_retiling import done_to
from tests.storage.rows import erase_text

__all__ = ["database", "folder", "store"]

# An entry with a text, of those that leave.
INDEX = 105
LOSES = [
    f'DELETE FROM audit_texts WHERE "index" = {INDEX}',
    f"UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = 'e-nobody' WHERE \"index\" = {INDEX}",
]
GONE = Done(archived=0, gone=3 * WIDTH - 16, stayed=0)


def files_in(folder: Path) -> ArchiveFiles:
    return ArchiveFiles(folder=folder, first=0, end=3 * WIDTH)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in files_in(folder).texts.read_bytes().splitlines()]


def of_entry(folder: Path, index: int = INDEX) -> dict[str, object]:
    return next(line for line in lines(folder) if line["index"] == index)


def erase(database: Database, index: int = INDEX) -> str:
    row = database.read_now(lambda tx: log.row_at(tx, index))
    assert row is not None
    record = replace(entry(1, NOW), id=new_id("e", NOW))
    assert database.write_now(lambda tx: erase_text(tx, row.id, "justification", record=record))
    return record.id


def text_at(database: Database, index: int = INDEX) -> log.StoredText:
    row = database.read_now(lambda tx: log.row_at(tx, index))
    assert row is not None
    return row.texts["justification"]


@pytest.mark.parametrize("lost", [b"", b"INC-105"])
def test_words_that_the_file_lacks_are_not_taken_out(database: Database, folder: Path, lost: bytes) -> None:
    """A-17: a file that was cut or copied in part is no reason to let go of the only copy."""
    archived(database, folder)
    brought_back(database, folder)
    file = files_in(folder).texts
    whole = file.read_bytes()
    left = [line for line in whole.splitlines(keepends=True) if lost and lost not in line]
    file.write_bytes(b"".join(left))
    with pytest.raises(
        AuditFault, match=r"The justification of entry \d+ stands here and not in the archive"
    ):
        archived(database, folder)
    assert text_at(database).text == "why 105 — INC-105"
    assert verified(database).sound
    file.write_bytes(whole)
    assert archived(database, folder).gone == GONE.gone


def test_words_that_were_erased_here_and_in_the_file_leave_like_any(database: Database, folder: Path) -> None:
    archived(database, folder)
    brought_back(database, folder)
    file = files_in(folder).texts
    left = [line for line in file.read_bytes().splitlines(keepends=True) if b"INC-105" not in line]
    file.write_bytes(b"".join(left))
    erase(database)
    assert archived(database, folder) == GONE


def test_words_that_were_brought_back_and_erased_leave_the_file_when_they_are_taken_out_again(
    database: Database, folder: Path
) -> None:
    """A-16: that is the way to erase what is archived, so none of it may stand in the file again."""
    archived(database, folder)
    before = lines(folder)
    brought_back(database, folder)
    record = erase(database)
    assert archived(database, folder) == GONE
    assert b"INC-105" not in files_in(folder).texts.read_bytes()
    empty = {"index": INDEX, "name": "justification", "text": None, "salt": None, "erased_by": record}
    assert lines(folder) == [empty if line["index"] == INDEX else line for line in before]
    assert sorted(one.name.split(".")[1] for one in folder.iterdir()) == ["leaves", "statement", "texts"]
    assert brought_back(database, folder) == BroughtBack(archives=1)
    assert text_at(database).erased_by == record
    assert verified(database).sound


@pytest.mark.both_engines
def test_words_that_are_erased_while_they_are_archived_do_not_stay_in_the_file(
    database: Database, folder: Path
) -> None:
    plan = planned(database)
    write_now = database.write_now

    def erases_before_it_is_stated(work: Callable[..., object]) -> object:
        database.write_now = write_now  # type: ignore[method-assign]
        erase(database)
        return write_now(work)

    database.write_now = erases_before_it_is_stated  # type: ignore[method-assign, assignment]
    archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert of_entry(folder)["text"] is None
    assert verified(database).sound


def test_words_that_somebody_emptied_without_a_record_stay_in_the_file(
    database: Database, folder: Path
) -> None:
    """T-9: whoever writes rows takes nothing out of the only other copy."""
    archived(database, folder)
    brought_back(database, folder)
    done_to(
        database, "audit_texts",
        f"UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = 'e-nobody' WHERE \"index\" = {INDEX}",
    )  # fmt: skip
    assert archived(database, folder) == GONE
    assert of_entry(folder)["text"] == "why 105 — INC-105"
    assert brought_back(database, folder) == BroughtBack(archives=1)
    assert text_at(database).text == "why 105 — INC-105"
    assert verified(database).sound


@pytest.mark.both_engines
def test_words_that_were_erased_while_others_brought_them_back_stay_erased(
    database: Database, folder: Path
) -> None:
    """A-16: one operator brings back, another erases and a third archives again, all before the first has ended."""
    archived(database, folder)
    write_now, calls = database.write_now, 0

    def others_come_between(work: Callable[..., object]) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            database.write_now = write_now  # type: ignore[method-assign]
            brought_back(database, folder)
            erase(database)
            archived(database, folder)
        return write_now(work)

    database.write_now = others_come_between  # type: ignore[method-assign, assignment]
    unarchive(database, folder=folder, verifier=KEY, by=BY, tell=lambda *_: None)
    assert text_at(database).text is None
    assert verified(database).sound


@pytest.mark.both_engines
def test_a_run_that_is_late_puts_no_words_back_that_another_took_out_of_the_file(
    database: Database, store: Store, folder: Path
) -> None:
    """A-16: it read what it writes before they were erased, and the other archived."""
    plan, read_now = planned(database), database.read_now
    other = Database(store, macs=MACS)

    def is_late(work: Callable[..., object]) -> object:
        def late(tx: log.Transaction) -> object:
            log.head(tx)
            erase(other)
            with suppress(AuditFault):
                archived(other, folder)
            return work(tx)

        database.read_now = read_now  # type: ignore[method-assign]
        return read_now(late)

    database.read_now = is_late  # type: ignore[method-assign, assignment]
    with suppress(AuditFault):
        archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert of_entry(folder)["text"] is None
    assert verified(other).sound
    other.close()


def test_a_folder_into_which_another_run_archives_is_left_to_it(database: Database, folder: Path) -> None:
    with alone_in(folder), pytest.raises(AuditFault, match="at the same time"):
        archived(database, folder)
    assert list(folder.iterdir()) == []
    assert archived(database, folder).archived == 3 * WIDTH


@pytest.mark.both_engines
@pytest.mark.parametrize("deed", LOSES)
def test_words_that_somebody_takes_out_while_an_operator_is_asked_are_missed(
    database: Database, folder: Path, deed: str
) -> None:
    """T-9: they were verified before; a file without them looks like one of which a line was taken out by law."""
    plan = planned(database)
    done_to(database, "audit_texts", deed)
    with pytest.raises(
        AuditFault, match=rf"justification of entry {INDEX} was taken out after it was verified"
    ):
        archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)
    assert len(leaves_of(database)) == OLDS + TODAYS
    assert not verified(database).sound


@pytest.mark.parametrize("deed", LOSES)
def test_words_that_are_lost_here_and_in_the_file_are_not_hidden_by_archiving(
    database: Database, folder: Path, deed: str
) -> None:
    """T-9: once the entry is gone, nothing would tell that words of it were destroyed."""
    archived(database, folder)
    brought_back(database, folder)
    done_to(database, "audit_texts", deed)
    file = files_in(folder).texts
    whole = file.read_bytes()
    file.write_bytes(b"".join(line for line in whole.splitlines(keepends=True) if b"INC-105" not in line))
    with pytest.raises(AuditFault, match=rf"justification of entry {INDEX} stands neither here nor in the"):
        archived(database, folder)
    assert not verified(database).sound
    file.write_bytes(whole)
    assert archived(database, folder).gone == GONE.gone
    assert brought_back(database, folder) == BroughtBack(archives=1)
    assert text_at(database).text == "why 105 — INC-105"


@pytest.mark.parametrize("kind", ["leaves", "texts"])
def test_what_is_no_file_is_not_waited_for(database: Database, folder: Path, kind: str) -> None:
    """T-9: a pipe or a device in the place of a file holds nobody up, and fills no memory."""
    archived(database, folder)
    file: Path = getattr(files_in(folder), kind)
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        file.unlink()
        make(file)
        [wrong] = brought_back(database, folder).wrong
        assert wrong == f"{file} cannot be read: it is no plain file."


def test_a_pipe_in_the_place_of_a_new_file_is_not_waited_for(database: Database, folder: Path) -> None:
    os.mkfifo(files_in(folder).leaves)
    with pytest.raises(OSError, match="no plain file"):
        archived(database, folder)
    assert len(leaves_of(database)) == OLDS + TODAYS


def test_what_is_not_what_was_signed_is_not_taken_into_memory(database: Database, folder: Path) -> None:
    """T-9: lines of sixteen million bytes, as many as there are entries, would fill any."""
    archived(database, folder)
    with files_in(folder).leaves.open("r+b") as file:
        file.truncate(1 << 27)
    tracemalloc.start()
    try:
        [wrong] = brought_back(database, folder).wrong
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "is not the file that the archive was signed for" in wrong
    assert most < 1 << 26


def test_a_text_of_half_a_character_is_refused_in_words(database: Database, folder: Path) -> None:
    archived(database, folder)
    some = [line | ({"text": "\ud800"} if line["index"] == INDEX else {}) for line in lines(folder)]
    files_in(folder).texts.write_text("".join(f"{json.dumps(line)}\n" for line in some), "utf-8")
    [wrong] = brought_back(database, folder).wrong
    assert wrong.startswith(f"The justification of entry {INDEX} in ")


def test_what_a_killed_run_left_half_written_is_taken_away_and_what_it_left_whole_is_named(
    database: Database, folder: Path
) -> None:
    """A-16: words stand in it, and nobody looks for a file that no archive has."""
    left = [
        folder / ".audit-000000000000-000000000255.texts.jsonl.0a1b2c3d",
        folder / ".audit-000000000000-000000000767.leaves.jsonl.ffffffff",
    ]
    whole = folder / "audit-000000000000-000000000255.texts.jsonl"
    others = [folder / ".audit-000000000000-000000000255.texts.jsonl", folder / "notes.txt"]
    for file in (*left, whole, *others):
        file.write_text("what somebody typed")
    with left[1].open("rb") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        assert archived(database, folder).of_none == (whole,)
        assert [file.exists() for file in left] == [False, True]
    assert archived(database, folder).of_none == (whole,)
    assert not left[1].exists()
    assert all(file.exists() for file in (whole, *others))


def test_what_is_being_written_is_not_taken_away_by_another_run(database: Database, folder: Path) -> None:
    files, seen = files_in(folder), list[int]()

    def rows() -> Iterator[log.Row]:
        sweep(folder)
        seen.append(len([*folder.iterdir()]))
        yield from ()

    write_files(files, rows())
    assert seen == [2]
    assert len([*folder.iterdir()]) == 2
