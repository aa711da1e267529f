"""A request passed on to the owner that stands in: nobody answered, or nobody of its own owner could.

It decides nothing: what the fallback's people may is asked of policy at their click, from the live directory.
"""

from sqlmodel import Session

from handlers import recording
from handlers.decisions.timing import while_waiting
from handlers.ground import Ground
from storage import grants
from storage.database import wake
from storage.records import Grant
from storage.reminders import WAKES, Reminder, set_reminder
from storage.states import GrantState

# Why it was passed on, fit to follow "passed on because"; kept with the request and shown in its messages.
UNANSWERED = "nobody answered"


def pass_on(tx: Session, ground: Ground, grant: Grant, *, why: str) -> bool:
    """Carry a request that waits to the fallback of whoever has it now. False if nobody stands in for them.

    It stays where it was as well: its own owner may still decide.
    """
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    if entitlement is None or grant.state != GrantState.PENDING:
        return False
    before = ground.catalogue.owners.get(grant.passed_on_to or entitlement.owner)
    fallback = ground.catalogue.owners.get(before.fallback) if before else None
    if before is None or fallback is None:
        return False
    now = ground.now()
    grants.move(tx, grant, GrantState.PENDING, passed_on_to=fallback.id, passed_on_why=why, passed_on_at=now)
    recording.record_grant(
        tx,
        grant,
        at=now,
        action="request.passed_on",
        outcome="done",
        **recording.BY_ITSELF,
        facts={"from": before.id, "to": fallback.id, "why": why},
    )
    ground.show(tx, grant)
    return True


def begin_waiting(tx: Session, ground: Ground, grant: Grant) -> None:
    """From now on it waits for its owner, who is looked at at once: is there anybody who can decide?"""
    now = ground.now()
    lapses_at = now + ground.lapse_after
    grants.move(tx, grant, GrantState.PENDING, lapses_at=lapses_at, reminder=Reminder.LOOK, remind_at=now)
    wake(tx, WAKES)


def plan_reminder(tx: Session, grant: Grant) -> None:
    """Remind of it half-way to its lapse."""
    if grant.lapses_at is not None:
        at = while_waiting(grant.requested_at, grant.lapses_at).remind_at
        set_reminder(tx, grant, Reminder.REMIND, at)


def plan_passing_on(tx: Session, ground: Ground, grant: Grant) -> None:
    """Pass it on later, if somebody stands in and it was not passed on already."""
    owner = ground.owner(grant.entitlement)
    if owner is None or not owner.fallback or grant.passed_on_to or grant.lapses_at is None:
        set_reminder(tx, grant, None, None)
        return
    at = while_waiting(grant.requested_at, grant.lapses_at).pass_on_at
    set_reminder(tx, grant, Reminder.ESCALATE, at)
