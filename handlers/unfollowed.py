"""What the security channel hears of a directory that does not follow: that it fails, that it is late, that it is over.

It tells; what is tried, and when again, is decided in handlers.effects and handlers.revocation.
"""

from sqlmodel import Session

from handlers import recording
from handlers.exceptions import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import SCHEDULE
from handlers.strange import membership_cause, named
from storage import holdings
from storage.exceptions import decide_exceptions, settle_exceptions
from storage.records import Grant, Holding
from storage.states import GrantState


def tell_failing(tx: Session, ground: Ground, holding: Holding, grant: Grant) -> None:
    """Giving or taking back was tried often enough that somebody should look."""
    removal = not holding.wanted
    strange = Strange(
        kind=Kind.EFFECT_FAILED,
        severity=Severity.MEDIUM,
        who=named(grant.requester_name, grant.requester_login),
        cause=_failing(grant, removal=removal),
        correlation=grant.id,
        facts={
            "entitlement": grant.entitlement,
            "removal": removal,
            "tries": holding.attempts,
            "fault": holding.last_fault,
        },
    )
    tell_security(tx, ground.now(), strange)


def tell_overdue(tx: Session, ground: Ground, holding: Holding, grant: Grant) -> None:
    """A removal is later than it may be; recorded too, and told once."""
    now = ground.now()
    holdings.told_overdue(tx, holding)
    recording.record(
        tx,
        at=now,
        action="access.removal_overdue",
        outcome="failed",
        actor=recording.WICKET,
        subject=grant.account,
        resource=grant.entitlement,
        correlation=grant.id,
        where=SCHEDULE,
        facts={"tries": holding.attempts, "seconds": int((now - holding.due_at).total_seconds())},
    )
    strange = Strange(
        kind=Kind.REVOCATION_OVERDUE,
        severity=Severity.HIGH,
        who=named(grant.requester_name, grant.requester_login),
        cause=grant.id,
        correlation=grant.id,
        facts={
            "entitlement": grant.entitlement,
            "tries": holding.attempts,
            "fault": holding.last_fault,
            "due": holding.due_at.isoformat(),
        },
    )
    tell_security(tx, now, strange)


def tell_settled(tx: Session, ground: Ground, grant: Grant, *, removal: bool) -> None:
    """The directory agrees at last; what was told of it is brought up to date. A removal settles the giving as well."""
    causes = [cause_of(Kind.EFFECT_FAILED, _failing(grant, removal=False))]
    if removal:
        causes.append(cause_of(Kind.EFFECT_FAILED, _failing(grant, removal=True)))
        causes.append(cause_of(Kind.REVOCATION_OVERDUE, grant.id))
    membership = membership_cause(grant.entitlement, "account", grant.account)
    vanished = cause_of(Kind.VANISHED, membership)
    causes.append(vanished)
    if grant.state == GrantState.VOIDED:  # it was to be given again, and policy said no
        decide_exceptions(tx, at=ground.now(), cause=vanished, facts={"voided": True})
    if removal and not grant.minutes:  # it was never given, only taken away
        causes.append(cause_of(Kind.UNEXPLAINED, membership))
    settle_exceptions(tx, at=ground.now(), causes=causes)


def _failing(grant: Grant, *, removal: bool) -> str:
    return f"{grant.id}:{'removal' if removal else 'adding'}"
