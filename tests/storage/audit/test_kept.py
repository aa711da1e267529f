"""T-1: what is kept beside the log is what that says of it, on both engines, and where a version before said less."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import Connection, Engine, insert

from storage.audit import log
from storage.audit.archives import ARCHIVED, Facts, facts_of, keep_archive
from storage.audit.checkpoint import Signer
from storage.audit.kept import TAKEN, newest, untold
from storage.audit.merkle import WIDTH, Frontier
from storage.audit.sealing import take_checkpoint
from storage.audit.tables import ARCHIVES, HEAD
from storage.audit.tiles import add_tiles, next_tiles
from storage.audit.verification import verify_log
from storage.types import to_micros
from tests.storage.audit.conftest import START, MakeEntry
from tests.storage.audit.test_tampering import SIGNER, entry, stated, telling

TAKEN_AWAY = "The log says at index {} that a checkpoint was kept as number {}, and it is not there: it was taken away."


def told(tx: Connection, make_entry: MakeEntry, action: str, facts: Facts) -> None:
    log.append(tx, make_entry(action=action, facts=facts, texts={}))


def taken(tx: Connection, make_entry: MakeEntry, *, days: int = 0) -> None:
    """Something happens, and a checkpoint is taken and put on record as it is by whoever takes one."""
    log.append(tx, make_entry())
    take_checkpoint(tx, SIGNER, at=START + timedelta(days=days))
    for facts in untold(tx):
        told(tx, make_entry, TAKEN, facts)


def found(tx: Connection) -> list[str]:
    return [one.detail for one in verify_log(tx, verifier=SIGNER.verifier).findings]


def test_what_is_kept_is_on_record_as_each_engine_has_it(unguarded: Engine, make_entry: MakeEntry) -> None:
    with unguarded.begin() as tx:
        for days in range(2):
            taken(tx, make_entry, days=days)
        assert found(tx) == []
        note = tx.exec_driver_sql("SELECT note FROM audit_checkpoints WHERE id = 1").scalar_one()
        row = log.row_at(tx, 1)
        assert row is not None
        # As docs/audit-format.md has it, for whoever makes it out without us.
        listed = f"[{to_micros(START)},1,{json.dumps(note)}]".encode()
        assert row.said()["facts"] == {"number": 1, "row": sha256(listed).hexdigest()}
        tx.exec_driver_sql("UPDATE audit_checkpoints SET at = at + 1 WHERE id = 2")
        assert found(tx) == [
            "The checkpoint that is kept as number 2 is not what the log says of it: it was changed, or another stands "
            "in its place."
        ]


def test_what_a_version_before_kept_is_on_record_from_the_next_one_on(
    unguarded: Engine, make_entry: MakeEntry
) -> None:
    with unguarded.begin() as tx:
        for _ in range(2):
            log.append(tx, make_entry())
            take_checkpoint(tx, SIGNER, at=START)
        assert found(tx) == []
        taken(tx, make_entry)
        assert found(tx) == []
        assert len(untold(tx)) == 1
        tx.exec_driver_sql("DELETE FROM audit_checkpoints WHERE id = 1")
        assert found(tx) == [TAKEN_AWAY.format(3, 1)]


def test_one_that_was_taken_away_is_missed_though_the_next_has_its_number(
    unguarded: Engine, make_entry: MakeEntry
) -> None:
    with unguarded.begin() as tx:
        taken(tx, make_entry)
        tx.exec_driver_sql("DELETE FROM audit_checkpoints")
        if tx.dialect.name == "postgresql":  # SQLite counts on from the last that is there
            tx.exec_driver_sql("ALTER SEQUENCE audit_checkpoints_id_seq RESTART")
        taken(tx, make_entry)
        assert found(tx) == [TAKEN_AWAY.format(1, 1)]


def test_statements_of_archives_are_on_record_too(unguarded: Engine) -> None:
    """As a version before put them there, without their number and digest, and as this one does."""
    with unguarded.begin() as tx:
        log.append_each(tx, [entry(number) for number in range(WIDTH)])
        add_tiles(tx, next_tiles(tx, most=2))
        archive = stated(tx, SIGNER)
        for row in (False, True):
            keep_archive(tx, archive)
            facts = {**facts_of(archive), **(newest(tx, ARCHIVES) if row else {})}
            log.append(tx, telling(ARCHIVED, facts, log.head(tx).size))
            assert found(tx) == []
        keep_archive(tx, stated(tx, Signer.generate(SIGNER.name)))
        assert found(tx) == [
            "A statement of an archive is kept as number 3, and the log does not say so: it was put there by other "
            "hands."
        ]


@pytest.mark.parametrize("begun", [True, None], ids=["marks", "roots"])
def test_the_head_says_of_marks_what_the_first_entry_has(
    unguarded: Engine, make_entry: MakeEntry, begun: bool | None
) -> None:
    """A store of PostgreSQL that is older than marks goes on without; of SQLite each has them."""
    with unguarded.begin() as tx:
        begun = begun or (True if tx.dialect.name == "sqlite" else None)
        tx.execute(insert(HEAD), {"id": 1, "size": 0, "frontier": Frontier().to_bytes(), "marks": begun})
        log.append(tx, make_entry())
        assert found(tx) == []
        for other in {"TRUE", "FALSE", "NULL"} - {"TRUE" if begun else "NULL"}:
            tx.exec_driver_sql(f"UPDATE audit_head SET marks = {other}")
            log.append(tx, make_entry())
            assert found(tx) == ["What the head says of marks beside entries was changed."], other
