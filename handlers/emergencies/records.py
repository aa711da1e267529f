"""An emergency that did not go through Wicket, put on the record by an operator once Wicket is back (B-5).

It gives nothing and takes nothing: what it keeps is reviewed as any other, and says that it was reported by hand.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from handlers import recording
from handlers.decisions.policy import same_person
from handlers.ground import Ground
from handlers.intents import JUSTIFICATION_LIMIT, Where
from storage import emergencies
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.records import Emergency
from storage.states import EmergencyState


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """What the paper says. second: who was with them. begins, ends: of the access, aware UTC."""

    person: Account
    second: Account
    entitlement: str
    incident: str
    reason: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True)
class PutOnRecord:
    """It is kept, and a review is owed. emergency: its id."""

    emergency: str


@dataclass(frozen=True, kw_only=True)
class NotAsItWas:
    """It cannot have been so."""

    why: Literal["no-such", "not-over", "one-person", "no-words"]


class EmergencyRecords:
    """One transaction. Nobody is believed but the operator, whom the entry names as its source."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def put(self, told: ByHand, where: Where) -> PutOnRecord | NotAsItWas:
        """Keep it."""
        if told.entitlement not in self._ground.catalogue.entitlements:
            return NotAsItWas(why="no-such")
        if not told.begins < told.ends <= self._ground.now():
            return NotAsItWas(why="not-over")
        if same_person(told.person, told.second):
            return NotAsItWas(why="one-person")
        if not told.incident.strip() or not 0 < len(told.reason.strip()) <= JUSTIFICATION_LIMIT:
            return NotAsItWas(why="no-words")
        return PutOnRecord(
            emergency=await self._ground.database.write(lambda tx: self._keep(tx, told, where))
        )

    def _keep(self, tx: Session, told: ByHand, where: Where) -> str:
        now, person = self._ground.now(), told.person
        incident = self._ground.emergencies.incident(told.incident) or told.incident.strip()
        row = Emergency(
            id=new_id("g", now), state=EmergencyState.GRANTED, directory=person.directory, account=person.id,
            login=person.login, name=person.name, slack_team="", slack_user="", entitlement=told.entitlement,
            incident=incident, reason=told.reason.strip(), handle="", asked_at=now, ask_by=now,
            minutes=-(-int((told.ends - told.begins).total_seconds()) // 60), opened_at=told.begins,
            ends_at=told.ends,
        )  # fmt: skip
        emergencies.add(tx, row)
        recording.record(
            tx, at=now, action="emergency.recorded", outcome="done", actor=recording.OPERATOR, where=where,
            correlation=row.id, subject=person.id, resource=told.entitlement,
            facts={
                "by_hand": True, "incident": row.incident, "second": told.second.id,
                "begins": told.begins.isoformat(), "ends": told.ends.isoformat(),
            },
            texts={"justification": row.reason},
        )  # fmt: skip
        return row.id
