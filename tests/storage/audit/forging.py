"""Entries as whoever can write the database adds them: they fit together, and no key made the MAC of the head.

It does by its own statements what the log does, and has no more than everybody can read.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from storage.audit import log
from storage.audit.entry import BESIDE, Actor, Entry, Where, written
from storage.audit.merkle import leaf_hash, mark_of
from storage.audit.tables import ENTRIES, HEAD
from storage.identifiers import new_id


def forge(
    tx: Connection,
    action: str,
    correlation: str,
    facts: Mapping[str, Any] | None = None,
    *,
    at: datetime,
    subject: str | None = None,
    mac: str | None = "",
) -> int:
    """Add an entry that says this; its index. mac: what is left in the place of the head's, anything without it."""
    entry = Entry(
        id=new_id("e", at), at=at, action=action, outcome="done", actor=Actor(type="wicket", id="wicket"),
        correlation=correlation, where=Where(transport="schedule", replica="r1"), subject=subject,
        facts=dict(facts or {}),
    )  # fmt: skip
    before = log.head(tx)
    beside, leaf = written(entry, {})
    grown, (spine,) = before.extend([leaf_hash(leaf)])
    row = dict(zip(BESIDE, beside, strict=True))
    tx.execute(
        insert(ENTRIES),
        {**row, "at": at, "index": before.size, "leaf": leaf, "leaf_hash": leaf_hash(leaf), "root": mark_of(spine)},
    )  # fmt: skip
    tx.execute(
        update(HEAD).values(
            size=grown.size, frontier=grown.to_bytes(), mac=mac if mac != "" else f"x{grown.size}"
        )
    )
    return before.size
