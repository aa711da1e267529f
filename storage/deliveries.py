"""Inbound deliveries, each taken once in the transaction of its effect (promise 6).

It does not know what a delivery asks for.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, SQLModel

from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.records import Delivery

# Slack retries an event for about six minutes and a button may be pressed twice; a day is plenty and stays small.
KEPT = timedelta(days=1)

# Built once and run without the ORM: every payload passes here, and making a statement costs more than running it.
_TABLE = SQLModel.metadata.tables[Delivery.__tablename__]
_TAKE = upserts.or_nothing(_TABLE)
_FORGET = Plain(delete(_TABLE).where(_TABLE.c.at < bindparam("before")))
_TAKEN = Plain(select(_TABLE.c.key).where(_TABLE.c.key == bindparam("key")))


def take(tx: Session, key: str, at: datetime) -> bool:
    """True the first time this delivery is seen; False for each repeat."""
    return run(tx.connection(), _TAKE, {"key": key, "at": at}) == 1


def was_taken(tx: Session, key: str) -> bool:
    """Whether this delivery had its effect: for a form that stays open with an error, and is sent again as it was."""
    return bool(list(rows(tx.connection(), _TAKEN, {"key": key})))


def forget_old(tx: Session, at: datetime) -> None:
    """Drop the keys of deliveries too old to be repeated."""
    run(tx.connection(), _FORGET, {"before": at - KEPT})
