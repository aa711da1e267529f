"""One emergency from its access to its review, put together from its entries in the audit log.

Pure. It says what the log says, and leaves empty what the log does not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.evidence.cases import said_by, text_of
from storage.audit.log import Row

_KINDS: Mapping[str, str] = {
    "emergency.granted": "emergency",
    "emergency.practised": "drill",
    "emergency.recorded": "by hand",
}


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Somebody broke the glass. kind: "emergency", "drill" (nothing was given) or "by hand" (past Wicket).

    removed_at: when the directory agreed that it is over. finding: "" while nobody reviewed it; late: after its time.
    words: what the reviewer would change. entries: their ids in the log, in order.
    """

    id: str
    at: datetime
    person: str
    entitlement: str
    kind: str
    incident: str
    removed_at: datetime | None
    reviewed_at: datetime | None
    reviewer: str
    finding: str
    late: bool
    words: str
    entries: tuple[str, ...]

    @property
    def month(self) -> str:
        """Of its beginning, in UTC: 2026-01."""
        return f"{self.at.astimezone(UTC):%Y-%m}"


def begins_emergency(row: Row) -> bool:
    """Whether this entry is where an emergency took place."""
    return row.action in _KINDS


def emergency_of(rows: Sequence[Row]) -> Broken:
    """The emergency that these entries are about, oldest first. ValueError if they do not begin one."""
    if not rows or not begins_emergency(rows[0]):
        raise ValueError("these entries do not begin an emergency")
    first = rows[0]
    removed = next((row for row in reversed(rows) if row.action == "access.removed"), None)
    reviewed = next(
        (row for row in rows if (row.action, row.outcome) == ("emergency.reviewed", "done")), None
    )
    found = said_by(reviewed)["facts"] if reviewed else {}
    return Broken(
        id=first.correlation,
        at=first.at,
        person=first.subject or "",
        entitlement=first.resource or "",
        kind=_KINDS[first.action],
        incident=str(said_by(first)["facts"].get("incident", "")),
        removed_at=removed.at if removed else None,
        reviewed_at=reviewed.at if reviewed else None,
        reviewer=reviewed.actor if reviewed else "",
        finding=str(found.get("finding", "")),
        late=found.get("late") is True,
        words=text_of(reviewed, "rationale") if reviewed else "",
        entries=tuple(row.id for row in rows),
    )


def frequency(found: Iterable[Broken]) -> Mapping[tuple[str, str, str, str], int]:
    """How often, by month, person, entitlement and kind."""
    return Counter((one.month, one.person, one.entitlement, one.kind) for one in found)
