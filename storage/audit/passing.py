"""The rows of the store handed to a walk: a batch at once where all of it fits, and one by one where it does not.

It judges nothing itself, and holds a batch in memory at most.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.exc import OperationalError

from storage.audit import lean, log
from storage.audit.archived import next_archived
from storage.audit.asked import asking, batch_after
from storage.audit.findings import stray_text
from storage.audit.log import Transaction
from storage.audit.merkle import MAX_SIZE
from storage.audit.tile_check import TileCheck
from storage.audit.walk import Walk

Progress = Callable[[int, int | None], None]


def passed(
    tx: Transaction, walk: Walk, tiles: TileCheck | None, *, below: int | None, progress: Progress | None
) -> bool:
    """Take all rows that follow, up to `below`, and compare the tiles; False if it ended before."""
    walk.begin(tiles)
    end = MAX_SIZE if below is None else below
    while (here := walk.frontier.size) < end and (archive := walk.archives.of(here)):
        if not next_archived(tx, walk, archive, below=end):
            return False
        if progress:
            progress(walk.frontier.size, below)
    after = walk.frontier.size - 1
    ask = asking(tx)
    while batch := _next_batch(tx, ask, after, end):
        fit = lean.fit(ask, batch, walk.frontier)
        last = lean.last_of(batch)
        if fit is not None:
            walk.grow(fit)
        elif not _closely(tx, walk, after, min(end, last + 1)):
            return False
        after = last
        if progress:
            progress(walk.frontier.size, below)
    return True


def _next_batch(tx: Transaction, ask: lean.Ask, after: int, end: int) -> Sequence[Sequence[Any]]:
    try:
        # Where there is none among the next indexes there may be one behind them.
        return ask(lean.ROWS, {"after": after, "below": end}) or batch_after(tx, after, below=end)
    except OperationalError:  # text that is none is not handed over
        return batch_after(tx, after, below=end)


def _closely(tx: Transaction, walk: Walk, after: int, below: int) -> bool:
    """Take these rows one by one; False if nothing after them can be judged."""
    for index in log.loose_texts(tx, after=after, last=below - 1):
        walk.note(stray_text(index))
    return all(walk.take(row) for row in log.every(tx, after=after, below=below))
