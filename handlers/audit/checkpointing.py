"""A signed checkpoint of the audit log on demand, by people of security: kept, owed to the channel, on the record.

It never signs a log that contradicts what was signed of it before.
"""

from datetime import datetime

from sqlmodel import Session

from handlers import recording
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import CheckpointTaken, NotAllowed, NotSigned, Repeated
from handlers.questions.concerned import of_security
from storage import deliveries
from storage.audit.checkpoint import Signer
from storage.audit.kept import untold
from storage.audit.log import head
from storage.audit.sealing import contradiction, last_checkpoint_id, take_checkpoint
from storage.exceptions import SECURITY
from storage.identifiers import new_id
from storage.outbox import owe
from storage.sentences import template

NOT_OF_SECURITY = template(
    "Checkpoints of the record are signed for the security team, and you are not in it. Nothing was signed. If you "
    "want to check the record, please ask one of them for the latest one."
)


class Checkpointing:
    """One transaction: the checkpoint, the entry that tells of it, and the message to the security channel."""

    def __init__(self, ground: Ground, signer: Signer) -> None:
        self._ground = ground
        self._signer = signer

    async def take(self, intent: Intent) -> CheckpointTaken | NotAllowed | NotSigned | Repeated:
        """Sign how far the log has grown. The refused are on the record, too."""
        return await self._ground.database.write(lambda tx: self._take(tx, intent))

    def _take(self, tx: Session, intent: Intent) -> CheckpointTaken | NotAllowed | NotSigned | Repeated:
        at = self._ground.now()
        if not deliveries.take(tx, intent.delivery, at):
            return Repeated()
        if not of_security(self._ground, intent.actor.account):
            self._record(tx, intent, "checkpoint.refused", "refused")
            return NotAllowed(entitlement="", owner_name="", reasons=(NOT_OF_SECURITY,))
        if wrong := contradiction(tx, self._signer.verifier):
            if not wrong.broken:  # to a log that is broken nothing can be added
                self._record(tx, intent, "checkpoint.taken", "failed")
            return NotSigned()
        size = head(tx).size
        note = take_checkpoint(tx, self._signer, at=at)
        record_kept(tx, at=at, by=recording.by(intent))
        number = str(last_checkpoint_id(tx))
        owe(tx, at=at, courier="slack", kind="checkpoint", subject=number, recipient=SECURITY)
        return CheckpointTaken(at=at, size=size, note=note)

    def _record(self, tx: Session, intent: Intent, action: str, outcome: str) -> None:
        at = self._ground.now()
        recording.record(
            tx, at=at, action=action, outcome=outcome, **recording.by(intent), correlation=new_id("k", at)
        )


def record_kept(tx: Session, *, at: datetime, by: recording.By) -> None:
    """Put on the record which checkpoint was kept just now: that it was, and what it is, shows by nothing else. And by
    whom, but for those that a version before kept, of which it told nothing.
    """
    *before, last = untold(tx)
    each = [*((recording.BY_ITSELF, facts) for facts in before), (by, last)]
    for who, facts in each:
        recording.record(
            tx,
            at=at,
            action="checkpoint.taken",
            outcome="done",
            **who,
            correlation=new_id("k", at),
            facts=facts,
        )
