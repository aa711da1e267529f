"""T-1, T-5: whatever is done at random to whatever is stored, `verify` says so, and says nothing of what is sound.

A few of each kind by default; `make tampering` does each a thousand times.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, select, text, update
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from storage.audit import log
from storage.audit.archives import ARCHIVED, Archive, Facts, Statement, facts_of, keep_archive
from storage.audit.checkpoint import Signer
from storage.audit.entry import Actor, Entry, PolicyTrace, Where
from storage.audit.findings import Report
from storage.audit.heads import MACS
from storage.audit.kept import TAKEN, newest, untold
from storage.audit.merkle import WIDTH, Frontier, leaf_hash
from storage.audit.sealing import take_checkpoint
from storage.audit.tables import ARCHIVES, HEAD, TABLES
from storage.audit.tiles import Tree, add_tiles, next_tiles
from storage.audit.verification import verify_log
from storage.audit.vouched import vouch
from storage.engine.forgiving import Forgiving
from storage.macs import Macs
from storage.secrets import Vault, generate_key
from storage.taking_over import SIGNED, STORY
from tests.storage.rows import numbered

from .conftest import START

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier
COUNT, COVERED = 530, 525
# The version before wrote roots beside the entries below this one, and since then there are marks.
OLD = 300
# As many as a night holds, or so few that all of them take seconds: each walks over the whole log.
MANY = settings.get_current_profile_name() == "chaos"
tampering = settings(max_examples=1000 if MANY else 8, deadline=None)

# All that is stored of the log, with no exception: a column or a table that is new is tried as well.
COLUMNS = [(table.name, column.name) for table in TABLES for column in table.c]


def entry(number: int, *, of: str = "") -> Entry:
    """One of many different entries; texts of every kind of letter, and now and then a long one."""
    at = START + timedelta(seconds=number)
    texts = {"justification": f"Grund {number}: n\u00e4me, na\u0308me, \U0001f6aa"} if number % 3 == 0 else {}
    return Entry(
        id=numbered(number + len(of) * COUNT, at), at=at, action="grant.requested",
        outcome="done", actor=Actor(type="person", id=f"p-{number % 7}"), subject=f"p-{number % 7}",
        resource="prod-db" if number % 2 else None, correlation=f"c-{number}",
        where=Where(transport="socket", replica="r1"),
        policy=PolicyTrace(allowed=True, ids=("a", "b"), digest="ab" * 32) if number % 5 else None,
        facts={"asked": "2h", "groups": ["vpn", "n\u00e4me"], "long": "x" * (65_536 if number == 400 else 1)},
        texts=texts,
    )  # fmt: skip


def filled(of: str = "") -> tuple[Engine, str]:
    """Entries in two tiles and more, without triggers, and a checkpoint over all but the last few."""
    engine = create_engine("sqlite://", connect_args={"factory": Forgiving}, poolclass=StaticPool)
    with engine.begin() as tx:
        SQLModel.metadata.create_all(tx, tables=list(TABLES))
        tx.execute(insert(HEAD), {"id": 1, "size": 0, "frontier": Frontier().to_bytes()})
        log.append_each(tx, [entry(number, of=of) for number in range(OLD)])
        tx.execute(update(HEAD).values(marks=True))
        log.append_each(tx, [entry(number, of=of) for number in range(OLD, COVERED)])
        note = take_checkpoint(tx, SIGNER, at=START)
        log.append_each(tx, [entry(number, of=of) for number in range(COVERED, COUNT)])
        add_tiles(tx, next_tiles(tx, most=10))
    return engine, note


@pytest.fixture(scope="module")
def sealed() -> Iterator[tuple[Engine, str]]:
    made = filled()
    yield made
    made[0].dispose()


@pytest.fixture(scope="module")
def another() -> Iterator[Engine]:
    """A store of another install, with the same key."""
    engine, _ = filled("x")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Engine, str]]:
    """With rows in every table, and the head under a key: two kept checkpoints, and an archive of which every entry
    stands here all the same.
    """
    engine, note = filled()
    with engine.begin() as tx:
        take_checkpoint(tx, SIGNER, at=START + timedelta(days=1))
        tx.info[MACS] = Macs(Vault([generate_key()]))  # from here on its head is under a key
        vouch(tx)
        for facts in untold(tx):
            log.append(tx, telling(TAKEN, facts, log.head(tx).size))
        archive = stated(tx, SIGNER)
        keep_archive(tx, archive)
        said = {**facts_of(archive), **newest(tx, ARCHIVES)}
        log.append(tx, telling(ARCHIVED, said, log.head(tx).size))
        bound = telling(SIGNED, {HEAD.name: 1}, log.head(tx).size)
        log.append(tx, replace(bound, correlation=STORY))
    yield engine, note
    engine.dispose()


def telling(action: str, facts: Facts, number: int) -> Entry:
    """An entry that says what was kept."""
    return replace(entry(number), action=action, facts=facts, texts={})


def stated(tx: Connection, signer: Signer) -> Archive:
    """A statement of the first tile, signed."""
    stay, tree = b"\xff" * (WIDTH // 8), Tree(tx, WIDTH).frontier(WIDTH)
    said = Statement(
        log=signer.name, first=0, end=WIDTH, root=tree.root, until=START, leaves=bytes(32),
        stay=sha256(stay).digest(),
    )  # fmt: skip
    return Archive(statement=said, note=said.signed(signer), frontier=tree, stay=stay)


Deed = Callable[[sqlite3.Connection, Connection], bool]


def raw(tx: Connection) -> sqlite3.Connection:
    driver = tx.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def after(engine: Engine, note: str, deed: Deed) -> Report | None:
    """What `verify` says after a deed, which is undone; None if nothing was changed by it."""
    with engine.connect() as tx:
        try:
            done = deed(raw(tx), tx)
            return verify_log(tx, verifier=KEY, notes=[note]) if done else None
        finally:
            tx.rollback()
            raw(tx).rollback()


def test_an_untouched_store_is_sound(sealed: tuple[Engine, str], whole: tuple[Engine, str]) -> None:
    for store, entries, archived in ((sealed, COUNT, 0), (whole, COUNT + 4, WIDTH)):
        report = after(*store, lambda _rows, _tx: True)
        assert report is not None
        assert (report.sound, report.entries, report.anchored) == (True, entries, COVERED), report.conclusion
        assert report.archived == archived
    with whole[0].connect() as tx:
        assert all(tx.execute(select(table).limit(1)).first() for table in TABLES)


@tampering
@given(st.sampled_from(COLUMNS), st.data())
def test_a_byte_of_any_column_that_is_changed_is_found(
    whole: tuple[Engine, str], column: tuple[str, str], data: st.DataObject
) -> None:
    """T-1: a bit flipped in whatever type the value has, or another value altogether."""
    table, name = column

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        (count,) = rows.execute(f"SELECT count(*) FROM {table}").fetchone()
        number = data.draw(st.integers(0, count - 1))
        where = f"rowid = (SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {number})"
        rows.text_factory = bytes
        (value,) = rows.execute(f'SELECT "{name}" FROM {table} WHERE {where}').fetchone()
        kind, given = flipped(value, data)
        # A primary key that is taken by another row cannot be had: there nothing was changed.
        rows.text_factory = str
        try:
            rows.execute(f'UPDATE {table} SET "{name}" = {kind} WHERE {where}', (given,))
        except sqlite3.IntegrityError:
            return False
        return True

    report = after(*whole, deed)
    assert report is None or not report.sound, (table, name)


def flipped(value: object, data: st.DataObject) -> tuple[str, object]:
    """Another value than this, and how SQL makes it of what is given."""
    if isinstance(value, int):
        return "?", value ^ (1 << data.draw(st.integers(0, 52)))
    if value is None:
        return "?", data.draw(st.sampled_from(["", "p-eve", 7, b"\xff"]))
    assert isinstance(value, bytes)
    if not value or data.draw(st.integers(0, 9)) == 0:
        return "?", None if value else "x"
    at = data.draw(st.integers(0, len(value) - 1))
    changed = value[:at] + bytes([value[at] ^ (1 << data.draw(st.integers(0, 7)))]) + value[at + 1 :]
    return data.draw(st.sampled_from(["?", "CAST(? AS TEXT)"])), changed


@tampering
@given(st.sampled_from([table.name for table in TABLES]), st.data())
def test_a_row_that_is_taken_out_is_found(whole: tuple[Engine, str], table: str, data: st.DataObject) -> None:
    """T-1, T-5. The last tile alone may be gone: then it is not sealed yet, and is sealed again.

    A kept checkpoint whose entry is cut off the end with it is shown by nothing but a later one from outside.
    """

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        (count,) = rows.execute(f"SELECT count(*) FROM {table}").fetchone()
        number = data.draw(st.integers(0, count - 1 - (table == "audit_tiles")))
        ordered = '"index"' if "index" in SQLModel.metadata.tables[table].c else "id"
        rows.execute(
            f"DELETE FROM {table} WHERE rowid ="
            f" (SELECT rowid FROM {table} ORDER BY {ordered} LIMIT 1 OFFSET {number})"
        )
        return True

    report = after(*whole, deed)
    assert report is not None
    assert not report.sound


INDEX = st.integers(0, COUNT - 1)


@tampering
@given(st.integers(-2, COUNT + 3), INDEX, st.booleans(), st.booleans())
def test_a_row_that_is_put_in_is_found(
    sealed: tuple[Engine, str], at: int, like: int, moves: bool, mends: bool
) -> None:
    """T-1: a copy of another under an id of its own, in between or at an end; the tree mended over it, or not."""

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        if moves:
            renumber(rows, at, 1)
        taken = rows.execute('SELECT 1 FROM audit_entries WHERE "index" = ?', (at,)).fetchone()
        if taken:
            return False
        rows.execute(
            "INSERT INTO audit_entries SELECT ?, 'forged', at, actor, subject, resource, action, outcome, correlation,"
            ' leaf, leaf_hash, root FROM audit_entries WHERE "index" = ?',
            (at, like + (1 if moves and like >= at else 0)),
        )
        if mends:
            mend(rows)
        return True

    report = after(*sealed, deed)
    assert report is None or not report.sound


def renumber(rows: sqlite3.Connection, first: int, by: int) -> None:
    """Move all rows from an index on."""
    for table in ("audit_entries", "audit_texts"):
        rows.execute(f'UPDATE {table} SET "index" = -1000 - "index" WHERE "index" >= ?', (first,))
        rows.execute(f'UPDATE {table} SET "index" = -1000 - "index" + ? WHERE "index" <= -1000', (by,))


def mend(rows: sqlite3.Connection) -> None:
    """What a forger with the whole file does: number all anew, and mend hashes, roots, the head and the tiles."""
    leaves = rows.execute('SELECT "index", leaf FROM audit_entries ORDER BY "index"').fetchall()
    frontier = Frontier()
    rows.execute('UPDATE audit_entries SET "index" = -100000 - "index"')
    rows.execute('UPDATE audit_texts SET "index" = -100000 - "index"')
    for new, (old, leaf) in enumerate(leaves):
        frontier = frontier.append(leaf_hash(leaf))
        rows.execute(
            'UPDATE audit_entries SET "index" = ?, leaf_hash = ?, root = ? WHERE "index" = ?',
            (new, leaf_hash(leaf), frontier.root, -100000 - old),
        )
        rows.execute('UPDATE audit_texts SET "index" = ? WHERE "index" = ?', (new, -100000 - old))
    rows.execute("UPDATE audit_head SET size = ?, frontier = ?", (frontier.size, frontier.to_bytes()))
    rows.execute("DELETE FROM audit_tiles")


@tampering
@given(st.lists(INDEX, min_size=2, max_size=2, unique=True), st.booleans())
def test_rows_that_change_places_are_found(sealed: tuple[Engine, str], pair: list[int], mends: bool) -> None:
    """T-1. Mended and both after the checkpoint, nobody can know: that is why checkpoints are taken often."""
    one, other = pair

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        for table in ("audit_entries", "audit_texts"):
            for old, new in ((one, -9), (other, one), (-9, other)):
                rows.execute(f'UPDATE {table} SET "index" = ? WHERE "index" = ?', (new, old))
        if mends:
            mend(rows)
        return not (mends and min(pair) >= COVERED)

    report = after(*sealed, deed)
    assert report is None or not report.sound


@tampering
@given(st.integers(0, COVERED - 1), st.booleans())
def test_a_tail_that_is_cut_is_found_against_the_checkpoint(
    sealed: tuple[Engine, str], kept: int, mends: bool
) -> None:
    """T-1: the kept checkpoint taken out too, and with everything mended."""

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        for table in ("audit_entries", "audit_texts"):
            rows.execute(f'DELETE FROM {table} WHERE "index" >= ?', (kept,))
        rows.execute("DELETE FROM audit_checkpoints")
        if mends:
            mend(rows)
        return True

    report = after(*sealed, deed)
    assert report is not None
    assert "cut" in [finding.kind for finding in report.findings]


@tampering
@given(st.integers(0, COVERED - 1), st.integers(1, 600))
def test_a_store_that_was_set_back_and_went_on_is_found(
    sealed: tuple[Engine, str], kept: int, more: int
) -> None:
    """T-1: rolled back to a backup, with other entries since, as many as before or more."""

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        for table in ("audit_entries", "audit_texts"):
            rows.execute(f'DELETE FROM {table} WHERE "index" >= ?', (kept,))
        rows.execute("DELETE FROM audit_checkpoints")
        mend(rows)
        log.append_each(tx, [entry(number, of="late") for number in range(kept, kept + more)])
        if tiles := next_tiles(tx, most=10):
            add_tiles(tx, tiles)
        return True

    report = after(*sealed, deed)
    assert report is not None
    assert {finding.kind for finding in report.findings} <= {"cut", "rewritten"}
    assert not report.sound


@tampering
@given(st.integers(0, COVERED - 1), st.integers(1, COUNT), st.booleans())
def test_two_stores_that_were_merged_are_found(
    sealed: tuple[Engine, str], another: Engine, kept: int, taken: int, mends: bool
) -> None:
    """T-1: entries of another store of the same key in the place of ours, or between them."""
    with another.connect() as tx:
        theirs = raw(tx).execute('SELECT * FROM audit_entries WHERE "index" < ?', (taken,)).fetchall()

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        renumber(rows, kept, len(theirs))
        for row in theirs:
            rows.execute(
                f"INSERT INTO audit_entries VALUES ({', '.join('?' * 12)})", (row[0] + kept, *row[1:])
            )
        if mends:
            mend(rows)
        return True

    report = after(*sealed, deed)
    assert report is not None
    assert not report.sound


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["DELETE FROM audit_checkpoints WHERE id = 2"], ["was kept as number 2, and it is not"]),
        (["DELETE FROM audit_checkpoints"], ["kept as number 1, and it is", "kept as number 2, and it is"]),
        (["UPDATE audit_checkpoints SET at = at + 1 WHERE id = 1"], ["number 1 is not what the log says"]),
        (
            ["INSERT INTO audit_checkpoints SELECT 3, at, size, note FROM audit_checkpoints WHERE id = 2"],
            ["A checkpoint is kept as number 3, and the log does not say so"],
        ),
        (
            [f"UPDATE audit_checkpoints SET id = {new} WHERE id = {old}" for old, new in ((1, 9), (2, 1), (9, 2))],
            ["number 1 is not what the log says", "number 2 is not what the log says"],
        ),
        (
            ["UPDATE audit_checkpoints SET id = 3 WHERE id = 2"],
            ["kept as number 3, and the log does not say so", "was kept as number 2, and it is not there"],
        ),
        (
            ["INSERT INTO audit_archives SELECT 2, first, size, note, frontier, stay FROM audit_archives"],
            ["A statement of an archive is kept as number 2, and the log does not say so"],
        ),
        (
            ["UPDATE audit_archives SET note = replace(note, 'until 1', 'until 2')"],
            ["The log says that the entries 0 to 255 were archived, and no", "number 1 is not what the log says"],
        ),
        (
            ["UPDATE audit_archives SET stay = lower(hex(stay))"],
            ["The log says that the entries 0 to 255 were archived, and no", "number 1 is not what the log says"],
        ),
        (
            ["DELETE FROM audit_archives"],
            ["The log says that the entries 0 to 255 were archived, and no", "number 1, and it is not there"],
        ),
    ],
)  # fmt: skip
def test_what_is_kept_beside_the_log_is_what_that_says_of_it(
    whole: tuple[Engine, str], statements: list[str], said: list[str]
) -> None:
    """T-1, T-9: deleted, swapped, doubled, of another time or number; each is named, and nothing else."""
    report = after(*whole, lambda rows, _: bool([rows.execute(each) for each in statements]))
    assert report is not None
    assert len(report.findings) == len(said), report.findings
    assert all(part in found.detail for part, found in zip(said, report.findings, strict=True)), (
        report.findings
    )


def test_a_statement_of_an_archive_that_others_signed_is_found(whole: tuple[Engine, str]) -> None:
    """T-9: it counts for nothing, and somebody put it there."""

    def deed(_: sqlite3.Connection, tx: Connection) -> bool:
        keep_archive(tx, stated(tx, Signer.generate(SIGNER.name)))
        return True

    report = after(*whole, deed)
    assert report is not None
    assert [found.kind for found in report.findings] == ["kept"]
    assert "it was put there by other hands" in report.conclusion


@pytest.mark.parametrize("value", ["NULL", "0", "2", "x'01'", "'yes'"])
def test_what_the_head_says_of_marks_is_found_where_it_was_changed(
    sealed: tuple[Engine, str], value: str
) -> None:
    """T-1: what comes next would have a root beside it, and no mark."""
    report = after(*sealed, lambda rows, _: bool(rows.execute(f"UPDATE audit_head SET marks = {value}")))
    assert report is not None
    assert [found.detail for found in report.findings] == [
        "What the head says of marks beside entries was changed."
    ]


def test_a_second_head_hides_no_text(sealed: tuple[Engine, str]) -> None:
    """T-1: one that counts more entries, so that what stands behind the true end would stand before it."""

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        rows.execute("INSERT INTO audit_head SELECT 0, 99999, frontier, 1, NULL FROM audit_head")
        rows.execute("INSERT INTO audit_texts VALUES (9999, 'rationale', 'granted', zeroblob(32), NULL)")
        return True

    report = after(*sealed, deed)
    assert report is not None
    assert [finding.kind for finding in report.findings] == ["text", "head"]


def test_what_looks_alike_is_not_alike(sealed: tuple[Engine, str]) -> None:
    """T-1: a text in another normal form of Unicode is another text."""

    def deed(rows: sqlite3.Connection, tx: Connection) -> bool:
        changed = rows.execute(
            "UPDATE audit_texts SET text = replace(text, 'n\u00e4me', 'na\u0308me') WHERE \"index\" = 3"
        )
        return changed.rowcount == 1

    report = after(*sealed, deed)
    assert report is not None
    assert [(finding.kind, finding.first) for finding in report.findings] == [("text", 3)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ('UPDATE audit_tiles SET root = zeroblob(32) WHERE "index" = 1', "Tile 1 of level 0"),
        ('DELETE FROM audit_tiles WHERE "index" = 0', "Tile 1 of level 0"),
        ('UPDATE audit_tiles SET level = 3 WHERE "index" = 1', "Tile 1 of level 3"),
        ("INSERT INTO audit_tiles SELECT 1, 0, root, hashes FROM audit_tiles LIMIT 1", "Tile 0 of level 1"),
        ("INSERT INTO audit_tiles SELECT 0, 2, root, hashes FROM audit_tiles LIMIT 1", "Tile 2 of level 0"),
        ("UPDATE audit_tiles SET level = 'x' WHERE \"index\" = 1", "level 'x'"),
        ('UPDATE audit_tiles SET "index" = x\'00\' WHERE "index" = 1', "from 0 to b'\\x00'"),
        ('UPDATE audit_tiles SET "index" = 1.5 WHERE "index" = 1', "from 0 to 1.5"),
        ("INSERT INTO audit_texts VALUES (9999, 'rationale', 'granted', zeroblob(32), NULL)", "index 9999"),
        ("INSERT INTO audit_texts VALUES (-4, 'rationale', 'granted', zeroblob(32), NULL)", "index -4"),
        *(
            (f"INSERT INTO audit_texts VALUES ({place}, 'rationale', 'granted', zeroblob(32), NULL)", place)
            for place in ("-0.5", "1.5", "255.5", "529.5", "'x'")
        ),
        ("INSERT INTO audit_head VALUES (2, 9, x'00', 1, NULL)", "A second head"),
        ("INSERT INTO audit_head SELECT 0, 9, frontier, 1, NULL FROM audit_head", "A second head"),
    ],
)
def test_a_tile_text_or_head_that_belongs_to_nothing_is_named(
    sealed: tuple[Engine, str], statement: str, said: str
) -> None:
    """T-5."""
    report = after(*sealed, lambda rows, _: rows.execute(statement).rowcount == 1)
    assert report is not None
    assert said in report.conclusion


def test_a_long_entry_stands_in_the_tree_like_any_other(sealed: tuple[Engine, str]) -> None:
    """T-1: 64 KB of facts."""
    with sealed[0].connect() as tx:
        row = log.row_at(tx, 400)
        assert row is not None
        assert len(row.leaf) > 65_536
        assert tx.execute(text("SELECT count(*) FROM audit_tiles")).scalar() == 2
