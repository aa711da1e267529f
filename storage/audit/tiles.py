"""The stored tree: the hashes of the log in tiles of 256, cut as C2SP's tlog-tiles has them, and read to make proofs.

It proves nothing by itself, and never answers for an entry: it only spares whoever makes a proof the way through all
of them. What no whole tile holds yet is taken from the hashes beside the entries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, bindparam, cast, func, insert, select

from storage.audit import log
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import HASH_SIZE, WIDTH, Frontier, folded, root_of, whole_subtrees
from storage.audit.tables import ENTRIES, TILES
from storage.engine.plain import Plain, rows, run_each
from storage.faults import AuditFault

# How many levels of the tree a tile spans.
_HEIGHT = WIDTH.bit_length() - 1
_BYTES = WIDTH * HASH_SIZE

_ROOT = cast(TILES.c.root, LargeBinary)
_OF_LEVEL = TILES.c.level == bindparam("level")
_SEALED = Plain(select(func.max(TILES.c.index)).where(TILES.c.level == 0))
_HASHES = Plain(
    select(cast(TILES.c.hashes, LargeBinary)).where(_OF_LEVEL, TILES.c.index == bindparam("index"))
)
_ROOTS = Plain(
    select(TILES.c.index, _ROOT)
    .where(_OF_LEVEL, TILES.c.index >= bindparam("first"), TILES.c.index < bindparam("end"))
    .order_by(TILES.c.index)
)
_LEAVES = Plain(
    select(ENTRIES.c.index, cast(ENTRIES.c.leaf_hash, LargeBinary))
    .where(ENTRIES.c.index >= bindparam("first"), ENTRIES.c.index < bindparam("end"))
    .order_by(ENTRIES.c.index)
)
_BESIDE = Plain(select(cast(ENTRIES.c.root, LargeBinary)).where(ENTRIES.c.index == bindparam("index")))
_ADD = Plain(insert(TILES))


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One whole tile: 256 hashes of 32 bytes, and the root over them."""

    level: int
    index: int
    root: bytes
    hashes: bytes


class Tree:
    """The tree over the first `size` entries, read tile by tile; each is read once.

    What it answers is as good as the store is: whoever builds on it compares it with a signed root. AuditFault where
    hashes are missing or damaged.
    """

    def __init__(self, tx: Transaction, size: int) -> None:
        self._connection = connection_of(tx)
        self._size = size
        self._read_before: dict[tuple[int, int], Sequence[bytes]] = {}

    def between(self, start: int, end: int) -> bytes:
        """The root of the subtree over the entries from `start` up to `end` (merkle.Between)."""
        return folded([self._whole(height, number) for height, number in whole_subtrees(start, end)])

    def frontier(self, size: int) -> Frontier:
        """The frontier of the tree over the first `size` entries."""
        return Frontier(
            size, b"".join(self._whole(height, number) for height, number in whole_subtrees(0, size))
        )

    def _whole(self, height: int, number: int) -> bytes:
        level, within = divmod(height, _HEIGHT)
        tile, at = divmod(number << within, WIDTH)
        key = level, tile
        if key not in self._read_before:
            self._read_before[key] = self._hashes(level, tile)
        return root_of(self._read_before[key][at : at + (1 << within)])

    def _hashes(self, level: int, tile: int) -> Sequence[bytes]:
        """The hashes of a tile, as many as the tree has: of one that is not stored, what is known below it."""
        first = tile * WIDTH
        there = min(WIDTH, (self._size >> _HEIGHT * level) - first)
        stored = rows(self._connection, _HASHES, {"level": level, "index": tile})
        if stored:
            return _split(stored[0][0])[:there]
        if level == 0:
            return leaf_hashes(self._connection, first, first + there)
        span = {"first": first, "end": first + there}
        roots = rows(self._connection, _ROOTS, {"level": level - 1, **span})
        found = _in_order(roots, first, len(roots))
        return [
            *found,
            *(root_of(self._hashes(level - 1, first + n)) for n in range(len(found), there)),
        ]


def sealed(tx: Transaction) -> int:
    """How many entries stand in whole tiles. AuditFault where that cannot be told."""
    ((last,),) = rows(connection_of(tx), _SEALED)
    if last is not None and not isinstance(last, int):  # SQLite lets anything stand in any column
        raise AuditFault("A tile of the stored tree has no number. `wicket audit verify` names it.")
    return 0 if last is None else (last + 1) * WIDTH


def next_tiles(tx: Transaction, *, most: int) -> list[Tile]:
    """The tiles that committed entries fill and that are not stored yet, in the order in which they are added.

    most: how many of those over leaves; the ones above that they fill come with them. AuditFault where hashes and roots
    of the log do not fit, or a tile is gone: then the walk of `verification` names the place.
    """
    first = sealed(tx) // WIDTH
    end = min(log.head(tx).size // WIDTH, first + most)
    if end <= first:
        return []
    leaves = leaf_hashes(tx, first * WIDTH, end * WIDTH)
    tree = Frontier(first, Tree(tx, first * WIDTH).frontier(first * WIDTH).spine)
    made, rising = list[Tile](), _Rising(tx, first)
    for tile in range(first, end):
        at = (tile - first) * WIDTH
        made += rising.over(leaves[at : at + WIDTH])
    for whole in (tile for tile in made if tile.level == 0):
        tree = tree.append(whole.root)
        begin, last = whole.index * WIDTH, whole.index * WIDTH + WIDTH - 1
        told = beside(tx, last)
        if told is None or not tree.is_told_by(told):
            raise AuditFault(
                f"The hashes of the audit entries {begin} to {last} do not give the tree that the last of them tells "
                "of, so they were not put into the stored tree. "
                "`wicket audit verify` names the place."
            )
    return made


def beside(tx: Transaction, index: int) -> bytes | None:
    """The mark or root that stands beside the entry at this index; None where there is none."""
    found = rows(connection_of(tx), _BESIDE, {"index": index})
    return found[0][0] if found else None


def leaf_hashes(tx: Transaction, first: int, end: int) -> list[bytes]:
    """The hashes beside the entries from `first` up to `end`. AuditFault where one is missing or damaged."""
    return _in_order(rows(connection_of(tx), _LEAVES, {"first": first, "end": end}), first, end - first)


def tile_hashes(tx: Transaction, tile: int) -> list[bytes]:
    """The hashes of the entries that a whole tile is over. AuditFault where it is missing or damaged."""
    stored = rows(connection_of(tx), _HASHES, {"level": 0, "index": tile})
    return _split(stored[0][0] if stored else None)


def tile_roots(tx: Transaction, level: int, first: int, end: int) -> list[bytes]:
    """The roots of the stored tiles of a level from `first` up to `end`. AuditFault where one is missing or damaged."""
    found = rows(connection_of(tx), _ROOTS, {"level": level, "first": first, "end": end})
    return _in_order(found, first, end - first)


def add_tiles(tx: Transaction, tiles: Sequence[Tile]) -> bool:
    """Keep these, found by `next_tiles`. False, with nothing written, if somebody else was faster."""
    if sealed(tx) != tiles[0].index * WIDTH:
        return False
    run_each(connection_of(tx), _ADD, [vars(tile) for tile in tiles])
    return True


class _Rising:
    """The right edge of the stored tree: of each level the roots of its tiles that no tile above holds yet."""

    def __init__(self, tx: Transaction, tiles: int) -> None:
        self._counts: list[int] = []
        self._open: list[list[bytes]] = []
        while tiles or not self._counts:
            first = tiles - tiles % WIDTH
            self._open.append(tile_roots(tx, len(self._counts), first, tiles))
            self._counts.append(tiles)
            tiles //= WIDTH

    def over(self, hashes: Sequence[bytes], level: int = 0) -> Iterator[Tile]:
        """The next tile of a level, and whatever it fills above."""
        if level == len(self._counts):
            self._counts.append(0)
            self._open.append([])
        root = root_of(hashes)
        yield Tile(level=level, index=self._counts[level], root=root, hashes=b"".join(hashes))
        self._counts[level] += 1
        self._open[level].append(root)
        if len(self._open[level]) == WIDTH:
            full, self._open[level] = self._open[level], []
            yield from self.over(full, level + 1)


def _split(stored: Any) -> list[bytes]:
    if not isinstance(stored, bytes) or len(stored) != _BYTES:
        raise AuditFault("A tile of the stored tree is damaged. `wicket audit verify` names it.")
    return [stored[at : at + HASH_SIZE] for at in range(0, _BYTES, HASH_SIZE)]


def _in_order(found: Sequence[Sequence[Any]], first: int, wanted: int) -> list[bytes]:
    """The hashes of these rows, if they are as many, without gaps, as wanted."""
    hashes = [each[1] for each in found]
    if [each[0] for each in found] != list(range(first, first + wanted)) or not {HASH_SIZE}.issuperset(
        map(len, hashes)
    ):
        raise AuditFault(
            "Hashes are missing from the audit store, or damaged. `wicket audit verify` names the place."
        )
    return hashes
