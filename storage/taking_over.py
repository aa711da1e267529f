"""Whether rows without a MAC count: only while a store is taken over from a version that signed none.

It signs nothing and writes no entry. That time begins and ends with an entry of the log and no row, so that whoever
writes the database brings it back for nobody who compares the log with its checkpoints.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from sqlalchemy import Connection, LargeBinary, bindparam, cast, select
from sqlmodel import Session

from storage.audit.entry import decode
from storage.audit.tables import ENTRIES
from storage.engine.plain import Plain, rows
from storage.faults import AuditFault

# What is on record of it, as one story: it begins, and everything there is signed.
STORY, BEGUN, SIGNED = "rows", "rows.unsigned", "rows.signed"

# What a later version signs as well. Which of these is signed, an entry says that names it; each is signed once, so
# that whoever writes the database has nothing signed that a version before left there.
HEAD = "audit_head"
LATER = ("exceptions", "rule_sets", "inquiries", "bulletins", "standings", HEAD)

KNOWN = "taking_over"
_HERE = "takes_over"
_SAID = Plain(select(ENTRIES.c.action).where(ENTRIES.c.correlation == bindparam("story")))
_LEAVES = Plain(
    select(cast(ENTRIES.c.leaf, LargeBinary).label("leaf")).where(ENTRIES.c.correlation == bindparam("story"))
)


class Known:
    """What one process knows for good: that it is over, and that the head of the log is under a key. What goes on is
    asked anew in each transaction.

    all_signed: so is what later versions sign. was_walked: the whole log was walked over in this process, and fits.
    """

    is_over = all_signed = binds_head = was_walked = False


def known_of(info: MutableMapping[str, Any]) -> Known:
    """What the process of this transaction knows; of one that was opened for a look alone, what that look found."""
    known: Known = info.setdefault(KNOWN, Known())
    return known


def takes_over(tx: Session) -> bool:
    """Whether rows without a MAC count, and none is signed: older replicas, which know no MAC, write beside us."""
    known: Known = tx.info[KNOWN]
    if known.is_over:
        return False
    if _HERE not in tx.info:
        said = story(tx)
        known.is_over = SIGNED in said
        tx.info[_HERE] = BEGUN in said and not known.is_over
    return bool(tx.info[_HERE])


def may_be_unsigned(tx: Session, table: str) -> bool:
    """Whether rows of this table count without a MAC: while a store is taken over, and until the first start of a
    version that signs it as well has signed them.
    """
    if takes_over(tx):
        return True
    known: Known = tx.info[KNOWN]
    if table not in LATER or known.all_signed:
        return False
    left = not_yet(tx)
    known.all_signed = known.is_over and not left
    return table in left


def story(tx: Session) -> frozenset[str]:
    """What is on record of it: nothing, that it began, that it is over."""
    return frozenset(str(row[0]) for row in rows(tx.connection(), _SAID, {"story": STORY}))


def binds_head(connection: Connection, info: MutableMapping[str, Any]) -> bool:
    """Whether the record says that the head of the log was put under a key: without a MAC it counts no more then."""
    known = known_of(info)
    known.binds_head = known.binds_head or any(HEAD in one for one in _signed(connection))
    return known.binds_head


def not_yet(tx: Session) -> list[str]:
    """The tables that an upgrade since has to sign; none before all others are, for they are signed with those."""
    signed = _signed(tx.connection())
    return [table for table in LATER if all(table not in one for one in signed)] if signed else []


def _signed(connection: Connection) -> list[Mapping[str, Any]]:
    """What each of the entries says that says what is signed, by its leaf alone: its copies anybody edits unseen. One
    that cannot be read any more says all of it, so that nothing is signed anew by damaging it.
    """
    found = list[Mapping[str, Any]]()
    for (leaf,) in rows(connection, _LEAVES, {"story": STORY}):
        try:
            said = decode(bytes(leaf))
        except AuditFault:
            found.append(dict.fromkeys(LATER, 0))
            continue
        if said["action"] == SIGNED:
            found.append(said.get("facts") or {})
    return found
