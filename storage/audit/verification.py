"""Verification: walk the whole log once, in constant memory, and name what does not fit.

It only reads, and it never calls a log sound beyond what a checkpoint from elsewhere covers.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

from storage.audit import log
from storage.audit.archives import Archive, Facts, read_archives, recorded, unrecorded, unstated
from storage.audit.checkpoint import Checkpoint, Verifier, verify_note
from storage.audit.epochs import read_epochs
from storage.audit.findings import Finding, Report, sentence, stray, stray_text
from storage.audit.guards import not_tables, told_of
from storage.audit.kept import misfits
from storage.audit.log import Transaction
from storage.audit.merkle import Frontier
from storage.audit.passing import Progress, passed
from storage.audit.sealing import checkpoints, last_checkpoint_id
from storage.audit.stretches import Walkers, joined
from storage.audit.tile_check import TileCheck, count_tiles
from storage.audit.vouched import NOT_OURS, needs_walk, second_head, seems_ours, walked
from storage.audit.walk import Walk
from storage.faults import AuditFault


def verify_log(
    tx: Transaction,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    progress: Progress | None = None,
    crew: Walkers | None = None,
) -> Report:
    """Verify the log in the database. `notes` are checkpoints from elsewhere and need the `verifier`.

    It may run while entries are added: it answers for those that the head counted at the beginning.
    progress: called with the entries done and their number. crew: processes that take a part each of a long log; the
    report is the same.
    """
    upto = last_checkpoint_id(tx)
    kept = checkpoints(tx, upto=upto) if verifier else ()
    epochs = read_epochs(tx, verifier) if verifier else None
    head, complaint = _head(tx)
    walk = Walk(
        verifier, notes, kept, find=partial(log.row, tx), epochs=epochs, archives=read_archives(tx, verifier)
    )  # fmt: skip
    counts = count_tiles(tx, walk.note, head.size) if head else ()
    if head and crew and head.size > crew.most:
        sizes = tuple(_sizes(verifier, notes))
        whole = joined(tx, walk, crew, size=head.size, counts=counts, sizes=sizes, progress=progress)
    else:
        tiles = TileCheck(tx, walk.note, counts=counts)
        whole = passed(tx, walk, tiles, below=head.size if head else None, progress=progress)
    if whole:
        walk.end(head)
    if complaint:
        walk.note(complaint)
    if head:
        note_strays(tx, walk)
    report = walk.report()
    # Without the key, what says of itself that it is archived may be gone: so may what says that the head is bound.
    if report.fits and (verifier is not None or not report.archived):
        walked(tx)
    return report


def walk_unless_bound(tx: Transaction, *, verifier: Verifier | None) -> None:
    """Walk over the whole log where nothing else says that its head was never under a key: only if it fits anything is
    signed or given by it (vouched.is_ours).
    """
    if needs_walk(tx):
        verify_log(tx, verifier=verifier)


def _sizes(verifier: Verifier | None, notes: Sequence[str | bytes]) -> Iterable[int]:
    """How many entries these checkpoints cover."""
    for note in notes if verifier else ():
        read = verify_note(note, verifier) if verifier else None
        if isinstance(read, Checkpoint):
            yield read.size


def note_strays(tx: Transaction, walk: Walk) -> None:
    """Note what stands where no entry is: before the first, beyond the head, as the text of none; a second head; a
    statement of an archive that is on no record, and a record of one that nothing states; what is kept beside the log
    and is not what that says of it. And what is no table.
    """
    note_views(tx, walk)
    for row in log.strays(tx):
        walk.note(stray(row))
    if (loose := log.loose_text(tx)) is not None:
        walk.note(stray_text(loose))
    with suppress(AuditFault):  # an entry that was edited is named where it stands
        told = recorded(tx)
        for one in unrecorded(walk.archives, told):
            walk.note(_unknown(one))
        for said in unstated(walk.archives, told):
            walk.note(_taken_away(said))
    for misfit in misfits(tx):
        walk.note(misfit)
    if not seems_ours(tx):
        walk.note(Finding(kind="head", detail=NOT_OURS))
    if second_head(tx):
        walk.note(Finding(kind="head", detail="A second head stands beside that of the log."))
    if log.has_odd_marks(tx):
        walk.note(Finding(kind="head", detail="What the head says of marks beside entries was changed."))


def note_views(tx: Transaction, walk: Walk) -> None:
    """Note what stands in the place of a table: all that is read there may fit, and be other rows tomorrow."""
    if strange := not_tables(tx):
        walk.note(Finding(kind="table", detail=told_of(strange)))


def _unknown(archive: Archive) -> Finding:
    return Finding(
        kind="missing", first=archive.first, last=archive.end - 1,
        detail=(
            f"The entries {archive.first} to {archive.end - 1} are stated to be archived, and the log does not say "
            "that anybody archived them: the statement was put there by other hands."
        ),
    )  # fmt: skip


def _taken_away(said: Facts) -> Finding:
    first, last = said.get("first"), said["end"] - 1
    return Finding(
        kind="unaccounted", first=first if isinstance(first, int) else None, last=last,
        detail=(
            f"The log says that the entries {first} to {last} were archived, and no statement of this key says so: it "
            "was taken away, or `wicket audit sign-archives` was not run after the key was changed."
        ),
    )  # fmt: skip


def _head(tx: Transaction) -> tuple[Frontier | None, Finding | None]:
    try:
        return log.head(tx), None
    except AuditFault as fault:
        return None, Finding(kind="head", detail=sentence(fault))
