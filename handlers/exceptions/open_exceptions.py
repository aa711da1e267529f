"""What exceptions are open now, read for the summary of each day: how many, and those that should be looked at first.

It reads only, and renders nothing.
"""

from datetime import datetime

from sqlmodel import Session

from handlers.exceptions.open_now import OpenNow, OpenOne
from storage.exception_work import how_many_wait, waiting
from storage.states import ExceptionState

_NAMED = 10


def open_exceptions(tx: Session, now: datetime) -> OpenNow:
    """What is not resolved: what is past its time first, then by severity and age."""
    count, overdue = how_many_wait(tx, now)
    return OpenNow(
        now=now,
        count=count,
        overdue=overdue,
        first=tuple(
            OpenOne(
                id=row.id, kind=row.kind, severity=row.severity, who=row.who, since=row.first_at, due_at=row.due_at,
                assignee=row.assignee_name, acknowledged=row.state == ExceptionState.ACKNOWLEDGED,
            )
            for row in waiting(tx, now, limit=_NAMED)
        ),
    )  # fmt: skip
