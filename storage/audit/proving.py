"""Proofs made from the store: that an entry stands under a signed checkpoint, that one checkpoint continues another.

Each is checked against the signed root before it is handed out; one that does not hold is refused, with what to do.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from storage.audit import log
from storage.audit.checkpoint import BadNote, Checkpoint, Signer, Verifier, verify_note
from storage.audit.epochs import Epochs, read_epochs
from storage.audit.findings import sentence, told_of_doubt
from storage.audit.log import Row, Transaction, connection_of
from storage.audit.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof
from storage.audit.sealing import check_head, sign_head
from storage.audit.sides import NotProven, Side
from storage.audit.tables import CHECKPOINTS
from storage.audit.tiles import Tree
from storage.audit.tlog_proof import BadProof, Continuation, Inclusion, continues, judge
from storage.audit.vouched import doubted
from storage.faults import AuditFault

# Of the checkpoints that cover an entry, so many of the newest are tried: of those one is sound, or none will be.
_TRIED = 20


@dataclass(frozen=True, kw_only=True)
class Continued:
    """The tree over `new` entries begins with the tree over `old`. proof: to hand out, if the later one is signed."""

    old: int
    new: int
    proof: Continuation | None


def find_entry(tx: Transaction, named: str) -> Row | None:
    """The entry with this id, or at this index."""
    found = log.row(tx, named)
    if found is None and (index := log.as_index(named)) is not None:
        found = log.row_at(tx, index)
    return found


def prove(
    tx: Transaction,
    row: Row,
    verifier: Verifier,
    *,
    note: str | None = None,
    signer: Signer | None = None,
) -> Inclusion | NotProven:
    """The proof that this entry stands in the log. There is none of one that nobody vouches for.

    note: the checkpoint to prove it under; otherwise the newest kept one that covers it, or else one signed now by
    `signer`, if that is at hand.
    """
    for one in doubted(tx):
        if one.covers(row.index):
            return NotProven(detail=told_of_doubt(*one), contradicts=True)
    try:
        if note is not None:
            return _under(tx, row, note, verifier)
        for kept in _kept_over(tx, row.index):
            proof = _under(tx, row, kept, verifier)
            if isinstance(proof, Inclusion):
                return proof
        return _under_new(tx, row, verifier, signer)
    except AuditFault as fault:
        return NotProven(detail=str(fault), contradicts=True)


def _under_new(tx: Transaction, row: Row, verifier: Verifier, signer: Signer | None) -> Inclusion | NotProven:
    if signer is None:
        return NotProven(
            detail="No checkpoint of this key covers that entry yet. `wicket audit checkpoint` signs one, "
            "where WICKET_AUDIT_KEY is at hand."
        )
    wrong = check_head(tx, signer.verifier)
    if wrong is not None:
        return NotProven(detail=f"{wrong} No checkpoint was signed.", contradicts=True)
    return _under(tx, row, sign_head(tx, signer), verifier)


def _under(tx: Transaction, row: Row, note: str, verifier: Verifier) -> Inclusion | NotProven:
    checkpoint = verify_note(note, verifier)
    if isinstance(checkpoint, BadNote):
        return NotProven(detail=f"The checkpoint cannot be trusted: {checkpoint.reason}.", contradicts=True)
    if checkpoint.size <= row.index:
        return NotProven(
            detail=f"The checkpoint covers {checkpoint.size} entries, and this one came after: its index is "
            f"{row.index}. Take a later checkpoint."
        )
    if checkpoint.size > (there := log.head(tx).size):
        return NotProven(detail=_shorter(checkpoint, there, read_epochs(tx, verifier)), contradicts=True)
    hashes = inclusion_proof(Tree(tx, checkpoint.size).between, row.index, checkpoint.size)
    proof = Inclusion(index=row.index, hashes=tuple(hashes), checkpoint=note, leaf=row.leaf)
    judged = judge(proof, verifier)
    if isinstance(judged, BadProof):
        return NotProven(
            detail=f"There is no proof: {judged.reason} over {checkpoint.size} entries. "
            "`wicket audit verify` names what does not fit.",
            contradicts=True,
        )
    return proof


def _kept_over(tx: Transaction, index: int) -> Iterator[str]:
    """The kept checkpoints that cover this entry, newest first."""
    query = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size > index).order_by(CHECKPOINTS.c.id.desc())
    for note in connection_of(tx).execute(query.limit(_TRIED)).scalars().all():
        if isinstance(note, str):
            yield note


def side_of(tx: Transaction, size: int, verifier: Verifier | None) -> Side | NotProven:
    """The tree over the first `size` entries as it stands here, with a kept checkpoint of it if there is one."""
    there = log.head(tx).size
    if size > there:
        return NotProven(detail=f"There are only {there} entries here, not {size}.")
    try:
        root = Tree(tx, size).frontier(size).root if size else EMPTY_ROOT
    except AuditFault as fault:
        return NotProven(detail=str(fault), contradicts=True)
    query = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size == size).order_by(CHECKPOINTS.c.id.desc())
    for note in connection_of(tx).execute(query.limit(_TRIED)).scalars().all() if verifier else ():
        read = verify_note(note, verifier) if isinstance(note, str) and verifier else None
        if isinstance(read, Checkpoint) and read.root == root:
            return Side(size=size, root=root, note=note, checkpoint=read)
    return Side(size=size, root=root)


def continue_from(
    tx: Transaction, one: Side, other: Side, verifier: Verifier | None
) -> Continued | NotProven:
    """Whether the larger of the two trees begins with the smaller, shown by the hashes of this store."""
    old, new = sorted((one, other), key=lambda side: side.size)
    if new.size > (there := log.head(tx).size):
        if new.checkpoint is None or verifier is None:
            return NotProven(detail=f"There are only {there} entries here, not {new.size}.")
        return NotProven(detail=_shorter(new.checkpoint, there, read_epochs(tx, verifier)), contradicts=True)
    try:
        tree = Tree(tx, new.size)
        hashes = tuple(consistency_proof(tree.between, old.size, new.size)) if old.size else ()
        if continues(_bare(old), _bare(new), hashes):
            proof = Continuation(old=old.size, hashes=hashes, checkpoint=new.note) if new.note else None
            return Continued(old=old.size, new=new.size, proof=proof)
        return NotProven(detail=_contradicted(tx, tree, old, new, verifier), contradicts=True)
    except AuditFault as fault:
        return NotProven(detail=str(fault), contradicts=True)


def _bare(side: Side) -> Checkpoint:
    return Checkpoint(origin="compared", size=side.size, root=side.root)


def _contradicted(tx: Transaction, tree: Tree, old: Side, new: Side, verifier: Verifier | None) -> str:
    """Which of the two is not about what stands here."""
    wrong = [side for side in (old, new) if side.size and tree.frontier(side.size).root != side.root]
    epochs = read_epochs(tx, verifier) if verifier else Epochs()
    lost = [
        side.checkpoint
        for side in wrong
        if side.checkpoint is not None and epochs.accounts_for(side.checkpoint)
    ]
    if lost and len(lost) == len(wrong):
        return (
            f"They cannot be compared: the entries that the checkpoint over {lost[0].size} was signed for are lost, as "
            "the log says itself. `wicket audit verify` tells when it went on without them."
        )
    which = " and ".join(f"the one over {side.size}" for side in wrong) or "one of them"
    both = (
        " Both are signed by the same key, and only one of them can be true: keep both."
        if old.note and new.note
        else ""
    )
    return (
        f"They contradict each other: the tree over {new.size} entries does not begin with the tree over {old.size}, "
        f"and {which} is not what stands here.{both}"
    )


def _shorter(checkpoint: Checkpoint, there: int, epochs: Epochs) -> str:
    if epochs.accounts_for(checkpoint):
        return (
            f"The checkpoint covers {checkpoint.size} entries of an earlier epoch, some of which are lost, as the log "
            "says itself: with what is gone nothing can be proven. Take a checkpoint of now."
        )
    return sentence(
        f"the checkpoint covers {checkpoint.size} entries, but only {there} are here: the tail was cut, or it is of "
        "another log"
    )
