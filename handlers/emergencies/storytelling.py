"""Fills the story of an emergency from the store, as it is at that moment.

It reads only; what a story sounds like is said in bot.slack.messages.
"""

from sqlmodel import Session

from handlers.emergencies.outcomes import EmergencyStory
from handlers.exceptions.strange import named
from handlers.ground import Ground
from storage import emergencies
from storage.fresh import FreshProof
from storage.records import Emergency
from storage.reminders import extension_of, seen


def story_of(tx: Session, ground: Ground, emergency_id: str) -> EmergencyStory | None:
    """The story of this emergency; None if there is none, or it is not as Wicket wrote it."""
    row = emergencies.get(tx, emergency_id)
    if row is None:
        return None
    grant, entitlement = seen(tx, row.grant), ground.catalogue.entitlements.get(row.entitlement)
    owner = ground.catalogue.owner_of(entitlement) if entitlement else None
    after = extension_of(tx, grant) if grant is not None else None
    return EmergencyStory(
        id=row.id,
        who=named(row.name, row.login),
        slack_user=row.slack_user,
        entitlement=row.entitlement,
        title=entitlement.title if entitlement else row.entitlement,
        owner=owner.name if owner else "",
        incident=row.incident,
        reason=row.reason,
        minutes=row.minutes,
        drill=row.drill,
        handle=row.handle,
        state=row.state,
        held=grant.state if grant else "",
        proof=_proof(row),
        asked_at=row.asked_at,
        told_security_at=row.told_security_at,
        told_outside_at=row.told_outside_at,
        told_by=row.told_by,
        fallback=row.fallback,
        refused_why=row.refused_why,
        opened_at=row.opened_at,
        active_at=grant.active_at if grant else None,
        until=row.ends_at,
        ended_at=grant.ended_at if grant else None,
        why_ended=grant.end_reason if grant else "",
        ended_by=grant.ended_by if grant else "",
        extended=after.expires_at if after is not None else None,
        review_due_at=row.review_due_at,
        reviewed_by=row.reviewed_by_name,
        finding=row.finding,
    )


def _proof(row: Emergency) -> FreshProof | None:
    if row.proven_at is None:
        return None
    return FreshProof(handle=row.handle, kinds=tuple(row.proved_by.split()), at=row.proven_at)
