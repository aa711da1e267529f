"""What the security channel hears of a directory that does not follow: that it fails, that it is late, that it is over.

It tells; what is tried, and when again, is decided in handlers.grants.effects and handlers.grants.revocation.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from handlers import recording
from handlers.decisions.lifecycle import told_again_at
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.exceptions.strange import membership_cause, named_holder
from handlers.grants.outages import is_failing, is_outage, tell_failing_together
from handlers.ground import Ground
from storage import holdings
from storage.endings import Ending
from storage.exceptions import SAME_CAUSE, decide_exceptions, is_open, settle_exceptions
from storage.records import Grant, Holding
from storage.states import GrantState

Gone = Literal["account", "group"]

# Why a grant ended whose holder the directory does not have any more.
LEFT = "the account is no longer in the directory"


def tell_failing(tx: Session, ground: Ground, holding: Holding, grant: Grant) -> None:
    """Giving or taking back was tried often enough that somebody should look. Told once a day while it lasts."""
    removal = not holding.wanted
    if is_failing(tx, holding.directory):
        tell_failing_together(tx, ground, holding.directory, holding.last_fault)
        return
    cause = cause_of(Kind.EFFECT_FAILED, _failing(holding.id, removal=removal))
    if is_open(tx, cause, since=ground.now() - SAME_CAUSE):
        return
    strange = Strange(
        kind=Kind.EFFECT_FAILED,
        severity=Severity.MEDIUM,
        who=named_holder(grant),
        cause=_failing(holding.id, removal=removal),
        correlation=grant.id,
        facts={
            "entitlement": grant.entitlement,
            "removal": removal,
            "tries": holding.attempts,
            "fault": holding.last_fault,
        },
    )
    tell_security(tx, ground.now(), strange)


@dataclass(frozen=True, kw_only=True)
class Late:
    """An end or a removal that is later than it may be. cause: the id of its holding, where it has one."""

    cause: str
    directory: str
    due: datetime
    tries: int
    fault: str

    @classmethod
    def of(cls, holding: Holding, fault: str = "") -> "Late":
        """As a holding says it. fault: what else is to be said than what it says itself."""
        return cls(
            cause=holding.id, directory=holding.directory, due=holding.due_at, tries=holding.attempts,
            fault=fault or holding.last_fault,
        )  # fmt: skip


def tell_overdue(tx: Session, ground: Ground, holding: Holding, grant: Grant, *, page: bool) -> None:
    """`tell_late` of a removal, and note in its row that it was told."""
    holdings.told_overdue(tx, holding, page_at=told_again_at(holding.due_at, ground.now()))
    tell_late(tx, ground, Late.of(holding), grant, page=page)


def tell_late(tx: Session, ground: Ground, late: Late, grant: Grant, *, page: bool) -> None:
    """Something ends later than it may; recorded too, each time it is told. It writes no row of what is late.

    page: it is so late that it is told anew and with its owner's name, in the owner's channel as well. Many of one
    directory are told together (handlers.grants.outages), and each is only recorded here.
    """
    now = ground.now()
    owner = ground.owner(grant.entitlement) if page else None
    recording.record_grant(
        tx,
        grant,
        at=now,
        action="access.removal_overdue",
        outcome="failed",
        **recording.BY_ITSELF,
        facts={
            "tries": late.tries,
            "seconds": int((now - late.due).total_seconds()),
            "owner_told": owner.id if owner else "",
        },
    )
    if is_outage(tx, ground, late.directory):  # told together, by whoever looks for what is overdue
        return
    strange = Strange(
        kind=Kind.REVOCATION_OVERDUE,
        severity=Severity.HIGH,
        who=named_holder(grant),
        cause=late.cause,
        correlation=grant.id,
        facts={
            "entitlement": grant.entitlement,
            "tries": late.tries,
            "fault": late.fault,
            "due": late.due.isoformat(),
            **({"paged": now.isoformat(), "owner": owner.name if owner else ""} if page else {}),
        },
        owner=owner.id if owner else None,
        anew=page,
    )
    tell_security(tx, now, strange)


def tell_gone(tx: Session, ground: Ground, holding: Holding, grant: Grant, gone: Gone) -> None:
    """What was to be taken back went with its account or its group: the grant is over, and somebody should know why."""
    if grant.end_reason == LEFT:  # the report about who left tells it
        return
    is_group = gone == "group"
    strange = Strange(
        kind=Kind.TARGET_GONE,
        severity=Severity.MEDIUM if is_group else Severity.LOW,
        who=named_holder(grant),
        cause=f"{holding.directory}:{holding.group}" if is_group else grant.id,
        correlation=grant.id,
        facts={"entitlement": grant.entitlement, "gone": gone, "group": holding.group},
    )
    tell_security(tx, ground.now(), strange)


def tell_explained(tx: Session, ground: Ground, grant: Grant, *, removal: bool) -> None:
    """A grant began, ended or was voided: the drift that was told of its membership is over."""
    causes = causes_of_drift(grant, removal=removal)
    if grant.state == GrantState.VOIDED:  # it was to be given again, and policy said no
        decide_exceptions(tx, at=ground.now(), cause=causes[0], facts={"voided": True})
    settle_exceptions(tx, at=ground.now(), causes=causes)


def causes_of_drift(grant: Grant | Ending, *, removal: bool) -> list[str]:
    """What may have been told of this membership: that it vanished, first, or that nothing explains it."""
    membership = membership_cause(grant.entitlement, "account", grant.account)
    causes = [cause_of(Kind.VANISHED, membership)]
    if removal and not grant.minutes:  # it was never given, only taken away
        causes.append(cause_of(Kind.UNEXPLAINED, membership))
    return causes


def tell_settled(tx: Session, ground: Ground, holding: Holding) -> None:
    """The directory agrees at last: whatever was told of this holding is over, whichever grant it was about."""
    settle_exceptions(tx, at=ground.now(), causes=causes_of_delay(holding.id))


def causes_of_delay(holding: str) -> list[str]:
    """What may have been told of a directory that does not follow, by the id of the holding."""
    failing = [cause_of(Kind.EFFECT_FAILED, _failing(holding, removal=removal)) for removal in (False, True)]
    return [*failing, cause_of(Kind.REVOCATION_OVERDUE, holding)]


def _failing(holding: str, *, removal: bool) -> str:
    return f"{holding}:{'removal' if removal else 'adding'}"
