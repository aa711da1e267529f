"""Epochs of the log: an honest operator is called no liar, and nobody hides behind one (T-1, T-4)."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine

from storage.audit import log
from storage.audit.checkpoint import Checkpoint, Signer, epoch_in, origin_of, sign, verify_note
from storage.audit.epochs import OPENED, STORY, read_epochs
from storage.audit.findings import Report
from storage.audit.merkle import leaf_hash
from storage.audit.sealing import check_head, keep_checkpoint, seal_epoch, sign_head, take_checkpoint
from storage.audit.verification import verify_log
from tests.storage.audit.conftest import START, MakeEntry

SIGNER = Signer.generate("wicket.example/audit")
KEY = SIGNER.verifier


def grow(tx: Connection, make_entry: MakeEntry, count: int) -> str:
    """More entries; the head, signed."""
    for _ in range(count):
        log.append(tx, make_entry())
    return sign_head(tx, SIGNER)


def forge_epoch(
    tx: Connection,
    make_entry: MakeEntry,
    agrees: int,
    cites: Sequence[str],
    kind: str = "restored",
    before: str = "",
) -> str:
    """Only the entry, as somebody can write it who can write rows; its id."""
    facts = {"kind": kind, "agrees": agrees, "before": before, "cites": list(cites)}
    return log.append(tx, make_entry(action=OPENED, correlation=STORY, facts=facts, texts={}, policy=None))


def open_epoch(
    tx: Connection, make_entry: MakeEntry, agrees: int, cites: Sequence[str], kind: str = "restored"
) -> None:
    before = read_epochs(tx, KEY).current.name
    seal_epoch(tx, SIGNER, forge_epoch(tx, make_entry, agrees, cites, kind, before), at=START)


def beyond(size: int, origin: str = SIGNER.name, fill: int = 7) -> str:
    """A checkpoint that our key signed over entries that this store never had."""
    return sign(Checkpoint(origin=origin, size=size, root=bytes([fill] * 32)), SIGNER)


def verified(tx: Connection, *notes: str) -> Report:
    return verify_log(tx, verifier=KEY, notes=notes)


def test_an_epochs_name_is_its_opening_entrys_and_its_checkpoints_carry_it(
    engine: Engine, make_entry: MakeEntry
) -> None:
    with engine.begin() as tx:
        first = grow(tx, make_entry, 3)
        open_epoch(tx, make_entry, 3, [beyond(9)])
        (epoch,) = read_epochs(tx, KEY).later
        row = log.row_at(tx, 3)
        assert row is not None
        assert epoch.name == leaf_hash(row.leaf).hex()[:16]
        assert (epoch.opened, epoch.agrees, epoch.lost) == (3, 3, 6)
        second = take_checkpoint(tx, SIGNER, at=START)
        assert second.split("\n")[0] == f"{SIGNER.name}/epoch-{epoch.name}"
        assert second.split("\n")[4].startswith(f"\u2014 {SIGNER.name} ")
        read = verify_note(second, KEY)
        assert isinstance(read, Checkpoint)
        assert read.size == 4
        assert check_head(tx, KEY, [first, second]) is None


def test_what_is_lost_and_owned_up_to_is_told_and_no_contradiction(
    engine: Engine, make_entry: MakeEntry
) -> None:
    with engine.begin() as tx:
        before = grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [beyond(9)])
        after = grow(tx, make_entry, 20)
        report = verified(tx, before, beyond(6, fill=1), beyond(9), after)
        assert report.sound, report.conclusion
        assert (report.lost, report.anchored) == (2, 25)
        assert "began at index 4" in report.breaks[0]
        assert "5 that were signed are lost" in report.breaks[0]


def test_a_checkpoint_beyond_what_an_epoch_cites_convicts_it(engine: Engine, make_entry: MakeEntry) -> None:
    """Somebody sets the store back further than they say."""
    with engine.begin() as tx:
        grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [beyond(9)])
        grow(tx, make_entry, 20)
        report = verified(tx, beyond(11))
        assert [found.kind for found in report.findings] == ["unaccounted"]
        assert "not owned up to" in report.conclusion
        assert "contradicts the checkpoint over 11" in (check_head(tx, KEY, [beyond(11)]) or "")
        late = verified(tx, beyond(90))
        assert [found.kind for found in late.findings] == ["cut"]


def test_another_history_up_to_what_it_says_agrees_is_found_as_ever(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """An epoch excuses nothing that it says is still the history that was signed."""
    with engine.begin() as tx:
        grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [beyond(9)])
        grow(tx, make_entry, 3)
        report = verified(tx, beyond(3))
        assert [found.kind for found in report.findings] == ["rewritten"]


def test_after_a_mismatch_whoever_verifies_still_sees_that_history_was_rewritten(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """It is no news to the bot any more, and it is not sound."""
    with engine.begin() as tx:
        grow(tx, make_entry, 6)
        told = beyond(5)
        assert check_head(tx, KEY, [told]) is not None
        open_epoch(tx, make_entry, 6, [told], kind="mismatch")
        assert check_head(tx, KEY, [beyond(2), told]) is None
        assert not verified(tx, told).sound


def test_what_is_cited_without_our_signature_accounts_for_nothing(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """Whoever can write the database can write an entry, but no checkpoint."""
    other = Signer.generate(SIGNER.name)
    forged = sign(Checkpoint(origin=SIGNER.name, size=50, root=bytes(32)), other)
    with engine.begin() as tx:
        grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [forged, "nonsense", beyond(9)])
        assert [one.size for one in read_epochs(tx, KEY).current.cites] == [9]
        assert not verified(tx, beyond(20)).sound


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "restored", "agrees": 99, "cites": []},
        {"kind": "restored", "agrees": -1, "cites": []},
        {"kind": "restored", "agrees": "all", "cites": []},
        {"kind": "restored", "agrees": 1},
        {},
    ],
)
def test_an_entry_that_only_looks_like_an_opening_opens_nothing(
    engine: Engine, make_entry: MakeEntry, facts: dict[str, object]
) -> None:
    with engine.begin() as tx:
        grow(tx, make_entry, 2)
        log.append(tx, make_entry(action=OPENED, correlation=STORY, facts=facts))
        log.append(tx, make_entry(correlation=STORY))
        assert read_epochs(tx, KEY).later == ()


def test_a_second_loss_cites_the_epoch_that_is_gone(engine: Engine, make_entry: MakeEntry) -> None:
    """Set back to before the first epoch was opened: its checkpoints are lost too, and accounted for."""
    gone = origin_of(SIGNER.name, "0123456789abcdef")
    with engine.begin() as tx:
        grow(tx, make_entry, 3)
        open_epoch(tx, make_entry, 3, [beyond(8), beyond(30, gone)])
        grow(tx, make_entry, 40)
        report = verified(tx, beyond(8), beyond(20, gone), beyond(30, gone))
        assert (report.sound, report.lost) == (True, 3)
        unknown = origin_of(SIGNER.name, "f" * 16)
        assert not verified(tx, beyond(5, unknown)).sound


@pytest.mark.parametrize(
    ("origin", "epoch"),
    [
        ("wicket.example/audit", ""),
        ("wicket.example/audit/epoch-0123456789abcdef", "0123456789abcdef"),
        ("wicket.example/audit/epoch-0123456789ABCDEF", None),
        ("wicket.example/audit/epoch-0123", None),
        ("wicket.example/audit/epoch-0123456789abcdef0", None),
        ("wicket.example/auditor", None),
        ("another/audit", None),
    ],
)
def test_an_origin_is_of_our_log_or_of_none(origin: str, epoch: str | None) -> None:
    assert epoch_in(origin, SIGNER.name) == epoch


def test_whoever_can_write_rows_but_not_sign_excuses_nothing(engine: Engine, make_entry: MakeEntry) -> None:
    """They cut the tail and have the log own up to it, with the checkpoint that everybody can read in the channel."""
    with engine.begin() as tx:
        grow(tx, make_entry, 4)
        genuine = beyond(9)
        forge_epoch(tx, make_entry, 4, [genuine])
        grow(tx, make_entry, 10)
        assert read_epochs(tx, KEY).later == ()
        assert check_head(tx, KEY, [genuine]) is not None
        assert not verified(tx, genuine).sound


def test_an_epoch_that_is_opened_after_a_forged_one_does_not_believe_it(
    engine: Engine, make_entry: MakeEntry
) -> None:
    """History was rewritten from index 2 on, and a forged opening says that it agrees only so far."""
    with engine.begin() as tx:
        grow(tx, make_entry, 6)
        genuine = beyond(6)
        forge_epoch(tx, make_entry, 2, [genuine])
        open_epoch(tx, make_entry, 7, [genuine], kind="mismatch")
        grow(tx, make_entry, 3)
        assert [epoch.opened for epoch in read_epochs(tx, KEY).later] == [7]
        report = verified(tx, genuine)
        assert not report.sound
        assert "History was rewritten" in report.conclusion


def test_a_signed_epoch_whose_checkpoint_was_taken_away_counts_no_more(
    unguarded: Engine, make_entry: MakeEntry
) -> None:
    """Fail closed: without its signature it is anybody's entry."""
    with unguarded.begin() as tx:
        grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [beyond(9)])
        assert verified(tx, beyond(9)).sound
        tx.exec_driver_sql("DELETE FROM audit_checkpoints")
        assert not verified(tx, beyond(9)).sound


def test_an_epoch_that_was_signed_over_another_tree_is_none_here(
    unguarded: Engine, make_entry: MakeEntry
) -> None:
    """T-4: with its entry and its checkpoint, which everybody saw, somebody has it open in another history."""
    facts = {"kind": "restored", "agrees": 0, "before": "", "cites": [beyond(9)]}
    opening = make_entry(action=OPENED, correlation=STORY, facts=facts, texts={}, policy=None)
    with unguarded.connect() as tx:
        grow(tx, make_entry, 4)
        seal_epoch(tx, SIGNER, log.append(tx, opening), at=START)
        assert [epoch.opened for epoch in read_epochs(tx, KEY).later] == [4]
        genuine = tx.exec_driver_sql("SELECT note FROM audit_checkpoints").scalar_one()
        tx.rollback()
        grow(tx, make_entry, 4)
        log.append(tx, opening)
        keep_checkpoint(tx, genuine, size=5, at=START)
        assert read_epochs(tx, KEY).later == ()
        assert not verified(tx, beyond(9)).sound


@pytest.mark.parametrize("hides", ["takes away", "drowns"])
def test_an_epoch_that_was_hidden_is_missed_before_another_history_is_signed_as_the_one_before(
    unguarded: Engine, make_entry: MakeEntry, hides: str
) -> None:
    """The log would go on under the name of the epoch before, and our key sign two histories of it."""
    with unguarded.begin() as tx:
        grow(tx, make_entry, 4)
        open_epoch(tx, make_entry, 4, [beyond(9)])
        last = grow(tx, make_entry, 3)
        assert check_head(tx, KEY, [last]) is None
        if hides == "takes away":
            tx.exec_driver_sql("DELETE FROM audit_checkpoints")
        else:
            for number in range(30):
                tx.exec_driver_sql(f"INSERT INTO audit_checkpoints VALUES (-{number + 1}, 0, 5, 'noise')")
        assert check_head(tx, KEY, [last]) is not None
        open_epoch(tx, make_entry, 8, [last], kind="mismatch")
        assert check_head(tx, KEY, [last, grow(tx, make_entry, 3)]) is None
