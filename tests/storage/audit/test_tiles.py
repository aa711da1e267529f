"""T-5: the stored tree is the tree of the entries, cut as c2sp.org/tlog-tiles has it, and a bad tile is named."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, text
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from storage.audit import log
from storage.audit.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    mark_of,
    root_of,
    root_under,
)
from storage.audit.slices import SLICE, next_slice
from storage.audit.tables import ENTRIES, HEAD, TABLES
from storage.audit.tiles import Tree, add_tiles, next_tiles, sealed
from storage.engine.forgiving import Forgiving
from storage.faults import AuditFault

from .conftest import START
from .test_tampering import KEY

SIZE = 256 * 256 + 3 * 256 + 7
# From here on there are marks, as there are since some version; what roots were before takes as long as all else.
MARKED = 1000


def hashes_of(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


HASHES = hashes_of(SIZE)


def put(tx: Connection, hashes: Sequence[bytes]) -> None:
    """Rows that hold what the tree needs of entries, and the head over them; without triggers."""
    before = log.head(tx)
    grown, spines = before.extend(hashes)
    rows = [
        {
            "index": number, "id": f"e-{number}", "at": START, "actor": "a", "subject": None, "resource": None,
            "action": "x.y", "outcome": "done", "correlation": "c", "leaf": b"", "leaf_hash": leaf,
            "root": mark_of(spine) if number >= MARKED else root_under(spine),
        }
        for number, (leaf, spine) in enumerate(zip(hashes, spines, strict=True), before.size)
    ]  # fmt: skip
    if rows:
        tx.execute(insert(ENTRIES), rows)
    tx.execute(text("DELETE FROM audit_head"))
    tx.execute(insert(HEAD), {"id": 1, "size": grown.size, "frontier": grown.to_bytes()})


def seal(tx: Connection, most: int = 1000) -> int:
    """Add every tile that is due; in how many rounds."""
    rounds = 0
    while tiles := next_tiles(tx, most=most):
        assert add_tiles(tx, tiles)
        rounds += 1
    return rounds


@pytest.fixture(scope="module")
def grown() -> Iterator[Engine]:
    """66,311 entries, three levels of tiles, no triggers."""
    engine = create_engine("sqlite://", connect_args={"factory": Forgiving}, poolclass=StaticPool)
    with engine.begin() as tx:
        SQLModel.metadata.create_all(tx, tables=list(TABLES))
        put(tx, HASHES)
        seal(tx)
    yield engine
    engine.dispose()


def tiles_in(tx: Connection) -> list[tuple[int, int]]:
    return [tuple(row) for row in tx.execute(text('SELECT level, "index" FROM audit_tiles ORDER BY 1, 2'))]


def test_tiles_are_those_of_the_specification(grown: Engine) -> None:
    """T-5: the example of tlog-tiles, in small: whole tiles of leaves, one of whole tiles, none that is partial."""
    with grown.connect() as tx:
        assert tiles_in(tx) == [*((0, number) for number in range(259)), (1, 0)]
        (stored, root) = tx.execute(
            text('SELECT hashes, root FROM audit_tiles WHERE level = 0 AND "index" = 258')
        ).one()
        assert stored == b"".join(HASHES[258 * 256 : 259 * 256])
        assert root == root_of(HASHES[258 * 256 : 259 * 256])
        (above,) = tx.execute(text("SELECT hashes FROM audit_tiles WHERE level = 1")).one()
        assert above[:32] == root_of(HASHES[:256])
        assert above[-32:] == root_of(HASHES[255 * 256 : 256 * 256])


FEW = st.integers(1, SIZE)


@given(FEW, st.data())
def test_proofs_from_tiles_are_those_from_the_leaves(grown: Engine, size: int, data: st.DataObject) -> None:
    """T-5: for any entry of a tree of any size, and from any size to any other."""

    def between(start: int, end: int) -> bytes:
        return root_of(HASHES[start:end])

    index = data.draw(st.integers(0, size - 1))
    with grown.connect() as tx:
        tree = Tree(tx, size)
        assert inclusion_proof(tree.between, index, size) == inclusion_proof(between, index, size)
        assert consistency_proof(tree.between, index + 1, size) == consistency_proof(between, index + 1, size)
        assert tree.frontier(size).root == between(0, size)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=5), st.integers(1, 3))
def test_whatever_comes_at_a_time_the_tiles_are_the_same(parts: list[int], most: int) -> None:
    engine = create_engine("sqlite://", connect_args={"factory": Forgiving}, poolclass=StaticPool)
    with engine.begin() as tx:
        SQLModel.metadata.create_all(tx, tables=list(TABLES))
        done = 0
        for part in parts:
            put(tx, HASHES[done : done + part])
            done += part
            seal(tx, most)
            assert sealed(tx) == done // 256 * 256
            assert Tree(tx, done).frontier(done) == Frontier().extend(HASHES[:done])[0]
    engine.dispose()


def test_a_store_whose_tiles_are_not_filled_yet_proves_all_the_same(grown: Engine) -> None:
    with grown.connect() as tx:
        expected = inclusion_proof(Tree(tx, SIZE).between, 70, SIZE)
        tx.execute(text("DELETE FROM audit_tiles"))
        assert inclusion_proof(Tree(tx, SIZE).between, 70, SIZE) == expected
        tx.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE audit_entries SET leaf_hash = zeroblob(32) WHERE "index" = 66100',
        'UPDATE audit_entries SET root = zeroblob(32) WHERE "index" = 66303',
    ],
)
def test_what_does_not_fit_is_not_sealed(grown: Engine, statement: str) -> None:
    """T-5: a changed hash is named by the walk, and is not carried into the stored tree before."""
    with grown.connect() as tx:
        tx.execute(text('DELETE FROM audit_tiles WHERE level = 0 AND "index" >= 257'))
        tx.execute(text(statement))
        with pytest.raises(AuditFault, match="do not give the tree"):
            next_tiles(tx, most=100)
        assert len(next_tiles(tx, most=1)) == 1
        tx.rollback()


def test_a_tile_without_a_number_is_a_fault(grown: Engine) -> None:
    """T-5: SQLite lets anything stand there; the sealer says so and waits, as for whatever does not fit."""
    with grown.connect() as tx:
        tx.execute(text('UPDATE audit_tiles SET "index" = \'x\' WHERE level = 0 AND "index" = 3'))
        with pytest.raises(AuditFault, match="has no number"):
            next_tiles(tx, most=1)
        tx.rollback()


def test_what_is_missing_is_a_fault_and_no_wrong_answer(grown: Engine) -> None:
    for statement in (
        'DELETE FROM audit_entries WHERE "index" = 66310',
        "UPDATE audit_tiles SET hashes = 'text' WHERE level = 0 AND \"index\" = 0",
        'DELETE FROM audit_tiles WHERE level = 0 AND "index" = 257',
    ):
        with grown.connect() as tx:
            tx.execute(text(statement))
            with pytest.raises(AuditFault, match="wicket audit verify"):
                inclusion_proof(Tree(tx, SIZE).between, 70, SIZE)
            tx.rollback()


def test_a_walk_in_slices_compares_a_tile_over_tiles_where_it_is_filled(grown: Engine) -> None:
    """T-5: with the slice that ends where it does, in the middle of the log. Here no leaf fits, which is told too."""
    with grown.connect() as tx:
        before = Tree(tx, SIZE).frontier(256 * 256 - SLICE)
        sound = next_slice(tx, before, KEY)
        tx.execute(text("UPDATE audit_tiles SET root = zeroblob(32) WHERE level = 1"))
        assert next_slice(tx, before, KEY).more == sound.more + 1
        tx.rollback()
