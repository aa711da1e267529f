"""Wrong proofs counted for each person: an attempt is counted before it is checked, so none is free (P-7).

It knows no codes and tells nobody; a new link or code changes nothing here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from storage.engine.changing import put
from storage.records import Failures


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One counted attempt.

    number: how many wrong ones in a row there are with it. allowed: it may be checked. last: it locks, if it is wrong.
    until_lifted: the lock does not end by itself.
    """

    number: int
    allowed: bool
    last: bool
    until_lifted: bool = False


MOST_IN_A_ROW = 100
"""SP 800-63B-4, 3.2.2: after so many wrong ones in a row, over however many locks, nobody simply goes on."""

NOT_COUNTED = Attempt(number=0, allowed=False, last=False)


def count_attempt(
    tx: Session,
    *,
    directory: str,
    account: str,
    at: datetime,
    limit: int,
    lock: timedelta,
    most: int | None = None,
) -> Attempt:
    """Count an attempt as wrong before it is checked. The one that reaches the limit locks, unless `clear` follows.

    most: so many in a row, whatever the locks between them, lock until `clear`. None: the end of a lock forgets all.
    """
    row = tx.get(Failures, (directory, account)) or Failures(
        directory=directory, account=account, count=0, last_at=at
    )
    if row.locked_at is not None and not _holds(row, at, lock, most):
        row.count, row.locked_at = row.count if most is not None else 0, None
    allowed = row.locked_at is None
    if allowed:
        row.count += 1
        row.last_at = at
        row.locked_at = at if _locks(row.count, limit, most) else None
    put(tx, row)
    return Attempt(
        number=row.count,
        allowed=allowed,
        last=allowed and row.locked_at is not None,
        until_lifted=most is not None and row.count >= most,
    )


def take_back(
    tx: Session, *, directory: str, account: str, attempt: Attempt, limit: int, most: int | None = None
) -> None:
    """Uncount this one attempt, and nothing for one that was not counted; those before it stay.

    A known password or a silent directory must not buy guesses at codes: a lock goes only with the attempt it came by.
    """
    row = tx.get(Failures, (directory, account))
    if not attempt.allowed or row is None or row.count == 0:
        return
    row.count -= 1
    if not _locks(row.count, limit, most):
        row.locked_at = None
    put(tx, row)


def clear(tx: Session, *, directory: str, account: str) -> bool:
    """The person proved who they are, or an operator lifts the lock. Whether there was anything to clear."""
    row = tx.get(Failures, (directory, account))
    if row is None:
        return False
    tx.delete(row)
    tx.flush()
    return row.count > 0


def is_locked(
    tx: Session, *, directory: str, account: str, at: datetime, lock: timedelta, most: int | None = None
) -> bool:
    """Whether no proof of this person is accepted now."""
    row = tx.get(Failures, (directory, account))
    return row is not None and row.locked_at is not None and _holds(row, at, lock, most)


def _locks(count: int, limit: int, most: int | None) -> bool:
    return count >= limit if most is None else count >= most or count % limit == 0


def _holds(row: Failures, at: datetime, lock: timedelta, most: int | None) -> bool:
    since = row.locked_at or at
    return since + lock > at or (most is not None and row.count >= most)
