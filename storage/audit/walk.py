"""One pass over the rows of the log: what was seen so far, what did not fit, and which checkpoints agreed.

It reads nothing itself: rows, batches that fit and checkpoints are handed to it, in order of index.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge

from storage.audit.archives import NONE, Archives
from storage.audit.checkpoint import BadNote, Checkpoint, Verifier, verify_note
from storage.audit.copies import FindRow, contradictions
from storage.audit.epochs import Epochs
from storage.audit.findings import Finding, Report, cut, gap, misfit, unaccounted
from storage.audit.lean import Fit
from storage.audit.log import Row
from storage.audit.merkle import HASH_SIZE, Frontier, leaf_hash
from storage.audit.tile_check import TileCheck

_LISTED = 20


@dataclass(frozen=True, kw_only=True)
class _Anchor:
    checkpoint: Checkpoint
    from_elsewhere: bool

    @property
    def size(self) -> int:
        return self.checkpoint.size


class Walk:
    """One pass over the rows: what was seen so far, and what did not fit.

    archives: what is archived of the log, whose hashes are taken. wanted: sizes, smallest first, of which `roots` keeps
    the root that the tree had.
    """

    def __init__(
        self,
        verifier: Verifier | None,
        notes: Sequence[str | bytes],
        kept: Iterable[tuple[int, str]],
        *,
        find: FindRow | None,
        epochs: Epochs | None,
        archives: Archives = NONE,
        start: Frontier = Frontier(),  # noqa: B008  frozen
        wanted: Sequence[int] = (),
    ) -> None:
        self.roots: dict[int, bytes] = {}
        self._wanted = deque(wanted)
        self._first = start.size
        self._frontier = start
        self._tiles: TileCheck | None = None
        self._findings: list[Finding] = []
        self._more = 0
        self._only_tiles = True
        self._find = find
        self._agreed: dict[bool, int | None] = {True: None, False: None}
        self._unused = 0
        self._rewritten = False
        self._epochs = epochs or Epochs(log=verifier.name if verifier else "")
        self.archives = archives
        self._lost = 0
        if notes and verifier is None:
            raise ValueError("a checkpoint cannot be checked without the verifier key")
        self._anchors: Iterator[_Anchor] = iter(())
        if verifier is not None:
            outside = sorted(self._outside(verifier, notes), key=_size)
            self._anchors = merge(outside, self._inside(verifier, kept), key=_size)
        self._next = next(self._anchors, None)

    @property
    def frontier(self) -> Frontier:
        """The tree over what was taken so far."""
        return self._frontier

    @property
    def found(self) -> bool:
        """Whether anything did not fit so far."""
        return bool(self._findings)

    def begin(self, tiles: TileCheck | None = None) -> None:
        """Compare what there is to compare before the first row. tiles: takes the leaf hashes of all that follow."""
        self._tiles = tiles
        self._compare_anchors(self._root_at)

    def take(self, row: Row) -> bool:
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
        self._frontier, hashed = grown
        # Either the leaf or the hash beside it still gives the tree, so what was edited is this row's matter alone.
        if own != row.leaf_hash:
            self.note(misfit(row, edited=True))
        else:
            for finding in contradictions(row, self._find):
                self.note(finding)
        self._compare_anchors(self._root_at)
        if self._tiles:
            self._tiles.take((hashed,))
        return True

    def compare(self, row: Row, hashed: bytes, tree: Frontier) -> None:
        """Compare a row that stands among others that are archived. hashed: of its leaf; tree: the one after it."""
        own = leaf_hash(row.leaf)
        if not own == hashed == row.leaf_hash:
            self.note(misfit(row, edited=True))
        elif not tree.is_told_by(row.root):
            self.note(misfit(row, edited=False))
        else:
            for finding in contradictions(row, self._find):
                self.note(finding)

    def grow(self, fit: Fit) -> None:
        """Take a whole batch that fits."""
        self._frontier = fit.grown
        self._compare_anchors(fit.root_at)
        if self._tiles:
            self._tiles.take(fit.hashes, fit.filled)

    def join(self, grown: Frontier, roots: Mapping[int, bytes]) -> None:
        """Go on behind entries that another walk took from here, and found nothing wrong with.

        grown: the tree with them. roots: those that it had on the way, by size; one at least for each checkpoint.
        """
        self._frontier = grown
        self._compare_anchors(roots.get)

    def end(self, head: Frontier | None) -> None:
        """Compare with the head, and with what the checkpoints promise beyond the last row."""
        self._compare_head(head)
        self._compare_tail()

    def note(self, finding: Finding) -> None:
        """Keep a finding; beyond the first twenty only count it."""
        self._only_tiles = self._only_tiles and finding.kind == "tile"
        if len(self._findings) < _LISTED:
            self._findings.append(finding)
        else:
            self._more += 1

    def report(self) -> Report:
        """What was found so far."""
        return Report(
            entries=self._frontier.size - self._first,
            root=self._frontier.root,
            findings=tuple(self._findings),
            more=self._more,
            only_tiles=self._only_tiles and bool(self._findings),
            anchored=self._agreed[True],
            signed=self._agreed[False],
            unused=self._unused,
            epochs=self._epochs.later,
            lost=self._lost,
            archived=self.archives.end,
            strange=self.archives.strange,
        )

    def _grown(self, row: Row, own: bytes) -> tuple[Frontier, bytes] | None:
        """The tree with this row, if the leaf or the stored hash gives what the row tells; and which of them does."""
        for hashed in (own, row.leaf_hash):
            if len(hashed) == HASH_SIZE and (grown := self._frontier.append(hashed)).is_told_by(row.root):
                return grown, hashed
        return None

    def _root_at(self, size: int) -> bytes | None:
        return self._frontier.root if size == self._frontier.size else None

    def _compare_anchors(self, root_of: Callable[[int], bytes | None]) -> None:
        """Compare the tree with every checkpoint up to its size. root_of: the root that it had lately at a size."""
        size = self._frontier.size
        while self._wanted and self._wanted[0] <= size:
            wanted = self._wanted.popleft()
            self.roots[wanted] = root_of(wanted) or b""
        while self._next and self._next.size <= size:
            anchor, self._next = self._next, next(self._anchors, None)
            if self._rewritten:
                continue
            if anchor.checkpoint.root == root_of(anchor.size):
                self._agreed[anchor.from_elsewhere] = anchor.size
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


def _size(anchor: _Anchor) -> int:
    return anchor.size
