"""Letting somebody else approve for an owner, for a time and within limits; and ending that before its time (R-5).

It approves nothing and gives nobody more than they have: what a delegation is worth is asked anew at every click.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Unpack

from sqlmodel import Session

from handlers import recording
from handlers.decisions.delegated import DelegateQuestion
from handlers.decisions.freezing import Stopped
from handlers.decisions.policy import PolicyDecision, same_person
from handlers.delegations.in_force import can_be_asked_for, role_to_delegate, theirs_to_delegate
from handlers.delegations.outcomes import (
    DELEGATION,
    WAKES,
    Delegate,
    EndedBefore,
    EndedNow,
    Made,
    MayDelegate,
    MayNotDelegate,
    MayNotEnd,
    NotToThem,
    OnDelegation,
    Refused,
)
from handlers.exceptions.raising import tell_security, wrong_person
from handlers.ground import Ground
from handlers.intents import Intent
from handlers.outcomes import Repeated, Unknown
from handlers.patience import in_time
from handlers.people.recently import recently
from handlers.questions.concerned import of_delegation
from handlers.stops.stopping import stopped
from storage import delegations, deliveries, links
from storage.catalogue import Entitlement
from storage.database import wake
from storage.delegations import Party
from storage.directories.base import Account
from storage.exceptions import SECURITY
from storage.outbox import OWNER, Message, owe_each
from storage.records import Delegation
from storage.sentences import template
from storage.states import DelegationEnd

NOT_YOURS = template(
    "You are not an approver of the team that owns this. What was delegated to you is not yours to delegate."
)
NOBODYS_APPROVER = template(
    "You are not an approver of any team, and what was delegated to you is not yours to delegate. If somebody has to "
    "decide for a team, ask one of its own approvers to delegate it."
)
SEVERAL_OWNERS = template("These belong to several teams. Delegate what one team owns at a time.")
NOT_LINKED = template(
    "They have not linked their account with me yet, so I can't tell who they are. Ask them to say hello to me first."
)
ELSEWHERE = template("They sign in from another directory than the approvers of this.")
NO_SUCH_GROUP = template("There is no such group in the directory.")
THEIR_OWN = template("That is the group of the owner's approvers: they approve this anyhow.")
ASKED_FOR = template(
    "People can ask me to put them in that group, so it cannot be one that approves for you."
)

_HOUR = timedelta(hours=1)
_MOST = 100


class _To:
    """Who is to approve, as the directory has them now: an account, or a group."""

    def __init__(self, *, account: Account | None = None, slack_user: str = "", group: str = "") -> None:
        self.account, self.group = account, group
        self.party = Party(
            account=account.id if account else "", name=account.name if account else "", slack_user=slack_user
        )


class Delegating:
    """One transaction an act, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: Intent) -> MayDelegate | MayNotDelegate | Stopped | Repeated:
        """Whether there is anything that this person could delegate: asked when the form is about to open."""
        account, ground = intent.actor.account, self._ground
        theirs = [one.risk for one in theirs_to_delegate(ground, account)]

        def work(tx: Session) -> MayDelegate | MayNotDelegate | Stopped | Repeated:
            if (begun := self._begin(tx, intent, account.id)) is not None:
                return begun
            if not theirs:
                self._record(tx, intent, "delegation.refused", account.id)
                return MayNotDelegate(reasons=(NOBODYS_APPROVER,))
            return MayDelegate(riskiest=max(theirs))

        return await ground.database.write(work)

    async def delegate(self, intent: Delegate) -> Made | Refused:
        """Let them approve, if policy lets this person delegate each of these to them."""
        wanted = [self._ground.catalogue.entitlements.get(one) for one in intent.entitlements]
        things = [one for one in wanted if one is not None]
        to = await self._to(intent, things) if things and len(things) == len(wanted) else None

        def work(tx: Session) -> Made | Refused:
            one_owner = len({one.owner for one in things}) == 1
            if isinstance(to, NotToThem) and one_owner:
                return self._not_to_them(tx, intent, to)
            if (begun := self._begin(tx, intent, intent.actor.account.id)) is not None:
                return begun
            if to is None:
                return Unknown(what="entitlement")
            if isinstance(to, NotToThem) or not one_owner:
                return MayNotDelegate(reasons=(SEVERAL_OWNERS,))
            return self._delegate(tx, intent, things, to)

        return await self._ground.database.write(work)

    async def end(self, intent: OnDelegation) -> EndedNow | EndedBefore | MayNotEnd | Unknown | Repeated:
        """End it at once: the owner's approvers, security, and both of those whom it is between may."""

        def work(tx: Session) -> EndedNow | EndedBefore | MayNotEnd | Unknown | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            row = delegations.get(tx, intent.delegation)
            if row is None:
                self._record(tx, intent, "delegation.end_refused", intent.delegation)
                return Unknown(what="delegation")
            if not of_delegation(self._ground, intent.actor.account, row):
                self._record(tx, intent, "delegation.end_refused", row.id)
                return MayNotEnd(owner=self._owner_name(row.owner))
            if row.ended_at is not None:
                self._record(tx, intent, "delegation.end_late", row.id)
                return EndedBefore(by=row.ended_by, at=row.ended_at)
            name = intent.actor.account.name
            end_one(tx, self._ground, row, DelegationEnd.REVOKED, by=name, **recording.by(intent))
            return EndedNow()

        return await self._ground.database.write(work)

    async def end_due(self) -> int:
        """End those whose time is over, and tell of it; how many. For the schedule."""

        def work(tx: Session) -> int:
            due = delegations.due(tx, self._ground.now(), _MOST)
            for row in due:
                end_one(tx, self._ground, row, DelegationEnd.EXPIRED, **recording.BY_ITSELF)
            return len(due)

        waits = await self._ground.database.read(lambda tx: bool(delegations.due(tx, self._ground.now(), 1)))
        return await self._ground.database.write(work) if waits else 0

    def _begin(self, tx: Session, intent: Intent, correlation: str) -> Stopped | Repeated | None:
        halt = stopped(tx, self._ground, intent, "delegation.stopped", correlation=correlation)
        if halt is not None:
            return halt
        return None if deliveries.take(tx, intent.delivery, self._ground.now()) else Repeated()

    async def _to(self, intent: Delegate, things: list[Entitlement]) -> _To | NotToThem:
        """Whom they mean, looked up live. DirectoryUnavailable as always."""
        home = intent.actor.account.directory
        if intent.group:
            found = await in_time(self._ground.home(home).group(intent.group))
            names = {intent.group, *(found.names if found else ())}
            approvers = self._ground.catalogue.owner_of(things[0]).approvers
            if any(self._ground.database.group_names.are_one(home, one, approvers) for one in names):
                return NotToThem(group=True, reason=THEIR_OWN)
            if any(can_be_asked_for(self._ground, home, one) for one in names):
                return NotToThem(group=True, reason=ASKED_FOR)
            return _To(group=intent.group) if found else NotToThem(group=True, reason=NO_SUCH_GROUP)
        link = await self._ground.database.read(lambda tx: links.link_of_user(tx, intent.whom))
        if link is None:
            return NotToThem(group=False, reason=NOT_LINKED)
        if link.directory != home:
            return NotToThem(group=False, reason=ELSEWHERE)
        account = await in_time(self._ground.home(home).account(link.account))
        if account is None:
            return NotToThem(group=False, reason=NOT_LINKED)
        return _To(account=account, slack_user=intent.whom)

    def _delegate(
        self, tx: Session, intent: Delegate, things: list[Entitlement], to: _To
    ) -> Made | MayNotDelegate:
        account, at = intent.actor.account, self._ground.now()
        roles = {role_to_delegate(self._ground, account, one) for one in things}
        decision = self._asked(tx, intent, things, to)
        if not decision.allowed or None in roles:
            self._turn_away(tx, intent, things, to, decision)
            return MayNotDelegate(reasons=decision.reasons if decision.policy_ids else (NOT_YOURS,))
        row = delegations.make(
            tx, at=at, expires_at=at + intent.lasts, directory=account.directory, owner=things[0].owner,
            by=Party(account=account.id, name=account.name, slack_user=intent.actor.slack_user),
            role="owner", to=to.party, group=to.group,
            entitlements=[one.id for one in things], max_risk=intent.max_risk, max_minutes=intent.max_minutes,
        )  # fmt: skip
        facts = _facts(row)
        recording.record(
            tx, at=at, action="delegation.made", outcome="done", **recording.by(intent), correlation=row.id,
            subject=row.delegate or None, decision=decision, facts=facts,
        )  # fmt: skip
        show(tx, row, at)
        wake(tx, WAKES)
        return Made(delegation=row.id)

    def _asked(self, tx: Session, intent: Delegate, things: list[Entitlement], to: _To) -> PolicyDecision:
        """Policy's answer about all of them: the first refusal, or the last permission."""
        account, ground = intent.actor.account, self._ground
        lately = recently(tx, ground.now, (account, to.account))
        asked = [
            DelegateQuestion(
                principal=account, entitlement=one, owner=ground.catalogue.owner_of(one), delegate=to.account,
                role=role_to_delegate(ground, account, one), max_risk=intent.max_risk, max_minutes=intent.max_minutes,
                hours=-(-intent.lasts // _HOUR),
                oneself=to.account is not None and same_person(account, to.account),
                now=ground.now(), recently=lately,
            )
            for one in things
        ]  # fmt: skip
        decisions = ground.policy.ask_each(asked)
        return next((one for one in decisions if not one.allowed), decisions[-1])

    def _not_to_them(self, tx: Session, intent: Delegate, to: NotToThem) -> NotToThem | Stopped | Repeated:
        """Recorded once. The form stays open, and is the same delivery when it is sent again with somebody else."""
        person, at = intent.actor.account.id, self._ground.now()
        if (halt := stopped(tx, self._ground, intent, "delegation.stopped", correlation=person)) is not None:
            return halt
        if deliveries.was_taken(tx, intent.delivery):
            return Repeated()
        if deliveries.take(tx, f"{intent.delivery}:{'group' if to.group else 'person'}", at):  # nothing typed
            self._record(tx, intent, "delegation.refused", person)
        return to

    def _turn_away(
        self, tx: Session, intent: Delegate, things: list[Entitlement], to: _To, decision: PolicyDecision
    ) -> None:
        """On the record; told to security as well, unless policy says that it matters little."""
        account = intent.actor.account
        facts: dict[str, recording.Fact] = {"entitlements": [one.id for one in things], "group": to.group}
        recording.record(
            tx, at=self._ground.now(), action="delegation.refused", outcome="refused", **recording.by(intent),
            correlation=account.id, subject=to.party.account or None, decision=decision, facts=facts,
        )  # fmt: skip
        if decision.severity == "low":
            return
        strange = wrong_person(
            account, decision, about="delegation", correlation=account.id, facts={"stop": "delegation"}
        )
        tell_security(tx, self._ground.now(), strange)

    def _owner_name(self, owner: str) -> str:
        found = self._ground.catalogue.owners.get(owner)
        return found.name if found else owner

    def _record(self, tx: Session, intent: Intent, action: str, correlation: str) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome="refused", **recording.by(intent),
            correlation=correlation,
        )  # fmt: skip


def end_one(
    tx: Session,
    ground: Ground,
    row: Delegation,
    why: DelegationEnd,
    *,
    by: str = "",
    facts: Mapping[str, recording.Fact] | None = None,
    **who: Unpack[recording.By],
) -> bool:
    """End one, on the record and told wherever it was told of; False if it was over before."""
    at = ground.now()
    if not delegations.end(tx, row, why, at=at, by=by):
        return False
    recording.record(
        tx, at=at, action="delegation.expired" if why == DelegationEnd.EXPIRED else "delegation.ended", outcome="done",
        **who, correlation=row.id, subject=row.delegate or None,
        facts={
            "owner": row.owner, "why": why, "group": row.group, "entitlements": list(row.entitlements), **(facts or {}),
        },
    )  # fmt: skip
    show(tx, row, at)
    return True


def end_of_person(
    tx: Session,
    ground: Ground,
    directory: str,
    account: str,
    why: DelegationEnd,
    *,
    by: str = "",
    facts: Mapping[str, recording.Fact] | None = None,
    **who: Unpack[recording.By],
) -> int:
    """End what this person delegated and what was delegated to them by name; how many."""
    found = delegations.of_person(tx, directory, account, ground.now())
    return sum(end_one(tx, ground, row, why, by=by, facts=facts, **who) for row in found)


def show(tx: Session, row: Delegation, at: datetime) -> None:
    """Owe what tells of it: to the security channel, the owner's, and both of those whom it is between."""
    people = dict.fromkeys(one for one in (row.delegate_slack, row.delegator_slack) if one)
    places = (SECURITY, f"{OWNER}{row.owner}", *people)
    owe_each(tx, [Message(DELEGATION, row.id, one) for one in places], at=at, courier="slack")


def _facts(row: Delegation) -> dict[str, recording.Fact]:
    return {
        "owner": row.owner, "entitlements": list(row.entitlements), "group": row.group,
        "max_risk": row.max_risk, "max_minutes": row.max_minutes, "until": row.expires_at.isoformat(),
    }  # fmt: skip
