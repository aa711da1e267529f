"""The stored tiles compared with what the entries give, while a verification walks over them.

It reads tiles and never an entry; a tile that is wrong is told, and nothing is mended here.
"""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import LargeBinary, bindparam, cast, func, select

from storage.audit.findings import Finding
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import root_of
from storage.audit.tables import TILES
from storage.audit.tiles import WIDTH
from storage.plain import Plain, rows

Tell = Callable[[Finding], None]

_AT_ONCE = 16
_MOST_LEVELS = 8
_COUNTED = Plain(
    select(TILES.c.level, func.count(), func.min(TILES.c.index), func.max(TILES.c.index))
    .group_by(TILES.c.level)
    .order_by(TILES.c.level)
)
_NEXT = Plain(
    select(
        TILES.c.index,
        cast(TILES.c.root, LargeBinary),
        cast(TILES.c.hashes, LargeBinary),
    )
    .where(
        TILES.c.level == bindparam("level"),
        TILES.c.index >= bindparam("first"),
        TILES.c.index < bindparam("end"),
    )
    .order_by(TILES.c.index)
    .limit(_AT_ONCE)
)


def count_tiles(tx: Transaction, tell: Tell, size: int) -> list[int]:
    """How many tiles there are of each level; what cannot be where the head counts `size` entries, is told."""
    counts: list[int] = []
    there = size
    for level, count, lowest, highest in rows(connection_of(tx), _COUNTED):
        if not all(isinstance(each, int) for each in (level, lowest, highest)):
            tell(_misplaced(level, lowest, highest))
            continue
        there = (counts[-1] if counts else size) // WIDTH
        if level != len(counts) or lowest != 0 or count != highest + 1 or (level and count != there):
            tell(_finding(level, highest, "is one too many, or one before it is missing"))
        elif count > there:
            tell(_finding(level, highest, "stands beyond the entries"))
        if level == len(counts) < _MOST_LEVELS:
            counts.append(min(count, there))
    if counts and counts[-1] // WIDTH:
        tell(_finding(len(counts), 0, "is missing"))
    return counts


class TileCheck:
    """Takes hashes as a walk finds them; each tile that they fill is compared with the one that is stored.

    counts: how many tiles there are of each level (`count_tiles`). lowest: the level whose hashes it takes: 0 for those
    of entries. first: the number of the first of them. levels: those above are somebody else's matter, and what goes
    up to them is kept in `risen`. It holds at most 256 hashes of each level.
    """

    def __init__(
        self,
        tx: Transaction,
        tell: Tell,
        *,
        counts: Sequence[int],
        first: int = 0,
        lowest: int = 0,
        levels: int = _MOST_LEVELS,
    ) -> None:
        self._tell = tell
        self._tx = tx
        self._levels: dict[int, _Level] = {}
        self._counts = counts
        self._first = first
        self._lowest = lowest
        self._end = levels
        self.risen: list[bytes] = []

    def take(self, hashes: Sequence[bytes], filled: Sequence[bytes] | None = None) -> None:
        """The next hashes, in order. filled: the root of each tile that they fill, where whoever calls has them."""
        self._rise(self._lowest, hashes, filled)

    def _rise(self, number: int, hashes: Sequence[bytes], filled: Sequence[bytes] | None = None) -> None:
        if number >= len(self._counts):
            return
        if number == self._end:
            self.risen += hashes
            return
        if number not in self._levels:
            first = self._levels[number - 1].first if self._levels else self._first
            self._levels[number] = _Level(self._tx, number, came_at=first, end=self._counts[number])
        level = self._levels[number]
        tiles = level.filled(hashes)
        # A tile in whose middle the walk began is filled as well, and is none of these.
        roots = list(map(root_of, tiles)) if filled is None else list(filled[len(filled) - len(tiles) :])
        for root, whole in zip(roots, tiles, strict=True):
            wrong = level.compared(root, b"".join(whole))
            if wrong:
                self._tell(_finding(number, level.done - 1, wrong))
        if roots:
            self._rise(number + 1, roots)


class _Level:
    """One level during the walk. first: the tile with which it begins; done: the tile that comes next."""

    def __init__(self, tx: Transaction, number: int, *, came_at: int, end: int) -> None:
        # A walk that begins in the middle of a tile leaves that one out.
        self.first = self.done = -(-came_at // WIDTH)
        self._skip = self.first * WIDTH - came_at
        self._end = end
        self._open: list[bytes] = []
        self._stored = _stored(tx, number, self.first, end)
        self._next = next(self._stored, None)

    def filled(self, hashes: Sequence[bytes]) -> list[list[bytes]]:
        """The hashes of each tile that these fill."""
        skipped = min(self._skip, len(hashes))
        self._skip -= skipped
        self._open += hashes[skipped:]
        whole = len(self._open) // WIDTH * WIDTH
        tiles = [self._open[at : at + WIDTH] for at in range(0, whole, WIDTH)]
        del self._open[:whole]
        return tiles

    def compared(self, root: bytes, hashes: bytes) -> str | None:
        """What is wrong with the next tile as it is stored, as the end of a sentence; None if nothing is."""
        tile, self.done = self.done, self.done + 1
        if tile >= self._end:
            return None
        if self._next is None or self._next[0] != tile:
            return "is missing"
        _, stored_root, stored = self._next
        self._next = next(self._stored, None)
        return None if (stored_root, stored) == (root, hashes) else "is not what the entries give"


def _stored(tx: Transaction, level: int, first: int, end: int) -> Iterator[Sequence[object]]:
    connection = connection_of(tx)
    while found := rows(connection, _NEXT, {"level": level, "first": first, "end": end}):
        yield from found
        first = found[-1][0] + 1


def _misplaced(level: object, lowest: object, highest: object) -> Finding:
    """SQLite lets anything stand where a number was."""
    return Finding(
        kind="tile",
        detail=(
            f"A tile of level {level!r} of the stored tree, among those from {lowest!r} to {highest!r}, has no number "
            "for its place. It is no evidence, but no proof can be made from it."
        ),
    )


def _finding(level: int, tile: int, wrong: str) -> Finding:
    span = WIDTH ** (min(max(level, 0), 7) + 1)
    return Finding(
        kind="tile",
        first=tile * span,
        last=(tile + 1) * span - 1,
        detail=(
            f"Tile {tile} of level {level} of the stored tree (over the entries {tile * span} to "
            f"{(tile + 1) * span - 1}) {wrong}. It is no evidence, but no proof can be made from it."
        ),
    )
