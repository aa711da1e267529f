"""T-1: a part of the log is verified alone, and bound to a checkpoint over more than it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from storage.audit import log
from storage.audit.ranges import PartReport, verify_part
from storage.faults import AuditFault

from .test_tampering import COUNT, COVERED, KEY, filled, mend, raw

INDEX = st.integers(0, COVERED - 1)


@pytest.fixture(scope="module")
def sealed() -> Iterator[tuple[Engine, str]]:
    made = filled()
    yield made
    made[0].dispose()


def part(sealed: tuple[Engine, str], first: int, end: int, *deeds: str, mends: bool = False) -> PartReport:
    engine, note = sealed
    with engine.connect() as tx:
        for deed in deeds:
            tx.execute(text(deed))
        if mends:
            mend(raw(tx))
        report = verify_part(tx, first, end, verifier=KEY, notes=[note])
        tx.rollback()
    return report


@given(INDEX, INDEX)
def test_any_part_of_a_sound_log_is_what_the_checkpoint_was_signed_for(
    sealed: tuple[Engine, str], one: int, other: int
) -> None:
    """T-1."""
    first, last = sorted((one, other))
    report = part(sealed, first, last + 1)
    assert report.conclusion == (
        f"Sound: the entries {first} to {last} are those that the checkpoint over {COVERED} entries was signed for."
    )


EDIT = (
    "UPDATE audit_entries SET leaf = CAST(replace(leaf, 'prod', 'test') AS BLOB), resource = 'test-db'"
    ' WHERE "index" = 301'
)


def test_what_was_changed_in_it_is_named_and_what_was_changed_elsewhere_is_not_its_matter(
    sealed: tuple[Engine, str],
) -> None:
    """T-1."""
    inside = part(sealed, 300, 310, EDIT)
    assert [(finding.kind, finding.first) for finding in inside.findings] == [("edited", 301)]
    assert part(sealed, 302, 310, EDIT).sound
    gone = part(sealed, 300, 310, 'DELETE FROM audit_entries WHERE "index" = 305')
    assert [(finding.kind, finding.first) for finding in gone.findings] == [("missing", 305)]
    text_too = part(sealed, 300, 310, "UPDATE audit_texts SET text = 'kinder' WHERE \"index\" = 303")
    assert [(finding.kind, finding.first) for finding in text_too.findings] == [("text", 303)]


@pytest.mark.parametrize(("first", "end"), [(0, COVERED), (300, 302), (302, 310), (0, 100)])
def test_a_history_that_was_rewritten_and_mended_is_not_what_was_signed(
    sealed: tuple[Engine, str], first: int, end: int
) -> None:
    """T-1: wherever the part is, the hashes around it do not lead to the signed root any more."""
    report = part(sealed, first, end, EDIT, mends=True)
    assert not report.sound
    assert "do not stand in the tree of the checkpoint" in report.conclusion


def test_a_part_beyond_the_checkpoint_is_not_vouched_for(sealed: tuple[Engine, str]) -> None:
    """T-1."""
    assert "does not cover" in part(sealed, 500, COUNT).conclusion
    with sealed[0].connect() as tx:
        alone = verify_part(tx, 500, COUNT)
        assert alone.conclusion.startswith("Internally consistent only: the entries 500 to 529 agree")
        with pytest.raises(ValueError, match="530 entries"):
            verify_part(tx, 500, COUNT + 1)
        cut = verify_part(tx, 0, 10, verifier=KEY, notes=["not a note"])
        assert "cannot be trusted" in cut.conclusion


def test_a_part_whose_beginning_nobody_knows_is_not_judged(sealed: tuple[Engine, str]) -> None:
    """T-1: the hashes of what is before it were changed."""
    with pytest.raises(AuditFault, match="Verify the whole log"):
        part(
            sealed,
            530 - 5,
            530,
            "UPDATE audit_tiles SET root = zeroblob(32)",
            "UPDATE audit_tiles SET hashes = zeroblob(8192)",
        )
    with sealed[0].connect() as tx:
        assert log.head(tx).size == COUNT
