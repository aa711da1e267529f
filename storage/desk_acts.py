"""What help desks did, as rows kept with the act; counted from the record, by who did it, for whom, by which ticket.

It knows no policy and no limit, and changes nothing that was kept. A row that is gone, or says something else than the
record, counts all the same, and is noted (T-9).
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from storage.audit import glimpses, log
from storage.audit.tables import ENTRIES, TEXTS
from storage.engine.changing import put
from storage.records import DeskAct
from storage.signing import note_missing

ACTS = ("desk.unlock_started", "desk.reset_started", "desk.rechecked")
"""The entries by which the record says that something was done for somebody."""

COUNTED_FOR = timedelta(days=30)
"""So long what was done by a ticket is counted."""

_TICKET = and_(TEXTS.c.index == ENTRIES.c.index, TEXTS.c.name == "ticket")
_TOLD = select_columns(
    ENTRIES.c.correlation, ENTRIES.c.actor, ENTRIES.c.subject, ENTRIES.c.at, TEXTS.c.text
).select_from(ENTRIES.outerjoin(TEXTS, _TICKET))
# Joined to nothing where people lead, so that no engine begins with all that was ever done.
_ANY_ACT = ENTRIES.c.action.concat("").in_(ACTS)


def keep(tx: Session, act: DeskAct) -> DeskAct:
    """Keep it, with the transaction in which it is done."""
    return put(tx, act)


def by_id(tx: Session, act: str) -> DeskAct | None:
    """The act, or None."""
    return tx.get(DeskAct, act)


def of_handle(tx: Session, handle: str) -> DeskAct | None:
    """The act that this visit was opened by; None if it was opened by nobody else."""
    return tx.exec(select(DeskAct).where(DeskAct.handle == handle)).first()


def by_helper(tx: Session, accounts: Collection[str], since: datetime) -> int:
    """How much accounts of these ids, in whatever directory, did for others since then."""
    return _count(tx, since, ENTRIES.c.actor.in_(accounts), _ANY_ACT)


def for_person(tx: Session, account: str, since: datetime) -> int:
    """How much was done for an account of this id since then, by whomever."""
    return _count(tx, since, ENTRIES.c.subject == account, _ANY_ACT)


def by_ticket(tx: Session, ticket: str, since: datetime, one: Callable[[str], str] = str) -> int:
    """How much was done by this ticket since then, as the record has it, or the row where it was erased there.

    one: what several ways to write one ticket have in common; it may leave out no more than what follows a "#".
    """
    wanted = one(ticket)

    def is_it(text: str | None) -> bool:
        return text is not None and one(text) == wanted

    theirs = select_columns(col(DeskAct.handle)).where(_may_be(col(DeskAct.ticket), wanted))
    named = or_(_may_be(TEXTS.c.text, wanted), ENTRIES.c.correlation.in_(theirs))
    return _count(tx, since, ENTRIES.c.action.in_(ACTS), named, is_it=is_it)


def _may_be(column: Any, wanted: str) -> ColumnElement[bool]:
    alone: ColumnElement[bool] = column == wanted
    return or_(alone, column.startswith(f"{wanted}#", autoescape=True)) if "/" in wanted else alone


def _count(
    tx: Session, since: datetime, *which: Any, is_it: Callable[[str | None], bool] = lambda _: True
) -> int:
    """is_it: whether a ticket is the one that is counted."""
    lowest = glimpses.floor(tx, log.head(tx).size, since)
    told = tx.connection().execute(_TOLD.where(ENTRIES.c.index >= lowest, *which)).all()
    lately = [one for one in told if one.at > since]
    there = tx.exec(select(DeskAct).where(col(DeskAct.handle).in_([one.correlation for one in lately])))
    rows, counted = {row.handle: row for row in there}, 0
    for visit, helper, account, at, ticket in lately:
        row = rows.get(visit)
        fits = row is not None and (row.helper, row.account, row.at) == (helper, account, at)
        if row is None or not fits or ticket not in (None, row.ticket):  # None: it was erased
            note_missing(tx, "desk_acts", visit, account=account)
        counted += is_it(ticket) or (row is not None and is_it(row.ticket))
    return counted
