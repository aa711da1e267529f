"""Epochs of the log: where it went on after it was not what had been signed of it, and what was signed before.

An epoch begins with an entry of the log, and counts only if a checkpoint of it was signed: whoever can write rows but
has no key cannot excuse what they took out. Nothing is opened here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from storage.audit import log
from storage.audit.checkpoint import Checkpoint, Verifier, epoch_in, origin_of, verify_note
from storage.audit.earlier import Earlier
from storage.audit.log import NO_TIME, Row, Transaction
from storage.audit.merkle import leaf_hash
from storage.audit.tables import CHECKPOINTS, ENTRIES
from storage.faults import AuditFault
from storage.states import FreezeKind

# The action of the entry that opens an epoch, and the correlation by which all of them are found.
OPENED = "log.epoch_opened"
STORY = "log-epochs"
# The fact of such an entry that is there if other hands added to the log since the entries that it calls history.
UNVOUCHED = "unvouched"

_NAME_DIGITS = 16
# The first checkpoint of an epoch is kept with its opening; what stands before it there is noise.
_LOOKED_AT = 20
# Nobody restores so often; a store that says so was made to keep a reader busy.
_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch. name: "" for the first, otherwise the first 16 hex digits of its opening entry's leaf hash.

    opened: the index of that entry. agrees: how many entries it says are the history that was signed before; what
    earlier epochs signed beyond is lost. cites: the last checkpoints that are known of the earlier epochs; one that
    the key did not sign is not among them. kind: why it was opened, a storage.states.FreezeKind. before: the name of
    the epoch that it follows. unvouched: whether nobody vouches for what stands between that history and its opening.
    """

    name: str = ""
    opened: int = 0
    agrees: int = 0
    at: datetime = NO_TIME
    kind: str = ""
    before: str = ""
    cites: tuple[Checkpoint, ...] = ()
    unvouched: bool = False

    @property
    def lost(self) -> int:
        """How many signed entries are known to be gone."""
        return max((cited.size - self.agrees for cited in self.cites if cited.size > self.agrees), default=0)


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """All epochs of a log called `log`, in their order. later: those after the first."""

    log: str = ""
    later: tuple[Epoch, ...] = field(default=())

    @property
    def current(self) -> Epoch:
        """The one that the head is in."""
        return self.later[-1] if self.later else Epoch()

    def covers(self, checkpoint: Checkpoint) -> bool:
        """Whether the entries here are those that this checkpoint is about, so that its root can be compared."""
        name = epoch_in(checkpoint.origin, self.log)
        return name is not None and name == self._at(checkpoint.size)

    def tells_of(self, checkpoint: Checkpoint) -> bool:
        """Whether the epoch that this checkpoint is of is one of the log's. One that is no more was hidden: under the
        name of the epoch before, which goes on then, other entries may have been signed.
        """
        return epoch_in(checkpoint.origin, self.log) in ("", *(epoch.name for epoch in self.later))

    def accounts_for(self, checkpoint: Checkpoint) -> bool:
        """Whether an epoch owns up to what became of this checkpoint's entries: it cites one that reaches as far."""
        return any(
            cited == checkpoint or (cited.origin == checkpoint.origin and cited.size > checkpoint.size)
            for epoch in self.later
            for cited in epoch.cites
        )

    def knows(self, checkpoint: Checkpoint) -> bool:
        """Whether an epoch was opened because of this checkpoint, or after a mismatch of one that reaches as far.

        It is for those who ask whether that is news; whoever verifies compares it all the same.
        """
        return any(
            cited == checkpoint
            or (
                epoch.kind == FreezeKind.MISMATCH
                and cited.origin == checkpoint.origin
                and cited.size >= checkpoint.size
            )
            for epoch in self.later
            for cited in epoch.cites
        )

    def _at(self, size: int) -> str | None:
        """The name of the epoch that signs trees of this size; None for sizes that more than one may have signed."""
        for epoch in reversed(self.later):  # each says of all before it how much of it still stands
            if size > epoch.opened:
                return epoch.name
            if size > epoch.agrees:
                return None
        return ""


def read_epochs(tx: Transaction, verifier: Verifier) -> Epochs:
    """The epochs of the stored log: the last that was signed, and those that it says it follows.

    It verifies what they cite, and not the log. An opening that was never signed is none.
    """
    told = {epoch.name: epoch for epoch in _each(tx, verifier)}
    last = next((one for one in reversed(told.values()) if _is_signed(tx, one, verifier)), None)
    chain: list[Epoch] = []
    while last is not None:
        chain.insert(0, last)
        earlier = told.get(last.before)
        last = earlier if earlier is not None and earlier.opened < last.opened else None
    return Epochs(log=verifier.name, later=tuple(chain))


def epoch_of(row: Row, verifier: Verifier) -> Epoch | None:
    """The epoch that this entry opens, or None."""
    try:
        said = row.said()
    except AuditFault:
        return None
    agrees, cites = said["facts"].get("agrees"), said["facts"].get("cites")
    if said["action"] != OPENED or not isinstance(agrees, int) or not isinstance(cites, list):
        return None
    if not 0 <= agrees <= row.index:
        return None
    return Epoch(
        name=leaf_hash(row.leaf).hex()[:_NAME_DIGITS],
        opened=row.index,
        agrees=agrees,
        at=row.at,
        kind=str(said["facts"].get("kind", "")),
        before=str(said["facts"].get("before", "")),
        cites=tuple(_signed(cites, verifier)),
        unvouched=bool(said["facts"].get(UNVOUCHED)),
    )


def _each(tx: Transaction, verifier: Verifier) -> Iterator[Epoch]:
    query = select(ENTRIES.c.index).where(ENTRIES.c.correlation == STORY).order_by(ENTRIES.c.index)
    for index in log.connection_of(tx).execute(query.limit(_MOST)).scalars().all():
        row = log.row_at(tx, index)
        epoch = epoch_of(row, verifier) if row is not None else None
        if epoch is not None:
            yield epoch


def _is_signed(tx: Transaction, epoch: Epoch, verifier: Verifier) -> bool:
    """Whether a checkpoint of this epoch, over the tree that stands here, is kept: its opener has the key."""
    origin = origin_of(verifier.name, epoch.name)
    kept = select(CHECKPOINTS.c.note).where(CHECKPOINTS.c.size > epoch.opened)
    ordered = kept.order_by(CHECKPOINTS.c.size, CHECKPOINTS.c.id).limit(_LOOKED_AT)
    earlier = Earlier(tx, log.head(tx), verifier)
    for note in log.connection_of(tx).execute(ordered).scalars().all():
        read = verify_note(note, verifier) if isinstance(note, str) else None
        if isinstance(read, Checkpoint) and read.origin == origin and earlier.had(read.size, read.root):
            return True
    return False


def _signed(cites: Sequence[object], verifier: Verifier) -> Iterator[Checkpoint]:
    for note in cites:
        read = verify_note(note, verifier) if isinstance(note, str) else None
        if isinstance(read, Checkpoint):
            yield read
