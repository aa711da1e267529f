"""Verification: walk the whole log once, in constant memory, and name what does not fit.

It only reads, and it never calls a log sound beyond what a checkpoint from elsewhere covers.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.exc import OperationalError

from storage.audit import lean, log
from storage.audit.checkpoint import Verifier
from storage.audit.copies import FindRow
from storage.audit.epochs import Epochs, read_epochs
from storage.audit.findings import Finding, Report, about, sentence, stray_text
from storage.audit.log import Row, Transaction
from storage.audit.merkle import MAX_SIZE, Frontier
from storage.audit.sealing import checkpoints, last_checkpoint_id
from storage.audit.tables import HEAD, TEXTS
from storage.audit.tile_check import TileCheck
from storage.audit.walk import Walk
from storage.faults import AuditFault

Progress = Callable[[int, int | None], None]

_BEFORE_ALL = -(2**63)


def verify_log(
    tx: Transaction,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    progress: Progress | None = None,
) -> Report:
    """Verify the log in the database. `notes` are checkpoints from elsewhere and need the `verifier`.

    It may run while entries are added: it answers for those that the head counted at the beginning.
    progress: called with the entries done and their number.
    """
    upto = last_checkpoint_id(tx)
    kept = checkpoints(tx, upto=upto) if verifier else ()
    epochs = read_epochs(tx, verifier) if verifier else None
    head, complaint = _head(tx)
    walk = Walk(verifier, notes, kept, find=partial(log.row, tx), epochs=epochs)
    tiles = TileCheck(tx, walk.note, size=head.size) if head else None
    if walked(tx, walk, tiles, below=head.size if head else None, progress=progress):
        walk.end(head)
    with _forgiving(tx):
        stray = log.beyond_head(tx) if head else None
        loose = _loose_text(tx) if head else None
    if complaint:
        walk.note(complaint)
    if stray:
        detail = f"Entry {stray.id} at index {stray.index} stands beyond the head, which does not count it."
        walk.note(about(stray, "extra", detail))
    if loose is not None:
        walk.note(stray_text(loose))
    return walk.report()


def verify(
    rows: Iterable[Row],
    head: Frontier | None,
    *,
    verifier: Verifier | None = None,
    notes: Sequence[str | bytes] = (),
    kept: Iterable[tuple[int, str]] = (),
    find: FindRow | None = None,
    epochs: Epochs | None = None,
) -> Report:
    """Verify rows that come in order of index, from wherever they are stored.

    head: the stored head, None if there is none to compare. notes: checkpoints from elsewhere. kept: those stored
    beside the rows, as size and text, smallest size first. find: looks a row up by its entry id, to see whether an
    erased text was erased on record. epochs: those that entries among the rows open. ValueError for notes without a
    verifier.
    """
    walk = Walk(verifier, notes, kept, find=find, epochs=epochs)
    walk.begin()
    if all(walk.take(row) for row in rows):
        walk.end(head)
    return walk.report()


def walked(
    tx: Transaction, walk: Walk, tiles: TileCheck | None, *, below: int | None, progress: Progress | None
) -> bool:
    """Take all rows that follow, up to `below`, and compare the tiles; False if it ended before."""
    walk.begin(tiles)
    end = MAX_SIZE if below is None else below
    # A row may stand where none can: before the first.
    after = walk.frontier.size - 1 if walk.frontier.size else _BEFORE_ALL
    while batch := _next_batch(tx, after, end):
        fit = lean.fit(tx, batch, walk.frontier)
        last = lean.last_of(batch)
        if fit is not None:
            walk.grow(fit)
        elif not _closely(tx, walk, after, min(end, last + 1)):
            return False
        after = last
        if progress:
            progress(walk.frontier.size, below)
    return True


def _next_batch(tx: Transaction, after: int, end: int) -> Sequence[Sequence[Any]]:
    try:
        return lean.batch_after(tx, after, below=end)
    except OperationalError:  # text that is none; to read every text forgivingly costs more than all else
        with _forgiving(tx):
            return lean.batch_after(tx, after, below=end)


def _closely(tx: Transaction, walk: Walk, after: int, below: int) -> bool:
    """Take these rows one by one; False if nothing after them can be judged."""
    with _forgiving(tx):
        return all(walk.take(row) for row in log.every(tx, after=after, below=below))


@contextmanager
def _forgiving(tx: Transaction) -> Iterator[None]:
    """On SQLite, read text that is no UTF-8 with replacement characters: it must be named, not end the walk."""
    driver = log.connection_of(tx).connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        yield
        return
    before, driver.text_factory = driver.text_factory, _replacing
    try:
        yield
    finally:
        driver.text_factory = before


def _replacing(stored: bytes) -> str:
    return stored.decode(errors="replace")


def _loose_text(tx: Transaction) -> int | None:
    """The index of a text that stands beside no entry: there is none in a sound log."""
    size = select(HEAD.c.size).scalar_subquery()
    query = select(TEXTS.c.index).where(or_(TEXTS.c.index < 0, TEXTS.c.index >= size)).limit(1)
    return log.connection_of(tx).execute(query).scalar_one_or_none()


def _head(tx: Transaction) -> tuple[Frontier | None, Finding | None]:
    try:
        return log.head(tx), None
    except AuditFault as fault:
        return None, Finding(kind="head", detail=sentence(fault))
