"""Extending what one holds: one tap asks for the same again, as policy says, and there is no gap in between.

The end of a grant never moves (promise 1): an extension is a grant of its own, and both are counted (promise 8).
"""

from datetime import timedelta

from sqlmodel import Session

from handlers.decisions.freezing import Stopped
from handlers.decisions.timing import minutes_held, minutes_longer
from handlers.ground import Ground
from handlers.intents import JUSTIFICATION_LIMIT, AskAccess, OnGrant
from handlers.outcomes import AlreadyAsked, AlreadyExtended, AlreadyHeld, Asked, Repeated, TooLate, Unknown
from handlers.requests.asking import Asking
from handlers.requests.extensions import cannot_extend, since_when
from handlers.requests.own import owns, refuse_gone
from storage import deliveries
from storage.catalogue import Entitlement
from storage.records import Grant
from storage.reminders import seen
from storage.states import LIVE

Extended = Asked | Unknown | AlreadyHeld | AlreadyAsked | AlreadyExtended | TooLate | Repeated | Stopped


class Extending:
    """Asks for an extension the way any request is asked: weighed, on the record, told to whoever decides."""

    def __init__(self, ground: Ground, asking: Asking) -> None:
        self._ground = ground
        self._asking = asking

    async def extend(self, intent: OnGrant) -> Extended:
        """Ask for the same for as long again, from now; or for what is left of the longest time in one go."""
        grant = await self._ground.database.read(lambda tx: seen(tx, intent.grant))
        if grant is None or not owns(intent.actor, grant) or grant.state not in LIVE or not grant.minutes:
            return await self._ground.database.write(lambda tx: self._refuse(tx, intent))
        entitlement = self._ground.asked_for(grant)
        if entitlement is None:
            return await self._ground.database.write(
                lambda tx: refuse_gone(tx, self._ground, intent, what=grant.entitlement)
            )
        return await self._asking.ask(
            AskAccess(
                actor=intent.actor,
                where=intent.where,
                delivery=intent.delivery,
                entitlement=grant.entitlement,
                duration=timedelta(minutes=self._minutes(grant, entitlement)),
                justification=grant.justification[:JUSTIFICATION_LIMIT],
                ticket=grant.ticket,
                extends=grant.id,
            )
        )

    def _minutes(self, grant: Grant, entitlement: Entitlement) -> int:
        """For how long: nothing is read here, and what is asked is weighed by policy all the same."""
        now = self._ground.now()
        if grant.expires_at is None:
            return grant.minutes
        return minutes_longer(
            grant.minutes,
            longest=int(entitlement.max_duration.total_seconds() // 60),
            held=minutes_held(since_when(grant), now),
            left=grant.expires_at - now,
        )

    def _refuse(self, tx: Session, intent: OnGrant) -> Extended:
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        return cannot_extend(tx, self._ground, intent, intent.grant) or Unknown(what="request")
