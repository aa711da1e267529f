"""Which stories are not over, so that what was typed in them is still read by whoever decides or reviews.

It reads rows and erases nothing. A row that is not as Wicket wrote it counts here all the same: words only wait.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlmodel import Session, SQLModel

from storage.engine.listed import among, listed
from storage.states import EMERGENCY_UNDER_WAY, FOLLOWS, EmergencyState, GrantState

_HELD = (GrantState.APPROVED, GrantState.ACTIVE, GrantState.ENDING)
_ASKED = tuple(state for state in FOLLOWS if state not in _HELD)


class Need(StrEnum):
    """What words are still needed for."""

    HELD = "held"
    OPEN = "open"
    REVIEW = "review"
    STOPPED = "stopped"
    COUNTED = "counted"
    EXCEPTION = "exception"
    STANDS = "stands"


def needed(
    tx: Session, stories: Collection[str], *, at: datetime, counted_since: datetime
) -> dict[str, Need]:
    """Those of these stories that are not over, and why. at: now, aware UTC. counted_since: since then a help desk's
    tickets are counted.
    """
    given, found = {"stories": listed(stories)}, dict[str, Need]()
    for need, asked in _queries(at, counted_since):
        for story in tx.connection().execute(asked, given).scalars():
            found.setdefault(str(story), need)
    return found


def _queries(at: datetime, counted_since: datetime) -> Iterator[tuple[Need, Select[Any]]]:
    """The gravest first: of a story that is needed for several things the first is told."""
    of = {table.name: table.c for table in SQLModel.metadata.tables.values()}
    grants, glass, visits = of["grants"], of["emergencies"], of["vouchings"]
    later = grants.extends  # what a later one goes on from is looked at with it
    live, asked = grants.state.in_(_HELD), grants.state.in_(_ASKED)
    unreviewed = and_(glass.state == EmergencyState.GRANTED, glass.reviewed_at.is_(None))
    yield Need.HELD, _of(grants.id, live)
    yield Need.HELD, _of(later, live)
    yield Need.HELD, _of(glass.id, glass.grant.in_(select(grants.id).where(live)))
    yield Need.OPEN, _of(grants.id, asked)
    yield Need.OPEN, _of(later, asked)
    yield Need.OPEN, _of(of["petitions"].id, of["petitions"].ended_at.is_(None))
    yield Need.OPEN, _of(glass.id, glass.state.in_(EMERGENCY_UNDER_WAY))
    counts = func.coalesce(visits.counts_until, visits.expires_at) > at
    yield Need.OPEN, _of(visits.handle, visits.ended_at.is_(None), counts)
    yield Need.REVIEW, _of(glass.id, unreviewed)
    yield Need.REVIEW, _of(glass.grant, unreviewed)
    yield Need.STOPPED, _of(of["freezes"].id, of["freezes"].lifted_at.is_(None))
    yield Need.STOPPED, _of(of["alarms"].handle, of["alarms"].lifted_at.is_(None))
    yield Need.COUNTED, _of(of["desk_acts"].handle, of["desk_acts"].at > counted_since)


def _of(story: ColumnElement[str], *which: ColumnElement[bool]) -> Select[Any]:
    return select(story).where(among(story, "stories"), *which)
