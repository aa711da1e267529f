"""One story of the audit log: all entries of one correlation id, in their order, and what they are about.

It looks at the copies beside the leaves to find entries, and trusts and changes none of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, cast, func, select, type_coerce

from storage.audit import times
from storage.audit.log import Row, Transaction, at_indexes, connection_of
from storage.audit.tables import ENTRIES
from storage.micros import to_micros

_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class About:
    """How many entries a story has, and all entitlements that they name; "" where one names none."""

    entries: int
    resources: frozenset[str]


def about(tx: Transaction, correlation: str) -> About:
    """What the story with this id is about; no entries if there is none."""
    query = (
        select(ENTRIES.c.resource, func.count())
        .where(ENTRIES.c.correlation == correlation)
        .group_by(ENTRIES.c.resource)
    )
    found = connection_of(tx).execute(query).all()
    return About(
        entries=sum(int(times) for _, times in found),
        resources=frozenset(resource or "" for resource, _ in found),
    )


def story(tx: Transaction, *correlations: str, skip: int, limit: int) -> list[Row]:
    """The entries of this story, or of these, oldest first, with their texts: `limit` after the first `skip`."""
    query = select(ENTRIES.c.index).where(ENTRIES.c.correlation.in_(correlations)).order_by(ENTRIES.c.index)
    found = connection_of(tx).execute(query.offset(skip).limit(limit)).scalars().all()
    return at_indexes(tx, found)


@dataclass(frozen=True, kw_only=True)
class Brief:
    """One entry without its texts. at: aware UTC. leaf: as it is stored, where it was read."""

    index: int
    at: datetime
    action: str
    outcome: str
    actor: str
    subject: str
    resource: str
    correlation: str
    leaf: bytes = b""


def span_of(tx: Transaction, since: datetime, until: datetime) -> tuple[int, int] | None:
    """The first and the last index of what is from `since` until before `until` (aware UTC), to the millisecond; None
    if nothing is.
    """
    connection = connection_of(tx)
    number = ENTRIES.c.index + 0  # else PostgreSQL may look for the smallest by reading from the first on
    ends = select(func.min(number), func.max(number)).where(*times.near(connection, since, until))
    first, last = connection.execute(ends).one()
    return None if first is None else (int(first), int(last))


def during(tx: Transaction, since: datetime, until: datetime, actions: Sequence[str]) -> Iterator[Brief]:
    """The entries of that time with these actions, in order; a thousand in memory."""
    span = span_of(tx, since, until)
    if span is None:
        return
    columns = ("index", "at", "action", "outcome", "actor", "subject", "resource", "correlation")
    # By the rows' own order: found by time, each would be looked up alone. The time is no condition on an index here.
    when = type_coerce(ENTRIES.c.at, BigInteger) + 0
    query = (
        select(*(ENTRIES.c[name] for name in columns), cast(ENTRIES.c.leaf, LargeBinary).label("leaf"))
        .where(when >= to_micros(since), when < to_micros(until), ENTRIES.c.action.in_(actions))
        .order_by(ENTRIES.c.index)
        .limit(_BATCH)
    )
    after, last = span[0] - 1, span[1]
    while found := (
        connection_of(tx)
        .execute(query.where(ENTRIES.c.index > after, ENTRIES.c.index <= last))
        .mappings()
        .all()
    ):
        for each in found:
            yield Brief(**{**each, "subject": each["subject"] or "", "resource": each["resource"] or ""})
        after = found[-1]["index"]


def begun(tx: Transaction, correlations: Sequence[str], action: str) -> dict[str, datetime]:
    """When each of these stories had its first entry with this action; those without one are left out."""
    found: dict[str, datetime] = {}
    for start in range(0, len(correlations), _BATCH // 2):
        some = correlations[start : start + _BATCH // 2]
        query = (
            select(ENTRIES.c.correlation, func.min(ENTRIES.c.at))
            .where(ENTRIES.c.correlation.in_(some), ENTRIES.c.action == action)
            .group_by(ENTRIES.c.correlation)
        )
        found.update((story, at) for story, at in connection_of(tx).execute(query))
    return found
