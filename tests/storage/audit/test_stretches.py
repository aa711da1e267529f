"""T-1: a log that several walk over in stretches is judged as by one, to the first entry that is wrong."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from storage.audit import log
from storage.audit.asked import asking
from storage.audit.crew import Answered, Asked, Crew
from storage.audit.findings import Report
from storage.audit.merkle import Frontier, leaf_hash, mark_of, root_of
from storage.audit.sealing import take_checkpoint
from storage.audit.stretch import fitting_at_sight
from storage.audit.stretches import fitting
from storage.audit.tiles import add_tiles, next_tiles
from storage.audit.verification import verify_log
from storage.database import Database
from storage.engine.migrating import migrate
from tests.storage.rows import erase_text

from .conftest import START
from .test_tampering import COUNT, COVERED, KEY, SIGNER, entry, filled

TILE = 256


class Beside:
    """Walks over stretches of a tile each, as the processes do, in this one; it remembers which fitted."""

    most = TILE

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self.fitted: list[int] = []
        self.at_sight: list[int] = []

    def span(self, _: int) -> int:
        return TILE

    def each(self, stretches: Iterable[Asked]) -> Iterator[Answered]:
        for first, end, stretch in stretches:
            fits = fitting(self._tx, stretch) if stretch else None
            # At first sight all of it fits, or nothing is said: never anything else.
            at_sight = fitting_at_sight(asking(self._tx), stretch) if stretch else None
            assert at_sight in (None, fits)
            self.at_sight += [first] if at_sight else []
            self.fitted += [first] if fits else []
            yield first, end, stretch, fits


@pytest.fixture(scope="module")
def sealed() -> Iterator[tuple[Engine, str]]:
    made = filled()
    yield made
    made[0].dispose()


def both(tx: Connection, note: str) -> tuple[Report, list[int]]:
    """The report, which is the same by one walk and by stretches; and the stretches that fitted."""
    beside = Beside(tx)
    report = verify_log(tx, verifier=KEY, notes=[note])
    assert verify_log(tx, verifier=KEY, notes=[note], crew=beside) == report
    return report, beside.fitted


def test_stretches_of_a_sound_log_join_to_the_tree_that_was_signed(sealed: tuple[Engine, str]) -> None:
    """T-1: and none of them is walked over twice."""
    engine, note = sealed
    with engine.connect() as tx:
        report, fitted = both(tx, note)
        beside = Beside(tx)
        verify_log(tx, verifier=KEY, notes=[note], crew=beside)
    assert (report.sound, report.anchored, report.signed, fitted) == (True, COVERED, COVERED, [0, 256, 512])
    assert beside.at_sight == [0, 512]  # not where roots are followed by marks, which happens once in a log


DEEDS = [
    *(
        f'UPDATE audit_entries SET {change} WHERE "index" = {{at}}'
        for change in ("leaf = CAST(replace(leaf, 'done', 'gone') AS BLOB)", "root = zeroblob(32)", "actor = 'p-eve'")
    ),
    'DELETE FROM audit_entries WHERE "index" = {at}',
    'DELETE FROM audit_entries WHERE "index" >= {at}',
    'DELETE FROM audit_texts WHERE "index" = {at}',
    'UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE "index" = {at} / 256',
    'DELETE FROM audit_tiles WHERE "index" = {at} / 256',
    "UPDATE audit_checkpoints SET size = {at}",
    "UPDATE audit_head SET frontier = zeroblob({at})",
]  # fmt: skip


@settings(max_examples=settings().max_examples // 2)
@given(st.sampled_from(DEEDS), st.integers(0, COUNT - 1), st.sampled_from(DEEDS), st.integers(0, COUNT - 1))
def test_whatever_was_done_stretches_find_what_one_walk_finds(
    sealed: tuple[Engine, str], one: str, at: int, other: str, there: int
) -> None:
    """T-1: the same findings in the same order, with two deeds anywhere in the log."""
    engine, note = sealed
    with engine.connect() as tx:
        tx.execute(text(one.format(at=at)))
        tx.execute(text(other.format(at=there)))
        both(tx, note)
        tx.rollback()


@pytest.mark.parametrize("index", [-(2**63), -4, -1])
def test_an_entry_before_the_first_is_named_and_all_others_are_judged(
    sealed: tuple[Engine, str], index: int
) -> None:
    """T-1: also at the lowest number that there is, and where several walk over a long log."""
    engine, note = sealed
    with engine.connect() as tx:
        tx.execute(
            text(
                "INSERT INTO audit_entries SELECT :index, 'forged', at, actor, subject, resource, action, outcome,"
                ' correlation, leaf, leaf_hash, root FROM audit_entries WHERE "index" = 3'
            ),
            {"index": index},
        )
        tx.execute(text("UPDATE audit_entries SET actor = 'p-eve' WHERE \"index\" = 500"))
        report, _ = both(tx, note)
        tx.rollback()
    assert [(finding.kind, finding.first) for finding in report.findings] == [
        ("column", 500),
        ("extra", index),
    ]


def test_a_gap_as_long_as_a_batch_is_named(sealed: tuple[Engine, str]) -> None:
    """T-1: what stands behind it is no end of the log."""
    engine, note = sealed
    with engine.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" BETWEEN 5 AND 525'))
        report, _ = both(tx, note)
        tx.rollback()
    assert [(finding.kind, finding.first, finding.last) for finding in report.findings[:1]] == [
        ("missing", 5, 525)
    ]


def test_a_stretch_that_begins_with_another_tree_is_not_believed(sealed: tuple[Engine, str]) -> None:
    """T-1: tiles forged, and all that follows made to fit them: it fits, and not what stands before it."""
    engine, note = sealed
    with engine.connect() as tx:
        hashes = [row.leaf_hash for row in log.every(tx)]
        forged = [leaf_hash(b"forged"), *hashes[1:]]
        tx.execute(
            text('UPDATE audit_tiles SET hashes = :hashes, root = :root WHERE "index" = 0'),
            {"hashes": b"".join(forged[:TILE]), "root": root_of(forged[:TILE])},
        )
        tree, spines = Frontier().extend(forged)
        for at in range(TILE, COUNT):
            tx.execute(
                text('UPDATE audit_entries SET root = :root WHERE "index" = :at'),
                {"root": mark_of(spines[at]), "at": at},
            )
        tx.execute(text("UPDATE audit_head SET frontier = :frontier"), {"frontier": tree.to_bytes()})
        report, fitted = both(tx, note)
        tx.rollback()
    assert 256 in fitted
    assert [(finding.kind, finding.first) for finding in report.findings] == [("tile", 0), ("misfit", 256)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store of its own, with two whole tiles, one erased text, and a checkpoint over nearly all of it."""
    path = tmp_path_factory.mktemp("crew") / "wicket.db"
    migrate(path)
    database = Database(path)
    database.write_now(lambda tx: log.append_each(tx, [entry(number) for number in range(COVERED)]))
    note = database.write_now(lambda tx: take_checkpoint(tx, SIGNER, at=START))
    database.write_now(
        lambda tx: log.append_each(tx, [entry(number) for number in range(COVERED, COUNT - 1)])
    )
    database.write_now(lambda tx: add_tiles(tx, next_tiles(tx, most=10)))
    assert database.write_now(
        lambda tx: erase_text(tx, entry(3).id, "justification", record=entry(COUNT - 1))
    )
    database.close()
    return path, note


class Watched(Crew):
    """A crew of which is known what each stretch was found to be."""

    def each(self, stretches: Iterable[Asked]) -> Iterator[Answered]:
        self.fitted: list[bool] = []
        for answered in super().each(stretches):
            self.fitted.append(answered[3] is not None)
            yield answered


@pytest.mark.parametrize("lost", [False, True])
def test_processes_come_to_the_verdict_of_one_and_so_does_one_that_was_left_alone(
    store: tuple[Path, str], lost: bool
) -> None:
    """T-1: real processes, one of which has to look closely, since a text was erased; and some that cannot read the
    store, whose work is done by whoever asked.
    """
    path, note = store
    database = Database(path)
    with Watched(path.with_name("nowhere.db") / "none" if lost else path, 2, most=TILE) as crew:
        report = database.read_now(lambda tx: verify_log(tx, verifier=KEY, notes=[note], crew=crew))
    alone = database.read_now(lambda tx: verify_log(tx, verifier=KEY, notes=[note]))
    database.close()
    assert report == alone
    assert crew.fitted == [not lost] * 3
    assert (report.sound, report.anchored, report.entries) == (True, COVERED, COUNT)


def test_a_process_begins_without_what_takes_long_to_load() -> None:
    """T-1: or two of them would spend more on that than on a hundred thousand entries."""
    slow = {"sqlalchemy", "sqlmodel", "cryptography"}
    asked = f"import sys, storage.audit.member; print(sorted({slow} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-P", "-c", asked], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"


@pytest.mark.parametrize("size", [257, 65_537, 300_000, 1_000_000, 2**40])
@pytest.mark.parametrize("number", [2, 3, 8])
def test_stretches_are_whole_tiles_and_as_many_for_each_process(size: int, number: int) -> None:
    """T-1: or all but one would wait for the last of them."""
    crew = Crew(Path("nowhere.db"), number)
    span = crew.span(size)
    assert 0 < span <= crew.most
    assert span % TILE == 0
    longest = ceil(ceil(size / span) / number) * span
    assert longest * number <= size * 1.02 + number * TILE
