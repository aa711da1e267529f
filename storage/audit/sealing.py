"""Checkpoints of the log: the head compared in a few reads with what was signed before, signed again, and kept.

It never signs a tree that contradicts an earlier checkpoint.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, insert, or_, select

from storage.audit import log
from storage.audit.checkpoint import BadNote, Checkpoint, Signer, Verifier, origin_of, sign, verify_note
from storage.audit.earlier import Earlier
from storage.audit.epochs import Epochs, epoch_of, read_epochs
from storage.audit.findings import sentence
from storage.audit.log import Transaction
from storage.audit.merkle import Frontier, leaf_hash
from storage.audit.tables import CHECKPOINTS
from storage.audit.vouched import NOT_OURS, is_ours, own_head
from storage.faults import AuditFault
from storage.sentences import Sentence, template

_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A checkpoint as it is kept: when it was taken (aware UTC), how many entries it covers, and its whole text."""

    at: datetime
    size: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """What is wrong with the head, as a sentence, and the checkpoint that says so, where it is one.

    behind: the log ends before what the checkpoint covers, as an older copy does. broken: the log cannot even go on.
    unvouched: no checkpoint says so, but the head is not as Wicket left it.
    """

    detail: str
    note: str = ""
    checkpoint: Checkpoint | None = None
    behind: bool = False
    broken: bool = False
    unvouched: bool = False


def check_head(tx: Transaction, verifier: Verifier, notes: Sequence[str | bytes] = ()) -> str | None:
    """What contradicts the head, as a sentence, or None (`contradiction`)."""
    found = contradiction(tx, verifier, notes)
    return found.detail if found else None


def contradiction(
    tx: Transaction, verifier: Verifier, notes: Sequence[str | bytes] = ()
) -> Contradiction | None:
    """What contradicts the head, or None: the last entry, the checkpoint kept last, `notes`, and its MAC.

    Meant for startup (T-2): it costs a few reads whatever the size of the log, and is no verification of it.
    `notes` are checkpoints from elsewhere; one that is not signed by this key is a contradiction too. What an epoch of
    the log accounts for is none.
    """
    try:
        head = log.head(tx)
    except AuditFault as fault:
        return Contradiction(detail=sentence(fault), broken=True)
    if not _stands_on(tx, head):
        detail: str = template("The last audit entry is not the one that the head of the log counts.")
        return Contradiction(detail=detail, broken=True)
    epochs = read_epochs(tx, verifier)
    earlier = Earlier(tx, head, verifier)
    kept = latest_checkpoint(tx)
    own = verify_note(kept, verifier) if kept else None
    if kept and isinstance(own, Checkpoint) and not _stands(earlier, epochs, own):
        detail = Sentence("The audit log contradicts its own checkpoint over {size} entries.", size=own.size)
        return _contradicted(detail, kept, own, head)
    for note in notes:
        read = verify_note(note, verifier)
        if isinstance(read, BadNote):
            return Contradiction(
                detail=Sentence("The checkpoint cannot be trusted: {reason}.", reason=Sentence(read.reason))
            )
        if not _stands(earlier, epochs, read):
            detail = Sentence("The audit log contradicts the checkpoint over {size} entries.", size=read.size)
            text = note if isinstance(note, str) else note.decode()
            return _contradicted(detail, text, read, head)
    return None if is_ours(tx) else Contradiction(detail=Sentence(NOT_OURS), unvouched=True)


def _stands(earlier: Earlier, epochs: Epochs, checkpoint: Checkpoint) -> bool:
    """Whether the log agrees with a checkpoint, or says itself what became of it."""
    if epochs.tells_of(checkpoint) and earlier.had(checkpoint.size, checkpoint.root):
        return True
    return epochs.knows(checkpoint) if epochs.covers(checkpoint) else epochs.accounts_for(checkpoint)


def _contradicted(detail: str, note: str, checkpoint: Checkpoint, head: Frontier) -> Contradiction:
    return Contradiction(
        detail=detail, note=note, checkpoint=checkpoint, behind=checkpoint.size > head.size
    )  # fmt: skip


def take_checkpoint(tx: Transaction, signer: Signer, *, at: datetime) -> str:
    """Sign the head as it is in this transaction, keep the note, and return it: it should leave the house (T-2).

    AuditFault if the head contradicts the last entry or the checkpoint kept last.
    """
    wrong = check_head(tx, signer.verifier)
    if wrong:
        raise AuditFault(f"{wrong} No checkpoint was signed.")
    note = sign_head(tx, signer)
    keep_checkpoint(tx, note, size=log.head(tx).size, at=at)
    return note


def sign_head(tx: Transaction, signer: Signer) -> str:
    """A checkpoint over the head as it is in this transaction, for the epoch that it is in. It is not kept here."""
    return _signed(tx, signer, read_epochs(tx, signer.verifier).current.name)


def seal_epoch(tx: Transaction, signer: Signer, opening: str, *, at: datetime) -> None:
    """Sign and keep the first checkpoint of the epoch that the entry `opening` opens: from then on it counts.

    opening: the id of an entry that was just added. ValueError if it opens none.
    """
    row = log.row(tx, opening)
    epoch = epoch_of(row, signer.verifier) if row is not None else None
    if epoch is None:
        raise ValueError("that entry opens no epoch")
    keep_checkpoint(tx, _signed(tx, signer, epoch.name), size=log.head(tx).size, at=at)


def _signed(tx: Transaction, signer: Signer, epoch: str) -> str:
    head = own_head(tx)
    return sign(Checkpoint(origin=origin_of(signer.name, epoch), size=head.size, root=head.root), signer)


def keep_checkpoint(tx: Transaction, note: str, *, size: int, at: datetime) -> None:
    """Keep a signed checkpoint over the first `size` entries as it left the house."""
    log.connection_of(tx).execute(insert(CHECKPOINTS), {"at": at, "size": size, "note": note})


def latest_checkpoint(tx: Transaction) -> str | None:
    """The text of the last checkpoint that was kept, or None."""
    query = select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.id.desc()).limit(1)
    return log.connection_of(tx).execute(query).scalar_one_or_none()


def kept_checkpoint(tx: Transaction, number: int) -> Kept | None:
    """The checkpoint with this number, or None."""
    query = select(CHECKPOINTS.c.at, CHECKPOINTS.c.size, CHECKPOINTS.c.note).where(CHECKPOINTS.c.id == number)
    found = log.connection_of(tx).execute(query).mappings().one_or_none()
    return Kept(**found) if found else None


def last_checkpoint_id(tx: Transaction) -> int:
    """The number of the last checkpoint that was kept, 0 while there is none."""
    return log.connection_of(tx).execute(select(func.max(CHECKPOINTS.c.id))).scalar_one() or 0


def checkpoints(tx: Transaction, *, upto: int, beyond: int = -1) -> Iterator[tuple[int, str]]:
    """Size and text of the kept checkpoints up to number `upto`, smallest size first; a thousand in memory.

    beyond: only those over more entries than that.
    """
    connection = log.connection_of(tx)
    after = (beyond + 1, 0)
    query = select(CHECKPOINTS.c.size, CHECKPOINTS.c.id, CHECKPOINTS.c.note).where(CHECKPOINTS.c.id <= upto)
    ordered = query.order_by(CHECKPOINTS.c.size, CHECKPOINTS.c.id).limit(_BATCH)
    while True:
        following = or_(
            CHECKPOINTS.c.size > after[0], and_(CHECKPOINTS.c.size == after[0], CHECKPOINTS.c.id > after[1])
        )
        batch = connection.execute(ordered.where(following)).all()
        if not batch:
            return
        yield from ((each.size, each.note) for each in batch)
        after = (batch[-1].size, batch[-1].id)


def _stands_on(tx: Transaction, head: Frontier) -> bool:
    """Whether the newest entry is the one at the head, whole, and none stands after it."""
    newest = log.latest(tx)
    if newest is None:
        return head.size == 0
    at_head = newest.index == head.size - 1 and head.is_told_by(newest.root)
    return at_head and leaf_hash(newest.leaf) == newest.leaf_hash


def largest_agreeing(tx: Transaction, notes: Sequence[str], verifier: Verifier) -> int:
    """How many entries are certainly those that were signed, by the largest of these checkpoints that agrees, or of the
    one kept last.
    """
    head, kept = log.head(tx), latest_checkpoint(tx)
    for note in sorted((*([kept] if kept else []), *notes), key=size_said, reverse=True):
        if size_said(note) > head.size:
            continue
        read = verify_note(note, verifier)
        if isinstance(read, Checkpoint) and agrees(tx, head, read, verifier):
            return read.size
    return 0


def size_said(note: str) -> int:
    """How many entries a note says it covers; it is not trusted for that."""
    lines = note.split("\n", 2)
    return int(lines[1]) if len(lines) > 1 and lines[1].isascii() and lines[1].isdigit() else 0


def agrees(tx: Transaction, head: Frontier, checkpoint: Checkpoint, verifier: Verifier) -> bool:
    """Whether the tree once had this root at this size, going by what is stored with the entries."""
    return Earlier(tx, head, verifier).had(checkpoint.size, checkpoint.root)
