"""A click or form that Wicket never made: it names what was never shown to whoever sent it.

It is recorded and told to the security channel; it never says what the thing it names is.
"""

from sqlmodel import Session

from handlers import recording
from handlers.exceptions import Kind, Severity, Strange, tell_security
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import Repeated, Unknown
from handlers.strange import named
from storage import deliveries


async def refuse_forged(ground: Ground, intent: Intent) -> Unknown | Repeated:
    """A button or form whose very name is none of ours: refused on the record, once however often it is delivered."""

    def work(tx: Session) -> Unknown | Repeated:
        if not deliveries.take(tx, intent.delivery, ground.now()):
            return Repeated()
        turn_away_forged(tx, ground, intent, "click.refused")
        return Unknown(what="button")

    return await ground.database.write(work)


def turn_away_forged(tx: Session, ground: Ground, intent: Intent, action: str) -> None:
    """Record it under `action` ("approval.tampered") as refused, and tell the security channel."""
    account = intent.actor.account
    recording.record(
        tx,
        at=ground.now(),
        action=action,
        outcome="refused",
        actor=recording.person(intent.actor),
        where=intent.where,
        correlation=account.id,
    )
    tell_security(
        tx,
        ground.now(),
        Strange(
            kind=Kind.TAMPERED,
            severity=Severity.HIGH,
            who=named(account.name, account.login),
            cause=account.id,
            correlation=account.id,
        ),
    )
