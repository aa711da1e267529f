"""Somebody's access checked again for a help desk: the directory as it is now, against their live grants (R-6).

It gives nothing that no live grant says, decides nothing for an owner, and takes nothing away that is not over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlmodel import Session

from handlers import recording
from handlers.approvals.execution import still_ahead
from handlers.decisions.drift import Way, may_reconcile
from handlers.decisions.policy import DriftQuestion, same_person
from handlers.drift.comparing import place_of
from handlers.drift.differences import vanished
from handlers.exceptions.raising import Kind, cause_of, membership_cause, named, tell_security
from handlers.ground import Ground
from handlers.help_desk.desks import Allowed, Desks, TwoPeople
from handlers.help_desk.outcomes import Checked, HelpFor, Rechecked, Refused, Standing
from handlers.outcomes import Repeated
from handlers.patience import few_at_a_time, in_time
from handlers.people.counterparts import find_counterpart
from handlers.people.recently import recently
from handlers.requests.beside import Elsewhere, find_elsewhere, having
from storage import deliveries, grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.exceptions import decide_exceptions, open_of
from storage.faults import DirectoryUnavailable
from storage.handles import RECHECK, make_handle
from storage.records import Grant
from storage.states import GrantState

# So many entitlements are looked at at once: whoever asks waits for all of them.
MOST = 20


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One entitlement as its directory had it. account: theirs there, None if none is certain. silent: no answer."""

    entitlement: Entitlement
    account: Account | None = None
    present: bool = False
    silent: bool = False
    elsewhere: Elsewhere = field(default_factory=Elsewhere)


class Rechecking:
    """What was read before the transaction is held against the grants that are live in it."""

    def __init__(self, ground: Ground, desks: Desks) -> None:
        self._ground, self._desks = ground, desks

    async def recheck(self, intent: HelpFor, two: TwoPeople | None) -> Rechecked | Refused:
        """Look, put right what a live grant says, and say what was left alone."""
        seen, more = await self._look(intent, two) if two and two.serving else ((), 0)

        def work(tx: Session) -> Rechecked | Refused:
            allowed = self._desks.weigh(tx, intent, two)
            if not isinstance(allowed, Allowed):
                return allowed
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            return self._check(tx, intent, allowed, seen, more)

        return await self._ground.database.write(work)

    async def _look(self, intent: HelpFor, two: TwoPeople) -> tuple[Sequence[Seen], int]:
        person, catalogue = two.person, self._ground.catalogue.entitlements

        def given(tx: Session) -> set[str]:
            known = grants.unended_of(tx, person.directory, person.id)
            return {one.entitlement for one in known if one.is_given}

        wanted = {intent.entitlement} if intent.entitlement else await self._ground.database.read(given)
        found = [catalogue[name] for name in sorted(wanted) if name in catalogue]

        async def one(entitlement: Entitlement) -> Seen:
            return await self._see(person, entitlement)

        return await few_at_a_time(one, islice(found, MOST)), max(0, len(found) - MOST)

    async def _see(self, person: Account, entitlement: Entitlement) -> Seen:
        """A directory that is silent is "not known" for its own entitlements, and hides no others (promise 7)."""
        try:
            theirs = await in_time(find_counterpart(self._ground, person, entitlement.directory))
            if not isinstance(theirs, Account):
                return Seen(entitlement=entitlement)
            directory = self._ground.directory(entitlement.directory)
            membership = await in_time(directory.membership(theirs.id, entitlement.group))
            elsewhere = await in_time(find_elsewhere(self._ground, person, [entitlement]))
        except DirectoryUnavailable:
            return Seen(entitlement=entitlement, silent=True)
        return Seen(entitlement=entitlement, account=theirs, present=membership.present, elsewhere=elsewhere)

    def _check(
        self, tx: Session, intent: HelpFor, allowed: Allowed, seen: Sequence[Seen], more: int
    ) -> Rechecked:
        at, found = self._ground.now(), allowed.two
        handle = make_handle(
            tx, at=at, expires_at=at, purpose=RECHECK, directory=found.person.directory, account=found.person.id,
            slack_team=found.slack_team, slack_user=found.slack_user,
        )  # fmt: skip
        checked = tuple(self._one(tx, intent, found, one) for one in seen)
        again = tuple(one.entitlement for one in checked if one.standing == "given-again")
        self._desks.begun(tx, intent, allowed, handle, "desk.rechecked", again)
        return Rechecked(name=found.person.name, checked=checked, more=more)

    def _one(self, tx: Session, intent: HelpFor, two: TwoPeople, seen: Seen) -> Checked:
        entitlement = seen.entitlement
        owner = self._ground.catalogue.owner_of(entitlement).name
        if seen.silent:
            return Checked(entitlement=entitlement.id, standing="silent", owner=owner)
        known = grants.covering(tx, account=seen.account.id, **place_of(entitlement)) if seen.account else ()
        live = [
            one for one in known if one.state == GrantState.ACTIVE and still_ahead(one, self._ground.now())
        ]
        if any(one.state == GrantState.APPROVED for one in known):
            self._at_once(tx, known)
            return Checked(entitlement=entitlement.id, standing="under-way", owner=owner)
        if not live and known:  # what is over is taken back, frozen or not
            self._at_once(tx, known)
            return Checked(entitlement=entitlement.id, standing="being-taken", owner=owner)
        if not live:
            differs: Standing = "for-its-owner" if seen.present else "no-grant"
            return Checked(entitlement=entitlement.id, standing=differs, owner=owner)
        if seen.present:
            return Checked(entitlement=entitlement.id, standing="as-it-should-be", owner=owner)
        return self._give_again(tx, intent, two, seen, live, owner)

    def _give_again(
        self, tx: Session, intent: HelpFor, two: TwoPeople, seen: Seen, live: Sequence[Grant], owner: str
    ) -> Checked:
        """A live grant says so: policy is asked of it as of an owner's decision, and once more before it is given."""
        entitlement, account, at = seen.entitlement, seen.account, self._ground.now()
        if account is None:
            raise ValueError("a membership is somebody's")
        holding = holdings.of_account(tx, account=account.id, **place_of(entitlement))
        if holding is None or not holding.settled:
            return Checked(entitlement=entitlement.id, standing="under-way", owner=owner)
        cause = membership_cause(entitlement.id, "account", account.id)
        told = open_of(tx, cause_of(Kind.VANISHED, cause))
        decision = may_reconcile(
            self._ground.policy, self._question(tx, two, seen, account), own=same_person(two.helper, account)
        )
        if not told:  # it was gone before anybody looked, and its owner hears of it all the same
            tell_security(
                tx,
                at,
                vanished(self._ground, entitlement, live[-1], named(account.name, account.login), account.id),
            )
        if not decision.allowed or any("decided_by" in one.facts for one in told):
            reasons = decision.reasons if decision.policy_ids and not decision.allowed else ()
            return Checked(entitlement=entitlement.id, standing="for-its-owner", owner=owner, reasons=reasons)
        for grant in live:
            grants.move(tx, grant, GrantState.APPROVED)
            holdings.follow_grant(tx, grant, at=at, due_at=at)
            recording.record_grant(
                tx, grant, at=at, action="desk.given_again", outcome="done", **recording.by(intent),
                decision=decision,
            )  # fmt: skip
            self._ground.show(tx, grant)
        facts = {"way": Way.GIVE_AGAIN, "decided_by": two.helper.name, "decided_at": at.isoformat()}
        decide_exceptions(tx, at=at, cause=cause_of(Kind.VANISHED, cause), facts=facts)
        return Checked(entitlement=entitlement.id, standing="given-again", owner=owner)

    def _question(self, tx: Session, two: TwoPeople, seen: Seen, account: Account) -> DriftQuestion:
        helper, entitlement = two.helper, seen.entitlement
        return DriftQuestion(
            principal=helper,
            entitlement=entitlement,
            owner=self._ground.catalogue.owner_of(entitlement),
            member=account,
            way=Way.GIVE_AGAIN,
            minutes=0,
            role="help_desk",
            now=self._ground.now(),
            recently=recently(tx, self._ground.now, (helper, two.person, account)),
            having=having(tx, self._ground, two.person, entitlement, seen.elsewhere),
        )

    def _at_once(self, tx: Session, known: Sequence[Grant]) -> None:
        """What waits for another try is tried now; what somebody is at is left to them."""
        at = self._ground.now()
        for grant in known[:1]:
            place = {"directory": grant.directory, "account": grant.account, "group": grant.group}
            holding = holdings.of_account(tx, **place)
            if holding is not None and not holding.settled and holding.lease_until is None:
                holdings.follow_grant(tx, grant, at=at, due_at=holding.due_at)
