"""The audit log in the database: append in the caller's transaction, read, erase a text.

It never opens, commits or rolls back a transaction, and never changes an entry.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Unpack

from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Select,
    cast,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from storage.audit import times
from storage.audit.entry import BESIDE, TEXT_ERASED, Entry, decode, written
from storage.audit.filters import Wanted, conditions
from storage.audit.heads import HEAD_ID, LOCK_HEAD, MOVE_HEAD, READ_HEAD, Head, first_mac, head_of, next_mac
from storage.audit.merkle import Frontier, leaf_hash, mark_of, root_under
from storage.audit.salted import fresh_salts
from storage.audit.tables import ENTRIES, HEAD, TEXTS
from storage.engine.plain import Plain, Talk
from storage.engine.storable import cleaned
from storage.engine.together import Together
from storage.faults import AuditFault
from storage.micros import from_micros

Transaction = Session | Connection

_BATCH = 1000
_COPIES = tuple(name for name in BESIDE if name != "at")
NO_TIME = datetime.min.replace(tzinfo=UTC)

# SQLite lets anything stand in any column. Whoever edited a row may have left text where bytes were, and it must
# still be read to be named.
_READ_ENTRIES = select(
    *(each for each in ENTRIES.c if each.name not in ("at", "leaf", "leaf_hash", "root")),
    type_coerce(ENTRIES.c.at, BigInteger).label("at"),
    *(
        cast(each, LargeBinary).label(each.name)
        for each in (ENTRIES.c.leaf, ENTRIES.c.leaf_hash, ENTRIES.c.root)
    ),
)
_READ_TEXTS = select(
    TEXTS.c.index,
    TEXTS.c.name,
    TEXTS.c.text,
    cast(TEXTS.c.salt, LargeBinary).label("salt"),
    TEXTS.c.erased_by,
)
_SIZE = select(HEAD.c.size).where(HEAD.c.id == HEAD_ID).scalar_subquery()
_ADD_HEAD = insert(HEAD)
_FIRST_HAS_MARK = select(ENTRIES.c.root != ENTRIES.c.leaf_hash).where(ENTRIES.c.index == 0)
# What stands there of an entry is made as the drivers take it, so no type has to change it any more.
ADD_ENTRIES = Together(ENTRIES.name, ("index", *BESIDE, "leaf", "leaf_hash", "root"))
_ADD_TEXTS = Together(TEXTS.name, ("index", "name", "text", "salt"))


@dataclass(frozen=True, kw_only=True)
class StoredText:
    """A free text as it is kept; `text` and `salt` are None once erased, and `erased_by` names the entry saying so."""

    text: str | None
    salt: bytes | None
    erased_by: str | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One stored entry: the leaf, what was stored beside it, and its texts by name.

    Somebody may have edited it: only the leaf is evidence, and only once verified.
    """

    index: int
    id: str
    at: datetime
    actor: str
    subject: str | None
    resource: str | None
    action: str
    outcome: str
    correlation: str
    leaf: bytes
    leaf_hash: bytes
    root: bytes
    texts: Mapping[str, StoredText] = field(default_factory=dict)

    def said(self) -> dict[str, Any]:
        """What the leaf says (entry.decode). AuditFault if it cannot be read."""
        return decode(self.leaf)


def append(tx: Transaction, entry: Entry) -> str:
    """Add an entry at the head, with its texts, in this transaction; its id is the answer.

    AuditFault if the head does not fit the entries or moved meanwhile: then nothing of the transaction may be kept.
    """
    append_each(tx, (entry,))
    return entry.id


def append_each(tx: Transaction, entries: Sequence[Entry]) -> None:
    """`append` for many entries, in this order: the same leaves and the same tree, and the head moves once."""
    if not entries:
        return
    connection = connection_of(tx)
    with Talk(connection) as talk:
        head = _locked_head(connection, talk, tx.info)
        before, beside_each = head.tree, mark_of if head.marks else root_under
        rows, texts = list[tuple[Any, ...]](), list[tuple[int, str, str, bytes]]()
        for index, entry in enumerate(entries, before.size):
            salts = fresh_salts(entry.texts)
            beside, leaf = written(entry, salts)
            rows.append((index, *beside, leaf, leaf_hash(leaf)))
            texts += [(index, name, cleaned(text), salts[name]) for name, text in entry.texts.items()]
        grown, spines = before.extend([row[-1] for row in rows])
        ADD_ENTRIES.put_by(
            talk, [(*row, beside_each(spine)) for row, spine in zip(rows, spines, strict=True)]
        )
        stored = grown.to_bytes()
        moved = {"old_size": before.size, "new_size": grown.size, "new_frontier": stored}
        if talk.run(MOVE_HEAD, {**moved, "new_mac": next_mac(tx.info, head, stored)}) != 1:
            raise AuditFault("the audit head moved while an entry was added")
        _ADD_TEXTS.put_by(talk, texts)


def head(tx: Transaction) -> Frontier:
    """How far the tree has grown. AuditFault if the head row is damaged or gone though there are entries."""
    connection = connection_of(tx)
    with Talk(connection) as talk:
        found = _head(connection, talk, READ_HEAD)
    return found.tree if found else Frontier()


def _locked_head(connection: Connection, talk: Talk, info: MutableMapping[str, Any]) -> Head:
    """The head, held until the transaction ends.

    The first one is written here: who begins a log shares it with no version that knows roots alone.
    """
    found = _head(connection, talk, LOCK_HEAD)
    if found is None:
        new = Head(Frontier(), True, None)
        found = new._replace(mac=first_mac(info, new))
        first = {"id": HEAD_ID, "size": 0, "frontier": new.tree.to_bytes(), "marks": True, "mac": found.mac}
        connection.execute(_ADD_HEAD, first)
    return found


def _head(connection: Connection, talk: Talk, query: Plain) -> Head | None:
    found = talk.rows(query)
    if found:
        return head_of(*found[0])
    if connection.execute(select(ENTRIES.c.index).limit(1)).first() is not None:
        raise AuditFault("the audit head is gone though there are entries")
    return None


def rows(tx: Transaction, *, limit: int = 100, **wanted: Unpack[Wanted]) -> list[Row]:
    """The newest `limit` entries that fit (`filters.Wanted`), oldest first, with their texts."""
    return _fitting(tx, wanted, ENTRIES.c.index.desc(), limit)[::-1]


def first_rows(tx: Transaction, *, limit: int, **wanted: Unpack[Wanted]) -> list[Row]:
    """The oldest `limit` entries that fit, oldest first, with their texts: with `after` one goes on from the last."""
    return _fitting(tx, wanted, ENTRIES.c.index, limit)


def count(tx: Transaction, *, subject: str, action: str, since: datetime) -> int:
    """How many entries say that this was done with this person since then (aware UTC, inclusive)."""
    query = select(func.count()).where(
        ENTRIES.c.subject == subject,
        ENTRIES.c.action == action,
        ENTRIES.c.at >= since,
        ENTRIES.c.outcome == "done",
    )
    return int(connection_of(tx).execute(query).scalar_one())


def tally(tx: Transaction, since: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """How often each action had each outcome, from `since` until before `until` (aware UTC)."""
    connection = connection_of(tx)
    query = (
        select(ENTRIES.c.action, ENTRIES.c.outcome, func.count())
        .where(*times.near(connection, since, until), ENTRIES.c.at >= since, ENTRIES.c.at < until)
        .group_by(ENTRIES.c.action, ENTRIES.c.outcome)
    )
    return {(action, outcome): int(often) for action, outcome, often in connection.execute(query)}


def latest(tx: Transaction) -> Row | None:
    """The newest entry, or None while there is none."""
    found = rows(tx, limit=1)
    return found[0] if found else None


def row(tx: Transaction, entry_id: str) -> Row | None:
    """The entry with this id, or None."""
    return next(iter(_read(connection_of(tx), _READ_ENTRIES.where(ENTRIES.c.id == entry_id))), None)


def as_index(text: str) -> int | None:
    """The index that somebody named; None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def row_at(tx: Transaction, index: int) -> Row | None:
    """The entry at this index, or None."""
    return next(iter(_read(connection_of(tx), _READ_ENTRIES.where(ENTRIES.c.index == index))), None)


def at_indexes(tx: Transaction, indexes: Sequence[int]) -> list[Row]:
    """The entries at these few indexes, in order, with their texts."""
    query = _READ_ENTRIES.where(ENTRIES.c.index.in_(indexes)).order_by(ENTRIES.c.index)
    return _read(connection_of(tx), query) if indexes else []


def every(tx: Transaction, *, below: int | None = None, after: int | None = None) -> Iterator[Row]:
    """All entries (with an index under `below`, over `after`) in order, with their texts; a thousand in memory."""
    connection = connection_of(tx)
    ordered = _READ_ENTRIES.order_by(ENTRIES.c.index).limit(_BATCH)
    if below is not None:
        ordered = ordered.where(ENTRIES.c.index < below)
    while True:
        query = ordered
        if after is not None:
            query = query.where(ENTRIES.c.index > after)
        batch = _read(connection, query)
        if not batch:
            return
        yield from batch
        after = batch[-1].index


def first_since(tx: Transaction, at: datetime) -> int | None:
    """The index of the first entry that is not older (aware UTC), or not by a millisecond; some after it may be."""
    connection = connection_of(tx)
    # As a number of its own: SQLite would look for the smallest by reading entries from the first on.
    query = select(func.min(ENTRIES.c.index + 0)).where(*times.near(connection, since=at))
    first = connection.execute(query).scalar()
    return None if first is None else int(first)


def following(tx: Transaction, index: int, *, limit: int) -> list[Row]:
    """The entries from this index on that the head counts, in their order, with their texts; so many at most."""
    found = (ENTRIES.c.index >= index) & (ENTRIES.c.index < _SIZE)
    return _read(connection_of(tx), _READ_ENTRIES.where(found).order_by(ENTRIES.c.index).limit(limit))


def strays(tx: Transaction) -> list[Row]:
    """The first entry before the beginning and the first behind the head: there are none in a sound log."""
    outside = (ENTRIES.c.index < 0, ENTRIES.c.index >= _SIZE)
    queries = (_READ_ENTRIES.where(where).order_by(ENTRIES.c.index).limit(1) for where in outside)
    return [row for query in queries for row in _read(connection_of(tx), query)]


def loose_text(tx: Transaction) -> object | None:
    """The index of a text before the first or behind the last entry; None in a sound log."""
    # SQLite keeps fractions in a column of whole numbers, and one behind the last entry is still below the size.
    outside = or_(TEXTS.c.index <= -1, TEXTS.c.index > _SIZE - 1)
    return connection_of(tx).execute(select(TEXTS.c.index).where(outside).limit(1)).scalar_one_or_none()


def text_indexes(tx: Transaction, *, after: int, last: int) -> list[object]:
    """The indexes at which texts stand between these, in order."""
    query = select(TEXTS.c.index).distinct().where(TEXTS.c.index > after, TEXTS.c.index <= last)
    return list(connection_of(tx).execute(query.order_by(TEXTS.c.index)).scalars())


def loose_texts(tx: Transaction, *, after: int, last: int) -> list[object]:
    """The indexes of texts between these entries, which none can have: SQLite keeps fractions as well."""
    return [index for index in text_indexes(tx, after=after, last=last) if not isinstance(index, int)]


def has_odd_marks(tx: Transaction) -> bool:
    """Whether the head says of marks what no version wrote there: a store of SQLite has them since it was brought up,
    and one of PostgreSQL from its first entry on, or none. Of one leaf the hash is the root.
    """
    connection = connection_of(tx)
    with Talk(connection) as talk:
        marks = [row[2] for row in talk.rows(READ_HEAD)]
    if connection.dialect.name == "sqlite":
        return marks != [1] * len(marks)
    first = connection.execute(_FIRST_HAS_MARK).scalar_one_or_none()
    return any(each is False or (first is not None and bool(each) != first) for each in marks)


def erase_each(tx: Transaction, wanted: Iterable[tuple[str, str, Entry]]) -> int:
    """Erase free texts with their salts, and append for each its record (who, why, when), completed with what was
    erased; how many there were to erase. wanted: each an entry's id, the text's name and its record.

    Without its salt the commitment in the leaf tells nothing about a text, and the tree stays whole.
    """
    connection, records = connection_of(tx), list[Entry]()
    for entry_id, name, record in wanted:
        index = connection.execute(
            select(ENTRIES.c.index).where(ENTRIES.c.id == entry_id)
        ).scalar_one_or_none()
        erased = connection.execute(
            update(TEXTS)
            .where(TEXTS.c.index == index, TEXTS.c.name == name, TEXTS.c.erased_by.is_(None))
            .values(text=None, salt=None, erased_by=record.id)
        )
        if erased.rowcount == 1:
            facts = {**record.facts, "entry": entry_id, "text": name}
            records.append(replace(record, action=TEXT_ERASED, facts=facts))
    append_each(tx, records)
    return len(records)


def _fitting(tx: Transaction, wanted: Wanted, order: Any, limit: int) -> list[Row]:
    connection = connection_of(tx)
    query = _READ_ENTRIES.where(*conditions(connection, wanted)).order_by(order).limit(limit)
    return _read(connection, query)


def _read(connection: Connection, query: Select[Any]) -> list[Row]:
    """The rows with their texts, which are read by one query."""
    stored = connection.execute(query).mappings().all()
    by_index: dict[int, dict[str, StoredText]] = {each["index"]: {} for each in stored}
    if stored:
        query = _READ_TEXTS.where(TEXTS.c.index.in_(by_index))
        for each in connection.execute(query).mappings():
            kept = StoredText(text=_text(each["text"]), salt=each["salt"], erased_by=_text(each["erased_by"]))
            by_index[each["index"]][_text(each["name"]) or ""] = kept
    return [
        Row(
            **{**each, **{name: _text(each[name]) for name in _COPIES}, "at": _moment(each["at"])},
            texts=by_index[each["index"]],
        )
        for each in stored
    ]


def _moment(micros: object) -> datetime:
    """The stored time; NO_TIME, which no leaf can say, for what is none."""
    try:
        return from_micros(micros) if isinstance(micros, int) else NO_TIME
    except OverflowError:
        return NO_TIME


def _text(stored: object) -> str | None:
    """The stored text; other things in words, so that they differ from what was written."""
    return stored if stored is None or isinstance(stored, str) else repr(stored)


def connection_of(tx: Transaction) -> Connection:
    """The connection that the transaction runs on."""
    return tx if isinstance(tx, Connection) else tx.connection()
