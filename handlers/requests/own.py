"""One's own request, found for a click: what is gone or somebody else's is turned away on the record.

It moves nothing, and says of another person's request no more than of one that is not there.
"""

from sqlmodel import Session

from handlers import recording
from handlers.exceptions.forged import is_lost, turn_away_forged
from handlers.ground import Ground
from handlers.intents import Actor, Intent, OnGrant
from handlers.outcomes import Repeated, TooLate, Unknown
from storage import deliveries, grants
from storage.records import Grant


def owns(actor: Actor, grant: Grant) -> bool:
    """Whether it is this person's own, whatever Slack account they asked from."""
    return (grant.requester_directory, grant.requester_account) == (actor.account.directory, actor.account.id)


def is_report(actor: Actor, grant: Grant) -> bool:
    """Whether somebody else asked for it on this person's behalf."""
    account = actor.account
    return bool(grant.target_account) and (
        (grant.requester_directory, grant.target_account) == (account.directory, account.id)
    )


def find_own(
    tx: Session, ground: Ground, intent: OnGrant, *, or_report: bool = False
) -> Grant | Unknown | Repeated:
    """The person's own request, with the delivery taken. Somebody else's was never shown to them: a forgery.

    or_report: one that somebody made for them counts as well.
    """
    grant = grants.get(tx, intent.grant)
    if grant is None:
        return refuse_gone(tx, ground, intent, what="request")
    if not deliveries.take(tx, intent.delivery, ground.now()):
        return Repeated()
    if not owns(intent.actor, grant) and not (or_report and is_report(intent.actor, grant)):
        return turn_away_forged(tx, ground, intent, "grant.tampered")
    return grant


def refuse_gone(tx: Session, ground: Ground, intent: Intent, *, what: str) -> Unknown | Repeated:
    """What is named is no longer there: a draft was forgotten, an entitlement left the catalogue. No exception."""
    if not deliveries.take(tx, intent.delivery, ground.now()):
        return Repeated()
    recording.record(
        tx,
        at=ground.now(),
        action="grant.gone",
        outcome="refused",
        **recording.by(intent),
        correlation=intent.actor.account.id,
    )
    return Unknown(what=what, lost=is_lost(tx, intent))


def refuse_late(tx: Session, ground: Ground, intent: Intent, grant: Grant) -> TooLate:
    """It was settled before. Failed clicks are on the record, too (promise 2)."""
    recording.record_grant(
        tx,
        grant,
        at=ground.now(),
        action="grant.late",
        outcome="refused",
        **recording.by(intent),
        facts={"minutes": grant.minutes, "automatic": grant.automatic},
    )
    return TooLate(entitlement=grant.entitlement, state=grant.state, by="", at=grant.decided_at)
