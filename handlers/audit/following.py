"""Whatever follows the audit log in its order: its place in it, which survives a restart and is held by one at a time.

It knows nothing of what is done with the entries.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session

from handlers.ground import Ground
from storage import streams
from storage.audit import log as audit_log

# Longer than one step may take, so that another replica begins only where this one is gone.
LEASE = timedelta(seconds=60)


class Following:
    """One follower's place. name: of its row. sender: this process among the replicas.

    begins: where, if neither its row nor the record tells of a place.
    """

    def __init__(self, ground: Ground, name: str, *, sender: str, begins: Callable[[Session], int]) -> None:
        self._ground, self.name, self._sender, self._begins = ground, name, sender, begins

    def behind(self, tx: Session) -> int:
        """How many entries wait."""
        return audit_log.head(tx).size - streams.position(tx, self.name)

    def take(self, tx: Session) -> int | None:
        """Hold the place for a while; where it is, None while another holds it."""
        now = self._ground.now()
        return streams.take(
            tx, self.name, sender=self._sender, at=now, until=now + LEASE, begins=self._begins
        )

    def move(self, tx: Session, before: int, now: int) -> bool:
        """Go on and let go. False if another took the place meanwhile: then nothing of this may be kept."""
        return streams.accepted(tx, self.name, sender=self._sender, before=before, now=now)


def with_what_comes(tx: Session) -> int:
    """Behind all entries that there are."""
    return audit_log.head(tx).size
