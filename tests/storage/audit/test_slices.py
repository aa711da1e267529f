"""T-1: a log that is walked over slice by slice is found sound or not just as by one walk, wherever it was hurt."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from storage.audit import log
from storage.audit.merkle import Frontier
from storage.audit.slices import Slice, next_slice
from storage.audit.verification import verify_log
from storage.faults import AuditFault

from .test_stretches import DEEDS
from .test_tampering import COUNT, KEY, filled

TILE = 256


@pytest.fixture(scope="module")
def sealed() -> Iterator[Engine]:
    engine, _ = filled()
    yield engine
    engine.dispose()


def a_round(tx: Connection) -> list[Slice]:
    """All slices of one round, of a tile each; none is larger."""
    slices, passed = list[Slice](), Frontier()
    while not slices or not slices[-1].is_last:
        slices.append(next_slice(tx, passed, KEY, most=TILE))
        assert slices[-1].passed.size - passed.size <= TILE
        passed = slices[-1].passed
    return slices


def test_slices_of_a_sound_log_lead_to_its_head(sealed: Engine) -> None:
    with sealed.connect() as tx:
        slices = a_round(tx)
        assert [(one.first, one.wrong) for one in slices] == [(0, ""), (256, ""), (512, "")]
        assert slices[-1].passed == log.head(tx)


@settings(max_examples=settings().max_examples // 2)
@given(st.sampled_from(DEEDS), st.integers(0, COUNT - 1))
def test_a_round_finds_whatever_a_walk_over_all_finds(sealed: Engine, deed: str, at: int) -> None:
    """T-1: in whatever slice and column it is."""
    with sealed.connect() as tx:
        tx.execute(text(deed.format(at=at)))
        sound = verify_log(tx, verifier=KEY).sound
        with suppress(AuditFault):  # a head that cannot be read is told by whoever looks there
            assert any(one.wrong for one in a_round(tx)) != sound
        tx.rollback()


def test_what_follows_an_entry_that_does_not_fit_is_still_judged(sealed: Engine) -> None:
    """T-1: one that was written anew with its hash hides none that was edited behind it, nor does the slice end it."""
    with sealed.connect() as tx:
        tx.execute(text('UPDATE audit_entries SET root = zeroblob(32) WHERE "index" = 7'))
        tx.execute(text("UPDATE audit_entries SET actor = 'p-eve' WHERE \"index\" = 300"))
        first, second, last = a_round(tx)
        assert (first.findings[0].first, second.findings[0].first, last.wrong) == (7, 300, "")
        tx.rollback()


def test_the_same_damage_is_known_again_and_more_of_it_is_not(sealed: Engine) -> None:
    with sealed.connect() as tx:
        tx.execute(text("UPDATE audit_entries SET actor = 'p-eve' WHERE \"index\" = 30"))
        before, again = a_round(tx)[0].wrong, a_round(tx)[0].wrong
        tx.execute(text("UPDATE audit_entries SET action = 'grant.refused' WHERE \"index\" = 30"))
        assert before == again != a_round(tx)[0].wrong
        tx.rollback()


def test_a_damaged_tile_is_named_and_no_entry_is(sealed: Engine) -> None:
    with sealed.connect() as tx:
        tx.execute(text('UPDATE audit_tiles SET hashes = zeroblob(8192) WHERE level = 0 AND "index" = 1'))
        assert [(one.first, one.only_tiles) for one in a_round(tx) if one.wrong] == [(256, True)]
        tx.rollback()


def test_entries_that_are_missing_at_the_end_of_a_slice_are_found_by_it(sealed: Engine) -> None:
    """T-1: the next slice begins behind them, and what is stored of the tree knows of them still."""
    with sealed.connect() as tx:
        tx.execute(text('DELETE FROM audit_entries WHERE "index" IN (254, 255)'))
        first, *_ = a_round(tx)
        assert [(one.kind, one.first, one.last) for one in first.findings] == [("missing", 254, 255)]
        tx.rollback()
