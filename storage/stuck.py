"""Ends that have begun and that nobody works on: the holding says that it is settled, or is not there.

It takes nothing back: it makes the holding due again, for whoever does that.
"""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from storage import holdings
from storage.on_record import note_put_back
from storage.truly import as_it_stands

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
        AND holdings."group" = grants."group" AND NOT holdings.settled
    )
    """
)


def stuck(tx: Session) -> list[str]:
    """The ids of grants whose end has begun and whose holding waits for nothing."""
    return [str(row[0]) for row in tx.connection().execute(_STUCK)]


def take_up(tx: Session, at: datetime) -> None:
    """Have their holdings looked at anew, and noted: Wicket settles none before its grants have ended."""
    for grant_id in stuck(tx):
        grant = as_it_stands(tx, grant_id)
        if grant is not None:
            note_put_back(tx, holdings.follow_grant(tx, grant, at=at, due_at=at))
