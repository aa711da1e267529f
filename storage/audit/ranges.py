"""Verification of a part of the log: from one entry to another, bound to the rest of the tree by its hashes.

It only reads. What stands before and after the part is not looked at: it is compared by the roots that lead over it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.audit import log
from storage.audit.archives import Archives, archived_tree, read_archives
from storage.audit.checkpoint import BadNote, Checkpoint, Verifier, verify_note
from storage.audit.findings import Finding, sentence
from storage.audit.log import Transaction
from storage.audit.merkle import Frontier, consistency_proof, verify_consistency
from storage.audit.passing import Progress, passed
from storage.audit.tile_check import TileCheck, count_tiles
from storage.audit.tiles import Tree, beside
from storage.audit.verification import note_views
from storage.audit.walk import Walk
from storage.faults import AuditFault


@dataclass(frozen=True, kw_only=True)
class PartReport:
    """What was found in the entries from `first` up to `end`. signed: the largest signed tree that they stand in."""

    first: int
    end: int
    findings: tuple[Finding, ...]
    more: int = 0
    signed: int | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def conclusion(self) -> str:
        """The answer in a sentence or two."""
        if self.findings:
            return f"Not sound. {self.findings[0].detail}"
        part = f"the entries {self.first} to {self.end - 1}"
        if self.signed is None:
            return (
                f"Internally consistent only: {part} agree with one another and with the tree that they tell of. "
                "Compare with a checkpoint from elsewhere."
            )
        return f"Sound: {part} are those that the checkpoint over {self.signed} entries was signed for."


def verify_part(
    tx: Transaction,
    first: int,
    end: int,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    progress: Progress | None = None,
) -> PartReport:
    """Verify the entries from `first` up to `end`, and that they stand in the trees of the checkpoints `notes`.

    AuditFault if the tree before them cannot be read: then only the whole walk helps. ValueError if there are no such
    entries, and for notes without a verifier.
    """
    size = log.head(tx).size
    if not 0 <= first < end <= size:
        raise ValueError(f"there are {size} entries")
    archives = read_archives(tx, verifier)
    before = _before(tx, first, archives)
    walk = Walk(
        None, (), (), find=lambda entry: log.row(tx, entry), epochs=None, archives=archives, start=before
    )
    tiles = TileCheck(tx, walk.note, counts=count_tiles(tx, walk.note, size), first=first)
    note_views(tx, walk)
    went_through = passed(tx, walk, tiles, below=end, progress=progress)
    tree = walk.frontier
    if went_through and first < tree.size < archives.end and archived_tree(tx, archives, tree.size) != tree:
        walk.note(_contradicted(first, tree.size))
    report = walk.report()
    if report.findings or not went_through:
        return PartReport(first=first, end=end, findings=report.findings, more=report.more)
    found, signed = list[Finding](), list[int]()
    for note in notes:
        if verifier is None:
            raise ValueError("a checkpoint cannot be checked without the verifier key")
        wrong = stands_in(tx, walk.frontier, first, verify_note(note, verifier), size)
        if isinstance(wrong, Finding):
            found.append(wrong)
        else:
            signed.append(wrong)
    return PartReport(first=first, end=end, findings=tuple(found), signed=max(signed, default=None))


def _before(tx: Transaction, first: int, archives: Archives) -> Frontier:
    """The tree over what stands before, as its hashes have it: as good as what stands beside the entry before it, or
    what was signed when that was archived.
    """
    if first == 0:
        return Frontier()
    if first <= archives.end and (signed := archived_tree(tx, archives, first)):
        return signed
    tree = Tree(tx, first).frontier(first)
    told = beside(tx, first - 1)
    if told is None or not tree.is_told_by(told):
        raise AuditFault(
            f"The hashes of the entries before {first} do not give the tree that entry {first - 1} tells of. "
            "Verify the whole log."
        )
    return tree


def stands_in(
    tx: Transaction, tree: Frontier, first: int, checkpoint: Checkpoint | BadNote, size: int
) -> Finding | int:
    """The size of the checkpoint, if the entries from `first` on, with which `tree` ends, stand in its tree as it was;
    otherwise what is wrong. size: how many entries there are.
    """
    if isinstance(checkpoint, BadNote):
        return _wrong(f"the checkpoint from elsewhere cannot be trusted: {checkpoint.reason}")
    if checkpoint.size < tree.size:
        return _wrong(
            f"the checkpoint over {checkpoint.size} entries does not cover the entries up to {tree.size - 1}: "
            "take a later one, or a part before it"
        )
    if checkpoint.size > size:
        return _wrong(
            f"the checkpoint covers {checkpoint.size} entries, but only {size} are here: the tail was cut"
        )
    try:
        hashes = consistency_proof(Tree(tx, checkpoint.size).between, tree.size, checkpoint.size)
    except AuditFault as fault:
        return _wrong(str(fault).rstrip("."))
    if not verify_consistency(tree.size, checkpoint.size, hashes, tree.root, checkpoint.root):
        return _wrong(
            f"the entries {first} to {tree.size - 1} do not stand in the tree of the checkpoint over {checkpoint.size} "
            "entries, as the hashes here lead to it. Verify the whole log with it to see where it begins"
        )
    return checkpoint.size


def _contradicted(first: int, end: int) -> Finding:
    return _wrong(
        f"the entries {first} to {end - 1} are archived, and their hashes do not lead to what was signed of that"
    )


def _wrong(clause: str) -> Finding:
    return Finding(kind="rewritten", detail=sentence(clause))
