"""The file outside the database that checkpoints are published to: read, written, and told of where it cannot be.

It compares nothing with the store and stops nothing: that is the watch's (handlers.audit.watching).
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from storage import freezes
from storage.audit.published import Published, place_of, publish, read_published
from storage.audit.sealing import Contradiction
from storage.database import replica_of
from storage.exceptions import open_of, settle_exceptions
from storage.sentences import Sentence, template

log = structlog.get_logger(__name__)

PUBLISHING = "publishing"

_UNREADABLE = template("The file of published checkpoints {file} cannot be read.")
_ENDS_ODDLY = template("The file of published checkpoints {file} ends in something that is none.")
_LACKS_LAST = template("The file of published checkpoints {file} lacks the last one that was written to it.")


class Publishing:
    """file: where to; None for nowhere. is_own: nobody named it, Wicket chose it.

    A file that somebody named is there to stay: gone or unreadable, it was taken away. Of one that nobody named, nobody
    can say whether its place outlives a restart, as in a container: gone, it is begun anew. What stands in it counts
    just as much.
    """

    def __init__(self, ground: Ground, file: Path | None, *, is_own: bool = False) -> None:
        self._ground, self._file, self._is_own = ground, file, is_own
        self._fault: str | None = None

    @property
    def is_somewhere(self) -> bool:
        """Whether there is a file at all."""
        return self._file is not None

    async def read(self) -> Published | None:
        """What the end of the file says; None if it cannot be read."""
        if self._file is None:
            return Published()
        try:
            return await asyncio.to_thread(read_published, self._file)
        except OSError as fault:
            log.error("checkpoint.file_unreadable", file=str(self._file), fault=fault.strerror)
            return None

    async def history(self) -> Sequence[str]:
        """All that was ever published here: yesterday's are far from the end of the file."""
        return await asyncio.to_thread(self._history)

    def wrong(
        self, tx: Session, found: Published | None, history: Sequence[str], *, is_first: bool
    ) -> Contradiction | None:
        """Whether the file is not what was written to it. is_first: nobody else remembers what was signed."""
        if self._file is None:
            return None
        if found is None:
            detail = Sentence(_UNREADABLE, file=str(self._file))
            return Contradiction(detail=detail) if is_first and not self._is_own else None
        return self._shortened(tx, self._file, found, history)

    def _shortened(
        self, tx: Session, file: Path, found: Published, history: Sequence[str]
    ) -> Contradiction | None:
        """Whether the file ends before what was written to it, which a crash in the middle of writing does not do."""
        last = freezes.last_published(tx, place_of(file))
        if last is None and found.rest:
            return Contradiction(detail=Sentence(_ENDS_ODDLY, file=str(file)))
        if last is None or last in found.notes:
            return None
        if self._is_own and found == Published():
            if self._fault is None:  # else it is known why, and asked at each look
                log.warning("checkpoint.file_gone", file=str(file))
            return None
        if last in (history or self._history()):
            return None
        return Contradiction(detail=Sentence(_LACKS_LAST, file=str(file)))

    def _history(self) -> Sequence[str]:
        if self._file is None:
            return ()
        try:
            return read_published(self._file, whole=True).notes
        except OSError:
            return ()

    async def publish(self, note: str) -> None:
        """Add it to the file, and remember that it stands there. Where that cannot be done, security hears of it."""
        if self._file is None:
            return
        file, database, now = self._file, self._ground.database, self._ground.now()
        try:
            await asyncio.to_thread(self._add, file, note)
        except OSError as fault:
            if fault.strerror != self._fault:  # once: a place that is not there is asked for at each look
                log.error("checkpoint.not_published", file=str(file), fault=fault.strerror)
            self._fault = fault.strerror
            if not await database.read(_told):
                await database.write(self._tell)
            return
        self._fault = None

        def remember(tx: Session) -> None:
            freezes.remember_published(tx, place=place_of(file), note=note, at=now)
            if _told(tx):
                settle_exceptions(tx, at=now, causes=[_cause(tx)])

        await database.write(remember)

    def _add(self, file: Path, note: str) -> None:
        if self._is_own:  # a folder that somebody named and that is not there may be a disk that is not
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        publish(file, note)

    def _tell(self, tx: Session) -> None:
        if _told(tx):
            return
        now = self._ground.now()
        facts: dict[str, recording.Fact] = {
            "what": PUBLISHING, "since": now.isoformat(), "replica": replica_of(tx), "file": str(self._file),
        }  # fmt: skip
        recording.record(
            tx, at=now, action="log.overdue", outcome="failed", **recording.BY_ITSELF, correlation=PUBLISHING,
            facts=facts,
        )  # fmt: skip
        strange = Strange(
            kind=Kind.NOT_LOOKED_OVER, severity=Severity.MEDIUM, who="Wicket", correlation=PUBLISHING, facts=facts,
            cause=_what(tx),
        )  # fmt: skip
        tell_security(tx, now, strange)


def _told(tx: Session) -> bool:
    return bool(open_of(tx, _cause(tx)))


def _cause(tx: Session) -> str:
    return cause_of(Kind.NOT_LOOKED_OVER, _what(tx))


def _what(tx: Session) -> str:
    """Each replica has a file of its own, or at least its own way to it."""
    return f"{PUBLISHING}:{replica_of(tx)}"
