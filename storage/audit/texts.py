"""Free texts of the record that are not erased: those that somebody typed, those about somebody, those of some stories.

It looks at the copies beside the leaves to find entries, and changes nothing: storage.audit.log erases.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    bindparam,
    cast,
    literal_column,
    or_,
    select,
    type_coerce,
)

from storage.audit.entry import TEXT_ERASED, decode
from storage.audit.log import Transaction, connection_of
from storage.audit.tables import ENTRIES, TEXTS
from storage.audit.vouched import doubted
from storage.engine.listed import among, listed
from storage.engine.plain import Plain, rows
from storage.micros import from_micros


@dataclass(frozen=True, kw_only=True)
class Said:
    """One text of one entry. name: "justification". at: of the entry, aware UTC. story: its correlation id."""

    entry: str
    name: str
    words: str
    at: datetime
    action: str
    actor: str
    story: str


Erasures = Mapping[tuple[str, str], str]
"""By an entry's id and the name of its text: the id of the entry that records that it was erased."""

_ASKED = (
    select(
        ENTRIES.c.id, TEXTS.c.name, TEXTS.c.text, type_coerce(ENTRIES.c.at, BigInteger), ENTRIES.c.action,
        ENTRIES.c.actor, ENTRIES.c.correlation,
    )
    .join(TEXTS, TEXTS.c.index == ENTRIES.c.index)
    .where(TEXTS.c.erased_by.is_(None), TEXTS.c.text.is_not(None))
    .order_by(ENTRIES.c.index, TEXTS.c.name)
)  # fmt: skip

_ERASURES = Plain(
    select(ENTRIES.c.index, ENTRIES.c.id, cast(ENTRIES.c.leaf, LargeBinary)).where(
        ENTRIES.c.action == literal_column(f"'{TEXT_ERASED}'"), ENTRIES.c.index >= bindparam("first")
    )
)


def typed_by(tx: Transaction, account: str) -> list[Said]:
    """What this person typed."""
    return _found(tx, ENTRIES.c.actor == account)


def said_about(tx: Transaction, account: str) -> list[Said]:
    """What anybody typed about this person."""
    return _found(tx, ENTRIES.c.subject == account)


def of_stories(tx: Transaction, stories: Collection[str]) -> list[Said]:
    """What anybody typed in these stories."""
    return _found(tx, among(ENTRIES.c.correlation, "stories"), {"stories": listed(stories)})


def of_entry(tx: Transaction, entry: str) -> list[Said]:
    """The texts of the entry with this id."""
    return _found(tx, ENTRIES.c.id == entry)


def erasures(tx: Transaction, *, first: int = 0, vouched_for: bool = False) -> Erasures:
    """Every text that the record says was erased, in an entry from the index `first` on. AuditFault if one of those
    cannot be read.

    vouched_for: only where it is Wicket that says so, for whoever has a hand on what nobody else has.
    """
    found, doubts = {}, doubted(tx) if vouched_for else []
    for index, record, leaf in rows(connection_of(tx), _ERASURES, {"first": first}):
        if any(one.covers(index) for one in doubts):
            continue
        facts = decode(leaf)["facts"]
        found[str(facts.get("entry")), str(facts.get("text"))] = str(record)
    return found


def is_known(tx: Transaction, account: str) -> bool:
    """Whether any entry is by or about this account."""
    asked = (
        select(ENTRIES.c.index).where(or_(ENTRIES.c.actor == account, ENTRIES.c.subject == account)).limit(1)
    )
    return connection_of(tx).execute(asked).first() is not None


def _found(tx: Transaction, which: ColumnElement[bool], given: dict[str, Any] | None = None) -> list[Said]:
    return [
        Said(entry=entry, name=name, words=text, at=from_micros(at), action=action, actor=actor, story=story)
        for entry, name, text, at, action, actor, story in connection_of(tx).execute(
            _ASKED.where(which), given or {}
        )
    ]
