"""Wrong proofs counted for each person: an attempt is counted before it is checked, so none is free (P-7).

It knows no codes and tells nobody; a new link or code changes nothing here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from storage.records import Failures


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One counted attempt.

    number: how many wrong ones in a row there are with it. allowed: it may be checked. last: it locks, if it is wrong.
    """

    number: int
    allowed: bool
    last: bool


NOT_COUNTED = Attempt(number=0, allowed=False, last=False)


def count_attempt(
    tx: Session, *, directory: str, account: str, at: datetime, limit: int, lock: timedelta
) -> Attempt:
    """Count an attempt as wrong before it is checked. The one that reaches the limit locks, unless `clear` follows."""
    row = tx.get(Failures, (directory, account)) or Failures(
        directory=directory, account=account, count=0, last_at=at
    )
    if row.locked_at is not None and row.locked_at + lock <= at:
        row.count, row.locked_at = 0, None
    allowed = row.locked_at is None
    if allowed:
        row.count += 1
        row.last_at = at
        row.locked_at = at if row.count >= limit else None
    tx.add(row)
    tx.flush()
    return Attempt(number=row.count, allowed=allowed, last=allowed and row.count >= limit)


def take_back(tx: Session, *, directory: str, account: str, attempt: Attempt, limit: int) -> None:
    """Uncount this one attempt, and nothing for one that was not counted; those before it stay.

    A known password or a silent directory must not buy guesses at codes: a lock goes only with the attempt it came by.
    """
    row = tx.get(Failures, (directory, account))
    if not attempt.allowed or row is None or row.count == 0:
        return
    row.count -= 1
    if row.count < limit:
        row.locked_at = None
    tx.add(row)
    tx.flush()


def clear(tx: Session, *, directory: str, account: str) -> bool:
    """The person proved who they are, or an operator lifts the lock. Whether there was anything to clear."""
    row = tx.get(Failures, (directory, account))
    if row is None:
        return False
    tx.delete(row)
    tx.flush()
    return row.count > 0


def is_locked(tx: Session, *, directory: str, account: str, at: datetime, lock: timedelta) -> bool:
    """Whether no proof of this person is accepted now."""
    row = tx.get(Failures, (directory, account))
    return row is not None and row.locked_at is not None and row.locked_at + lock > at
