"""What was revoked of one person at once, as it is kept: which grants, how far it has come, and when it was done.

It ends nothing and decides nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col

from storage.engine.changing import put
from storage.engine.listed import among, listed
from storage.engine.loading import Loading
from storage.records import Grant, Holding, RevokedAll
from storage.states import GrantState

_ALL = SQLModel.metadata.tables[RevokedAll.__tablename__]
_UNFINISHED = Loading(RevokedAll, pick(_ALL).where(_ALL.c.finished_at.is_(None)).order_by(_ALL.c.at))
# Those of these grants that have not ended yet, with what the directory last said of each.
_NOT_ENDED = (
    pick(col(Grant.entitlement), col(Holding.last_fault))
    .outerjoin(
        Holding,
        (col(Holding.directory) == col(Grant.directory))
        & (col(Holding.account) == col(Grant.account))
        & (col(Holding.group) == col(Grant.group)),
    )
    .where(among(col(Grant.id), "grants"), col(Grant.state) == GrantState.ENDING)
)


def keep(
    tx: Session,
    *,
    handle: str,
    directory: str,
    account: str,
    by: str,
    grants: Collection[str],
    at: datetime,
) -> None:
    """Keep that it was begun."""
    tx.add(
        RevokedAll(handle=handle, directory=directory, account=account, by=by, grants=sorted(grants), at=at)
    )
    tx.flush()


def unfinished(tx: Session) -> Sequence[RevokedAll]:
    """Those of which something has not ended yet, the oldest first."""
    return _UNFINISHED.held(tx)


def get(tx: Session, handle: str) -> RevokedAll | None:
    """It, held until the transaction ends."""
    return tx.get(RevokedAll, handle, with_for_update=True)


def not_ended(tx: Session, row: RevokedAll) -> Mapping[str, str]:
    """The entitlements that are not known to be gone yet, and what the directory last said of each, if anything."""
    found = tx.connection().execute(_NOT_ENDED, {"grants": listed(row.grants)})
    return {entitlement: fault or "" for entitlement, fault in found}


def note(tx: Session, row: RevokedAll, *, told: str, finished_at: datetime | None) -> None:
    """Keep what was told of it. finished_at: once there is nothing more to come."""
    row.told, row.finished_at = told, finished_at
    put(tx, row)
