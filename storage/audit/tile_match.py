"""Hashes put together into tiles as they come, each tile compared with the one that is stored.

It is handed whatever it reads, words nothing, and imports no more than it needs: each process of a crew does so anew.
"""

from collections.abc import Callable, Iterator, Sequence

from storage.audit.lean import TILES, Ask
from storage.audit.merkle import WIDTH, root_of

# A tile that does not fit: its level, its number, and what is wrong with it as the end of a sentence.
Wrong = Callable[[int, int, str], None]

MOST_LEVELS = 8


class TileMatch:
    """Takes hashes as a walk finds them; each tile that they fill is compared with the one that is stored.

    counts: how many tiles there are of each level (`count_tiles`). lowest: the level whose hashes it takes: 0 for those
    of entries. first: the number of the first of them. levels: those above are somebody else's matter, and what goes
    up to them is kept in `risen`. It holds at most 256 hashes of each level.
    """

    def __init__(
        self,
        ask: Ask,
        wrong: Wrong,
        *,
        counts: Sequence[int],
        first: int = 0,
        lowest: int = 0,
        levels: int = MOST_LEVELS,
    ) -> None:
        self._ask = ask
        self._wrong = wrong
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
            self._levels[number] = _Level(self._ask, number, came_at=first, end=self._counts[number])
        level = self._levels[number]
        tiles = level.filled(hashes)
        # A tile in whose middle the walk began is filled as well, and is none of these.
        roots = list(map(root_of, tiles)) if filled is None else list(filled[len(filled) - len(tiles) :])
        for root, whole in zip(roots, tiles, strict=True):
            wrong = level.compared(root, b"".join(whole))
            if wrong:
                self._wrong(number, level.done - 1, wrong)
        if roots:
            self._rise(number + 1, roots)


class _Level:
    """One level during the walk. first: the tile with which it begins; done: the tile that comes next."""

    def __init__(self, ask: Ask, number: int, *, came_at: int, end: int) -> None:
        # A walk that begins in the middle of a tile leaves that one out.
        self.first = self.done = -(-came_at // WIDTH)
        self._skip = self.first * WIDTH - came_at
        self._end = end
        self._open: list[bytes] = []
        self._stored = _stored(ask, number, self.first, end)
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


def _stored(ask: Ask, level: int, first: int, end: int) -> Iterator[Sequence[object]]:
    while found := ask(TILES, {"level": level, "first": first, "end": end}):
        yield from found
        first = found[-1][0] + 1
