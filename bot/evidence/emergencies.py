"""One emergency from its access to its review, put together from its entries in the audit log.

Pure. It says what the log says, and leaves empty what the log does not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.evidence.cases import (
    BY_SOMEBODY,
    ENDED,
    KEPT,
    minutes_in,
    proof_in,
    said_by,
    taken_back,
    text_of,
    time_in,
    why_ended,
)
from storage.audit.log import Row

_KINDS: Mapping[str, str] = {
    "emergency.granted": "emergency",
    "emergency.practised": "drill",
    "emergency.recorded": "by hand",
}


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Somebody broke the glass. kind: "emergency", "drill" (nothing was given) or "by hand" (past Wicket).

    asked_at: when they wanted to; at: when they had it, by hand as it was told. minutes: for how long they asked.
    justification: why, in their words. proof: how they showed who they are. ended_by: whoever ended it early,
    and ended_why. removed_at: when the directory agreed that it is over, or (kept) that something else goes on giving
    the same. finding: "" while nobody reviewed it; late: after its time. words: what the reviewer would change.
    entries: their ids in the log, in order.
    """

    id: str
    asked_at: datetime
    at: datetime
    person: str
    entitlement: str
    kind: str
    incident: str
    minutes: int
    justification: str
    proof: str
    ended_at: datetime | None
    ended_how: str
    ended_by: str
    ended_why: str
    removed_at: datetime | None
    kept: bool
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
    """The emergency that these entries are about, from the asking on. ValueError if none of them begins one."""
    first = next((row for row in rows if begins_emergency(row)), None)
    if first is None:
        raise ValueError("these entries do not begin an emergency")
    removed = taken_back(rows)
    reviewed = next(
        (row for row in rows if (row.action, row.outcome) == ("emergency.reviewed", "done")), None
    )
    ended = next((row for row in reversed(rows) if row.action in ENDED), None)
    said, found = said_by(first)["facts"], said_by(reviewed)["facts"] if reviewed else {}
    proofs = (said_by(row)["facts"] for row in rows if row.action == "emergency.proven")
    return Broken(
        id=first.correlation,
        asked_at=next((row.at for row in rows if row.action == "emergency.asked"), first.at),
        at=time_in(said, "begins") or first.at,
        person=first.subject or "",
        entitlement=first.resource or "",
        kind=_KINDS[first.action],
        incident=str(said.get("incident", "")),
        minutes=minutes_in(said, "minutes"),
        justification=next((why for row in rows if (why := text_of(row, "justification"))), ""),
        proof=next((proof_in(facts, "proved_by") for facts in proofs), ""),
        ended_at=ended.at if ended else time_in(said, "ends"),
        ended_how=ENDED[ended.action] if ended else "",
        ended_by=ended.actor if ended and ended.action in BY_SOMEBODY else "",
        ended_why=why_ended(ended),
        removed_at=removed.at if removed else None,
        kept=removed is not None and removed.action == KEPT,
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
