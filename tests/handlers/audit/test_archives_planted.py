"""T-9: statements of archives that others put there count for nothing, hide nothing and stop nothing."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handlers.audit.archivable import leaves
from handlers.audit.archiving import Done, NotSound, look
from handlers.audit.unarchiving import BroughtBack, sign_anew
from storage.audit import archives, log
from storage.audit.archives import SIGNED_ANEW, Archive, Statement, read_archives
from storage.audit.checkpoint import Signer
from storage.audit.kept import TAKEN
from storage.audit.merkle import WIDTH
from storage.audit.moving import take_out
from storage.audit.tiles import Tree
from storage.database import Database
from storage.faults import AuditFault
from storage.identifiers import new_id
from tests.handlers.audit.test_archiving import (
    BY,
    KEY,
    NOW,
    OLD,
    OLDEST,
    OTHER,
    SIGNER,
    archived,
    brought_back,
    checkpoint,
    database,
    folder,
    slices,
    store,
    verified,
)
from tests.handlers.audit.test_retiling import done_to

__all__ = ["database", "folder", "store"]


def plant(
    tx: log.Transaction, first: int, end: int, *, until: datetime = OLD, signer: Signer = OTHER
) -> Archive:
    """What somebody puts there who may write rows: right in all but who signed it, and what it says of the files."""
    tree = Tree(tx, end).frontier(end)
    stay = bytes((end - first) // 8)
    said = Statement(
        log=signer.name, first=first, end=end, root=tree.root, until=until, leaves=bytes(32),
        stay=hashlib.sha256(stay).digest(),
    )  # fmt: skip
    made = Archive(statement=said, note=said.signed(signer), frontier=tree, stay=stay)
    archives.keep_archive(tx, made)
    return made


def test_another_statement_hides_nothing_of_what_is_archived(database: Database, folder: Path) -> None:
    """Promise 5: nothing found there would be taken for an answer, and the rest of a story shown to too many."""
    archived(database, folder)
    until = database.read_now(archives.gone_until)
    assert until == OLD + timedelta(minutes=3 * WIDTH - 1)
    database.write_now(lambda tx: plant(tx, 0, WIDTH, until=OLD - timedelta(days=999)))
    assert database.read_now(archives.gone_until) == until
    assert database.read_now(lambda tx: archives.may_lack(tx, new_id("g", OLD))) == until


def test_a_statement_of_what_is_not_there_is_no_answer_about_any_time(database: Database) -> None:
    database.write_now(lambda tx: plant(tx, 0, WIDTH))
    assert database.read_now(archives.gone_until) is None


@pytest.mark.both_engines
def test_a_statement_that_was_taken_away_is_missed_though_all_it_was_about_is_here(
    database: Database, folder: Path
) -> None:
    """By whoever verifies, and by the bot's walk; what is archived again is stated again."""
    archived(database, folder)
    brought_back(database, folder)
    assert verified(database).sound
    done_to(database, "audit_archives", "DELETE FROM audit_archives")
    told = [one.detail for one in verified(database).findings]
    assert told == slices(database)
    assert told[0].startswith(
        "The log says that the entries 0 to 767 were archived, and no statement of this key"
    )
    assert archived(database, folder).gone == 3 * WIDTH - 16
    assert verified(database).sound
    assert slices(database) == []


@pytest.mark.parametrize(("first", "end"), [(0, WIDTH), (0, 3 * WIDTH), (WIDTH, 3 * WIDTH), (0, 4 * WIDTH)])
def test_a_statement_that_others_put_there_stops_no_retention(
    database: Database, folder: Path, first: int, end: int
) -> None:
    """A-17: whoever can write rows would keep for ever what is to leave. That they did is said until that is gone."""
    database.write_now(lambda tx: plant(tx, first, end))
    assert archived(database, folder).gone == 3 * WIDTH - 16
    report = verified(database, checkpoint(database))
    assert ([one.kind for one in report.findings], report.archived) == (["kept"], 3 * WIDTH)
    assert "number 1, and the log does not say so: it was put there" in report.conclusion
    assert slices(database) == [one.detail for one in report.findings]
    database.write_now(lambda tx: plant(tx, first, end))
    assert archived(database, folder) == Done(archived=0, gone=0, stayed=0)
    assert brought_back(database, folder) == BroughtBack(archives=1)
    assert archived(database, folder).gone == 3 * WIDTH - 16
    done_to(database, "audit_archives", "DELETE FROM audit_archives WHERE id <> 2")
    assert verified(database, checkpoint(database)).sound


def test_nothing_is_archived_where_what_such_a_statement_is_about_is_missing(
    database: Database, folder: Path
) -> None:
    """The guards let it go by that; who verifies does not."""
    database.write_now(lambda tx: plant(tx, 0, WIDTH))
    database.write_now(lambda tx: take_out(tx, 0, WIDTH, staying=()))
    found = database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW))
    assert isinstance(found, NotSound)
    assert found.detail.startswith(
        "Entries are missing that are archived by no statement that this key signed."
    )
    assert "What stood at the indexes 0 to 255 is missing" in verified(database).conclusion


@pytest.mark.both_engines
def test_what_is_on_no_record_is_signed_by_no_new_key(database: Database, folder: Path) -> None:
    """T-9: whoever got hold of the old key states archives of their own, by which something may be gone."""
    archived(database, folder)
    database.write_now(lambda tx: plant(tx, 3 * WIDTH, 4 * WIDTH, signer=SIGNER))
    with pytest.raises(AuditFault, match=r"anybody archived the entries 768 to 1023, .* Nothing was signed"):
        sign_anew(database, signer=OTHER, old=KEY, by=BY)
    assert database.read_now(lambda tx: read_archives(tx, OTHER.verifier)).each == ()
    assert database.read_now(lambda tx: log.rows(tx, action=SIGNED_ANEW)) == []


def test_what_tells_of_a_row_that_is_kept_never_leaves() -> None:
    """A-17, T-1: once it was archived, the row that it tells of would look like one that others put there."""
    assert not any(leaves(action) for action in (TAKEN, archives.ARCHIVED, SIGNED_ANEW))
