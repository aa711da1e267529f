"""What nobody looked at in Slack, and since when it is told outside: a row for each exception and channel.

It sends nothing and does not say how long is too long.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, exists, literal_column
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.engine.changing import put
from storage.engine.loading import Loading
from storage.outbox import ALERT, owe
from storage.records import Escalation, ExceptionRecord
from storage.states import ExceptionState

ESCALATION = "escalation"
"""The kind of what is owed."""

_EXCEPTIONS = SQLModel.metadata.tables[ExceptionRecord.__tablename__]
_ESCALATIONS = SQLModel.metadata.tables[Escalation.__tablename__]


def _open_since(then: ColumnElement[bool]) -> Loading[ExceptionRecord]:
    return Loading(
        ExceptionRecord,
        pick(_EXCEPTIONS)
        .where(
            # Written out, as the index has them: a parameter could be anything.
            _EXCEPTIONS.c.severity == literal_column("'high'"),
            _EXCEPTIONS.c.state == literal_column("'open'"),
            _EXCEPTIONS.c.fold.is_(None),
            then,
            ~exists().where(
                _ESCALATIONS.c.exception == _EXCEPTIONS.c.id,
                _ESCALATIONS.c.reopened == _EXCEPTIONS.c.reopened,
            ),
        )
        .order_by(_EXCEPTIONS.c.open_since)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True, of=_EXCEPTIONS),
    )


# Two statements, since the index leads to either and not to both at once.
_UNHEEDED = _open_since(_EXCEPTIONS.c.open_since <= bindparam("before"))
_AHEAD = _open_since(_EXCEPTIONS.c.open_since > bindparam("far"))
_OF = select(Escalation).where(col(Escalation.exception) == bindparam("exception"))


def courier(channel: str) -> str:
    """The courier of this channel: each has its own, so that one that hangs holds up no other."""
    return f"outside:{channel}"


def unheeded(tx: Session, at: datetime, most: int, *, after: timedelta) -> Sequence[ExceptionRecord]:
    """High ones that nobody acknowledged for so long, and that are owed to nobody outside; the oldest first.

    One that is further ahead than that was raised before the clock was set back: nobody knows how long ago.
    """
    ahead = _AHEAD.held(tx, {"far": at + after, "most": most})
    return [*ahead, *_UNHEEDED.held(tx, {"before": at - after, "most": most})][:most]


def owe_outside(tx: Session, row: ExceptionRecord, channels: Sequence[str], *, at: datetime) -> None:
    """Owe it to each of these channels, once for each time that it was opened."""
    for channel in channels:
        tx.add(Escalation(exception=row.id, channel=channel, reopened=row.reopened, owed_at=at))
        owe(
            tx, at=at, courier=courier(channel), kind=ESCALATION, subject=row.id, recipient=channel, urgency=ALERT,
        )  # fmt: skip


def still_unheeded(tx: Session, exception: str) -> ExceptionRecord | None:
    """The exception, unless somebody took it up meanwhile, or it is over."""
    row = tx.get(ExceptionRecord, exception)
    return row if row is not None and row.state == ExceptionState.OPEN else None


def taken(tx: Session, row: ExceptionRecord, channel: str, *, at: datetime) -> None:
    """The channel took it."""
    kept = tx.get(Escalation, (row.id, channel, row.reopened))
    if kept is not None:
        kept.told_at = at
        put(tx, kept)


def taken_by(tx: Session, exception: str) -> Sequence[tuple[str, datetime]]:
    """Which channels took it, and when; in the order in which they did."""
    rows = tx.exec(_OF, params={"exception": exception}).all()
    told = [(row.channel, row.told_at) for row in rows if row.told_at is not None]
    return sorted(told, key=lambda pair: (pair[1], pair[0]))
