"""What was archived of the log: whole ranges whose entries stand in files outside, each by a signed statement.

It takes nothing out and brings nothing back. A statement that the log's key did not sign counts for nothing: whoever
can write rows but has no key cannot excuse what they took out.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from sqlalchemy import LargeBinary, bindparam, cast, func, insert, literal_column, select

from storage.audit.checkpoint import BadNote, Signer, Verifier, open_note, read_base64, sign_text, to_base64
from storage.audit.entry import decode
from storage.audit.log import NO_TIME, Transaction, connection_of
from storage.audit.merkle import (
    HASH_SIZE,
    MAX_SIZE,
    WIDTH,
    Frontier,
    consistency_proof,
    verify_consistency,
)
from storage.audit.tables import ARCHIVES, ENTRIES
from storage.audit.tiles import Tree
from storage.engine.plain import Plain, rows
from storage.faults import AuditFault
from storage.identifiers import made_at
from storage.micros import from_micros, to_micros

# The correlation of the entries that say what became of them.
STORY = "log-archives"
# And the actions of those that are written with a statement: the first, and one that is signed anew.
ARCHIVED, SIGNED_ANEW = "log.archived", "log.archives_signed"

# Archives kept as they were read: the bot's walk asks for all of them at each of its steps.
_KEPT = 1024
_ORIGIN = "/archive"
_NUMBER = "(0|[1-9][0-9]{0,18})"
_HASH = "([A-Za-z0-9+/]{43}=)"
_TEXT = re.compile(
    rf"(\S+){_ORIGIN}\n{_NUMBER}\n{_HASH}\nfirst {_NUMBER}\nuntil {_NUMBER}\nleaves {_HASH}\nstay {_HASH}\n"
)
_READ = Plain(
    select(
        ARCHIVES.c.first,
        ARCHIVES.c.size,
        ARCHIVES.c.note,
        cast(ARCHIVES.c.frontier, LargeBinary),
        cast(ARCHIVES.c.stay, LargeBinary),
    ).order_by(ARCHIVES.c.first, ARCHIVES.c.id.desc())
)

_RECORDED = Plain(
    select(ENTRIES.c.index, cast(ENTRIES.c.leaf, LargeBinary)).where(
        ENTRIES.c.action == literal_column(f"'{ARCHIVED}'")
    )
)
_LAST = Plain(select(func.max(ENTRIES.c.index)))
_HERE = Plain(
    select(func.count()).where(ENTRIES.c.index >= bindparam("first"), ENTRIES.c.index < bindparam("end"))
)


Facts = Mapping[str, Any]
"""What the record says of an archive, by name."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is signed of an archive: the entries from `first` up to `end` may be gone from the store.

    log: its name. root: of the tree over the first `end` entries. until: when the last of them was written (aware UTC).
    leaves: the SHA-256 of the file in which all of them stand, one a line. stay: the SHA-256 of the bits that say which
    of them stand in the store all the same.
    """

    log: str
    first: int
    end: int
    root: bytes
    until: datetime
    leaves: bytes
    stay: bytes

    def signed(self, signer: Signer) -> str:
        """The statement as a signed note, in the form of a checkpoint of its own origin."""
        return sign_text(
            f"{self.log}{_ORIGIN}\n{self.end}\n{to_base64(self.root)}\nfirst {self.first}\n"
            f"until {to_micros(self.until)}\nleaves {to_base64(self.leaves)}\nstay {to_base64(self.stay)}\n",
            signer,
        )


@dataclass(frozen=True, kw_only=True)
class Archive:
    """One archive. frontier: of the tree over all entries up to its end. stay: a bit for each entry, the first one
    highest: it stands in the store all the same.
    """

    statement: Statement
    note: str
    frontier: Frontier
    stay: bytes

    @property
    def first(self) -> int:
        """The index of its first entry."""
        return self.statement.first

    @property
    def end(self) -> int:
        """The index behind its last one."""
        return self.statement.end

    def stays(self, index: int) -> bool:
        """Whether this entry stands in the store all the same."""
        byte, bit = divmod(index - self.first, 8)
        return bool(self.stay[byte] >> (7 - bit) & 1)

    @cached_property
    def staying(self) -> int:
        """How many stay."""
        return int.from_bytes(self.stay, "big").bit_count()


@dataclass(frozen=True, kw_only=True)
class Archives:
    """All archives of a log, one behind the other from its first entry on. strange: statements that count for nothing,
    since another key signed them, or they fit nowhere.
    """

    each: tuple[Archive, ...] = ()
    strange: int = 0

    @property
    def end(self) -> int:
        """How many entries are archived; where the entries begin that all stand here."""
        return self.each[-1].end if self.each else 0

    @property
    def until(self) -> datetime:
        """When the last of them was written (aware UTC)."""
        return self.each[-1].statement.until if self.each else NO_TIME

    @property
    def frontier(self) -> Frontier:
        """The tree over all of them."""
        return self.each[-1].frontier if self.each else Frontier()

    def before(self, archive: Archive) -> Frontier:
        """The tree over what stands before an archive."""
        return next((one.frontier for one in self.each if one.end == archive.first), Frontier())

    def of(self, index: int) -> Archive | None:
        """The one that this entry is in."""
        return next((one for one in self.each if one.first <= index < one.end), None)


NONE = Archives()


def read_archives(tx: Transaction, verifier: Verifier | None) -> Archives:
    """The archives that this key signed. Without a key, what they say of themselves: that proves nothing."""
    chain, strange, end = list[Archive](), 0, 0
    # Of one that was signed anew, the newest that this key signed.
    for row in _stored(tx):
        archive = archive_of(row, verifier)
        if archive is not None and archive.first == end:
            chain.append(archive)
            end = archive.end
        elif not isinstance(row[1], int) or row[1] > end:
            strange += 1
    return Archives(each=tuple(chain), strange=strange)


def _stored(tx: Transaction) -> Sequence[Sequence[Any]]:
    return rows(connection_of(tx), _READ)


def archived_tree(tx: Transaction, archives: Archives, size: int) -> Frontier | None:
    """The tree over the first `size` entries, of which all are archived, if it leads to the root that was signed."""
    end, signed = archives.end, archives.frontier
    if size > end:
        return None
    try:
        tree = Tree(tx, end)
        found = tree.frontier(size)
        hashes = consistency_proof(tree.between, size, end)
    except AuditFault:
        return None
    return found if verify_consistency(size, end, hashes, found.root, signed.root) else None


def gone_of(tx: Transaction, archives: Archives) -> list[Archive]:
    """Those of which not every entry stands in the store."""
    return [one for one in archives.each if _here(tx, one.first, one.end) < one.end - one.first]


def stated_gone(tx: Transaction) -> list[Archive]:
    """`gone_of` of all that is stated here, whoever signed it: who puts another statement there hides none by that."""
    ((last,),) = rows(connection_of(tx), _LAST)
    each = filter(None, (archive_of(row, None) for row in _stored(tx)))
    return [
        one for one in each if one.end <= (last or 0) and _here(tx, one.first, one.end) < one.end - one.first
    ]


def gone_beyond(tx: Transaction, archives: Archives) -> bool:
    """Whether entries are missing behind these archives that other statements are about, whoever signed those."""
    begins = ((max(archives.end, one.first), one.end) for one in stated_gone(tx))
    return any(first < end and _here(tx, first, end) < end - first for first, end in begins)


def gone_until(tx: Transaction) -> datetime | None:
    """Up to when most entries are archived and not here (aware UTC), as the statements say of themselves; None if all
    are here. Whoever asks about that time knows by this that nothing found is no answer.
    """
    return max((one.statement.until for one in stated_gone(tx)), default=None)


def may_lack(tx: Transaction, story: str) -> datetime | None:
    """`gone_until`, where entries of this story (its correlation) may be among those; None if none can be."""
    until = gone_until(tx)
    begun = made_at(story)
    return None if until is None or (begun is not None and begun > until) else until


def left_of(tx: Transaction, archives: Archives) -> list[Archive]:
    """Those of which more entries stand in the store than stay."""
    return [one for one in archives.each if _here(tx, one.first, one.end) > one.staying]


def _here(tx: Transaction, first: int, end: int) -> int:
    ((count,),) = rows(connection_of(tx), _HERE, {"first": first, "end": end})
    return int(count)


def facts_of(archive: Archive) -> Facts:
    """What the record says of an archive."""
    said = archive.statement
    return {
        "first": said.first, "end": said.end, "stayed": archive.staying, "stay": said.stay.hex(),
        "leaves": said.leaves.hex(), "until": said.until.isoformat(),
    }  # fmt: skip


def recorded(tx: Transaction) -> list[Facts]:
    """What the log says of each archive (`facts_of`). AuditFault if such an entry cannot be read."""
    each = ((index, decode(leaf)["facts"]) for index, leaf in rows(connection_of(tx), _RECORDED))
    return [said for index, said in each if type(said.get("end")) is int and said["end"] <= index]


def unrecorded(archives: Archives, told: Sequence[Facts]) -> list[Archive]:
    """Those of which the log does not say that anybody archived them: their statement is of another store, or of a time
    that was lost, and whoever put it there excuses what they took out. told: what the log says.
    """
    return [one for one in archives.each if not any(facts_of(one).items() <= said.items() for said in told)]


def unstated(archives: Archives, told: Sequence[Facts]) -> list[Facts]:
    """What the log says that was archived, and no statement does: whoever took that away left no other trace, where
    all of the entries were brought back. told: what the log says.
    """
    return [said for said in told if said["end"] > archives.end]


def keep_archive(tx: Transaction, archive: Archive) -> None:
    """Keep the statement: from then on its entries may be taken out."""
    connection_of(tx).execute(
        insert(ARCHIVES),
        {
            "first": archive.first, "size": archive.end, "note": archive.note,
            "frontier": archive.frontier.to_bytes(), "stay": archive.stay,
        },
    )  # fmt: skip


def bits(first: int, end: int, staying: Sequence[int]) -> bytes:
    """The bits of an archive, for the indexes of those that stay."""
    made = bytearray((end - first) // 8)
    for index in staying:
        byte, bit = divmod(index - first, 8)
        made[byte] |= 1 << (7 - bit)
    return bytes(made)


def read_statement(note: str, verifier: Verifier | None) -> Statement | BadNote:
    """What a note states, if this key signed it; without a key, what it says."""
    body = note.partition("\n\n")[0] + "\n" if verifier is None else open_note(note, verifier)
    if isinstance(body, BadNote):
        return body
    found = _TEXT.fullmatch(body)
    if found is None or (verifier is not None and found[1] != verifier.name):
        return BadNote(reason="it states no archive of this log")
    name, end, root, first, until, leaves, stay = found.groups()
    hashes = [read_base64(one) for one in (root, leaves, stay)]
    if any(one is None or len(one) != HASH_SIZE for one in hashes):
        return BadNote(reason="one of its hashes is no hash")
    begins, ends = int(first), int(end)
    if not begins < ends <= MAX_SIZE or begins % WIDTH or ends % WIDTH:
        return BadNote(reason="it is not about whole tiles")
    try:
        at = from_micros(int(until))
    except OverflowError:
        return BadNote(reason="its time is none")
    made = [one or b"" for one in hashes]
    return Statement(
        log=name, first=begins, end=ends, root=made[0], until=at, leaves=made[1], stay=made[2]
    )  # fmt: skip


def archive_of(row: Sequence[Any], verifier: Verifier | None) -> Archive | None:
    """What a row states, its columns but for the number, if this key signed it; without a key, what it says of itself.

    SQLite lets anything stand in any column; what is not as it was signed is none.
    """
    first, size, note, frontier, stay = row
    return _archive(first, size, note, frontier, stay, verifier)


@lru_cache(_KEPT)
def _archive(
    first: Any, size: Any, note: Any, frontier: Any, stay: Any, verifier: Verifier | None
) -> Archive | None:
    if not isinstance(note, str) or not isinstance(frontier, bytes) or not isinstance(stay, bytes):
        return None
    said = read_statement(note, verifier)
    if isinstance(said, BadNote) or (said.first, said.end) != (first, size):
        return None
    if len(stay) * 8 != said.end - said.first or hashlib.sha256(stay).digest() != said.stay:
        return None
    try:
        tree = Frontier.from_bytes(frontier)
    except ValueError:
        return None
    if tree.size != said.end or tree.root != said.root:
        return None
    return Archive(statement=said, note=note, frontier=tree, stay=stay)


def staying(archive: Archive, first: int, end: int) -> Iterator[int]:
    """The indexes of those between that stay."""
    return (
        index for index in range(max(first, archive.first), min(end, archive.end)) if archive.stays(index)
    )
