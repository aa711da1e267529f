"""Removals that are late, and changes that fail, counted by directory: what an outage looks like from above.

It lists nobody; who holds what is in storage.holdings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col, func, select

from storage.records import Holding


@dataclass(frozen=True, kw_only=True)
class Late:
    """How many removals in one group are late, and since when the first of them is due."""

    directory: str
    group: str
    count: int
    oldest: datetime


def late_by_group(tx: Session, before: datetime) -> Sequence[Late]:
    """All removals that should have been done before this time, counted."""
    rows = tx.exec(
        select(Holding.directory, Holding.group, func.count(), func.min(Holding.due_at))
        .where(*_late(before))
        .group_by(col(Holding.directory), col(Holding.group))
    )
    return [Late(directory=one[0], group=one[1], count=one[2], oldest=one[3]) for one in rows]


def are_more_than(tx: Session, most: int, *, directory: str, before: datetime) -> bool:
    """Whether more than so many are late in a directory; it reads no more of them than that."""
    some = select(Holding.id).where(*_late(before), Holding.directory == directory).limit(most + 1).subquery()
    return tx.exec(select(func.count()).select_from(some)).one() > most


def failing(tx: Session, tries: int, *, directory: str, most: int | None = None) -> int:
    """How many holdings of a directory failed at least so often and wait for another try; most: no more are read."""
    some = select(Holding.id).where(
        col(Holding.settled) == false(),
        Holding.directory == directory,
        col(Holding.attempts) >= tries,
        Holding.last_fault != "",
    )
    return tx.exec(select(func.count()).select_from(some.limit(most).subquery())).one()


def _late(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(Holding.settled) == false(), col(Holding.wanted).is_(False), col(Holding.due_at) < before
