"""A quick look at a batch of rows: whether all of it fits. Most of a log does, and a close look costs much more.

It words nothing. It says yes only where the close look (storage.audit.copies and the walk) finds nothing; whatever is
unusual, as an escaped character in an id or an erased text, is left to that. It imports no more than it needs: each
process of a crew does so anew.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from storage.audit.merkle import HASH_SIZE, MARK, WIDTH, Frontier, mark_of, root_under
from storage.audit.salted import SALT_SIZE, quick_commitment
from storage.identifiers import are_of

# As many as a tile has hashes: so few that what is made of them stays near the processor.
BATCH = WIDTH

# What may be asked of a store (storage.audit.asked), and whoever answers it with rows.
ROWS, TEXTS, TILES, SIGNED = "rows", "texts", "tiles", "signed"
HANDED = (ROWS, TEXTS)  # by SQLite, as it reads them (storage.audit.handed): there is a row for each entry
Ask: TypeAlias = Callable[[str, Mapping[str, int]], Sequence[Sequence[Any]]]

COPIES = ("action", "actor", "correlation", "id", "outcome", "resource", "subject")
_PREFIX = "e"  # storage.audit.entry, which would have more imported
# Where these, the time, the facts and the texts stand among the groups of `_SHAPES`.
_PLACES = (0, 1, 3, 5, 6, 7, 8, 2, 4, 9)
_ID_AT = COPIES.index("id")
_RESOURCE, _SUBJECT = COPIES.index("resource"), COPIES.index("subject")
AT, INDEX, LEAF, LEAF_HASH, ROOT = range(len(COPIES), len(COPIES) + 5)

# The leaf of docs/audit-format.md, whole, on a line of its own: its keys in their order, its ids without escapes. The
# time and the commitments may be written in any way here: they are compared, letter for letter, with how they must be.
# The end of any other line is found too, so that there are as many as lines only if each line is a leaf.
_PLAIN = r"[ !#-\[\]-~]"
_STRING = rf'"{_PLAIN}*+(?:\\(?:["\\/bfnrt]|u[0-9a-f]{{4}}){_PLAIN}*+)*+"'
_STRINGS = rf"\[(?:{_STRING}(?:,{_STRING})*+)?\]"
_KEY = r"[a-z][a-z0-9_]*+"
# Longer numbers, of which some are beyond the format, are for the close look.
_NUMBER = "0|-?[1-9][0-9]{0,14}+"
_FACT = rf'"{_KEY}":(?:{_STRING}|{_NUMBER}|true|false|{_STRINGS})'
_SOME, _ID = rf'(?:"{_PLAIN}*+"|null)', rf'"({_PLAIN}*+)"'
# An empty one would look like none.
_ID_OR_NULL = rf'(?:"({_PLAIN}++)"|null)'
_SHAPES = re.compile(
    rf'(?m)^\{{"action":{_ID},"actor":\{{"id":{_ID},"slack_team":{_SOME},"slack_user":{_SOME},"type":"{_PLAIN}*+"\}},'
    rf'"at":(-?[0-9]{{1,16}}+),"correlation":{_ID},"facts":\{{((?:{_FACT}(?:,{_FACT})*+)?)\}},'
    rf'"id":{_ID},"outcome":{_ID},'
    rf'"policy":(?:null|\{{"allowed":(?:true|false),"ids":{_STRINGS},"set":{_STRING}\}}),'
    rf'"resource":{_ID_OR_NULL},"subject":{_ID_OR_NULL},"texts":\{{([^}}]*+)\}},"v":1,'
    rf'"where":\{{"channel":{_SOME},"replica":"{_PLAIN}*+","team":{_SOME},"transport":"{_PLAIN}*+"\}}\}}\n|\n'
).findall
# Inside a string no quotation mark stands alone, so these are keys.
_KEYS = re.compile(r'"([a-z][a-z0-9_]*+)":').findall
_is_key = re.compile(_KEY).fullmatch

_sha256 = hashlib.sha256
# What stands in a tile before its last entry: subtrees of 128, 64 … 1.
_IN_A_TILE = (WIDTH.bit_length() - 1) * HASH_SIZE


class Unreadable(Exception):
    """What is stored there cannot even be read as what it should be."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A batch that fits: the tree before and with it, and the leaf hash and the tree's spine after each entry."""

    before: Frontier
    grown: Frontier
    hashes: Sequence[bytes]
    spines: Sequence[bytes]

    @property
    def filled(self) -> list[bytes]:
        """The root of each tile that these entries fill: by the eight subtrees that its last entry closes."""
        roots: list[bytes] = []
        for number in range(-(self.before.size + 1) % WIDTH, len(self.hashes), WIDTH):
            spine = self.spines[number - 1] if number else self.before.spine
            roots.append(root_under(spine[-_IN_A_TILE:] + self.hashes[number]))
        return roots

    def root_at(self, size: int) -> bytes | None:
        """The root that the tree had at this size; None for one before the batch."""
        number = size - 1 - (self.grown.size - len(self.spines))
        return root_under(self.spines[number]) if number >= 0 else None


def last_of(batch: Sequence[Sequence[Any]]) -> int:
    """The index of the last row of a batch."""
    return int(batch[-1][INDEX])


def fit(ask: Ask, batch: Sequence[Sequence[Any]], before: Frontier) -> Fit | None:
    """The batch, if it is what comes next in the tree, and all that stands beside its leaves is what they say."""
    first, last = before.size, before.size + len(batch) - 1
    columns = list(zip(*batch, strict=True))
    if columns[INDEX] != tuple(range(first, last + 1)):
        return None
    try:
        hashes = tuple([_sha256(b"\x00" + leaf).digest() for leaf in columns[LEAF]])
        lines = b"\n".join((*columns[LEAF], b"")).decode("ascii")
    except (TypeError, ValueError):
        return None
    if hashes != columns[LEAF_HASH]:
        return None
    grown, spines = before.extend(hashes)
    if not _told(columns[ROOT], spines):
        return None
    committed = _copied(columns, lines)
    if committed is None or not _texts_fit(ask, first, last, committed):
        return None
    return Fit(before, grown, hashes, spines)


def _told(beside: Sequence[object], spines: Sequence[bytes]) -> bool:
    """Whether the marks of these trees stand beside the entries, or the roots, which versions before wrote."""
    if beside[0] == mark_of(spines[0]):
        return beside == tuple([_sha256(MARK + spine).digest() for spine in spines])
    return beside == tuple(map(root_under, spines))


def _copied(columns: Sequence[Sequence[Any]], lines: str) -> Sequence[str] | None:
    """What each of these leaves lists as its commitments, if every copy is what its leaf says.

    lines: the leaves, each with a line end, which none may hold itself.
    """
    found = _SHAPES(lines)
    if len(found) != len(columns[INDEX]):
        return None
    said = list(zip(*found, strict=True))
    *copies, at, facts, texts = (said[place] for place in _PLACES)
    for place in (_RESOURCE, _SUBJECT):
        copies[place] = tuple([each or None for each in copies[place]])
    if copies != columns[:AT] or ", ".join(at) != str(list(columns[AT]))[1:-1]:
        return None
    if _repeats(facts) or not are_of(_PREFIX, columns[_ID_AT], columns[AT]):
        return None
    return texts


def _repeats(facts: Sequence[str]) -> bool:
    """Whether a key stands twice in the facts of one entry; many have the same facts, and are looked at once."""
    return any(len(set(keys)) != len(keys) for keys in map(_KEYS, set(facts)))


def _texts_fit(ask: Ask, first: int, last: int, committed: Sequence[str]) -> bool:
    """Whether the texts of these entries are those that were committed to, whole, and no other.

    committed: what each leaf lists. It is not taken apart, but compared with the list that these texts give.
    """
    try:
        found = ask(TEXTS, {"after": first - 1, "last": last})
    except Unreadable:  # SQLite holds text that is none
        return False
    own, names, before = dict[int, str](), set[str](), (first, "")
    for index, name, text, salt, erased_by in found:
        if erased_by is not None or not (isinstance(text, str) and isinstance(name, str)):
            return False
        # In the order of the leaf, in which none stands twice.
        if not isinstance(salt, bytes) or len(salt) != SALT_SIZE or (index, name) <= before:
            return False
        try:
            said = f'"{name}":"{quick_commitment(salt, text)}"'
        except UnicodeEncodeError:
            return False
        own[index] = f"{own[index]},{said}" if index in own else said
        names.add(name)
        before = index, name
    beside = {index: each for index, each in enumerate(committed, first) if each}
    return own == beside and all(map(_is_key, names))
