"""Inbound deliveries, each taken once in the transaction of its effect (promise 6).

It does not know what a delivery asks for.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, SQLModel, col

from storage import upserts
from storage.plain import run
from storage.records import Delivery

# Slack retries an event for about six minutes and a button may be pressed twice; a day is plenty and stays small.
KEPT = timedelta(days=1)

# Built once and run without the ORM: every payload passes here, and making a statement costs more than running it.
_TABLE = SQLModel.metadata.tables[Delivery.__tablename__]
_TAKE = upserts.or_nothing(_TABLE)


def take(tx: Session, key: str, at: datetime) -> bool:
    """True the first time this delivery is seen; False for each repeat."""
    return run(tx.connection(), _TAKE, {"key": key, "at": at}) == 1


def forget_old(tx: Session, at: datetime) -> None:
    """Drop the keys of deliveries too old to be repeated."""
    tx.execute(delete(Delivery).where(col(Delivery.at) < at - KEPT))
