"""What the access handlers stand on: the stores, the policy and the clock, built once by the composition root.

It holds references and small questions to them; it carries out nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from sqlmodel import Session

from handlers.approvals.stepping_up import SteppingUp
from handlers.decisions.counterparts import Counterpart
from handlers.decisions.emergencies import EmergencyRules
from handlers.decisions.freezing import Stopped, What, what_stops
from handlers.decisions.petitioning import SHORTEST_COOL_OFF
from handlers.decisions.policy import AccessQuestion, Action, PolicyEngine
from handlers.decisions.timing import minutes_held
from handlers.requests.besides import besides, report_of, show_before
from handlers.stops.standing import standing
from storage import rule_sets
from storage.beside_requests import NOTHING_BESIDE, beside_request
from storage.catalogue import Catalogue, Entitlement, Owner
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.endings import Ending
from storage.faults import DirectoryUnavailable, NotKnownHere
from storage.outbox import OWNER, Message, owe, owe_each, places_of
from storage.records import Grant
from storage.states import GrantState

ROLLED_OUT_WITHIN = timedelta(minutes=5)
"""A rolling update is over by then; replicas that still differ were forgotten, and go on by what they know."""

SUMMONS = "summons"
"""The courier that tells those whose turn it is and who are not the owner's (handlers.requests.summons)."""


Shown: TypeAlias = Grant | Ending
"""What people are shown of, whole or as far as its end needs it."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """security_group: the directory group whose members approve for security. help_desk: that of the help desk, "" if
    there is none. lapse_after: how long a request waits. cool_off: how long an approved petition waits before it opens.
    petition_channel: where petitions are decided beside the security channel, "" for nowhere else.

    people_of: for each directory whose people are those of another, that other one, their home. People sign in and
    are linked from a home, and approvers are looked for there; so nobody waits for any other directory but whoever
    asks about something in it.

    kept: within it, policy and catalogue are those that it began with, whatever is loaded meanwhile.
    """

    database: Database
    policy: PolicyEngine
    catalogue: Catalogue
    directories: Mapping[str, Directory]
    security_group: str
    lapse_after: timedelta
    now: Clock
    people_of: Mapping[str, str] = field(default_factory=dict)
    help_desk: str = ""
    cool_off: timedelta = SHORTEST_COOL_OFF
    petition_channel: str = ""
    stepping_up: SteppingUp = field(default_factory=SteppingUp)
    emergencies: EmergencyRules = field(default_factory=EmergencyRules)
    kept: Callable[[], AbstractContextManager[None]] = nullcontext

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
            raise DirectoryUnavailable("Nobody signs in from the directory {name} (any more).", name=name)
        return self.directory(name)

    def directory(self, name: str) -> Directory:
        """The directory of this name; DirectoryUnavailable if it is not configured (any more)."""
        if name not in self.directories:
            raise DirectoryUnavailable(
                "No directory called {name} is in wicket.toml any more. Put it back until what it gave has ended.",
                name=name,
            )
        return self.directories[name]

    def told(self, name: str) -> dict[str, str]:
        """The directory of what somebody reads about; nothing where there is only one."""
        return {"directory": name} if len(self.directories) > 1 else {}

    def stopped(self, tx: Session, what: What = What.ACCESS) -> Stopped | None:
        """What stops this now; None if nothing does. Everything that makes access asks here."""
        return what_stops(standing(tx), what)

    def owner(self, entitlement_id: str) -> Owner | None:
        """The owner of this entitlement as the settings say now; None if it left the catalogue."""
        entitlement = self.catalogue.entitlements.get(entitlement_id)
        return self.catalogue.owner_of(entitlement) if entitlement else None

    def asked_for(self, grant: Grant) -> Entitlement | None:
        """What a request that is not given yet, or is to go on, was for; None if it left the catalogue, or is another
        group by now.

        Whoever decided knew of no other group, and policy is asked about the one that the catalogue names.
        """
        entitlement = self.catalogue.entitlements.get(grant.entitlement)
        return entitlement if entitlement and self.gives(entitlement, grant.directory, grant.group) else None

    def gives(self, entitlement: Entitlement, directory: str, group: str) -> bool:
        """Whether this entitlement is this group of this directory, in whatever way its name is written there."""
        names = self.database.group_names
        return entitlement.directory == directory and names.are_one(directory, entitlement.group, group)

    def asked_for_now(self, tx: Session, grant: Grant) -> Entitlement | None:
        """The same, where something follows from it that is gone. NotKnownHere while other rules are rolled out."""
        found = self.asked_for(grant)
        if found is None and self.is_behind(tx):
            raise NotKnownHere
        return found

    def is_behind(self, tx: Session) -> bool:
        """Whether other rules hold by the store since a short while, which reach this replica only now: what is not
        known here, or not as here, is known to others.
        """
        return rule_sets.is_newer(tx, self.policy.policy_set, self.now(), ROLLED_OUT_WITHIN)

    def question(
        self,
        *,
        requester: Account,
        target: Counterpart,
        entitlement: Entitlement,
        minutes: int,
        justification: str,
        ticket: str,
        held: int = 0,
        fallback: Owner | None = None,
        report: Account | None = None,
    ) -> AccessQuestion:
        """The question that a request puts to policy; weighing sets the action. target: the account that gets it.

        held: minutes that it had been held without a break when it was asked. fallback: who stands in for its owner.
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
            held=held,
            fallback=fallback,
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
            held=minutes_held(grant.held_since, grant.requested_at),
            fallback=self.fallback_of(grant),
            report=report,
        )

    def fallback_of(self, grant: Grant) -> Owner | None:
        """Who stands in for its owner since it was passed on, if the settings still say so."""
        entitlement = self.catalogue.entitlements.get(grant.entitlement)
        if entitlement is None or not grant.passed_on_to:
            return None
        return self.catalogue.stands_in(entitlement.owner, grant.passed_on_to)

    def show(self, tx: Session, grant: Grant) -> None:
        """Owe what shows how this grant stands, and tell whose turn it is if it waits for others than the owner's."""
        there = beside_request(tx, grant.id) if _was_carried(grant) else NOTHING_BESIDE
        owed = self.messages_of(tx, [grant], {grant.id: there.places})
        if grant.state != GrantState.PENDING:  # nothing is left to answer
            owed += [Message("inquiry", inquiry, grant.slack_user) for inquiry in there.unanswered]
        owe_each(tx, owed, at=self.now(), courier="slack")
        show_before(tx, self, grant)
        owner = self._carried_to(grant)
        if owner is None or grant.state != GrantState.PENDING:
            return
        if any(count and role != "owner" for role, count in grant.missing.items()):
            owe(tx, at=self.now(), courier=SUMMONS, kind="summons", subject=grant.id, recipient=owner)

    def messages_of(
        self, tx: Session, grants: Iterable[Shown], others: Mapping[str, Sequence[str]] | None = None
    ) -> list[Message]:
        """The status message of whoever asked and of whom it is for, and the request's wherever it ever went.

        others: where that is, by grant, if it is known.
        """
        owed, shown = list[Message](), list(grants)
        carried = {grant.id: self._carried_to(grant) for grant in shown if _was_carried(grant)}
        if others is None:
            others = places_of(tx, kind="approval", subjects=list(carried)) if carried else {}
        gone = {place for some in others.values() for place in some if self._is_of_nobody(place)}
        for grant in shown:
            if grant.slack_user:  # whose membership was found by other hands may not be linked
                owed.append(Message("request", grant.id, grant.slack_user))
            if grant.id in carried:
                places = dict.fromkeys((carried[grant.id], *others.get(grant.id, ())))
                owed += [
                    Message("approval", grant.id, place) for place in places if place and place not in gone
                ]
            owed += [*besides(tx, self, grant), *_to_report(tx, grant)]
        return owed

    def _carried_to(self, grant: Shown) -> str | None:
        """The owner whom the request went to: their channel may be another by the time it is delivered.

        None if it went to none, or what it is about left the catalogue: then it stands where it was posted.
        """
        entitlement = self.catalogue.entitlements.get(grant.entitlement)
        return f"{OWNER}{entitlement.owner}" if entitlement and _was_carried(grant) else None

    def _is_of_nobody(self, place: str) -> bool:
        """Whether that is the channel of an owner who left the catalogue: nobody knows which it was."""
        return place.startswith(OWNER) and place.removeprefix(OWNER) not in self.catalogue.owners


def _was_carried(grant: Shown) -> bool:
    return not grant.automatic and grant.lapses_at is not None


def _to_report(tx: Session, grant: Shown) -> list[Message]:
    """Whoever something was asked for hears of it, once it was sent."""
    report = "" if grant.state == GrantState.DRAFT else report_of(tx, grant)
    return [Message("report", grant.id, report)] if report else []
