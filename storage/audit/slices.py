"""One slice of the log walked over, from where the slice before it ended: a verification in small parts.

It finds what `verification` finds in these entries, and keeps nothing: whoever asks carries the tree on.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from storage.audit import log
from storage.audit.archives import read_archives
from storage.audit.checkpoint import Verifier
from storage.audit.epochs import read_epochs
from storage.audit.findings import Finding
from storage.audit.log import Transaction
from storage.audit.merkle import WIDTH, Frontier
from storage.audit.passing import passed
from storage.audit.sealing import checkpoints, last_checkpoint_id
from storage.audit.tile_check import TileCheck, count_tiles
from storage.audit.tiles import Tree, tile_roots
from storage.audit.verification import note_strays
from storage.audit.walk import Walk
from storage.faults import AuditFault

# The action of the entry that ends a round over the whole log, and the correlation by which all of them are found.
WALKED = "log.walked"
STORY = "log-walks"
# And of the one by which something began to follow the log, in a story of its stream's name; where that was.
BEGUN, POSITION = "stream.begun", "position"
# And of the one by which an operator said that nobody waits for it any more.
GIVEN_UP = "stream.given_up"
# Entries in one slice, some whole tiles: a few milliseconds of work.
SLICE = 4 * WIDTH


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What became of the entries from `first` on. passed: the tree with them. is_last: none is left in this log.

    findings: what does not fit, the first of it; more: how much else. only_tiles: nothing of it is about entries.
    """

    first: int
    passed: Frontier
    is_last: bool
    findings: tuple[Finding, ...]
    more: int
    only_tiles: bool

    @property
    def wrong(self) -> str:
        """What does not fit, as a digest to know it by when it is met again; "" if everything does."""
        if not self.findings:
            return ""
        told = "\n".join([*(one.detail for one in self.findings), str(self.more)])
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def next_slice(tx: Transaction, before: Frontier, verifier: Verifier, *, most: int = SLICE) -> Slice:
    """Walk over what comes next. before: the tree over all entries that were passed. most: entries, some whole tiles.

    AuditFault if the head of the log cannot be read: then nothing can be added either, which is noticed at once.
    """
    first, head = before.size, log.head(tx)
    end = min(head.size, (first // most + 1) * most)
    is_last = end >= head.size
    walk = Walk(
        verifier, (), _kept(tx, first, None if is_last else end), find=partial(log.row, tx),
        epochs=read_epochs(tx, verifier), archives=read_archives(tx, verifier), start=before,
    )  # fmt: skip
    counts = count_tiles(tx, walk.note if is_last else _untold, head.size)
    tiles = TileCheck(tx, walk.note, counts=counts, first=first, levels=1)
    whole = passed(tx, walk, tiles, below=end, progress=None)
    _above(tx, walk, counts, end)
    if whole and is_last:
        walk.end(head)
    elif whole and walk.frontier.size < end:
        walk.note(_missing(walk.frontier.size, end))
    if is_last:
        note_strays(tx, walk)
    goes_on = walk.frontier if walk.frontier.size == end else _as_stored(tx, head, end)
    report = walk.report()
    return Slice(
        first=first,
        passed=goes_on or walk.frontier,
        is_last=is_last or goes_on is None,
        findings=report.findings,
        more=report.more,
        only_tiles=report.only_tiles,
    )


def _kept(tx: Transaction, first: int, end: int | None) -> Iterator[tuple[int, str]]:
    """The checkpoints beside the log that these entries bear out; with the last of them, all that reach further."""
    later = checkpoints(tx, upto=last_checkpoint_id(tx), beyond=first if first else -1)
    if end is None:
        return later
    # SQLite keeps a text in a column of numbers, behind all of them, and whoever adds rows may put one there.
    return takewhile(lambda kept: isinstance(kept[0], int | float) and kept[0] <= end, later)


def _above(tx: Transaction, walk: Walk, counts: list[int], end: int) -> None:
    """Compare the tiles over tiles that these entries fill, with what stands in those below."""
    for level in range(1, len(counts)):
        tile, rest = divmod(end, WIDTH ** (level + 1))
        if rest or not tile:
            return
        first = (tile - 1) * WIDTH
        try:
            roots = tile_roots(tx, level - 1, first, first + WIDTH)
        except AuditFault:  # named where those below were compared
            return
        TileCheck(tx, walk.note, counts=counts, first=first, lowest=level, levels=level + 1).take(roots)


def _as_stored(tx: Transaction, head: Frontier, end: int) -> Frontier | None:
    """The tree up to there by what is stored of it: what follows an entry that does not fit is judged by that."""
    try:
        return Tree(tx, head.size).frontier(end)
    except AuditFault:
        return None


def _missing(here: int, end: int) -> Finding:
    return Finding(
        kind="missing", first=here, last=end - 1,
        detail=f"What stood at the indexes {here} to {end - 1} is missing.",
    )  # fmt: skip


def _untold(_: Finding) -> None:
    """How many tiles there are is told at the end of the log, once."""
