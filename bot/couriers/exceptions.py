"""Exceptions read from the store as their messages take them: the alert with its state, and news for who works on it.

It reads only, and writes no sentence.
"""

from sqlmodel import Session

from bot.slack.messages.alerts.facts import Alert
from bot.slack.messages.alerts.work import Work
from bot.slack.messages.exceptions_told import News
from handlers.exceptions.raising import Kind
from handlers.exceptions.workable import can_be_reopened, can_be_resolved
from handlers.ground import Ground
from storage import exception_work, floods, links
from storage.records import ExceptionRecord
from storage.states import ExceptionState


def alert_of(tx: Session, ground: Ground, exception: str, *, here: bool) -> Alert | None:
    """The exception as its message tells it. here: in the channel where people work on it."""
    row = exception_work.get(tx, exception)
    if row is None:
        return None
    return Alert(
        id=row.id, kind=Kind(row.kind), severity=row.severity, who=row.who, facts=row.facts,
        correlation=floods.story_of(tx, row), count=row.count, first_at=row.first_at, last_at=row.last_at,
        work=_work(ground, row, here=here),
    )  # fmt: skip


def news_of(tx: Session, ground: Ground, subject: str, recipient: str) -> News | None:
    """What somebody hears of an exception that is, or was, theirs. subject: its id, a point, and when it happened."""
    row = exception_work.get(tx, subject.partition(".")[0])
    if row is None:
        return None
    link = links.link_to(tx, row.assignee_directory, row.assignee)
    return News(
        exception=row.id, kind=row.kind, severity=row.severity, who=row.who, work=_work(ground, row, here=False),
        theirs=link is not None and link.slack_user == recipient,
    )  # fmt: skip


def _work(ground: Ground, row: ExceptionRecord, *, here: bool) -> Work:
    return Work(
        state=ExceptionState(row.state), due_at=row.due_at, assignee=row.assignee_name,
        acknowledged_by=row.acknowledged_by, acknowledged_at=row.acknowledged_at, resolution=row.resolution,
        resolved_by=row.resolved_by, resolved_at=row.resolved_at, words=row.words, reopened=row.reopened,
        here=here, resolvable=can_be_resolved(ground, row), reopenable=can_be_reopened(row),
    )  # fmt: skip
