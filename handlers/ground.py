"""What the access handlers stand on: the stores, the policy and the clock, built once by the composition root.

It holds references and small questions to them; it carries out nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from handlers.decisions.policy import AccessQuestion, Action, PolicyEngine
from storage.catalogue import Catalogue, Entitlement
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable
from storage.outbox import OWNER, owe
from storage.records import Grant


@dataclass(frozen=True, kw_only=True)
class Ground:
    """security_group: the directory group whose members approve for security. lapse_after: how long a request waits."""

    database: Database
    policy: PolicyEngine
    catalogue: Catalogue
    directories: Mapping[str, Directory]
    security_group: str
    lapse_after: timedelta
    now: Clock

    def directory(self, name: str) -> Directory:
        """The directory of this name; DirectoryUnavailable if it is not configured (any more)."""
        if name not in self.directories:
            raise DirectoryUnavailable(f"There is no directory called {name}.")
        return self.directories[name]

    def question(
        self, *, requester: Account, entitlement: Entitlement, minutes: int, justification: str, ticket: str
    ) -> AccessQuestion:
        """The question that a request puts to policy; weighing sets the action."""
        return AccessQuestion(
            action=Action.REQUEST,
            principal=requester,
            entitlement=entitlement,
            owner=self.catalogue.owner_of(entitlement),
            requester=requester,
            minutes=minutes,
            justification_given=bool(justification.strip()),
            ticket_given=bool(ticket),
            now=self.now(),
        )

    def question_of(self, grant: Grant, requester: Account, entitlement: Entitlement) -> AccessQuestion:
        """The question of a request that was asked before, with the facts of now."""
        return self.question(
            requester=requester,
            entitlement=entitlement,
            minutes=grant.minutes,
            justification=grant.justification,
            ticket=grant.ticket,
        )

    def show(self, tx: Session, grant: Grant) -> None:
        """Owe the requester's status message, and the owner channel's if the request ever went there."""
        if grant.slack_user:  # whose membership was found by other hands may not be linked
            owe(
                tx, at=self.now(), courier="slack", kind="request", subject=grant.id, recipient=grant.slack_user
            )  # fmt: skip
        entitlement = self.catalogue.entitlements.get(grant.entitlement)
        if entitlement is not None and not grant.automatic and grant.lapses_at is not None:
            owner = f"{OWNER}{entitlement.owner}"  # the channel may be another by the time it is delivered
            owe(tx, at=self.now(), courier="slack", kind="approval", subject=grant.id, recipient=owner)
