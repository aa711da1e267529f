"""What exceptions are open, as the summary of a day tells it. Frozen facts.

They look nothing up; handlers.exceptions.open_exceptions fills them.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class OpenOne:
    """One of them. kind, who: as handlers raised it. assignee: a name; "" if nobody works on it."""

    id: str
    kind: str
    severity: str
    who: str
    since: datetime
    due_at: datetime | None
    assignee: str
    acknowledged: bool


@dataclass(frozen=True, kw_only=True)
class OpenNow:
    """How many are open, how many of those past their time at `now`; and the first few, those first."""

    now: datetime
    count: int
    overdue: int
    first: tuple[OpenOne, ...]
