"""Verification: walk the whole log once, in constant memory, and name what does not fit.

It only reads, and it never calls a log sound beyond what a checkpoint from elsewhere covers.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from heapq import merge

from storage.audit import log
from storage.audit.checkpoint import BadNote, Checkpoint, Verifier, verify_note
from storage.audit.copies import FindRow, contradictions
from storage.audit.epochs import Epochs, read_epochs
from storage.audit.findings import Finding, Report, about, cut, gap, misfit, sentence, unaccounted
from storage.audit.log import Row, Transaction
from storage.audit.merkle import HASH_SIZE, Frontier, leaf_hash
from storage.audit.sealing import checkpoints, last_checkpoint_id
from storage.faults import AuditFault

Progress = Callable[[int, int | None], None]

_LISTED = 20
_STEP = 1000


@dataclass(frozen=True, kw_only=True)
class _Anchor:
    checkpoint: Checkpoint
    from_elsewhere: bool

    @property
    def size(self) -> int:
        return self.checkpoint.size


def verify_log(
    tx: Transaction,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    progress: Progress | None = None,
) -> Report:
    """Verify the log in the database. `notes` are checkpoints from elsewhere and need the `verifier`.

    It may run while entries are added: it answers for those that the head counted at the beginning.
    progress: called with the entries done and their number.
    """
    upto = last_checkpoint_id(tx)
    kept = checkpoints(tx, upto=upto) if verifier else ()
    epochs = read_epochs(tx, verifier) if verifier else None
    head, complaint = _head(tx)
    rows = log.every(tx, below=head.size if head else None)
    walk = _Walk(verifier, notes, kept, find=partial(log.row, tx), epochs=epochs)
    with _forgiving(tx):
        walk.through(rows, head, progress)
        stray = log.beyond_head(tx) if head else None
    if complaint:
        walk.note(complaint)
    if stray:
        detail = f"Entry {stray.id} at index {stray.index} stands beyond the head, which does not count it."
        walk.note(about(stray, "extra", detail))
    return walk.report()


def verify(
    rows: Iterable[Row],
    head: Frontier | None,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    kept: Iterable[tuple[int, str]] = (),
    find: FindRow | None = None,
    epochs: Epochs | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify rows that come in order of index, from wherever they are stored.

    head: the stored head, None if there is none to compare. notes: checkpoints from elsewhere. kept: those stored
    beside the rows, as size and text, smallest size first. find: looks a row up by its entry id, to see whether an
    erased text was erased on record. epochs: those that entries among the rows open. ValueError for notes without a
    verifier.
    """
    walk = _Walk(verifier, notes, kept, find=find, epochs=epochs)
    walk.through(rows, head, progress)
    return walk.report()


class _Walk:
    """One pass over the rows: what was seen so far, and what did not fit."""

    def __init__(
        self,
        verifier: Verifier | None,
        notes: Sequence[str | bytes],
        kept: Iterable[tuple[int, str]],
        *,
        find: FindRow | None,
        epochs: Epochs | None,
    ) -> None:
        self._frontier = Frontier()
        self._findings: list[Finding] = []
        self._more = 0
        self._find = find
        self._agreed: dict[bool, int | None] = {True: None, False: None}
        self._unused = 0
        self._rewritten = False
        self._epochs = epochs or Epochs(log=verifier.name if verifier else "")
        self._lost = 0
        if notes and verifier is None:
            raise ValueError("a checkpoint cannot be checked without the verifier key")
        self._anchors: Iterator[_Anchor] = iter(())
        if verifier is not None:
            outside = sorted(self._outside(verifier, notes), key=_size)
            self._anchors = merge(outside, self._inside(verifier, kept), key=_size)
        self._next = next(self._anchors, None)

    def through(self, rows: Iterable[Row], head: Frontier | None, progress: Progress | None) -> None:
        """Take all rows, then compare with the head and with what the checkpoints promise beyond them."""
        total = head.size if head else None
        self._compare_anchors()
        for row in rows:
            if not self._take(row):
                return
            if progress and self._frontier.size % _STEP == 0:
                progress(self._frontier.size, total)
        if progress:
            progress(self._frontier.size, total)
        self._compare_head(head)
        self._compare_tail()

    def note(self, finding: Finding) -> None:
        """Keep a finding; beyond the first twenty only count it."""
        if len(self._findings) < _LISTED:
            self._findings.append(finding)
        else:
            self._more += 1

    def report(self) -> Report:
        """What was found so far."""
        return Report(
            entries=self._frontier.size,
            root=self._frontier.root,
            findings=tuple(self._findings),
            more=self._more,
            anchored=self._agreed[True],
            signed=self._agreed[False],
            unused=self._unused,
            epochs=self._epochs.later,
            lost=self._lost,
        )

    def _take(self, row: Row) -> bool:
        """Check one row; False when nothing after it can be judged."""
        expected = self._frontier.size
        if row.index != expected:
            self.note(gap(row, expected))
            return False
        own = leaf_hash(row.leaf)
        grown = self._grown(row, own)
        if grown is None:
            self.note(misfit(row, edited=own != row.leaf_hash))
            return False
        self._frontier = grown
        # Either the leaf or the hash beside it still gives the root, so what was edited is this row's matter alone.
        if own != row.leaf_hash:
            self.note(misfit(row, edited=True))
        else:
            for finding in contradictions(row, self._find):
                self.note(finding)
        self._compare_anchors()
        return True

    def _grown(self, row: Row, own: bytes) -> Frontier | None:
        """The tree with this row, if the leaf or the stored hash gives the stored root."""
        for hashed in (own, row.leaf_hash):
            if len(hashed) == HASH_SIZE and (grown := self._frontier.append(hashed)).root == row.root:
                return grown
        return None

    def _compare_anchors(self) -> None:
        """Compare the tree with every checkpoint of exactly its size."""
        size = self._frontier.size
        while self._next and self._next.size <= size:
            anchor, self._next = self._next, next(self._anchors, None)
            if self._rewritten:
                continue
            if anchor.size == size and anchor.checkpoint.root == self._frontier.root:
                self._agreed[anchor.from_elsewhere] = size
            elif not self._epochs.covers(anchor.checkpoint):
                self._take_from_another_epoch(anchor)
            else:
                self._rewritten = True
                self.note(self._rewrite(anchor))

    def _take_from_another_epoch(self, anchor: _Anchor) -> None:
        """What it was signed for is not here; that is no lie only if an epoch says so itself."""
        if self._epochs.accounts_for(anchor.checkpoint):
            self._lost += anchor.from_elsewhere
        else:
            self.note(unaccounted(anchor.checkpoint, self._epochs.current.agrees))

    def _rewrite(self, anchor: _Anchor) -> Finding:
        good = max(agreed or 0 for agreed in self._agreed.values())
        source = "from elsewhere" if anchor.from_elsewhere else "kept in the store"
        return Finding(
            kind="rewritten",
            first=good,
            last=anchor.size - 1,
            detail=(
                f"History was rewritten: something in the entries {good} to {anchor.size - 1} is not what the "
                f"checkpoint over {anchor.size} entries ({source}) was signed for."
            ),
        )

    def _compare_head(self, head: Frontier | None) -> None:
        here = self._frontier.size
        if head is None or head == self._frontier:
            return
        if head.size > here:
            self.note(cut(here, head.size, "The head counts"))
        else:
            self.note(
                Finding(kind="head", detail="The stored head is not that of the tree over the entries.")
            )

    def _compare_tail(self) -> None:
        """Checkpoints over more entries than there are mean that the tail was cut."""
        here, promised = self._frontier.size, None
        while self._next:
            anchor, self._next = self._next, next(self._anchors, None)
            if self._epochs.accounts_for(anchor.checkpoint):
                self._lost += anchor.from_elsewhere
            else:
                promised = anchor
        if promised:
            self.note(cut(here, promised.size, "A signed checkpoint covers"))

    def _outside(self, verifier: Verifier, notes: Sequence[str | bytes]) -> Iterator[_Anchor]:
        for note in notes:
            read = verify_note(note, verifier)
            if isinstance(read, BadNote):
                detail = f"The checkpoint from elsewhere cannot be trusted: {read.reason}."
                self.note(Finding(kind="untrusted", detail=detail))
            else:
                yield _Anchor(checkpoint=read, from_elsewhere=True)

    def _inside(self, verifier: Verifier, kept: Iterable[tuple[int, str]]) -> Iterator[_Anchor]:
        for size, note in kept:
            read = verify_note(note, verifier) if isinstance(note, str) else None
            # Another key's, or damaged: whoever can write here could as well have removed it.
            if not isinstance(read, Checkpoint) or read.size != size:
                self._unused += 1
            else:
                yield _Anchor(checkpoint=read, from_elsewhere=False)


@contextmanager
def _forgiving(tx: Transaction) -> Iterator[None]:
    """On SQLite, read text that is no UTF-8 with replacement characters: it must be named, not end the walk."""
    driver = log.connection_of(tx).connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    before, driver.text_factory = driver.text_factory, _replacing
    try:
        yield
    finally:
        driver.text_factory = before


def _replacing(stored: bytes) -> str:
    return stored.decode(errors="replace")


def _size(anchor: _Anchor) -> int:
    return anchor.size


def _head(tx: Transaction) -> tuple[Frontier | None, Finding | None]:
    try:
        return log.head(tx), None
    except AuditFault as fault:
        return None, Finding(kind="head", detail=sentence(fault))
