"""The stored tiles compared with what the entries give, while a verification walks over them.

It reads tiles and never an entry; a tile that is wrong is told, and nothing is mended here.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import func, select

from storage.audit.asked import asking
from storage.audit.findings import Finding
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import WIDTH
from storage.audit.tables import TILES
from storage.audit.tile_match import MOST_LEVELS, TileMatch
from storage.engine.plain import Plain, rows

Tell = Callable[[Finding], None]

_COUNTED = Plain(
    select(TILES.c.level, func.count(), func.min(TILES.c.index), func.max(TILES.c.index))
    .group_by(TILES.c.level)
    .order_by(TILES.c.level)
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
        if level == len(counts) < MOST_LEVELS:
            counts.append(min(count, there))
    if counts and counts[-1] // WIDTH:
        tell(_finding(len(counts), 0, "is missing"))
    return counts


class TileCheck(TileMatch):
    """A TileMatch within a transaction that tells what does not fit, in words."""

    def __init__(
        self,
        tx: Transaction,
        tell: Tell,
        *,
        counts: Sequence[int],
        first: int = 0,
        lowest: int = 0,
        levels: int = MOST_LEVELS,
    ) -> None:
        def wrong(level: int, tile: int, how: str) -> None:
            tell(_finding(level, tile, how))

        super().__init__(asking(tx), wrong, counts=counts, first=first, lowest=lowest, levels=levels)


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
