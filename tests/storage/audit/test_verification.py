"""T-1: whatever is done to the stored rows, the walk finds it, names it, and claims no more than it compared."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel

from storage.audit import log
from storage.audit.checkpoint import Signer, Verifier
from storage.audit.entry import Actor, Entry, Where, decode, to_leaf
from storage.audit.findings import Report
from storage.audit.merkle import Frontier, leaf_hash, mark_of
from storage.audit.sealing import take_checkpoint
from storage.audit.tables import TABLES
from storage.audit.verification import verify_log
from storage.audit.walk import Walk
from storage.engine.forgiving import Forgiving
from tests.storage.rows import erase_text, numbered

from .conftest import START, MakeEntry

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier
COUNT = 11
SEALED = (4, 8)
COLUMNS = ("id", "actor", "subject", "resource", "action", "outcome", "correlation", "at")


def verify(rows: Iterable[log.Row], verifier: Verifier | None = None, notes: Sequence[str] = ()) -> Report:
    """Walk over rows that come from no database."""
    walk = Walk(verifier, notes, (), find=None, epochs=None)
    walk.begin()
    if all(walk.take(row) for row in rows):
        walk.end(None)
    return walk.report()


def fill(tx: Session | Connection, make_entry: MakeEntry, count: int) -> list[str]:
    """Append `count` entries; their ids."""
    return [log.append(tx, make_entry()) for _ in range(count)]


def rebuild(connection: Connection) -> None:
    """What a forger with the whole file would do: number the rows anew, and mend all hashes, roots and the head."""
    rows = connection.execute(text('SELECT "index", leaf FROM audit_entries ORDER BY "index"')).all()
    frontier = Frontier()
    for row in rows:
        old, new = row.index, frontier.size
        frontier = frontier.append(leaf_hash(row.leaf))
        mended = {"old": old, "new": new, "hash": leaf_hash(row.leaf), "root": mark_of(frontier.spine)}
        connection.execute(
            text(
                'UPDATE audit_entries SET "index" = :new, leaf_hash = :hash, root = :root WHERE "index" = :old'
            ),
            mended,
        )
        connection.execute(text('UPDATE audit_texts SET "index" = :new WHERE "index" = :old'), mended)
    head = {"size": frontier.size, "frontier": frontier.to_bytes()}
    connection.execute(text("UPDATE audit_head SET size = :size, frontier = :frontier"), head)


@pytest.fixture(scope="module")
def sealed() -> Iterator[tuple[Engine, list[str]]]:
    """Eleven entries without triggers, checkpoints after the fourth and the eighth, and the notes of both."""
    engine = create_engine("sqlite://", connect_args={"factory": Forgiving}, poolclass=StaticPool)
    notes = []
    with engine.begin() as tx:
        SQLModel.metadata.create_all(tx, tables=list(TABLES))
        for number in range(COUNT):
            if number in SEALED:
                notes.append(take_checkpoint(tx, SIGNER, at=START))
            log.append(tx, small_entry(number))
    yield engine, notes
    engine.dispose()


def name_of(number: int) -> str:
    """The id of one of them."""
    return numbered(number, START + timedelta(seconds=number))


def small_entry(number: int) -> Entry:
    """One of many different entries."""
    return Entry(
        id=name_of(number),
        at=START + timedelta(seconds=number),
        action="grant.requested",
        outcome="done",
        actor=Actor(type="person", id=f"p-{number}"),
        subject=f"p-{number}",
        resource="prod-db",
        correlation=f"c-{number}",
        where=Where(transport="socket", replica="r1"),
        texts={"justification": f"reason {number}"},
    )


def kinds(report: Report) -> list[tuple[str, int | None]]:
    """What was found and where."""
    return [(finding.kind, finding.first) for finding in report.findings]


def test_an_untouched_log_is_internally_consistent_only(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        fill(tx, make_entry, 5)
        report = verify_log(tx)
        assert report.sound
        assert report.conclusion.startswith("Internally consistent only: 5 entries")
        assert (report.entries, report.root) == (5, log.head(tx).root)


def test_an_empty_log_is_internally_consistent(engine: Engine) -> None:
    with engine.connect() as tx:
        assert verify_log(tx).conclusion.startswith("Internally consistent only: 0 entries")


def test_kept_checkpoints_alone_do_not_promise_a_whole_tail(sealed: tuple[Engine, list[str]]) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        report = verify_log(tx, verifier=KEY)
    assert report.sound
    assert (report.signed, report.anchored) == (8, None)
    assert "the first 8 with the signed checkpoints" in report.conclusion
    assert report.conclusion.startswith("Internally consistent only")


def test_a_checkpoint_from_elsewhere_vouches_for_its_entries(sealed: tuple[Engine, list[str]]) -> None:
    engine, notes = sealed
    with engine.connect() as tx:
        report = verify_log(tx, verifier=KEY, notes=notes[:1])
        assert report.conclusion.startswith("Sound up to the checkpoint: the first 4 entries")
        assert "7 after it are internally consistent only" in report.conclusion
        report = verify_log(tx, verifier=KEY, notes=[notes[1].encode(), notes[0]])
        assert (report.anchored, report.signed) == (8, 8)


def test_a_checkpoint_over_everything_leaves_nothing_open(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        fill(tx, make_entry, 3)
        note = take_checkpoint(tx, SIGNER, at=START)
        assert verify_log(tx, verifier=KEY, notes=[note]).conclusion == (
            "Sound: all 3 entries agree with the checkpoint."
        )


def test_a_checkpoint_that_cannot_be_trusted_is_a_finding(sealed: tuple[Engine, list[str]]) -> None:
    engine, notes = sealed
    with engine.connect() as tx:
        for note in ("", notes[0].replace("4", "5"), b"\xff"):
            report = verify_log(tx, verifier=KEY, notes=[note])
            assert kinds(report) == [("untrusted", None)]
            assert report.conclusion.startswith("Not sound. The checkpoint from elsewhere cannot be trusted")


def test_a_note_without_a_key_is_a_mistake(sealed: tuple[Engine, list[str]]) -> None:
    engine, notes = sealed
    with engine.connect() as tx, pytest.raises(ValueError, match="verifier key"):
        verify_log(tx, notes=notes)


def test_checkpoints_of_another_key_are_counted_and_not_used(sealed: tuple[Engine, list[str]]) -> None:
    engine, _ = sealed
    other: Verifier = Signer.generate(SIGNER.name).verifier
    with engine.connect() as tx:
        report = verify_log(tx, verifier=other)
    assert (report.sound, report.signed, report.unused) == (True, None, 2)


# A slow machine is not a failure.
few = settings(max_examples=30, deadline=None)
INDEX = st.integers(0, COUNT - 1)
BYTE = st.integers(1, 255)


@few
@given(INDEX, st.data())
def test_an_edited_leaf_is_named(sealed: tuple[Engine, list[str]], index: int, data: st.DataObject) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        row = log.row_at(tx, index)
        assert row is not None
        at = data.draw(st.integers(0, len(row.leaf) - 1))
        edited = bytearray(row.leaf)
        edited[at] ^= data.draw(BYTE)
        tx.execute(
            text('UPDATE audit_entries SET leaf = :leaf WHERE "index" = :index'),
            {"leaf": bytes(edited), "index": index},
        )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("edited", index)]
    assert report.findings[0].entry_id == name_of(index)
    assert name_of(index) in report.conclusion


@few
@given(INDEX, st.sampled_from(["leaf_hash", "root"]), st.binary(max_size=33))
def test_an_edited_hash_is_named(
    sealed: tuple[Engine, list[str]], index: int, column: str, value: bytes
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(
            text(f'UPDATE audit_entries SET {column} = :value WHERE "index" = :index'),
            {"value": value, "index": index},
        )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("edited" if column == "leaf_hash" else "misfit", index)]


@few
@given(INDEX)
def test_a_leaf_edited_together_with_its_hash_is_named(sealed: tuple[Engine, list[str]], index: int) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        edit(tx, index)
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("misfit", index)]


def edit(tx: Connection, index: int) -> None:
    """Turn the outcome of an entry round, in the leaf, its hash and its column."""
    row = log.row_at(tx, index)
    assert row is not None
    leaf = to_leaf({**decode(row.leaf), "outcome": "refused"})
    tx.execute(
        text(
            "UPDATE audit_entries SET leaf = :leaf, leaf_hash = :hash, outcome = 'refused' WHERE \"index\" = :index"
        ),
        {"leaf": leaf, "hash": leaf_hash(leaf), "index": index},
    )


@few
@given(INDEX, st.sampled_from(COLUMNS), st.sampled_from(["other", b"\xff", 7]))
def test_an_edited_column_is_named(
    sealed: tuple[Engine, list[str]], index: int, column: str, value: object
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(
            text(f'UPDATE audit_entries SET {column} = :value WHERE "index" = :index'),
            {"value": value, "index": index},
        )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("column", index)]
    assert f"`{column}`" in report.findings[0].detail


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "at"])
def test_a_column_that_is_not_even_text_is_named(sealed: tuple[Engine, list[str]], column: str) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text(f"UPDATE audit_entries SET {column} = CAST(x'ff' AS TEXT) WHERE \"index\" = 5"))
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("column", 5)]


@few
@given(st.sets(INDEX, min_size=1, max_size=3))
def test_every_edited_leaf_is_named_not_only_the_first(
    sealed: tuple[Engine, list[str]], indexes: set[int]
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        for index in indexes:
            # On a blob, SQLite's replace() leaves text behind: the row must still be read.
            tx.execute(
                text(
                    "UPDATE audit_entries SET leaf = replace(leaf, 'done', 'gone') WHERE \"index\" = :index"
                ),
                {"index": index},
            )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("edited", index) for index in sorted(indexes)]


@few
@given(INDEX)
def test_a_deleted_row_is_named_by_its_place(sealed: tuple[Engine, list[str]], index: int) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" = :index'), {"index": index})
        report = verify_log(tx)
        tx.rollback()
    if index == COUNT - 1:
        assert kinds(report) == [("cut", index)]
    else:
        assert kinds(report) == [("missing", index)]
        assert f"index {index} is missing" in report.conclusion
        assert f"{name_of(index + 1)} follows" in report.conclusion


@few
@given(INDEX, st.booleans())
def test_a_deletion_hidden_by_new_numbers_is_named(
    sealed: tuple[Engine, list[str]], index: int, head_too: bool
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" = :index'), {"index": index})
        tx.execute(text('DELETE FROM audit_texts WHERE "index" = :index'), {"index": index})
        for table in ("audit_entries", "audit_texts"):
            tx.execute(
                text(f'UPDATE {table} SET "index" = "index" - 1 WHERE "index" > :index'), {"index": index}
            )
        if head_too:
            tx.execute(text("UPDATE audit_head SET size = size - 1"))
        report = verify_log(tx)
        tx.rollback()
    found = kinds(report)
    if index < COUNT - 1:
        assert found[0] == ("misfit", index)
    else:
        assert found[0][0] in ("cut", "head")


@few
@given(INDEX)
def test_an_inserted_row_is_named(sealed: tuple[Engine, list[str]], index: int) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(
            text('UPDATE audit_entries SET "index" = -1 - "index" WHERE "index" >= :index'), {"index": index}
        )
        tx.execute(
            text('UPDATE audit_texts SET "index" = -1 - "index" WHERE "index" >= :index'), {"index": index}
        )
        for table in ("audit_entries", "audit_texts"):
            tx.execute(text(f'UPDATE {table} SET "index" = -"index" WHERE "index" < 0'))
        leaf = to_leaf({"v": 1, "id": "forged"})
        forged = {"index": index, "leaf": leaf, "hash": leaf_hash(leaf)}
        tx.execute(
            text(
                "INSERT INTO audit_entries SELECT :index, 'forged', at, actor, subject, resource, action, outcome,"
                " correlation, :leaf, :hash, root FROM audit_entries LIMIT 1"
            ),
            forged,
        )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report)[0] == ("misfit", index)
    assert report.findings[0].entry_id == "forged"


def test_a_row_put_after_the_head_or_before_the_first_is_named(sealed: tuple[Engine, list[str]]) -> None:
    engine, _ = sealed
    copied = (
        "INSERT INTO audit_entries SELECT :index, 'forged', at, actor, subject, resource, action, outcome,"
        " correlation, leaf, leaf_hash, root FROM audit_entries LIMIT 1"
    )
    for index in (COUNT, COUNT + 5, -1):
        with engine.connect() as tx:
            tx.execute(text(copied), {"index": index})
            report = verify_log(tx)
            tx.rollback()
        assert kinds(report) == [("extra", index)]
        assert report.findings[0].entry_id == "forged"


@few
@given(st.lists(INDEX, min_size=2, max_size=2, unique=True).map(sorted))
def test_swapped_rows_are_named(sealed: tuple[Engine, list[str]], pair: list[int]) -> None:
    engine, _ = sealed
    one, other = pair
    with engine.connect() as tx:
        for table in ("audit_entries", "audit_texts"):
            for old, new in ((one, -1), (other, one), (-1, other)):
                tx.execute(
                    text(f'UPDATE {table} SET "index" = :new WHERE "index" = :old'), {"old": old, "new": new}
                )
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("misfit", one)]
    assert report.findings[0].entry_id == name_of(other)


@few
@given(st.integers(0, COUNT - 1))
def test_a_cut_tail_is_found_against_the_head(sealed: tuple[Engine, list[str]], kept: int) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" >= :kept'), {"kept": kept})
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("cut", kept)]
    assert f"only {kept} are here" in report.conclusion


@few
@given(st.integers(0, COUNT - 1))
def test_a_cut_tail_with_a_mended_head_is_found_against_a_checkpoint(
    sealed: tuple[Engine, list[str]], kept: int
) -> None:
    engine, notes = sealed
    with engine.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" >= :kept'), {"kept": kept})
        tx.execute(text('DELETE FROM audit_texts WHERE "index" >= :kept'), {"kept": kept})
        tx.execute(text("DELETE FROM audit_checkpoints"))
        rebuild(tx)
        alone = verify_log(tx, verifier=KEY)
        against = verify_log(tx, verifier=KEY, notes=notes)
        tx.rollback()
    # Nothing inside can show it: that is what the checkpoint is for.
    assert alone.conclusion.startswith("Internally consistent only")
    if kept < 8:
        assert kinds(against) == [("cut", kept)]
        assert f"covers 8 entries, but only {kept} are here" in against.conclusion
    else:
        assert against.sound


def test_a_cut_tail_is_found_against_a_kept_checkpoint_that_was_forgotten(
    sealed: tuple[Engine, list[str]],
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        for table in ("audit_entries", "audit_texts"):
            tx.execute(text(f'DELETE FROM {table} WHERE "index" >= 6'))
        rebuild(tx)
        report = verify_log(tx, verifier=KEY)
        tx.rollback()
    assert kinds(report) == [("cut", 6)]
    assert report.signed == 4


@few
@given(INDEX, st.booleans())
def test_a_rewritten_history_is_found_against_checkpoints_and_narrowed(
    sealed: tuple[Engine, list[str]], index: int, kept_too: bool
) -> None:
    engine, notes = sealed
    with engine.connect() as tx:
        edit(tx, index)
        rebuild(tx)
        if not kept_too:
            tx.execute(text("DELETE FROM audit_checkpoints"))
        alone = verify_log(tx)
        report = verify_log(tx, verifier=KEY, notes=notes[1:])
        tx.rollback()
    assert alone.sound
    if index >= 8:
        assert report.sound
        assert report.conclusion.startswith("Sound up to the checkpoint: the first 8")
        return
    (finding,) = report.findings
    narrowed = (0, 3) if index < 4 and kept_too else (4, 7) if kept_too else (0, 7)
    assert (finding.kind, finding.first, finding.last) == ("rewritten", *narrowed)
    assert f"entries {narrowed[0]} to {narrowed[1]}" in report.conclusion


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM audit_head", ("head", None)),
        ("UPDATE audit_head SET frontier = 'text'", ("head", None)),
        ("UPDATE audit_head SET size = 'many'", ("head", None)),
        (
            "UPDATE audit_head SET frontier = substr(frontier, 1, 8) || zeroblob(length(frontier) - 8)",
            ("head", None),
        ),
        ("DELETE FROM audit_entries", ("cut", 0)),
    ],
)
def test_a_damaged_head_is_found(
    sealed: tuple[Engine, list[str]], statement: str, found: tuple[str, int | None]
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text(statement))
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [found]


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        (
            "UPDATE audit_texts SET text = 'something kinder' WHERE \"index\" = 3",
            "is not the text that was written",
        ),
        ('UPDATE audit_texts SET salt = zeroblob(32) WHERE "index" = 3', "is not the text that was written"),
        ("UPDATE audit_texts SET salt = 'short' WHERE \"index\" = 3", "is not the text that was written"),
        ("UPDATE audit_texts SET text = x'00ff' WHERE \"index\" = 3", "is not the text that was written"),
        (
            'UPDATE audit_texts SET text = NULL, salt = NULL WHERE "index" = 3',
            "is not the text that was written",
        ),
        (
            "UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = 'x' WHERE \"index\" = 3",
            "without a record",
        ),
        (
            "UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = 'e-004' WHERE \"index\" = 3",
            "without a record",
        ),
        (
            "UPDATE audit_texts SET text = CAST(x'ff' AS TEXT) WHERE \"index\" = 3",
            "is not the text that was written",
        ),
        (
            "UPDATE audit_texts SET erased_by = 'e-004' WHERE \"index\" = 3",
            "is said to be erased, and stands there",
        ),
        ('DELETE FROM audit_texts WHERE "index" = 3', "is missing"),
        (
            "INSERT INTO audit_texts VALUES (3, 'rationale', 'granted', zeroblob(32), NULL)",
            "was put there later",
        ),
    ],
)
def test_a_text_that_does_not_fit_is_named(
    sealed: tuple[Engine, list[str]], statement: str, wrong: str
) -> None:
    engine, _ = sealed
    with engine.connect() as tx:
        tx.execute(text(statement))
        report = verify_log(tx)
        tx.rollback()
    assert kinds(report) == [("text", 3)]
    assert wrong in report.conclusion


def test_a_text_erased_on_record_is_no_finding(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        first, second = fill(tx, make_entry, 2)
        assert erase_text(tx, first, "justification", record=make_entry())
        assert verify_log(tx).sound
    del second


def test_a_record_that_erased_another_text_does_not_excuse(unguarded: Engine, make_entry: MakeEntry) -> None:
    with Session(unguarded) as tx:
        first, second = fill(tx, make_entry, 2)
        record = make_entry()
        assert erase_text(tx, first, "justification", record=record)
        tx.connection().execute(
            text('UPDATE audit_texts SET text = NULL, salt = NULL, erased_by = :by WHERE "index" = 1'),
            {"by": record.id},
        )
        report = verify_log(tx)
        assert kinds(report) == [("text", 1)]
        assert second in report.conclusion


def test_a_leaf_that_cannot_be_read_is_named(unguarded: Engine, make_entry: MakeEntry) -> None:
    with Session(unguarded) as tx:
        fill(tx, make_entry, 3)
        tx.connection().execute(
            text('UPDATE audit_entries SET leaf = :leaf WHERE "index" = 1'), {"leaf": b"[]"}
        )
        rebuild(tx.connection())
        report = verify_log(tx)
        assert kinds(report) == [("unreadable", 1)]


def test_findings_are_listed_up_to_twenty_and_then_counted(unguarded: Engine, make_entry: MakeEntry) -> None:
    with Session(unguarded) as tx:
        fill(tx, make_entry, 30)
        tx.connection().execute(text("UPDATE audit_entries SET outcome = 'refused'"))
        report = verify_log(tx)
        assert (len(report.findings), report.more) == (20, 10)


def test_progress_is_told(engine: Engine, make_entry: MakeEntry) -> None:
    told: list[tuple[int, int | None]] = []
    with Session(engine) as tx:
        fill(tx, make_entry, 605)
        verify_log(tx, progress=lambda done, total: told.append((done, total)))
    assert told == [(256, 605), (512, 605), (605, 605)]


def test_entries_added_while_it_runs_are_no_finding(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        fill(tx, make_entry, 605)
        tx.commit()

        def add_one(done: int, total: int | None) -> None:
            log.append(tx, make_entry())
            take_checkpoint(tx, SIGNER, at=START)

        report = verify_log(tx, verifier=KEY, progress=add_one)
        assert report.sound
        assert report.entries == 605


def test_exported_rows_are_verified_without_a_database(sealed: tuple[Engine, list[str]]) -> None:
    engine, notes = sealed
    with engine.connect() as tx:
        rows = list(log.every(tx))
    assert verify(rows, KEY, notes).conclusion.startswith("Sound up to the checkpoint: the first 8")
    assert kinds(verify(rows[:6], KEY, notes)) == [("cut", 6)]
    assert kinds(verify(rows[1:])) == [("missing", 0)]


def test_a_file_edited_with_a_plain_sqlite_shell_is_found(
    sqlite_engine: Engine, make_entry: MakeEntry, tmp_path: Path
) -> None:
    with Session(sqlite_engine) as tx:
        ids = fill(tx, make_entry, 5)
        note = take_checkpoint(tx, SIGNER, at=START)
        tx.commit()
    sqlite_engine.dispose()
    shell = sqlite3.connect(tmp_path / "audit.db")
    shell.execute("DROP TRIGGER audit_entries_update")
    shell.execute("UPDATE audit_entries SET leaf = replace(leaf, 'p-ada', 'p-eve') WHERE \"index\" = 2")
    shell.commit()
    shell.close()
    with Session(sqlite_engine) as tx:
        report = verify_log(tx, verifier=KEY, notes=[note])
    assert kinds(report) == [("edited", 2)]
    assert ids[2] in report.conclusion
