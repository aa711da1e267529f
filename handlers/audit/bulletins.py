"""What the security channel is told at set times: each day's open exceptions and signed checkpoint, each week's digest.

Each is owed once, whichever replica's clock comes first, and whatever was down when it was due; it renders nothing.
"""

import structlog
from sqlmodel import Session

from handlers.audit.checkpointing import record_kept
from handlers.decisions.set_times import Due, SetTimes
from handlers.ground import Ground
from handlers.recording import BY_ITSELF
from storage import bulletins
from storage.audit.checkpoint import Signer
from storage.audit.sealing import last_checkpoint_id, take_checkpoint
from storage.exception_work import how_many_wait
from storage.exceptions import SECURITY
from storage.faults import AuditFault
from storage.outbox import owe

log = structlog.get_logger(__name__)

DIGEST, CHECKPOINT, OPEN_EXCEPTIONS = "digest", "checkpoint", "open-exceptions"


class Bulletins:
    """Owes what is due. The first time nothing is: what was before it is not told."""

    def __init__(self, ground: Ground, signer: Signer, times: SetTimes) -> None:
        self._ground = ground
        self._signer = signer
        self._times = times

    async def owe_due(self) -> None:
        """Owe each that is due and was not yet. A fault of the store passes through; the next look tries again."""
        now, database = self._ground.now(), self._ground.database
        digest, checkpoint = self._times.weekly(now), self._times.daily(now)
        if not await database.read(lambda tx: bulletins.has_begun(tx, OPEN_EXCEPTIONS, checkpoint.day)):
            await database.write(lambda tx: self._open_exceptions(tx, checkpoint))
        if not await database.read(lambda tx: bulletins.has_begun(tx, DIGEST, digest.day)):
            await database.write(lambda tx: self._digest(tx, digest))
        if not await database.read(lambda tx: bulletins.has_begun(tx, CHECKPOINT, checkpoint.day)):
            try:
                await database.write(lambda tx: self._checkpoint(tx, checkpoint))
            except AuditFault as fault:  # the watch over the store tells of it, and stops what must not go on
                log.error("checkpoint.not_signed", fault=str(fault))

    def _digest(self, tx: Session, due: Due) -> None:
        if self._begin(tx, DIGEST, due):
            owe(tx, at=self._ground.now(), courier="slack", kind=DIGEST, subject=due.day, recipient=SECURITY)

    def _open_exceptions(self, tx: Session, due: Due) -> None:
        """Nothing where nothing is open."""
        now = self._ground.now()
        if self._begin(tx, OPEN_EXCEPTIONS, due) and how_many_wait(tx, now)[0]:
            owe(tx, at=now, courier="slack", kind=OPEN_EXCEPTIONS, subject=due.day, recipient=SECURITY)

    def _checkpoint(self, tx: Session, due: Due) -> None:
        """Signed in the transaction that owes it: what is told of is what was signed."""
        if not self._begin(tx, CHECKPOINT, due):
            return
        at = self._ground.now()
        take_checkpoint(tx, self._signer, at=at)
        record_kept(tx, at=at, by=BY_ITSELF)
        number = last_checkpoint_id(tx)
        week = self._times.weekly(at)
        bulletins.signed(tx, due.day, number=number, week_of=week.until)
        owe(tx, at=at, courier="slack", kind=CHECKPOINT, subject=str(number), recipient=SECURITY)

    def _begin(self, tx: Session, kind: str, due: Due) -> bool:
        """Take it up; False if another did, or if it is the very first, which is only kept as the beginning."""
        is_first = not bulletins.any_yet(tx, kind)
        fresh = bulletins.begin(
            tx, kind, due.day, since=due.since, until=due.until, at=self._ground.now()
        )  # fmt: skip
        return fresh and not is_first
