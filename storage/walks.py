"""Where the walk over the audit log stands: read if it is as Wicket wrote it, moved on by one replica at a time.

It walks over nothing, and knows nothing of what was found but that it was told.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, SQLModel

from storage.audit import glimpses, log
from storage.audit.merkle import Frontier
from storage.audit.slices import BEGUN, GIVEN_UP, POSITION, STORY, WALKED
from storage.audit.vouched import is_ours, rely_on
from storage.engine import upserts
from storage.engine.plain import Plain, rows, run
from storage.faults import AuditFault
from storage.micros import from_micros
from storage.records import LogWalk
from storage.signing import is_sound, signed
from storage.told import Told, newest

AUDIT = "audit"

_WALKS = SQLModel.metadata.tables[LogWalk.__tablename__]
_COLUMNS = tuple(_WALKS.c.keys())
_READ = Plain(select(*_WALKS.c).where(_WALKS.c.name == bindparam("which")))
_PUT = upserts.or_replace(_WALKS, [one for one in _COLUMNS if one != "name"])


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Where a walk stands (records.LogWalk). passed: the tree over the entries that were passed in this round."""

    round: int
    passed: Frontier = field(default_factory=Frontier)
    began_at: datetime
    known: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))


def stand(tx: Session) -> Stand | None:
    """Where it stands; None where that is not known, so that it has to begin anew.

    A row that is not as Wicket wrote it counts for nothing, and neither does one of a round that the record calls over:
    whoever puts an old row back, to have a part of the log passed by, only has it walked over again.
    """
    try:
        return _stand(tx)
    except (
        TypeError,
        ValueError,
        OverflowError,
    ):  # it cannot even be read: not of a kind that was ever written
        return None


def _stand(tx: Session) -> Stand | None:
    for found in rows(tx.connection(), _READ, {"which": AUDIT}):
        row = dict(zip(_COLUMNS, found, strict=True))
        if is_sound(tx, _WALKS.name, row, row["mac"]) and row["round"] > last_round(tx):
            return Stand(
                round=row["round"],
                passed=Frontier.from_bytes(bytes.fromhex(row["frontier"])),
                began_at=row["began_at"],
                known={int(index): wrong for index, wrong in json.loads(row["known"]).items()},
            )
    return None


def move(tx: Session, before: Stand | None, after: Stand) -> bool:
    """Go on. False, with nothing written, if it does not stand there any more: another replica was faster.

    AuditFault if it does not stand there then, as where somebody's trigger keeps it back.
    """
    if stand(tx) != before:
        return False
    run(tx.connection(), _PUT, signed(tx, _WALKS.name, _row_of(after)))
    if stand(tx) != after:
        raise AuditFault("the walk over the audit log does not move on")
    return True


def last_round(tx: Session) -> int:
    """The number of the last round that the record says was walked to its end; 0 for none."""
    return _told(tx, "round") or 0


def followed_to(tx: Session, name: str) -> int | None:
    """How far what follows the log had come when the last round ended, or where it began; None if the record does not
    say.
    """
    walked = _told(tx, name)
    return _told(tx, POSITION, story=name, action=BEGUN) if walked is None else walked


def is_given_up(tx: Session, name: str) -> bool:
    """Whether the record says that what followed the log by this name was given up, and has not begun anew since.

    Nothing may leave by a name beside a leaf, or by an entry behind the log's end: those anybody may have put there.
    """
    given_up = newest(tx, name, GIVEN_UP) if is_ours(tx) else None
    if given_up is None or given_up.index >= log.head(tx).size or not _says(given_up, GIVEN_UP, name):
        return False
    begun = newest(tx, name, BEGUN)
    return begun is None or begun.index < given_up.index


def _says(entry: Told, action: str, story: str) -> bool:
    try:
        said = entry.said()
    except AuditFault:
        return False
    return (said["action"], said["correlation"]) == (action, story)


def _told(tx: Session, fact: str, *, story: str = STORY, action: str = WALKED) -> int | None:
    """This number as the last such entry has it; None if there is none, or it does not say."""
    rely_on(tx)
    entry = newest(tx, story, action)
    if entry is None:
        return None
    try:
        said = entry.said()["facts"].get(fact)
    except AuditFault:
        return None
    return said if isinstance(said, int) else None


def last_end(tx: Session) -> datetime | None:
    """When the last round was walked to its end, or the log began; None while nothing is in it."""
    rely_on(tx)
    ended = newest(tx, STORY, WALKED)
    return glimpses.kept_since(tx) if ended is None else from_micros(ended.said()["at"])


def _row_of(stand: Stand) -> dict[str, Any]:
    known = {str(index): wrong for index, wrong in sorted(stand.known.items())}
    return {
        "name": AUDIT, "round": stand.round, "position": stand.passed.size, "frontier": stand.passed.to_bytes().hex(),
        "began_at": stand.began_at, "known": json.dumps(known),
    }  # fmt: skip
