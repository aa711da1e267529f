"""A long log in stretches of so many stored tiles each, so that several processes can walk over one each.

A process only says that a stretch fits whole. Whatever does not is walked over again here, by the walk that words it:
so what is found is the same, in the same order, as if one process had walked over all of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Protocol

from storage.audit import log
from storage.audit.asked import asking
from storage.audit.log import Transaction
from storage.audit.merkle import WIDTH
from storage.audit.passing import Progress, passed
from storage.audit.stretch import Fits, Stretch, wanted_sizes
from storage.audit.tile_check import TileCheck
from storage.audit.tiles import Tree
from storage.audit.walk import Walk
from storage.faults import AuditFault

# Of tiles: those of entries are compared by whoever walks over a stretch, and those above by whoever joins them.
_LEVELS = 1


class Walkers(Protocol):
    """Whoever walks over stretches, several at a time. most: how many entries one has at most."""

    most: int

    def span(self, size: int) -> int:
        """How many entries each stretch of so long a log has: whole tiles."""

    def each(
        self, stretches: Iterable[tuple[int, int, Stretch | None]]
    ) -> Iterator[tuple[int, int, Stretch | None, Fits | None]]:
        """Each, in order, as begin, end and all that is known of it, with what it was found to be."""


def joined(
    tx: Transaction,
    walk: Walk,
    walkers: Walkers,
    *,
    size: int,
    counts: Sequence[int],
    sizes: Sequence[int],
    progress: Progress | None,
) -> bool:
    """`passed` for all entries below `size`: each stretch is joined to the tree that was walked over before it.

    A stretch counts only if it began with exactly that tree; otherwise it is walked over again.
    """
    above = TileCheck(tx, walk.note, counts=counts, lowest=_LEVELS)
    walk.begin()
    for first, end, stretch, fits in walkers.each(
        _stretches(tx, size, counts, sizes, walkers.span(size), walk.archives.end)
    ):
        if stretch and fits and stretch.before == walk.frontier:
            walk.join(fits.grown, fits.roots)
            above.take(fits.risen)
            if progress:
                progress(walk.frontier.size, size)
            continue
        tiles = TileCheck(tx, walk.note, counts=counts, first=first, levels=_LEVELS)
        tell = _of_all(progress, size) if progress else None
        if not passed(tx, walk, tiles, below=end, progress=tell):
            return False
        above.take(tiles.risen)
    return True


def fitting(tx: Transaction, stretch: Stretch) -> Fits | None:
    """What a walk over the stretch alone comes to; None if anything is wrong or missing."""
    sizes = wanted_sizes(asking(tx), stretch)
    walk = Walk(
        None, (), (), find=partial(log.row, tx), epochs=None, start=stretch.before, wanted=sizes
    )  # fmt: skip
    tiles = TileCheck(
        tx, walk.note, counts=stretch.counts, first=stretch.first, levels=stretch.levels
    )  # fmt: skip
    whole = passed(tx, walk, tiles, below=stretch.end, progress=None)
    if not whole or walk.found or walk.frontier.size != stretch.end:
        return None
    return Fits(grown=walk.frontier, roots=walk.roots, risen=tiles.risen)


def _stretches(
    tx: Transaction, size: int, counts: Sequence[int], sizes: Sequence[int], span: int, archived: int
) -> Iterator[tuple[int, int, Stretch | None]]:
    """All of the log; None for a stretch before which no tiles stand, or none that can be read, and for one of which
    something is archived.
    """
    sealed = counts[0] * WIDTH if counts else 0
    tree = Tree(tx, size)
    for first in range(0, size, span):
        end, stretch = min(size, first + span), None
        if archived <= first <= sealed:
            try:
                before = tree.frontier(first)
                stretch = Stretch(
                    first=first, end=end, before=before, counts=counts, sizes=sizes, levels=_LEVELS
                )
            except AuditFault:
                pass  # the walk names what is wrong with them
        yield first, end, stretch


def _of_all(progress: Progress, size: int) -> Progress:
    return lambda done, _: progress(done, size)
