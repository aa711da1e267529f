"""What was seen at the last look at each thing that is watched: read, and kept for the next look of any process.

It judges nothing. It carries no MAC: whoever writes it by hand makes an alarm earlier, or later for who starts anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, SQLModel

from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.records import LastLook

_LOOKS = SQLModel.metadata.tables[LastLook.__tablename__]
_READ = Plain(select(_LOOKS.c.what, _LOOKS.c.position, _LOOKS.c.since, _LOOKS.c.looked_at))
_PUT = upserts.or_replace(_LOOKS, ("position", "since", "looked_at"))


@dataclass(frozen=True, kw_only=True)
class Look:
    """What one look saw (records.LastLook)."""

    what: str
    position: int
    since: datetime
    looked_at: datetime

    def again(self, position: int, at: datetime, within: timedelta) -> "Look":
        """What the next look sees. It is there since before if it did not move, and nobody was away for longer than
        `within` in between; where a clock was set back by more than that, it begins anew.
        """
        stays = position == self.position and self.since <= at and abs(at - self.looked_at) <= within
        return replace(self, position=position, since=self.since if stays else at, looked_at=at)


def each(tx: Session) -> Mapping[str, Look]:
    """The last look at each thing, by its name; none where one cannot even be read: no look ever wrote it so."""
    try:
        found = [
            Look(what=what, position=position, since=since, looked_at=looked_at)
            for what, position, since, looked_at in rows(tx.connection(), _READ)
        ]
    except (TypeError, ValueError, OverflowError):
        return {}
    return {one.what: one for one in found}


def keep(tx: Session, looks: Iterable[Look]) -> None:
    """Keep these in the place of those before."""
    for one in looks:
        run(tx.connection(), _PUT, vars(one))
