"""What happened to somebody's account lately that bears on what they may do: a reset, or that it was reported.

It decides nothing: policy reads it at the request, at the click and at the execution (P-8).
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlmodel import Session

from handlers.decisions.circumstances import Recently
from handlers.ground import Ground
from storage import alarms, grants
from storage.clock import Clock
from storage.directories.base import Account
from storage.handles import resets_since
from storage.states import GrantState

# Policies may look back so far.
KNOWN_FOR = timedelta(days=7)


def recently(tx: Session, now: Clock, accounts: Iterable[Account | None]) -> Recently:
    """What is so of these people now."""
    at = now()
    wanted = {(one.directory, one.id) for one in accounts if one is not None}
    found = resets_since(tx, wanted, at - KNOWN_FOR)
    since = {who: int((at - done).total_seconds() // 3600) for who, done in found.items()}
    return Recently(hours_since_reset=since, reported=alarms.reported(tx) & wanted)


def show_waiting(ground: Ground, tx: Session, directory: str, account: str) -> None:
    """Whoever is asked to approve something of theirs reads of the reset."""
    for grant in grants.unfinished_of(tx, directory, account):
        if grant.state == GrantState.PENDING:
            ground.show(tx, grant)
