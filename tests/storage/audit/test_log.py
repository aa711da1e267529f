"""Entries go in with the caller's transaction, come out as asked for, and stay."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from storage.audit import log, sealing
from storage.audit.entry import Entry
from storage.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash, mark_of, root_of
from storage.audit.salted import check_commitment
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.stores import Store
from storage.faults import AuditFault
from tests.storage.rows import erase_text

from .conftest import START, MakeEntry


def fill(engine: Engine, make_entry: MakeEntry, count: int) -> list[str]:
    """Append `count` entries in one transaction; their ids."""
    with Session(engine) as tx:
        ids = [log.append(tx, make_entry()) for _ in range(count)]
        tx.commit()
    return ids


def test_every_row_keeps_the_mark_of_the_tree_after_itself(engine: Engine, make_entry: MakeEntry) -> None:
    ids = fill(engine, make_entry, 9)
    with engine.connect() as connection:
        stored = list(log.every(connection, below=9))
        head = log.head(connection)
    hashes = [row.leaf_hash for row in stored]
    assert [row.id for row in stored] == ids
    assert [row.index for row in stored] == list(range(9))
    assert hashes == [leaf_hash(row.leaf) for row in stored]
    trees = [Frontier().extend(hashes[: size + 1])[0] for size in range(9)]
    assert [row.root for row in stored] == [mark_of(tree.spine) for tree in trees]
    assert [tree.root for tree in trees] == [root_of(hashes[: size + 1]) for size in range(9)]
    assert (head.size, head.root) == (9, root_of(hashes))


def test_an_empty_log_has_the_empty_root(engine: Engine) -> None:
    with Session(engine) as tx:
        assert (log.head(tx).size, log.head(tx).root) == (0, EMPTY_ROOT)
        assert log.latest(tx) is None
        assert log.rows(tx) == []


def test_what_is_rolled_back_was_never_there(engine: Engine, make_entry: MakeEntry) -> None:
    fill(engine, make_entry, 2)
    with Session(engine) as tx:
        log.append(tx, make_entry())
        tx.rollback()
    (after,) = fill(engine, make_entry, 1)
    with Session(engine) as tx:
        newest = log.latest(tx)
        assert newest is not None
        assert (newest.id, newest.index, log.head(tx).size) == (after, 2, 3)


def test_the_columns_are_what_the_leaf_says(engine: Engine, make_entry: MakeEntry) -> None:
    entry = make_entry(subject="p-bob", resource=None, correlation="c-\ud800\x00")
    with Session(engine) as tx:
        log.append(tx, entry)
        found = log.row(tx, entry.id)
        assert found is not None
        assert found == log.row_at(tx, 0)
        said = found.said()
        assert (found.subject, found.resource, found.correlation) == ("p-bob", None, "c-\ufffd\ufffd")
        assert (said["subject"], said["resource"], said["correlation"]) == ("p-bob", None, "c-\ufffd\ufffd")
        assert found.at == entry.at


def test_texts_stand_beside_the_leaf_with_their_salts(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        log.append(tx, make_entry(texts={"justification": "größer \ud83d\x00", "rationale": ""}))
        row = log.latest(tx)
        assert row is not None
        kept = row.texts["justification"]
        assert kept.text == "größer \ufffd\ufffd"
        assert kept.salt is not None
        assert check_commitment(row.said()["texts"]["justification"], kept.salt, kept.text)
        assert row.texts["rationale"].text == ""


def test_rows_are_found_by_person_entitlement_time_and_correlation(
    engine: Engine, make_entry: MakeEntry
) -> None:
    with Session(engine) as tx:
        mine = log.append(tx, make_entry())
        about = log.append(tx, make_entry(actor=make_entry().actor, subject="p-bob", correlation="c-2"))
        wiki = log.append(tx, make_entry(resource="wiki-edit", subject=None, at=START + timedelta(hours=1)))

        def ids(**asked: Any) -> list[str]:
            return [row.id for row in log.rows(tx, **asked)]

        assert ids() == [mine, about, wiki]
        assert ids(person="p-bob") == [about]
        assert ids(person="p-ada") == [mine, about, wiki]
        assert ids(entitlement="wiki-edit") == [wiki]
        assert ids(since=START + timedelta(hours=1)) == [wiki]
        assert ids(correlation="c-2") == [about]
        assert ids(person="p-bob", entitlement="wiki-edit") == []
        assert ids(limit=2) == [about, wiki]


def test_reading_goes_past_one_batch(engine: Engine, make_entry: MakeEntry) -> None:
    fill(engine, make_entry, 1003)
    with engine.connect() as connection:
        assert [row.index for row in log.every(connection, below=1002)] == list(range(1002))


def test_an_id_is_used_once(engine: Engine, make_entry: MakeEntry, unguarded: Engine) -> None:
    (used,) = fill(engine, make_entry, 1)
    with Session(engine) as tx, pytest.raises(IntegrityError):
        log.append(tx, make_entry(id=used, at=START))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET outcome = 'refused'",
        "UPDATE audit_entries SET leaf = x'00' WHERE \"index\" = 0",
        "DELETE FROM audit_entries",
        "INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries",
        "INSERT INTO audit_entries SELECT 7, id || 'x', at, actor, subject, resource, action, outcome, correlation,"
        " leaf, leaf_hash, root FROM audit_entries LIMIT 1",
        "REPLACE INTO audit_entries SELECT 2, id, at, actor, subject, resource, action, outcome, correlation,"
        " leaf, leaf_hash, root FROM audit_entries LIMIT 1",
        "DELETE FROM audit_texts",
        "UPDATE audit_texts SET text = 'something kinder'",
        "UPDATE audit_texts SET text = NULL, salt = NULL",
        "INSERT OR REPLACE INTO audit_texts SELECT \"index\", name, 'other', salt, NULL FROM audit_texts",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET size = 0",
        "INSERT OR REPLACE INTO audit_head SELECT id, 0, frontier, NULL, NULL FROM audit_head",
        "UPDATE audit_checkpoints SET size = 9",
        "DELETE FROM audit_checkpoints",
        "INSERT OR REPLACE INTO audit_checkpoints SELECT id, at, 9, note FROM audit_checkpoints",
    ],
)
def test_the_triggers_refuse_every_way_to_change_what_is_written(
    sqlite_engine: Engine, make_entry: MakeEntry, statement: str
) -> None:
    _refuses(sqlite_engine, make_entry, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET outcome = 'refused'",
        "UPDATE audit_entries SET leaf = 'x' WHERE \"index\" = 0",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries SELECT * FROM audit_entries ON CONFLICT (\"index\") DO UPDATE SET actor = 'x'",
        "INSERT INTO audit_entries SELECT 7, id || 'x', at, actor, subject, resource, action, outcome, correlation,"
        " leaf, leaf_hash, root FROM audit_entries LIMIT 1",
        "DELETE FROM audit_texts",
        "TRUNCATE audit_texts",
        "UPDATE audit_texts SET text = 'something kinder'",
        "UPDATE audit_texts SET text = NULL, salt = NULL",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "UPDATE audit_head SET size = 0",
        "INSERT INTO audit_head SELECT 2, 0, frontier FROM audit_head",
        "INSERT INTO audit_head SELECT id, 0, frontier, NULL, NULL FROM audit_head"
        " ON CONFLICT (id) DO UPDATE SET size = 0",
        "UPDATE audit_checkpoints SET size = 9",
        "DELETE FROM audit_checkpoints",
        "TRUNCATE audit_checkpoints",
    ],
)
@pytest.mark.parametrize("before", ["", "SET LOCAL session_replication_role = replica"])
def test_the_triggers_of_postgresql_refuse_them_too(
    postgresql_engine: Engine, make_entry: MakeEntry, statement: str, before: str
) -> None:
    """Also in a session that says it only copies what another server did."""
    _refuses(postgresql_engine, make_entry, statement, before)


def _refuses(engine: Engine, make_entry: MakeEntry, statement: str, before: str = "") -> None:
    fill(engine, make_entry, 2)
    with engine.begin() as connection:
        sealing.keep_checkpoint(connection, "note", size=2, at=START)
    with engine.connect() as connection:
        connection.execute(text(before or "SELECT 1"))
        with pytest.raises(IntegrityError, match=r"audit|checkpoint"):
            connection.execute(text(statement))
    with engine.connect() as connection:
        assert [row.outcome for row in log.every(connection, below=2)] == ["done", "done"]


def test_an_erased_text_is_gone_and_its_erasure_is_on_record(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        target = log.append(tx, make_entry(texts={"justification": "my illness", "rationale": "ok"}))
        record = make_entry(texts={"why": "she asked for it"}, facts={"ticket": "DPO-7"})
        assert erase_text(tx, target, "justification", record=record)
        tx.commit()
        row, newest = log.row(tx, target), log.latest(tx)
        assert row is not None
        assert newest is not None
        assert row.texts["justification"] == log.StoredText(text=None, salt=None, erased_by=record.id)
        assert row.texts["rationale"].text == "ok"
        assert newest.id == record.id
        assert newest.action == "text.erased"
        assert newest.said()["facts"] == {"entry": target, "text": "justification", "ticket": "DPO-7"}


def test_a_text_that_is_not_there_is_not_erased_and_nothing_is_recorded(
    engine: Engine, make_entry: MakeEntry
) -> None:
    with Session(engine) as tx:
        target = log.append(tx, make_entry())
        assert erase_text(tx, target, "justification", record=make_entry())
        for entry_id, name in ((target, "justification"), (target, "rationale"), ("nobody", "justification")):
            assert not erase_text(tx, entry_id, name, record=make_entry())
        assert log.head(tx).size == 2


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("DELETE FROM audit_head", "gone"),
        ("UPDATE audit_head SET frontier = 'x'", "cannot be read"),
        ("UPDATE audit_head SET size = 1", "contradicts itself"),
    ],
)
def test_nothing_is_added_to_a_log_whose_head_is_damaged(
    unguarded: Engine, make_entry: MakeEntry, statement: str, complaint: str
) -> None:
    fill(unguarded, make_entry, 2)
    with unguarded.begin() as connection:
        connection.execute(text(statement))
    with Session(unguarded) as tx, pytest.raises(AuditFault, match=complaint):
        log.append(tx, make_entry())


async def test_transactions_that_share_a_commit_leave_no_gap_when_one_fails(
    store: Store, make_entry: MakeEntry
) -> None:
    """Promise 2: an entry stands or falls with its own transaction."""
    database = Database(store)

    def write(entry: Entry, fails: bool) -> Callable[[Session], str]:
        def work(tx: Session) -> str:
            added = log.append(tx, entry)
            if fails:
                raise LookupError(added)
            return added

        return work

    works = [write(make_entry(), fails=number % 3 == 1) for number in range(30)]
    answers = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    kept = [answer for answer in answers if isinstance(answer, str)]
    report = database.read_now(verify_log)
    stored = database.read_now(lambda tx: [row.id for row in log.every(tx)])
    database.close()
    assert len(kept) == 20
    assert stored == kept
    assert report.sound


def test_many_at_once_are_the_same_tree_as_one_after_another(engine: Engine, make_entry: MakeEntry) -> None:
    """Byte for byte: the leaves, their hashes, each root, and where the head stands."""
    entries = [make_entry(texts={}, subject=f"p-{number}") for number in range(11)]

    def kept(append: Callable[[Session], object]) -> Any:
        with Session(engine) as tx:
            append(tx)
            found = list(log.every(tx)), log.head(tx)
            tx.rollback()
            return found

    def one_by_one(tx: Session) -> None:
        for entry in entries:
            log.append(tx, entry)

    def in_two_goes(tx: Session) -> None:
        log.append_each(tx, entries[:4])
        log.append_each(tx, [])
        log.append_each(tx, entries[4:])

    assert kept(in_two_goes) == kept(one_by_one)


def test_many_at_once_keep_their_texts_and_verify(engine: Engine, make_entry: MakeEntry) -> None:
    entries = [make_entry(texts={"justification": f"why {number}"}) for number in range(5)]
    with Session(engine) as tx:
        log.append_each(tx, entries)
        tx.commit()
        assert [row.texts["justification"].text for row in log.every(tx)] == [f"why {n}" for n in range(5)]
        assert verify_log(tx).sound


def test_none_of_many_is_kept_if_one_cannot_be(engine: Engine, make_entry: MakeEntry) -> None:
    fill(engine, make_entry, 1)
    twice = make_entry()
    with Session(engine) as tx, pytest.raises(IntegrityError):
        log.append_each(tx, [make_entry(), twice, twice])
    with Session(engine) as tx:
        assert log.head(tx).size == len(list(log.every(tx))) == 1


MOVES_BY_ITSELF = (
    "CREATE TRIGGER sly AFTER INSERT ON audit_entries BEGIN UPDATE audit_head SET size = size + 1; END"
)


def test_an_entry_whose_head_moved_is_not_kept(sqlite_engine: Engine, make_entry: MakeEntry) -> None:
    with sqlite_engine.begin() as connection:
        connection.execute(text(MOVES_BY_ITSELF))
    with Session(sqlite_engine) as tx, pytest.raises(AuditFault, match="moved"):
        log.append_each(tx, [make_entry(), make_entry()])
    with Session(sqlite_engine) as tx:
        assert log.head(tx).size == len(list(log.every(tx))) == 0


def test_a_tally_is_of_its_time_by_action_and_outcome(engine: Engine, make_entry: MakeEntry):
    """AU-12: the end of the time is not in it."""
    day = timedelta(days=1)
    with Session(engine) as tx:
        for at, outcome in ((START, "done"), (START, "done"), (START, "refused"), (START + day, "done")):
            log.append(tx, make_entry(at=at, action="grant.requested", outcome=outcome))
        assert log.tally(tx, START, START + day) == {
            ("grant.requested", "done"): 2,
            ("grant.requested", "refused"): 1,
        }
