"""The newest entry of a story that tells of one thing, by its leaf alone: several ask at each start and each tick.

It reads no text and proves nothing; most stories tell of nothing yet.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import LargeBinary, bindparam, cast, select
from sqlmodel import Session

from storage.audit.entry import decode
from storage.audit.tables import ENTRIES
from storage.audit.vouched import is_doubted
from storage.engine.plain import Plain, rows

# What somebody edited may be no bytes any more. A story is short, so its index leads: of some actions there are many.
_NEWEST = Plain(
    select(ENTRIES.c.index, cast(ENTRIES.c.leaf, LargeBinary).label("leaf"))
    .where(
        ENTRIES.c.correlation == bindparam("story"),
        ENTRIES.c.action.concat("") == bindparam("what_happened"),
        ENTRIES.c.index < bindparam("below"),
    )
    .order_by(ENTRIES.c.index.desc())
    .limit(1)
)

_ANY = 2**62


@dataclass(frozen=True)
class Told:
    """An entry. index: its place in the log. leaf: as it is kept."""

    index: int
    leaf: bytes

    def said(self) -> dict[str, Any]:
        """What the leaf says (storage.audit.entry.decode). AuditFault if it cannot be read."""
        return decode(self.leaf)


def newest(tx: Session, story: str, action: str) -> Told | None:
    """The newest entry of this story (its correlation) and action; None if there is none.

    Those that an epoch doubts are none: what they tell, anybody may have had told.
    """
    asked: dict[str, Any] = {"story": story, "what_happened": action, "below": _ANY}
    while found := rows(tx.connection(), _NEWEST, asked):
        told = Told(*found[0])
        if not is_doubted(tx, told.index):
            return told
        asked["below"] = told.index
    return None
