"""T-9: archives beside a head of the log that somebody forged: nothing is signed, brought back or lost by that."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from handlers.audit import archiving
from handlers.audit.archiving import NotSound, Plan, look
from handlers.audit.unarchiving import sign_anew
from storage import streams
from storage.audit import log
from storage.audit.archives import read_archives
from storage.audit.entry import TEXT_ERASED, Actor, Entry
from storage.audit.entry import Where as Place
from storage.audit.epochs import OPENED, STORY, UNVOUCHED
from storage.audit.sealing import seal_epoch
from storage.audit.vouched import NOT_OURS, vouch
from storage.database import Database
from storage.faults import AuditFault
from storage.identifiers import new_id
from storage.macs import FOLLOWING
from tests.handlers.audit.test_archiving import (
    BY,
    KEY,
    NOW,
    OLDEST,
    OLDS,
    OTHER,
    SIGNER,
    TODAYS,
    archived,
    brought_back,
    database,
    folder,
    leaves_of,
    planned,
    store,
)
from tests.handlers.audit.test_retiling import done_to
from tests.storage.audit.forging import forge

__all__ = ["database", "folder", "store"]


def followed(database: Database) -> None:
    """All that follow the log have passed by what is old, and nobody has to ask the record where they are."""
    until = NOW + timedelta(minutes=1)

    def take(tx: Session) -> None:
        for name in FOLLOWING:
            streams.take(tx, name, sender="r1", at=NOW, until=until, begins=lambda _: OLDS)

    database.write_now(take)


def forged(database: Database, action: str = "note.made", **facts: str) -> str:
    """Somebody adds an entry; its id."""
    index = database.write_now(lambda tx: forge(tx.connection(), action, "n", facts, at=NOW))
    row = database.read_now(lambda tx: log.row_at(tx, index))
    assert row is not None
    return row.id


def archive(database: Database, plan: Plan, folder: Path) -> object:
    return archiving.archive(database, plan, folder=folder, signer=SIGNER, by=BY, tell=lambda *_: None)


@pytest.mark.both_engines
def test_no_statement_is_signed(database: Database, folder: Path) -> None:
    """Nor where it was forged once the log was looked at."""
    followed(database)
    plan = planned(database)
    forged(database)
    with pytest.raises(AuditFault, match="no key of Wicket"):
        archive(database, plan, folder)
    assert database.read_now(lambda tx: look(tx, KEY, before=OLDEST, at=NOW)) == NotSound(detail=NOT_OURS)
    assert database.read_now(lambda tx: read_archives(tx, KEY)).each == ()
    assert len(leaves_of(database)) == OLDS + TODAYS + 1


def test_nothing_is_signed_anew_brought_back_or_taken_out(database: Database, folder: Path) -> None:
    followed(database)
    archived(database, folder)
    gone = len(leaves_of(database))

    def refused(work: Callable[[], object]) -> None:
        with pytest.raises(AuditFault, match="no key of Wicket"):
            work()

    brought_back(database, folder)
    plan, there = planned(database), len(leaves_of(database))
    assert (len(plan.unfinished), gone < there) == (1, True)
    forged(database)
    refused(lambda: archive(database, plan, folder))
    refused(lambda: brought_back(database, folder))
    refused(lambda: sign_anew(database, signer=OTHER, old=KEY, by=BY))
    assert len(leaves_of(database)) == there + 1


def test_no_words_leave_the_files_or_stay_there_by_an_erasure_that_nobody_vouches_for(
    database: Database, folder: Path
) -> None:
    """Once a new epoch says so: whoever writes the database has no hand on the files."""
    followed(database)
    archived(database, folder)
    brought_back(database, folder)
    agrees = len(leaves_of(database))
    row = database.read_now(lambda tx: log.row_at(tx, 5))
    assert row is not None
    words = row.texts["justification"].text
    record = forged(database, TEXT_ERASED, entry=row.id, text="justification")
    done_to(
        database, "audit_texts",
        f"UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = '{record}' WHERE \"index\" = 5",
    )  # fmt: skip
    database.write_now(lambda tx: open_epoch(tx, agrees))
    archive(database, planned(database), folder)
    brought_back(database, folder)
    row = database.read_now(lambda tx: log.row_at(tx, 5))
    assert row is not None
    assert row.texts["justification"].text == words


def open_epoch(tx: Session, agrees: int) -> None:
    """As the watch does."""
    vouch(tx)
    opening = Entry(
        id=new_id("e", NOW), at=NOW, action=OPENED, outcome="done", actor=Actor(type="wicket", id="wicket"),
        correlation=STORY, where=Place(transport="schedule", replica="r1"),
        facts={"kind": "mismatch", "agrees": agrees, "before": "", "cites": [], UNVOUCHED: True},
    )  # fmt: skip
    seal_epoch(tx, SIGNER, log.append(tx, opening), at=NOW)
