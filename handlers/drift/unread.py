"""What a look for drift could not read: told when it goes on, so that silence is not taken for order.

It compares nothing, and knows only of the looks of this process.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from storage.exceptions import open_of, settle_exceptions

_NAMED = 10


class Unread:
    """One exception for each directory; what was unread at two looks in a row is in it."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._since: dict[str, dict[str, datetime]] = {}

    async def note(self, directory: str, unread: Mapping[str, str], *, began: datetime) -> None:
        """A look is over: tell what was not read once more, and settle what was told once all can be read.

        unread: why not, by entitlement. began: when it did.
        """
        now, before = self._ground.now(), self._since.get(directory, {})
        since = self._since[directory] = {one: before.get(one, now) for one in unread}
        again = {one: fault for one, fault in unread.items() if one in before}
        if again:
            first = min(since[one] for one in again)
            await self._ground.database.write(lambda tx: self._tell(tx, directory, again, first))
        elif not unread and await self._ground.database.read(lambda tx: bool(open_of(tx, _cause(directory)))):
            await self._ground.database.write(
                lambda tx: settle_exceptions(
                    tx, at=self._ground.now(), causes=[_cause(directory)], began=began
                )
            )

    def _tell(self, tx: Session, directory: str, unread: Mapping[str, str], since: datetime) -> None:
        names = sorted(unread)
        known = open_of(tx, _cause(directory))
        if known and known[-1].facts.get("count") == len(names):
            return
        recording.record(
            tx,
            at=self._ground.now(),
            action="drift.unread",
            outcome="failed",
            **recording.BY_ITSELF,
            correlation=directory,
            facts={"directory": directory, "entitlements": len(names), "since": since.isoformat()},
        )
        strange = Strange(
            kind=Kind.NOT_COMPARED,
            severity=Severity.MEDIUM,
            who=directory,
            cause=directory,
            correlation=directory,
            facts={
                "count": len(names),
                "names": names[:_NAMED],
                "since": since.isoformat(),
                "fault": unread[names[0]],
            },
        )
        tell_security(tx, self._ground.now(), strange)


def _cause(directory: str) -> str:
    return cause_of(Kind.NOT_COMPARED, directory)
