"""The messages about a grant besides its two: where it was passed on, its reminders, and what it goes on from.

They are owed with each change of state, as those two are; what was never posted is not posted because of it.
"""

from typing import TYPE_CHECKING

from sqlmodel import Session

from handlers.emergencies.telling import of_emergency
from storage.emergencies import FORESEEN
from storage.links import link_to
from storage.outbox import OWNER, Message, owe
from storage.records import Grant
from storage.reminders import Reminder, seen
from storage.states import LIVE, GrantState

if TYPE_CHECKING:
    from handlers.ground import Ground, Shown

REMINDER = "reminder"
"""In an owner's channel, beside the request: it still waits."""

ENDING = "ending"
"""To whoever holds it, and whoever asked for it: it ends soon."""

ENDED_EARLY = "ended-early"
"""To whoever held it, and whoever asked for it: somebody ended it, and why."""


def besides(tx: Session, ground: "Ground", grant: "Shown") -> list[Message]:
    """What else says how this grant stands."""
    owed: list[Message] = []
    if grant.passed_on_to in ground.catalogue.owners:
        owed.append(Message("approval", grant.id, f"{OWNER}{grant.passed_on_to}"))
    if grant.reminded_at is not None and grant.state != GrantState.PENDING:  # that it is settled
        owed += [Message(REMINDER, grant.id, f"{OWNER}{owner}") for owner in owners_of(ground, grant)]
    if grant.reminder == Reminder.END and grant.remind_at is None:
        owed += [Message(ENDING, grant.id, user) for user in _concerned(tx, grant)]
    return [*owed, *of_emergency(tx, ground, grant)]


def report_of(tx: Session, grant: "Shown") -> str:
    """The Slack account of whoever it is for, if somebody else asked for them; "" if it is not linked."""
    link = link_to(tx, grant.requester_directory, grant.target_account) if grant.target_account else None
    return link.slack_user if link else ""


def show_before(tx: Session, ground: "Ground", grant: Grant) -> None:
    """What this one goes on from says so while it lasts, and its owner's channel knows of what follows it."""
    before = seen(tx, grant.extends)
    if before is not None and grant.automatic and was_carried(tx, before):
        for owner in owners_of(ground, grant):
            _owe(tx, ground, grant, "approval", f"{OWNER}{owner}")
    if before is not None and before.state in (*LIVE, GrantState.ENDING):
        ground.show(tx, before)


def was_carried(tx: Session, grant: Grant) -> bool:
    """Whether its owner's channel knows of it: it was asked there or told of as an emergency, or goes on from one."""
    before = seen(tx, grant.extends)
    told = grant.lapses_at is not None or grant.foreseen == FORESEEN
    return told or (before is not None and was_carried(tx, before))


def remind_owner(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe a word beside the request, to whoever is to decide it now."""
    _owe(tx, ground, grant, REMINDER, f"{OWNER}{owners_of(ground, grant)[-1]}")


def remind_holder(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe whoever holds it a word that it ends soon."""
    for user in _concerned(tx, grant):
        _owe(tx, ground, grant, ENDING, user)


def tell_ended_early(tx: Session, ground: "Ground", grant: Grant) -> None:
    """Owe whoever held it a word that somebody ended it: an edit would go unseen."""
    for user in _concerned(tx, grant):
        _owe(tx, ground, grant, ENDED_EARLY, user)


def owners_of(ground: "Ground", grant: "Shown") -> list[str]:
    """The ids of the owners whose channels have the request: its own, then whoever stands in.

    Not of one who left the catalogue: nobody knows its channel, and what is owed to it would be tried for ever.
    """
    entitlement = ground.catalogue.entitlements.get(grant.entitlement)
    return [
        *([entitlement.owner] if entitlement else []),
        *([grant.passed_on_to] if grant.passed_on_to in ground.catalogue.owners else []),
    ]


def _concerned(tx: Session, grant: "Shown") -> list[str]:
    """Who asked for it and, if that is another, who has it."""
    return [user for user in (grant.slack_user, report_of(tx, grant)) if user]


def _owe(tx: Session, ground: "Ground", grant: Grant, kind: str, recipient: str) -> None:
    owe(tx, at=ground.now(), courier="slack", kind=kind, subject=grant.id, recipient=recipient)
