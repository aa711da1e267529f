"""The part of the log whose entries are archived, handed to a walk: by the hashes of its tiles, up to the root that was
signed for it.

It reads no archive's file. What still stands there of the entries is compared with their hashes, and of those that
should stand there none may be missing.
"""

from collections.abc import Sequence

from storage.audit import log
from storage.audit.archives import Archive, staying
from storage.audit.findings import Finding, stray_text
from storage.audit.lean import Fit
from storage.audit.log import Transaction
from storage.audit.merkle import WIDTH, Frontier
from storage.audit.tiles import tile_hashes
from storage.audit.walk import Walk
from storage.faults import AuditFault


def next_archived(tx: Transaction, walk: Walk, archive: Archive, *, below: int) -> bool:
    """Hand on what follows of this archive, a tile at most; False if nothing after it can be judged."""
    before, first = walk.frontier, walk.frontier.size
    end = min(below, first - first % WIDTH + WIDTH)
    try:
        hashes = tile_hashes(tx, first // WIDTH)[first % WIDTH :][: end - first]
    except AuditFault:
        walk.note(_lost(first, end))
        return False
    grown, spines = before.extend(hashes)
    there = {row.index: row for row in log.every(tx, after=first - 1, below=end)}
    for index, row in there.items():
        walk.compare(row, hashes[index - first], Frontier(index + 1, spines[index - first]))
    for beside in log.text_indexes(tx, after=first - 1, last=end - 1):
        if beside not in there:
            walk.note(stray_text(beside))
    missing = [index for index in staying(archive, first, end) if index not in there]
    if missing:
        walk.note(_missing(missing))
    walk.grow(Fit(before, grown, hashes, spines))
    if end == archive.end and grown != archive.frontier:
        walk.note(_contradicted(archive))
        return False
    return True


def _lost(first: int, end: int) -> Finding:
    return Finding(
        kind="missing", first=first, last=end - 1,
        detail=(
            f"The entries {first} to {end - 1} are archived, and the tile with their hashes is missing or damaged. "
            "Without it nothing shows that they were there."
        ),
    )  # fmt: skip


def _missing(indexes: Sequence[int]) -> Finding:
    more = f", and {len(indexes) - 1} more that should have stayed" if len(indexes) > 1 else ""
    return Finding(
        kind="missing", first=indexes[0], last=indexes[-1],
        detail=(
            f"The entry at index {indexes[0]} is missing{more}: it is archived, but still asked about, and was to stay."
        ),
    )  # fmt: skip


def _contradicted(archive: Archive) -> Finding:
    return Finding(
        kind="rewritten", first=archive.first, last=archive.end - 1,
        detail=(
            f"The hashes of the entries {archive.first} to {archive.end - 1}, which are archived, are not those that "
            "the archive was signed for."
        ),
    )  # fmt: skip
