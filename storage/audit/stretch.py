"""One stretch of the log, what a walk over it comes to, and the walk itself where all of it fits at first sight.

It words nothing: it says of a stretch that it fits whole, or nothing. It imports no more than it needs: each process
of a crew does so anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.audit import lean
from storage.audit.lean import Ask
from storage.audit.merkle import Frontier
from storage.audit.tile_match import TileMatch


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """The entries from `first` up to `end`. before: the tree over what stands before them, as its tiles have it.

    counts: how many tiles there are of each level; only those below `levels` are compared. sizes: of checkpoints from
    elsewhere, whose roots are wanted.
    """

    first: int
    end: int
    before: Frontier
    counts: Sequence[int]
    sizes: Sequence[int]
    levels: int


@dataclass(frozen=True, kw_only=True)
class Fits:
    """A stretch with which nothing is wrong, if the tree before it is as it was told.

    grown: the tree with it. roots: on the way, by size, one for each checkpoint. risen: the hashes of its tiles that
    stand in tiles of the level above.
    """

    grown: Frontier
    roots: Mapping[int, bytes]
    risen: Sequence[bytes]


def wanted_sizes(ask: Ask, stretch: Stretch) -> list[int]:
    """The sizes within the stretch that were signed, smallest first: their roots are wanted."""
    signed = ask(lean.SIGNED, {"first": stretch.first, "end": stretch.end})
    sizes = {size for (size,) in signed if isinstance(size, int)}  # SQLite lets anything stand in any column
    return sorted(sizes | {size for size in stretch.sizes if stretch.first < size <= stretch.end})


def fitting_at_sight(ask: Ask, stretch: Stretch) -> Fits | None:
    """What a walk over the stretch alone comes to; None if anything is wrong, missing or only unusual."""
    wrong: list[int] = []
    tiles = TileMatch(
        ask, lambda _level, tile, _how: wrong.append(tile),
        counts=stretch.counts, first=stretch.first, levels=stretch.levels,
    )  # fmt: skip
    tree, wanted, roots = stretch.before, wanted_sizes(ask, stretch), dict[int, bytes]()
    while batch := ask(lean.ROWS, {"after": tree.size - 1, "below": stretch.end}):
        fit = lean.fit(ask, batch, tree)
        if fit is None:
            return None
        tree = fit.grown
        roots |= {size: fit.root_at(size) or b"" for size in wanted if fit.before.size < size <= tree.size}
        tiles.take(fit.hashes, fit.filled)
        if wrong:
            return None
    return Fits(grown=tree, roots=roots, risen=tiles.risen) if tree.size == stretch.end else None
