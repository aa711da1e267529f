"""Removals and ends that are late, and changes that fail, counted by directory: what an outage looks like from above.

It lists nobody; who holds what is in storage.holdings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col, func, select

from storage.records import Grant, Holding
from storage.states import LIVE


@dataclass(frozen=True, kw_only=True)
class Late:
    """How many removals or ends in one group are late, and since when the first of them is due."""

    directory: str
    group: str
    count: int
    oldest: datetime


def late_by_group(tx: Session, before: datetime) -> Sequence[Late]:
    """All removals that should have been done before this time, and ends that should have begun, counted."""
    asked = (
        select(table.directory, table.group, func.count(), func.min(due))
        .where(*late)
        .group_by(col(table.directory), col(table.group))
        for table, due, late in _both(before)
    )
    return [
        Late(directory=one[0], group=one[1], count=one[2], oldest=one[3])
        for each in asked
        for one in tx.exec(each)
    ]


def are_more_than(tx: Session, most: int, *, directory: str, before: datetime) -> bool:
    """Whether more than so many are late in a directory; it reads little more of them than that."""
    count = 0
    for table, _, late in _both(before):
        some = select(table.id).where(*late, table.directory == directory).limit(most + 1).subquery()
        count += tx.exec(select(func.count()).select_from(some)).one()
    return count > most


def failing(tx: Session, tries: int, *, directory: str, most: int | None = None) -> int:
    """How many holdings of a directory failed at least so often and wait for another try; most: no more are read."""
    some = select(Holding.id).where(
        col(Holding.settled) == false(),
        Holding.directory == directory,
        col(Holding.attempts) >= tries,
        Holding.last_fault != "",
    )
    return tx.exec(select(func.count()).select_from(some.limit(most).subquery())).one()


def _both(
    before: datetime,
) -> Sequence[tuple[type[Holding] | type[Grant], Any, tuple[ColumnElement[bool], ...]]]:
    """For the rows of either that are late: their table, since when each is due, and which they are."""
    removals = col(Holding.settled) == false(), col(Holding.wanted).is_(False), col(Holding.due_at) < before
    ends = col(Grant.state).in_(LIVE), col(Grant.expires_at) < before
    return (Holding, Holding.due_at, removals), (Grant, Grant.expires_at, ends)
