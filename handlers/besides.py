"""The messages about a grant besides its two: where it was passed on, its reminders, and what it goes on from.

They are owed with each change of state, as those two are; what was never posted is not posted because of it.
"""

from typing import TYPE_CHECKING

from sqlmodel import Session

from storage.outbox import OWNER, Message, owe
from storage.records import Grant
from storage.reminders import Reminder, seen
from storage.states import LIVE, GrantState

if TYPE_CHECKING:
    from handlers.ground import Ground, Shown

REMINDER = "reminder"
"""In an owner's channel, beside the request: it still waits."""

ENDING = "ending"
"""To whoever holds it: it ends soon."""

ENDED_EARLY = "ended-early"
"""To whoever held it: somebody ended it, and why."""


def besides(ground: "Ground", grant: "Shown") -> list[Message]:
    """What else says how this grant stands."""
    owed: list[Message] = []
    if grant.passed_on_to:
        owed.append(Message("approval", grant.id, f"{OWNER}{grant.passed_on_to}"))
    if grant.reminded_at is not None and grant.state != GrantState.PENDING:  # that it is settled
        owed += [Message(REMINDER, grant.id, f"{OWNER}{owner}") for owner in owners_of(ground, grant)]
    if grant.reminder == Reminder.END and grant.remind_at is None and grant.slack_user:
        owed.append(Message(ENDING, grant.id, grant.slack_user))
    return owed


def show_before(tx: Session, ground: "Ground", grant: Grant) -> None:
    """What this one goes on from says so while it lasts, and its owner's channel knows of what follows it."""
    before = seen(tx, grant.extends)
    if before is not None and grant.automatic and was_carried(tx, before):
        for owner in owners_of(ground, grant):
            _owe(tx, ground, grant, "approval", f"{OWNER}{owner}")
    if before is not None and before.state in (*LIVE, GrantState.ENDING):
        ground.show(tx, before)


def was_carried(tx: Session, grant: Grant) -> bool:
    """Whether its owner's channel knows of it: it was asked there, or goes on from something that was."""
    before = seen(tx, grant.extends)
    return grant.lapses_at is not None or (before is not None and was_carried(tx, before))


def remind_owner(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe a word beside the request, to whoever is to decide it now."""
    _owe(tx, ground, grant, REMINDER, f"{OWNER}{owners_of(ground, grant)[-1]}")


def remind_holder(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe whoever holds it a word that it ends soon."""
    _owe(tx, ground, grant, ENDING, grant.slack_user)


def tell_ended_early(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe whoever held it a word that somebody ended it: an edit would go unseen."""
    if grant.slack_user:
        _owe(tx, ground, grant, ENDED_EARLY, grant.slack_user)


def owners_of(ground: "Ground", grant: "Shown") -> list[str]:
    """The ids of the owners whose channels have the request: its own, then whoever stands in."""
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    return [
        *([entitlement.owner] if entitlement else []),
        *([grant.passed_on_to] if grant.passed_on_to else []),
    ]


def _owe(tx: Session, ground: "Ground", grant: Grant, kind: str, recipient: str) -> None:
    owe(tx, at=ground.now(), courier="slack", kind=kind, subject=grant.id, recipient=recipient)
