"""A checkpoint is taken of a sound head only, and the head is compared with earlier ones at the start."""

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from storage.audit import log, sealing
from storage.audit.checkpoint import Checkpoint, Signer, sign, verify_note
from storage.audit.merkle import EMPTY_ROOT, root_of
from storage.faults import AuditFault

from .conftest import START, MakeEntry
from .test_tampering import COVERED, OLD, filled

SIGNER = Signer.from_seed("wicket.example/audit", bytes(32))
KEY = SIGNER.verifier


def fill(tx: Session, make_entry: MakeEntry, count: int) -> None:
    """Append `count` entries."""
    for _ in range(count):
        log.append(tx, make_entry())


def test_a_checkpoint_says_the_head_and_is_kept(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        fill(tx, make_entry, 5)
        note = sealing.take_checkpoint(tx, SIGNER, at=START)
        head = log.head(tx)
        assert verify_note(note, KEY) == Checkpoint(origin=SIGNER.name, size=5, root=head.root)
        assert sealing.latest_checkpoint(tx) == note
        assert list(sealing.checkpoints(tx, upto=1)) == [(5, note)]


def test_an_empty_log_can_be_sealed(engine: Engine) -> None:
    with Session(engine) as tx:
        note = sealing.take_checkpoint(tx, SIGNER, at=START)
        assert verify_note(note, KEY) == Checkpoint(origin=SIGNER.name, size=0, root=EMPTY_ROOT)
        assert sealing.check_head(tx, KEY, [note]) is None


def test_checkpoints_come_back_by_size_and_the_newest_last(engine: Engine) -> None:
    with Session(engine) as tx:
        assert sealing.latest_checkpoint(tx) is None
        assert sealing.last_checkpoint_id(tx) == 0
        for number, size in enumerate((5, 3, 5), start=1):
            sealing.keep_checkpoint(tx, f"note {number}", size=size, at=START)
        assert sealing.last_checkpoint_id(tx) == 3
        assert sealing.latest_checkpoint(tx) == "note 3"
        assert list(sealing.checkpoints(tx, upto=3)) == [(3, "note 2"), (5, "note 1"), (5, "note 3")]
        assert list(sealing.checkpoints(tx, upto=2)) == [(3, "note 2"), (5, "note 1")]


def test_kept_checkpoints_are_read_past_one_batch(engine: Engine) -> None:
    with Session(engine) as tx:
        for number in range(1002):
            sealing.keep_checkpoint(tx, f"note {number}", size=number // 2, at=START)
        notes = [note for _, note in sealing.checkpoints(tx, upto=1002)]
        assert notes == [f"note {number}" for number in range(1002)]


def test_a_grown_log_agrees_with_its_checkpoints(engine: Engine, make_entry: MakeEntry) -> None:
    """T-2: startup compares the head with what was signed before."""
    with Session(engine) as tx:
        fill(tx, make_entry, 3)
        notes = [sealing.take_checkpoint(tx, SIGNER, at=START)]
        fill(tx, make_entry, 4)
        notes.append(sealing.take_checkpoint(tx, SIGNER, at=START))
        fill(tx, make_entry, 1)
        assert sealing.check_head(tx, KEY, notes) is None


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ('DELETE FROM audit_entries WHERE "index" = 4', "last audit entry"),
        ("DELETE FROM audit_entries", "last audit entry"),
        ("UPDATE audit_entries SET leaf = '{}' WHERE \"index\" = 4", "last audit entry"),
        ("UPDATE audit_entries SET root = 'x' WHERE \"index\" = 4", "last audit entry"),
        ("UPDATE audit_entries SET root = 'x' WHERE \"index\" = 2", "own checkpoint over 3"),
        ("DELETE FROM audit_head", "gone"),
        ("UPDATE audit_head SET frontier = 'x'", "cannot be read"),
    ],
)
def test_a_contradiction_is_told_and_nothing_is_signed(
    unguarded: Engine, make_entry: MakeEntry, statement: str, complaint: str
) -> None:
    with Session(unguarded) as tx:
        fill(tx, make_entry, 3)
        sealing.take_checkpoint(tx, SIGNER, at=START)
        fill(tx, make_entry, 2)
        tx.connection().execute(text(statement))
        assert complaint in (sealing.check_head(tx, KEY) or "")
        with pytest.raises(AuditFault, match="No checkpoint was signed"):
            sealing.take_checkpoint(tx, SIGNER, at=START)


def test_a_checkpoint_from_elsewhere_over_more_entries_contradicts(
    engine: Engine, make_entry: MakeEntry
) -> None:
    ahead = sign(Checkpoint(origin=SIGNER.name, size=6, root=EMPTY_ROOT), SIGNER)
    with Session(engine) as tx:
        fill(tx, make_entry, 5)
        assert "checkpoint over 6" in (sealing.check_head(tx, KEY, [ahead]) or "")
        assert "cannot be trusted" in (sealing.check_head(tx, KEY, [ahead[:-9]]) or "")


WRONG_TILES = "UPDATE audit_tiles SET hashes = zeroblob(8192), root = zeroblob(32)"


@pytest.mark.parametrize("deeds", [(), (WRONG_TILES,), ("DELETE FROM audit_tiles",)])
def test_a_tile_that_was_changed_is_no_reason_to_doubt_what_was_signed(
    deeds: tuple[str, ...],
) -> None:
    """T-2: the stored tree is no evidence; what stands beside the entries is, of this version and the one before."""
    engine, note = filled()
    with engine.connect() as tx:
        for deed in deeds:
            tx.execute(text(deed))
        head, hashes = log.head(tx), [row.leaf_hash for row in log.every(tx)]
        assert sealing.check_head(tx, KEY, [note]) is None
        for size in (1, 255, 256, OLD, OLD + 1, 512, COVERED, head.size):
            root = root_of(hashes[:size])
            assert sealing.agrees(tx, head, Checkpoint(origin=SIGNER.name, size=size, root=root), KEY)
            other = Checkpoint(
                origin=SIGNER.name, size=size, root=root_of(hashes[size - 1 :]) if size > 1 else root[::-1]
            )
            assert not sealing.agrees(tx, head, other, KEY)
        # Both the mark and the hashes must say so.
        tx.execute(text(f'UPDATE audit_entries SET root = zeroblob(32) WHERE "index" = {COVERED - 1}'))
        assert "contradicts" in (sealing.check_head(tx, KEY, [note]) or "")
    engine.dispose()


def test_a_new_key_can_sign_after_the_old_one(engine: Engine, make_entry: MakeEntry) -> None:
    with Session(engine) as tx:
        fill(tx, make_entry, 2)
        sealing.take_checkpoint(tx, Signer.generate(SIGNER.name), at=START)
        note = sealing.take_checkpoint(tx, SIGNER, at=START)
        assert sealing.check_head(tx, KEY, [note]) is None
