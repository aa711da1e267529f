"""A quick look at a batch of rows: whether all of it fits. Most of a log does, and a close look costs much more.

It words nothing. It says yes only where the close look (storage.audit.copies and the walk) finds nothing; whatever is
unusual, as an escaped character in an id or an erased text, is left to that.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, bindparam, select, type_coerce
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import NullType

from storage.audit.entry import SALT_SIZE, cleaned
from storage.audit.log import Transaction, connection_of
from storage.audit.merkle import MARK, MAX_SIZE, Frontier, mark_of, root_under
from storage.audit.tables import ENTRIES, TEXTS
from storage.faults import AuditFault
from storage.plain import Plain, rows

BATCH = 1000

_COPIES = ("action", "actor", "correlation", "id", "outcome", "resource", "subject")
# Where these, the time, the facts and the texts stand among the groups of `_SHAPE`.
_PLACES = (0, 1, 3, 5, 6, 7, 8, 2, 4, 9)
_AT, _INDEX, _LEAF, _LEAF_HASH, _ROOT = range(len(_COPIES), len(_COPIES) + 5)
# Bytes as the driver has them: what it has otherwise does not fit.
_BATCH = Plain(
    select(
        *(ENTRIES.c[name] for name in _COPIES),
        type_coerce(ENTRIES.c.at, BigInteger),
        ENTRIES.c.index,
        *(type_coerce(ENTRIES.c[name], NullType()) for name in ("leaf", "leaf_hash", "root")),
    )
    .where(ENTRIES.c.index > bindparam("after"), ENTRIES.c.index < bindparam("below"))
    .order_by(ENTRIES.c.index)
    .limit(BATCH)
)
_TEXTS = Plain(
    select(
        TEXTS.c.index, TEXTS.c.name, TEXTS.c.text, type_coerce(TEXTS.c.salt, NullType()), TEXTS.c.erased_by
    ).where(TEXTS.c.index >= bindparam("first"), TEXTS.c.index <= bindparam("last"))
)

# The leaf of docs/audit-format.md, whole: its keys in their order, its ids without anything escaped.
_PLAIN = r'[^"\\\x00-\x1f\x7f]*+'
_STRING = rf'"{_PLAIN}(?:\\(?:["\\/bfnrt]|u[0-9a-f]{{4}}){_PLAIN})*+"'
_STRINGS = rf"\[(?:{_STRING}(?:,{_STRING})*+)?\]"
_KEY = r"[a-z][a-z0-9_]*+"
_FACT = rf'"{_KEY}":(?:{_STRING}|0|-?[1-9][0-9]*+|true|false|{_STRINGS})'
_SOME, _ID, _ID_OR_NULL = rf'(?:"{_PLAIN}"|null)', rf'"({_PLAIN})"', rf'(?:"({_PLAIN})"|null)'
_COMMITTED = rf'"{_KEY}":"[0-9a-f]{{64}}"'
_SHAPE = re.compile(
    rf'\{{"action":{_ID},"actor":\{{"id":{_ID},"slack_team":{_SOME},"slack_user":{_SOME},"type":"{_PLAIN}"\}},'
    rf'"at":(0|-?[1-9][0-9]{{0,15}}),"correlation":{_ID},"facts":\{{((?:{_FACT}(?:,{_FACT})*+)?)\}},'
    rf'"id":{_ID},"outcome":{_ID},'
    rf'"policy":(?:null|\{{"allowed":(?:true|false),"ids":{_STRINGS},"set":{_STRING}\}}),'
    rf'"resource":{_ID_OR_NULL},"subject":{_ID_OR_NULL},"texts":\{{((?:{_COMMITTED}(?:,{_COMMITTED})*+)?)\}},"v":1,'
    rf'"where":\{{"channel":{_SOME},"replica":"{_PLAIN}","team":{_SOME},"transport":"{_PLAIN}"\}}\}}'
).fullmatch
# Inside a string no quotation mark stands alone, so these are keys.
_KEYS = re.compile(r'"([a-z][a-z0-9_]*+)":').findall
_COMMITMENTS = re.compile(r'"([a-z0-9_]++)":"([0-9a-f]{64})"').findall

_sha256 = hashlib.sha256


@dataclass(frozen=True, slots=True)
class Fit:
    """A batch that fits: the tree with it, and the leaf hash and the tree's spine after each entry."""

    grown: Frontier
    hashes: Sequence[bytes]
    spines: Sequence[bytes]

    def root_at(self, size: int) -> bytes | None:
        """The root that the tree had at this size; None for one before the batch."""
        number = size - 1 - (self.grown.size - len(self.spines))
        return root_under(self.spines[number]) if number >= 0 else None


def batch_after(tx: Transaction, index: int, *, below: int) -> Sequence[Sequence[Any]]:
    """The next rows in order of index, for `fit`; a thousand at most."""
    return rows(connection_of(tx), _BATCH, {"after": index, "below": below})


def each_leaf(tx: Transaction) -> Iterator[bytes]:
    """Every leaf, in order of index; a thousand in memory. AuditFault for one that is not even bytes."""
    after = -1
    while batch := batch_after(tx, after, below=MAX_SIZE):
        for row in batch:
            if not isinstance(row[_LEAF], bytes):
                raise AuditFault(f"What stands at index {row[_INDEX]} is no leaf.")
            yield row[_LEAF]
        after = last_of(batch)


def last_of(batch: Sequence[Sequence[Any]]) -> int:
    """The index of the last row of a batch."""
    return int(batch[-1][_INDEX])


def fit(tx: Transaction, batch: Sequence[Sequence[Any]], before: Frontier) -> Fit | None:
    """The batch, if it is what comes next in the tree, and all that stands beside its leaves is what they say."""
    first, last = before.size, before.size + len(batch) - 1
    columns = list(zip(*batch, strict=True))
    if columns[_INDEX] != tuple(range(first, last + 1)):
        return None
    try:
        hashes = tuple([_sha256(b"\x00" + leaf).digest() for leaf in columns[_LEAF]])
        leaves = [leaf.decode("ascii") for leaf in columns[_LEAF]]
    except (TypeError, ValueError, AttributeError):
        return None
    if hashes != columns[_LEAF_HASH]:
        return None
    grown, spines = before.extend(hashes)
    if not _told(columns[_ROOT], spines):
        return None
    committed = _copied(columns, leaves)
    if committed is None or not _texts_fit(tx, first, last, committed):
        return None
    return Fit(grown, hashes, spines)


def _told(beside: Sequence[object], spines: Sequence[bytes]) -> bool:
    """Whether the marks of these trees stand beside the entries, or the roots, which versions before wrote."""
    if beside[0] == mark_of(spines[0]):
        return beside == tuple([_sha256(MARK + spine).digest() for spine in spines])
    return beside == tuple(map(root_under, spines))


def _copied(columns: Sequence[Sequence[Any]], leaves: Sequence[str]) -> dict[tuple[int, str], str] | None:
    """The commitments in these leaves, by index and name, if every copy is what its leaf says."""
    try:
        said = list(zip(*[found.groups() for found in map(_SHAPE, leaves)], strict=True))  # type: ignore[union-attr]
    except AttributeError:  # one of them has another shape
        return None
    *copies, at, facts, texts = (said[place] for place in _PLACES)
    if copies != columns[:_AT] or tuple(map(int, at)) != columns[_AT]:
        return None
    committed: dict[tuple[int, str], str] = {}
    listed = 0
    for index, of_one in zip(columns[_INDEX], texts, strict=True):
        if of_one:
            pairs = _COMMITMENTS(of_one)
            listed += len(pairs)
            committed.update({(index, name): value for name, value in pairs})
    keys = map(_KEYS, facts)
    return committed if len(committed) == listed and all(len(one) == len(set(one)) for one in keys) else None


def _texts_fit(tx: Transaction, first: int, last: int, committed: dict[tuple[int, str], str]) -> bool:
    """Whether the texts of these entries are those that were committed to, whole, and no other."""
    try:
        found = rows(connection_of(tx), _TEXTS, {"first": first, "last": last})
    except OperationalError:  # SQLite holds text that is none
        return False
    if len(found) != len(committed):
        return False
    for index, name, text, salt, erased_by in found:
        if erased_by is not None or not isinstance(text, str) or not isinstance(salt, bytes):
            return False
        if len(salt) != SALT_SIZE:
            return False
        try:
            own = hmac.digest(salt, cleaned(text).encode(), "sha256").hex()
        except UnicodeEncodeError:
            return False
        if committed.get((index, name)) != own:
            return False
    return True
