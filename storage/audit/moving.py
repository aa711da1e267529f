"""Entries taken out of the store once they are archived, and brought back from what was archived.

It asks no file and signs nothing. The guards refuse what no archive is stated to hold.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import delete, select

from storage.audit.entry import BESIDE, copies, decode
from storage.audit.log import ADD_ENTRIES, StoredText, Transaction, connection_of
from storage.audit.merkle import Frontier, leaf_hash, mark_of
from storage.audit.tables import ENTRIES, TEXTS
from storage.engine.together import Together

_ADD_TEXTS = Together(TEXTS.name, ("index", "name", "text", "salt", "erased_by"))


def take_out(tx: Transaction, first: int, end: int, *, staying: Sequence[int]) -> int:
    """Take out the entries from `first` up to `end` with their texts, but for those that stay; how many there were."""
    connection = connection_of(tx)
    for table in (TEXTS, ENTRIES):
        between = (table.c.index >= first, table.c.index < end, table.c.index.not_in(staying))
        taken = connection.execute(delete(table).where(*between)).rowcount
    return taken


def words_here(tx: Transaction, first: int, end: int, *, staying: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Where words stand from `first` up to `end`, but for those that stay: by index and name."""
    between = (TEXTS.c.index >= first, TEXTS.c.index < end, TEXTS.c.index.not_in(staying))
    asked = select(TEXTS.c.index, TEXTS.c.name).where(*between, TEXTS.c.text.is_not(None))
    return ((index, name) for index, name in connection_of(tx).execute(asked))


def erased_here(tx: Transaction, first: int, end: int) -> Mapping[tuple[int, str], str]:
    """What stands there as erased, by index and name: the id of the entry that records it."""
    between = (TEXTS.c.index >= first, TEXTS.c.index < end, TEXTS.c.erased_by.is_not(None))
    asked = select(TEXTS.c.index, TEXTS.c.name, TEXTS.c.erased_by).where(*between)
    return {(index, name): record for index, name, record in connection_of(tx).execute(asked)}


def indexes_here(tx: Transaction, first: int, end: int) -> frozenset[int]:
    """Those from `first` up to `end` at which an entry stands."""
    between = (ENTRIES.c.index >= first, ENTRIES.c.index < end)
    return frozenset(connection_of(tx).execute(select(ENTRIES.c.index).where(*between)).scalars())


def bring_back(
    tx: Transaction,
    before: Frontier,
    leaves: Sequence[bytes],
    texts: Mapping[int, Mapping[str, StoredText]],
) -> Frontier:
    """Bring these entries back that follow on the tree `before`, where they are not there; the tree with them."""
    connection, first = connection_of(tx), before.size
    hashes = [leaf_hash(leaf) for leaf in leaves]
    grown, spines = before.extend(hashes)
    here = indexes_here(tx, first, grown.size)
    rows, said = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for index, (leaf, hashed, spine) in enumerate(zip(leaves, hashes, spines, strict=True), start=first):
        if index in here:
            continue
        decoded = decode(leaf)
        beside = {**copies(decoded), "at": decoded["at"]}
        rows.append((index, *(beside[name] for name in BESIDE), leaf, hashed, mark_of(spine)))
        said += [
            (index, name, kept.text, kept.salt, kept.erased_by) for name, kept in texts.get(index, {}).items()
        ]
    ADD_ENTRIES.put(connection, rows)
    _ADD_TEXTS.put(connection, said)
    return grown
