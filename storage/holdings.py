"""Holdings: what an account should have in a directory group, claimed under a lease and a fence.

It follows the grants and decides nothing; the directory itself is called elsewhere, outside transactions.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, false, or_, update
from sqlmodel import Session, col, func, select

from storage import grants
from storage.database import wake
from storage.identifiers import new_id
from storage.records import Grant, Holding
from storage.states import LIVE

# Literally the condition of the index holdings_open, so that settled holdings cost nothing.
_OPEN = col(Holding.settled) == false()

# Of a list of ids, so many are asked for in one statement.
_AT_ONCE = 500

# Built once: making a statement costs more than running it.
_OF = select(Holding).where(
    col(Holding.directory) == bindparam("directory"),
    col(Holding.account) == bindparam("account"),
    col(Holding.group) == bindparam("group"),
)


def follow(
    tx: Session, *, at: datetime, directory: str, account: str, group: str, due_at: datetime
) -> Holding:
    """Make the holding want what its live grants want, and due for the directory from `due_at` on."""
    key = {"directory": directory, "account": account, "group": group}
    holding = tx.exec(_OF, params=key).first() or Holding(
        id=new_id("h", at), directory=directory, account=account, group=group,
        wanted=False, settled=False, due_at=due_at, next_at=at,
    )  # fmt: skip
    covering = grants.covering(tx, directory=directory, account=account, group=group)
    holding.wanted = any(grant.state in LIVE for grant in covering)
    holding.settled = False
    holding.attempts = 0
    holding.overdue_told = False
    holding.due_at = due_at
    holding.next_at = at
    tx.add(holding)
    tx.flush()
    wake(tx, "holdings")
    return holding


def follow_grant(tx: Session, grant: Grant, *, at: datetime, due_at: datetime) -> Holding:
    """Make the holding of this grant follow its grants (`follow`)."""
    return follow(
        tx, at=at, directory=grant.directory, account=grant.account, group=grant.group, due_at=due_at
    )


def take_over(tx: Session, grant: Grant, *, at: datetime) -> Holding:
    """`follow_grant` for a membership that other hands gave and somebody decided about: now it is ours to end."""
    holding = follow_grant(tx, grant, at=at, due_at=at)
    holding.stood_before = False
    tx.add(holding)
    tx.flush()
    return holding


def of_account(tx: Session, *, directory: str, account: str, group: str) -> Holding | None:
    """The holding of this account in this group, if there ever was one."""
    return tx.exec(_OF, params={"directory": directory, "account": account, "group": group}).first()


def of_accounts(tx: Session, *, directory: str, group: str, accounts: Collection[str]) -> dict[str, Holding]:
    """The holdings of these accounts in this group, by account."""
    found: dict[str, Holding] = {}
    wanted = sorted(accounts)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = tx.exec(
            select(Holding).where(
                Holding.directory == directory,
                Holding.group == group,
                col(Holding.account).in_(wanted[start : start + _AT_ONCE]),
            )
        )
        found.update({row.account: row for row in rows})
    return found


def claim(tx: Session, *, directory: str, at: datetime, lease: timedelta, limit: int) -> list[Holding]:
    """Take up to `limit` unsettled holdings of one directory under a lease: removals first, then by age."""
    ids = (
        select(Holding.id)
        .where(
            Holding.directory == directory,
            _OPEN,
            col(Holding.next_at) <= at,
            or_(col(Holding.lease_until).is_(None), col(Holding.lease_until) < at),
        )
        .order_by(col(Holding.wanted), col(Holding.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(Holding)
        .where(col(Holding.id).in_(ids))
        .values(lease_until=at + lease, fence=col(Holding.fence) + 1, attempts=col(Holding.attempts) + 1)
        .returning(Holding)
        .execution_options(synchronize_session=False)
    )
    return list(tx.execute(taken).scalars())


def held_under(tx: Session, claimed: Holding) -> Holding | None:
    """The holding as it is now, if the lease of `claimed` still holds; None if the work went to another."""
    holding = tx.get(Holding, claimed.id, with_for_update=True)
    return holding if holding is not None and holding.fence == claimed.fence else None


def note_stood_before(tx: Session, claimed: Holding, stood: bool) -> bool:
    """Keep what the membership was before our first add. False if the lease is gone."""
    holding = held_under(tx, claimed)
    if holding is None:
        return False
    holding.stood_before = stood
    tx.add(holding)
    return True


def settle(tx: Session, holding: Holding, *, present: bool, over: bool) -> None:
    """The directory agrees. When the last grant is `over`, forget what stood before: the next time reads it anew."""
    holding.present, holding.settled = present, True
    holding.lease_until, holding.last_fault = None, ""
    if over:
        holding.stood_before = None
    tx.add(holding)
    tx.flush()


def release(tx: Session, holding: Holding, *, next_at: datetime, fault: str) -> None:
    """Give the work back for a later try."""
    holding.lease_until, holding.next_at, holding.last_fault = None, next_at, fault
    tx.add(holding)
    tx.flush()


def go_on(tx: Session, holding: Holding, *, next_at: datetime) -> None:
    """Give the work back for another round that is no retry: something moved, and there is more to do."""
    holding.lease_until, holding.next_at, holding.attempts = None, next_at, 0
    tx.add(holding)
    tx.flush()


def look_again(tx: Session, holding: Holding, *, present: bool, at: datetime) -> None:
    """The directory agrees, but not surely for good: read it once more from `at` on."""
    holding.present, holding.last_fault = present, ""
    holding.due_at = max(holding.due_at, at)
    go_on(tx, holding, next_at=at)


def overdue(tx: Session, before: datetime) -> Sequence[Holding]:
    """Removals that should have been done before this time and were not told of yet."""
    return tx.exec(
        select(Holding)
        .where(
            _OPEN,
            col(Holding.wanted).is_(False),
            col(Holding.due_at) < before,
            col(Holding.overdue_told).is_(False),
        )
        .limit(100)
    ).all()


def told_overdue(tx: Session, holding: Holding) -> None:
    """The security channel knows."""
    holding.overdue_told = True
    tx.add(holding)
    tx.flush()


def next_due(tx: Session) -> datetime | None:
    """When the next unsettled holding wants a try."""
    return tx.exec(select(func.min(Holding.next_at)).where(_OPEN)).one()
