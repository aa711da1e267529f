"""What the access handlers stand on: the stores, the policy and the clock, built once by the composition root.

It holds references and small questions to them; it carries out nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session

from handlers.decisions.counterparts import Counterpart
from handlers.decisions.policy import AccessQuestion, Action, PolicyEngine
from storage.catalogue import Catalogue, Entitlement, Owner
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable
from storage.links import link_to
from storage.outbox import OWNER, owe
from storage.records import Grant
from storage.states import GrantState


@dataclass(frozen=True, kw_only=True)
class Ground:
    """security_group: the directory group whose members approve for security. lapse_after: how long a request waits.

    people_of: for each directory whose people are those of another, that other one, their home. People sign in and
    are linked from a home, and approvers are looked for there; so nobody waits for any other directory but whoever
    asks about something in it.
    """

    database: Database
    policy: PolicyEngine
    catalogue: Catalogue
    directories: Mapping[str, Directory]
    security_group: str
    lapse_after: timedelta
    now: Clock
    people_of: Mapping[str, str] = field(default_factory=dict)

    @property
    def homes(self) -> Mapping[str, Directory]:
        """The directories that people sign in from."""
        return {name: one for name, one in self.directories.items() if name not in self.people_of}

    def home_of(self, name: str) -> str:
        """The name of the home of this directory's people: its own, unless they are another's."""
        return self.people_of.get(name, name)

    def home(self, name: str) -> Directory:
        """The home directory of this name; DirectoryUnavailable if it is none (any more)."""
        if name in self.people_of:
            raise DirectoryUnavailable(f"Nobody signs in from the directory {name} (any more).")
        return self.directory(name)

    def directory(self, name: str) -> Directory:
        """The directory of this name; DirectoryUnavailable if it is not configured (any more)."""
        if name not in self.directories:
            raise DirectoryUnavailable(
                f"No directory called {name} is in wicket.toml any more. Put it back until what it gave has ended."
            )
        return self.directories[name]

    def owner(self, entitlement_id: str) -> Owner | None:
        """The owner of this entitlement as the settings say now; None if it left the catalogue."""
        entitlement = self.catalogue.entitlements.get(entitlement_id)
        return self.catalogue.owner_of(entitlement) if entitlement else None

    def question(
        self,
        *,
        requester: Account,
        target: Counterpart,
        entitlement: Entitlement,
        minutes: int,
        justification: str,
        ticket: str,
        report: Account | None = None,
    ) -> AccessQuestion:
        """The question that a request puts to policy; weighing sets the action. target: the account that gets it.

        report: whom the requester asks for, if not for themselves.
        """
        return AccessQuestion(
            action=Action.REQUEST,
            principal=report or requester,
            entitlement=entitlement,
            owner=self.catalogue.owner_of(entitlement),
            requester=requester,
            minutes=minutes,
            justification_given=bool(justification.strip()),
            ticket_given=bool(ticket),
            now=self.now(),
            target=target,
            report=report,
        )

    def question_of(
        self,
        grant: Grant,
        requester: Account,
        target: Counterpart,
        entitlement: Entitlement,
        report: Account | None = None,
    ) -> AccessQuestion:
        """The question of a request that was asked before, with the facts of now."""
        return self.question(
            requester=requester,
            target=target,
            entitlement=entitlement,
            minutes=grant.minutes,
            justification=grant.justification,
            ticket=grant.ticket,
            report=report,
        )

    def show(self, tx: Session, grant: Grant) -> None:
        """Owe the requester's status message, the owner channel's if the request ever went there, and the report's."""
        self._show_report(tx, grant)
        if grant.slack_user:  # whose membership was found by other hands may not be linked
            owe(
                tx, at=self.now(), courier="slack", kind="request", subject=grant.id, recipient=grant.slack_user
            )  # fmt: skip
        entitlement = self.catalogue.entitlements.get(grant.entitlement)
        if entitlement is not None and not grant.automatic and grant.lapses_at is not None:
            owner = f"{OWNER}{entitlement.owner}"  # the channel may be another by the time it is delivered
            owe(tx, at=self.now(), courier="slack", kind="approval", subject=grant.id, recipient=owner)

    def _show_report(self, tx: Session, grant: Grant) -> None:
        """Whoever something was asked for hears of it, once it was sent."""
        if not grant.target_account or grant.state == GrantState.DRAFT:
            return
        link = link_to(tx, grant.requester_directory, grant.target_account)
        if link is not None:
            owe(
                tx, at=self.now(), courier="slack", kind="report", subject=grant.id, recipient=link.slack_user
            )
