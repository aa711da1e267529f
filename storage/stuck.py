"""Ends that have begun and that nobody works on: the holding says that it is settled, or is not there.

It takes nothing back: it makes the holding due again, for whoever does that.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from storage import holdings
from storage.on_record import note_put_back
from storage.records import Grant
from storage.truly import as_it_stands

# Open is said as `storage.claims` says it: SQLite keeps anything there, and what is neither true nor false is not.
# From one entitlement to the next by the index of both, so that what ended long ago costs nothing.
_STUCK = text(
    """
    WITH RECURSIVE names(name) AS (
        SELECT min(entitlement) FROM grants
        UNION ALL
        SELECT (SELECT min(entitlement) FROM grants WHERE entitlement > names.name) FROM names
        WHERE names.name IS NOT NULL
    )
    SELECT grants.id FROM names JOIN grants ON grants.entitlement = names.name AND grants.state = 'ending'
    WHERE NOT EXISTS (
        SELECT 1 FROM holdings WHERE holdings.directory = grants.directory AND holdings.account = grants.account
        AND holdings."group" = grants."group" AND holdings.settled = false
    )
    LIMIT :most
    """
)


def stuck(tx: Session, limit: int) -> list[Grant]:
    """Grants whose end has begun and whose holding waits for nothing."""
    found = (as_it_stands(tx, str(row[0])) for row in tx.connection().execute(_STUCK, {"most": limit}))
    return [grant for grant in found if grant is not None]


def take_up(tx: Session, found: Iterable[Grant], at: datetime) -> None:
    """Have their holdings looked at anew, and noted: Wicket settles none before its grants have ended.

    found: just found in this transaction.
    """
    for grant in found:
        note_put_back(tx, holdings.follow_grant(tx, grant, at=at, due_at=at))
