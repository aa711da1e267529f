"""The walk over the whole audit log, some slices at a time: an entry that was edited is found without being asked for.

It changes no entry and mends nothing; what it finds stops new access as a contradicted checkpoint does (T-1, T-2).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from sqlmodel import Session

from handlers import recording
from handlers.audit.watching import Watching
from handlers.decisions.freezing import What, what_stops
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.stops.standing import written
from storage import streams, walks
from storage.audit import log as audit_log
from storage.audit.checkpoint import Verifier
from storage.audit.findings import Finding
from storage.audit.slices import STORY, WALKED, Slice, next_slice
from storage.exceptions import settle_exceptions
from storage.macs import FOLLOWING
from storage.sentences import Sentence, template
from storage.walks import Stand

# Of one look: so that a walk that is late catches up in turns, and holds nobody up.
AT_ONCE = 8
_REST = 0.05
# While others have much to do it waits, until it is behind by so much of the log.
_WAITS_FOR = 0.25
_MOST_OF_AN_ID = 64

_EDITED = template("The audit entry {entry} at index {index} is not what was written.")
_GONE = template("Audit entries are missing from index {index} on.")
_TREE = template("The stored tree over the audit entries {first} to {last} is not what they give.")
_NO_TABLE = template(
    "The audit log is not kept in guarded tables any more: something else stands in the place of one or behind it."
)
_NOT_KEPT = template(
    "What is kept beside the audit log, its checkpoints and what states archives, is not what the log says of it."
)
_UNFIT = template("The audit log does not fit together from index {index} on.")
_TOLD: Mapping[str, str] = MappingProxyType({"missing": _GONE, "cut": _GONE})


class Walking:
    """Walks. every: how long a round over the whole log takes; the next one begins that long after this one began."""

    def __init__(self, ground: Ground, watching: Watching, verifier: Verifier, *, every: timedelta) -> None:
        self._ground, self._watching, self._verifier = ground, watching, verifier
        self._every = every
        # The round and the place of what was found and is not known to be written.
        self._unwritten: tuple[int, int] | None = None
        # The furthest place of which the slice could not be read, or not moved past.
        self._stuck: tuple[int, int] | None = None

    async def look(self, *, gives_way: bool = False) -> int:
        """Walk over what is due by now; how many slices that were. gives_way: others have much to do."""
        for done in range(AT_ONCE):
            if not await self._step(gives_way):
                return done
            await asyncio.sleep(_REST)
        return AT_ONCE

    async def _step(self, gives_way: bool) -> bool:
        now, found = self._ground.now(), None
        with self._watching.walking(is_done=lambda: self._stuck is None):
            look = partial(self._look, now=now, gives_way=gives_way)
            stand, is_due = await self._ground.database.read(look)
            if stand is None:
                await self._ground.database.write(partial(_begin, now=now))
            elif is_due:
                found = await self._read(stand, now)
        if stand is None:
            return False
        if self._unwritten is not None and _place(stand) > self._unwritten:
            await self._watching.passed_by()
            self._unwritten = None
        if found is not None and _is_news(stand, found):
            self._unwritten = _place(stand)
            move = partial(self._took, stand=stand, found=found, now=now)
            await self._watching.stop_for(_sentence(found), unless=move)
            self._unwritten = None
        return found is not None

    def _look(self, tx: Session, now: datetime, gives_way: bool) -> tuple[Stand | None, bool]:
        """Where it stands, and whether it is to go on from there. Where it is stuck, it tries until it is past."""
        stand = walks.stand(tx)
        if stand is None or stand.began_at - now > self._every:  # or the clock was set back since
            return None, False
        is_due = self._is_due(stand, audit_log.head(tx).size, now, gives_way=gives_way)
        return stand, is_due or self._stuck is not None

    async def _read(self, stand: Stand, now: datetime) -> Slice:
        """Walk over the next slice, and on if nothing new is wrong with it. Until that went well it is stuck here.

        Somewhere before that it may go well: whoever has it begin anew does not have it pass by.
        """
        place = _place(stand)
        self._stuck = max(self._stuck or place, place)
        found = await self._ground.database.read(lambda tx: next_slice(tx, stand.passed, self._verifier))
        if not _is_news(stand, found):
            await self._ground.database.write(partial(self._took, stand=stand, found=found, now=now))
        if place >= self._stuck:
            self._stuck = None
        return found

    def _is_due(self, stand: Stand, size: int, now: datetime, *, gives_way: bool) -> bool:
        """Whether it is behind where it should be by now, spread evenly over the time of a round."""
        share = (now - stand.began_at) / self._every
        if share >= 1:
            return True
        behind = size * share - stand.passed.size
        return behind > (size * _WAITS_FOR if gives_way else 0)

    def _took(self, tx: Session, stand: Stand, found: Slice, now: datetime) -> bool:
        """Go on behind this slice. Whether nothing more is to be done: it was told, or there is nothing to tell."""
        known = {index: wrong for index, wrong in stand.known.items() if index != found.first}
        if found.wrong:
            known[found.first] = found.wrong
        after = replace(stand, passed=found.passed, known=known)
        if found.is_last:
            after = self._next_round(after, found, now)
        if not walks.move(tx, stand, after):
            return True
        if found.is_last:
            _record(tx, stand, found, known, now)
        if not found.wrong and found.first in stand.known:
            settle_exceptions(tx, at=now, causes=[cause_of(Kind.RECORD_CHANGED, str(found.first))])
        if not _is_news(stand, found):
            return True
        if found.only_tiles or what_stops(written(tx), What.PROOFS) is not None:
            _tell(tx, found, now)
            return True
        return False

    def _next_round(self, stand: Stand, found: Slice, now: datetime) -> Stand:
        began_at = max(now, stand.began_at + self._every)
        known = {index: wrong for index, wrong in stand.known.items() if index <= found.first}
        return Stand(round=stand.round + 1, began_at=began_at, known=known)


def _begin(tx: Session, now: datetime) -> None:
    """A new round, where none is known: after the first start, or where its row was removed or changed.

    It counts from the end of the last one: else whoever removes the row now and then keeps it from ever getting far.
    """
    before = walks.stand(tx)
    known = before.known if before is not None else {}
    since = min(now, walks.last_end(tx) or now)
    walks.move(tx, before, Stand(round=walks.last_round(tx) + 1, began_at=since, known=known))


def _place(stand: Stand) -> tuple[int, int]:
    return stand.round, stand.passed.size


def _is_news(stand: Stand, found: Slice) -> bool:
    return bool(found.wrong) and stand.known.get(found.first) != found.wrong


def _record(tx: Session, stand: Stand, found: Slice, known: Mapping[int, str], now: datetime) -> None:
    """That all of it was walked over, and in how many slices something did not fit."""
    recording.record(
        tx, at=now, action=WALKED, outcome="failed" if known else "done", **recording.BY_ITSELF, correlation=STORY,
        facts={"round": stand.round, "entries": found.passed.size, "wrong": len(known),
            **{name: place for name in FOLLOWING if (place := streams.position(tx, name))},
        },
    )  # fmt: skip


def _tell(tx: Session, found: Slice, now: datetime) -> None:
    """What new access is not stopped for, or not once more."""
    strange = Strange(
        kind=Kind.RECORD_CHANGED, severity=Severity.HIGH, who="Wicket", cause=str(found.first),
        correlation=STORY, facts={"detail": _sentence(found), "tree": found.only_tiles},
    )  # fmt: skip
    tell_security(tx, now, strange)


def _sentence(found: Slice) -> Sentence:
    """The first thing that does not fit; all of them are named by `wicket audit verify`."""
    worst = next((one for one in found.findings if one.kind != "tile"), found.findings[0])
    return _said(worst, found.first)


def _said(finding: Finding, begins: int) -> Sentence:
    index = begins if finding.first is None else finding.first
    if finding.entry_id is not None:
        # SQLite keeps in a column of texts whatever somebody puts there.
        return Sentence(_EDITED, entry=str(finding.entry_id)[:_MOST_OF_AN_ID], index=index)
    if finding.kind == "tile":
        return Sentence(_TREE, first=index, last=index if finding.last is None else finding.last)
    if finding.kind == "table":
        return Sentence(_NO_TABLE)
    if finding.kind == "kept":
        return Sentence(_NOT_KEPT)
    return Sentence.of(_TOLD.get(finding.kind, _UNFIT), {"index": index})
