"""What an extension rests on: the grant that it goes on from, and since when the same was held without a break.

It asks no policy and grants nothing: an extension is a request like any other (handlers.requests.access).
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.counterparts import Counterpart, NoCounterpart
from handlers.exceptions.forged import turn_away_forged
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import AlreadyAsked, AlreadyExtended, TooLate, Unknown
from handlers.requests.own import owns
from storage import grants
from storage.catalogue import Entitlement
from storage.records import Grant
from storage.reminders import extension_of
from storage.states import LIVE, GrantState

NotExtended = Unknown | TooLate | AlreadyAsked | AlreadyExtended


def cannot_extend(tx: Session, ground: Ground, intent: Intent, grant_id: str) -> NotExtended | None:
    """Why this person cannot extend this grant now, on the record; None if they can ask for it.

    Only what lasts is extended, so that there is no gap; what has an extension already has one.
    """
    grant = grants.get(tx, grant_id)
    if grant is None or not owns(intent.actor, grant):
        turn_away_forged(tx, ground, intent, "grant.tampered")
        return Unknown(what="request")
    # What somebody asked for another is asked for anew, so that both are asked about; and what is another group by now.
    if grant.target_account or ground.asked_for(grant) is None:
        _record(tx, ground, intent, grant, "grant.late")
        return Unknown(what="request")
    is_over = grant.expires_at is None or grant.expires_at <= ground.now()
    if grant.state not in LIVE or is_over:
        state = GrantState.ENDED if grant.state in LIVE else grant.state
        _record(tx, ground, intent, grant, "grant.late")
        return TooLate(entitlement=grant.entitlement, state=state, by="", at=grant.ended_at)
    extension = extension_of(tx, grant)
    if extension is None:
        return None
    _record(tx, ground, intent, grant, "grant.already_extended")
    if extension.state == GrantState.PENDING:
        return AlreadyAsked(grant=extension.id, entitlement=grant.entitlement)
    return AlreadyExtended(entitlement=grant.entitlement, until=extension.expires_at)


def held_since(tx: Session, target: Counterpart, entitlement: Entitlement, now: datetime) -> datetime | None:
    """Since when this account has held it by grants of ours without a break, up to now; None if it does not.

    So what is asked for while it is held counts as going on, whichever button it was asked with (N-5).
    """
    if isinstance(target, NoCounterpart):
        return None
    covering = grants.covering(
        tx, directory=entitlement.directory, account=target.id, group=entitlement.group
    )
    lasting = [one for one in covering if one.state in LIVE and one.expires_at and one.expires_at > now]
    return min((since for one in lasting if (since := since_when(one))), default=None)


def since_when(grant: Grant) -> datetime | None:
    """Since when it was held without a break, as of this grant; None while nobody decided about it.

    Of what a clock granted that was ahead, since its end was set to sooner: what that clock said may be still to come.
    """
    since = grant.held_since or grant.decided_at
    if since is None or grant.expires_at is None:
        return since
    return min(since, grant.expires_at - timedelta(minutes=grant.minutes))


def _record(tx: Session, ground: Ground, intent: Intent, grant: Grant, action: str) -> None:
    recording.record_grant(
        tx, grant, at=ground.now(), action=action, outcome="refused", **recording.by(intent)
    )
