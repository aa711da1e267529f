"""What help desks did, as rows: kept with the act, counted by who did it, for whom, and by which ticket.

It knows no policy and no limit, and changes nothing that was kept.
"""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from storage.records import DeskAct


def keep(tx: Session, act: DeskAct) -> DeskAct:
    """Keep it, with the transaction in which it is done."""
    tx.add(act)
    tx.flush()
    return act


def by_id(tx: Session, act: str) -> DeskAct | None:
    """The act, or None."""
    return tx.get(DeskAct, act)


def of_handle(tx: Session, handle: str) -> DeskAct | None:
    """The act that this visit was opened by; None if it was opened by nobody else."""
    return tx.exec(select(DeskAct).where(DeskAct.handle == handle)).first()


def by_helper(tx: Session, directory: str, helper: str, since: datetime) -> int:
    """How much this person did for others since then."""
    return _count(tx, DeskAct.directory == directory, DeskAct.helper == helper, col(DeskAct.at) > since)


def for_person(tx: Session, directory: str, account: str, since: datetime) -> int:
    """How much was done for this person since then, by whomever."""
    return _count(tx, DeskAct.directory == directory, DeskAct.account == account, col(DeskAct.at) > since)


def by_ticket(tx: Session, ticket: str, since: datetime) -> int:
    """How much was done by this ticket since then."""
    return _count(tx, DeskAct.ticket == ticket, col(DeskAct.at) > since)


def _count(tx: Session, *which: ColumnElement[bool] | bool) -> int:
    return tx.exec(select(func.count()).select_from(DeskAct).where(*which)).one()
