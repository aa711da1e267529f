"""A request that waits, found for a click on it: read live, locked, and turned away from whoever may not touch it.

It decides nothing for or against a request beyond that it can no longer be granted.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal, TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.approvals.deciders import accounts_of, count_people, deciders, role_in
from handlers.decisions.but import but
from handlers.decisions.counterparts import NoCounterpart
from handlers.decisions.delegating import within
from handlers.decisions.policy import AccessQuestion, PolicyDecision, Role, Way, is_on_call, same_person
from handlers.decisions.requests import weigh_request
from handlers.decisions.turns import comes_first
from handlers.delegations.in_force import delegators_of, rows_about, with_given
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import named, tell_security, wrong_person
from handlers.ground import Ground
from handlers.intents import Decide, Inquire, OnGrant
from handlers.outcomes import NotAllowed, NotYet, Repeated, TooLate, Unknown
from handlers.patience import in_time
from handlers.people.counterparts import Target, target_now, uncertain
from handlers.people.recently import recently
from handlers.requests.beside import Elsewhere, find_elsewhere, having
from storage import deliveries, grants
from storage.approvals import approvals_of, counting_among
from storage.binding import mark
from storage.catalogue import Entitlement
from storage.directories.base import Account, Directory
from storage.faults import DirectoryUnavailable
from storage.records import Approval, Delegation, Grant
from storage.states import GrantState

T = TypeVar("T")

_NAMES_SHOWN = 5
# Forms that are open at a time, of which each needs no read of its own when it is sent.
_FORMS_KNOWN = 256


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A request as it is in a transaction. decided: the decisions on it, oldest first. counted: who approves it.

    delegated: the delegations of it that are open.
    """

    grant: Grant | None
    decided: Sequence[Approval] = ()
    counted: tuple[str, ...] = ()
    delegated: Sequence[Delegation] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the directory says now, read before the transaction, and the request as it is inside.

    target: the requester's account in the entitlement's directory, None without a requester. approved: the active ones
    of those whose approvals count, as they are now. elsewhere: the accounts of whoever is to have it, where something
    is kept that bears on it. delegators: of those by whom it is delegated, the active ones.
    """

    seen: Seen
    requester: Account | None = None
    target: Target | None = None
    approved: tuple[Account, ...] = ()
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    delegators: Mapping[str, Account] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A request that can be decided now. question: what it puts to policy about this click. role: the clicker's.

    decided: the decisions on it, oldest first.
    """

    grant: Grant
    decided: Sequence[Approval]
    entitlement: Entitlement
    question: AccessQuestion
    role: Role | None


class OpenRequests:
    """Finds what is clicked on. Every method that takes a transaction belongs to the click's own."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._opened_last = dict[str, Seen]()

    async def with_facts(
        self, grant_id: str, work: Callable[[Session, Facts], T], *, opens: bool = False
    ) -> T:
        """One transaction on facts that are not older than the last approval: two at one instant must both count.

        opens: a form, which will be sent. Whom to ask the directory about is known from then; whether it is so still
        is seen under the lock, like all of the request.
        """

        def on(facts: Facts, tx: Session) -> tuple[T] | None:
            seen = _seen(tx, self._ground, grant_id)
            fresh = _asked_about(seen) == _asked_about(facts.seen)
            return (work(tx, but(facts, seen=seen)),) if fresh else None

        known = None if opens else self._opened_last.pop(grant_id, None)
        while True:
            facts = await in_time(self._facts(grant_id, known))
            done = await self._ground.database.write(partial(on, facts))
            if done is not None:
                break
            known = None
        if opens:
            self._know(grant_id, facts.seen)
        return done[0]

    async def with_names(self, grant_id: str, outcome: T, actor: Account) -> T:
        """Whom a wrong person may ask instead: looked up for them alone, and left out if that takes too long."""
        if not isinstance(outcome, NotAllowed):
            return outcome
        try:
            found = await in_time(deciders(self._ground, grant_id))
        except DirectoryUnavailable:
            return outcome
        names = [one.account.name for one in found if not same_person(one.account, actor)]
        return replace(outcome, can=tuple(names[:_NAMES_SHOWN]))

    def find(
        self, tx: Session, intent: OnGrant, facts: Facts, way: Way
    ) -> Opened | TooLate | Unknown | Repeated:
        """The request, if it can still be decided. Everything else is recorded: failed clicks are, too."""
        now = self._ground.now()
        if not deliveries.take(tx, intent.delivery, now):
            return Repeated()
        grant, decided = facts.seen.grant, facts.seen.decided
        if grant is None or grant.lapses_at is None:
            return turn_away_forged(tx, self._ground, intent, "approval.tampered")
        if grant.state != GrantState.PENDING or grant.lapses_at <= now:
            self.record(tx, intent, grant, "approval.late", "refused")
            return _settled_before(grant, decided, now)
        if way != "ask" and _has_decided(intent.actor.account, facts):
            self.record(tx, intent, grant, "approval.repeated", "refused")
            return _settled_before(grant, decided, now)
        entitlement = self._ground.asked_for_now(tx, grant)
        if entitlement is None or facts.requester is None or facts.target is None:
            return self._gone(tx, intent, grant, decided)
        if not facts.requester.active:
            return self._gone(tx, intent, grant, decided)
        account = intent.actor.account
        question = self._question(tx, grant, entitlement, facts.requester, facts.target, facts, account)
        if isinstance(gone := question.goes_to, NoCounterpart):
            self._lose_account(tx, intent, grant, gone, question)
            return _settled_before(grant, decided, now)
        return self._opened(account, grant, entitlement, question, facts, way)

    async def as_read(self, grant_id: str, account: Account) -> Opened | None:
        """What an approval by this person would be asked about, as readers see it now; None if nothing would.

        It is for asking policy ahead: nothing of it counts, and whoever clicks is asked about anew. Whom to ask the
        directory about is known from here on as well.
        """
        facts = await in_time(self._facts(grant_id, None))
        grant, requester, target = facts.seen.grant, facts.requester, facts.target
        about = grant and self._ground.asked_for(grant)
        if not grant or not about or not requester or not target or grant.state != GrantState.PENDING:
            return None
        question = await self._ground.database.glance(
            lambda tx: self._question(tx, grant, about, requester, target, facts, account)
        )
        self._know(grant_id, facts.seen)
        if isinstance(question.goes_to, NoCounterpart):
            return None
        return self._opened(account, grant, about, question, facts, "approve")

    def is_known(self, grant_id: str) -> bool:
        """Whether it is known whom to ask the directory about."""
        return grant_id in self._opened_last

    def turn_away(
        self, tx: Session, intent: OnGrant, found: Opened, decision: PolicyDecision
    ) -> NotAllowed | NotYet:
        """This person may not: an exception, unless it is only not their turn yet."""
        account, entitlement = intent.actor.account, found.entitlement
        first = comes_first(self._ground.policy, found.question, account, found.role)
        if first is not None and not decision.errors:
            self.record(tx, intent, found.grant, "approval.early", "refused", decision)
            return NotYet(grant=found.grant.id, first={role: n for role, n in vars(first).items() if n})
        self.record(tx, intent, found.grant, "approval.refused", "refused", decision)
        strange = wrong_person(
            account,
            decision,
            about=found.grant.id,
            correlation=found.grant.id,
            entitlement=entitlement.id,
            facts={
                "requester": named(found.grant.requester_name, found.grant.requester_login),
                "own": same_person(account, found.question.requester),
            },
        )
        tell_security(tx, self._ground.now(), strange)
        owner = self._ground.catalogue.owner_of(entitlement)
        return NotAllowed(entitlement=entitlement.id, owner_name=owner.name, reasons=decision.reasons)

    def void(
        self, tx: Session, intent: OnGrant, grant: Grant, why: str, decision: PolicyDecision | None = None
    ) -> None:
        """It can no longer be granted, whoever approves."""
        grants.move(tx, grant, GrantState.VOIDED, ended_at=self._ground.now(), end_reason=why)
        self.record(tx, intent, grant, "grant.voided", "refused", decision)
        self._ground.show(tx, grant)

    def record(
        self,
        tx: Session,
        intent: OnGrant,
        grant: Grant,
        action: str,
        outcome: Literal["done", "refused"],
        decision: PolicyDecision | None = None,
        facts: Mapping[str, recording.Fact] | None = None,
    ) -> None:
        """Keep what this click came to, with what was typed as a commitment."""
        step = recording.Step(action=action, outcome=outcome, decision=decision, facts=facts or {})
        self.record_each(tx, intent, grant, [step])

    def record_each(
        self, tx: Session, intent: OnGrant, grant: Grant, steps: Sequence[recording.Step]
    ) -> None:
        """`record` of all that one click came to, in this order."""
        texts = {}
        if isinstance(intent, Decide) and intent.rationale:
            texts = {"rationale": intent.rationale}
        elif isinstance(intent, Inquire):
            texts = {"question": intent.question}
        recording.record_steps(
            tx,
            grant,
            steps,
            at=self._ground.now(),
            **recording.by(intent),
            facts={"minutes": grant.minutes},
            texts=texts,
        )

    def _know(self, grant_id: str, seen: Seen) -> None:
        self._opened_last[grant_id] = seen
        if len(self._opened_last) > _FORMS_KNOWN:
            del self._opened_last[next(iter(self._opened_last))]

    def _question(
        self,
        tx: Session,
        grant: Grant,
        entitlement: Entitlement,
        requester: Account,
        target: Target,
        facts: Facts,
        account: Account,
    ) -> AccessQuestion:
        """The question of the request, with what is so of all who are in it; account: whoever clicks."""
        ground, delegators = self._ground, facts.delegators
        question = ground.question_of(grant, requester, target.account, entitlement, target.report)
        question = with_given(ground, question, facts.seen.delegated, delegators, facts.approved)
        people = (requester, target.report, account, *facts.approved, *delegators.values())
        lately, is_there = recently(tx, ground.now, people), isinstance(question.goes_to, Account)
        has = (
            having(tx, ground, question.holder, entitlement, facts.elsewhere, grant.id) if is_there else None
        )
        return but(question, recently=lately, having=has)

    def _opened(
        self,
        account: Account,
        grant: Grant,
        entitlement: Entitlement,
        question: AccessQuestion,
        facts: Facts,
        way: Way,
    ) -> Opened:
        decided = facts.seen.decided
        so_far = count_people(question, facts.approved, decided, self._ground.security_group)
        on_call = is_on_call(account, question.requester, question.owner)
        role = role_in(self._ground, grant, question, account)
        question = within(question, account, role) if way == "approve-less" else question
        return Opened(
            grant=grant,
            decided=decided,
            entitlement=entitlement,
            question=but(question, approvals=so_far, way=way, on_call=on_call),
            role=role,
        )

    def _gone(self, tx: Session, intent: OnGrant, grant: Grant, decided: Sequence[Approval]) -> TooLate:
        self.void(tx, intent, grant, "it can no longer be granted")
        return _settled_before(grant, decided, self._ground.now())

    def _lose_account(
        self, tx: Session, intent: OnGrant, grant: Grant, target: NoCounterpart, question: AccessQuestion
    ) -> None:
        """The account that it was asked for is gone, or not certainly theirs any more: nobody guesses another."""
        decision = weigh_request(self._ground.policy, question).decision
        self.void(tx, intent, grant, target.finding, decision)
        if target.is_uncertain:
            tell_security(tx, self._ground.now(), uncertain(target, grant))

    async def _facts(self, grant_id: str, known: Seen | None) -> Facts:
        seen = known
        if seen is None:
            seen = await self._ground.database.glance(partial(_seen, ground=self._ground, grant_id=grant_id))
        grant = seen.grant
        if grant is None or self._ground.asked_for(grant) is None:
            return Facts(seen=seen)
        home = self._ground.home(grant.requester_directory)
        if not seen.counted and not seen.delegated:
            return await self._about(home, seen, grant)
        facts, approved, delegators = await asyncio.gather(
            self._about(home, seen, grant),
            accounts_of(home, seen.counted),
            delegators_of(home, seen.delegated),
        )
        return but(facts, approved=approved, delegators=delegators)

    async def _about(self, home: Directory, seen: Seen, grant: Grant) -> Facts:
        """Who asked, as they are now, their account in the entitlement's directory, and what bears on it elsewhere."""
        requester = await home.account(grant.requester_account)
        if requester is None:
            return Facts(seen=seen)
        target = await target_now(self._ground, grant, requester)
        wanted = [self._ground.catalogue.entitlements[grant.entitlement]]
        elsewhere = await find_elsewhere(self._ground, target.report or requester, wanted)
        return Facts(seen=seen, requester=requester, target=target, elsewhere=elsewhere)


def _has_decided(account: Account, facts: Facts) -> bool:
    """Whether this person decided about the request as it is now, and it counts: they may have left and come back."""
    if any(same_person(other, account) for other in facts.approved):
        return True
    decided = [one for one in facts.seen.decided if one.approver == account.id]
    return any(not one.approved or one.approver in facts.seen.counted for one in decided)


def _seen(tx: Session, ground: Ground, grant_id: str) -> Seen:
    grant = grants.look(tx, grant_id)
    if grant is None:
        return Seen(grant=None)
    decided = approvals_of(tx, grant.id)
    counted = counting_among(tx, grant, decided)
    waits = grant.state == GrantState.PENDING
    about = ground.catalogue.entitlements.get(grant.entitlement) if waits else None
    return Seen(
        grant=grant,
        decided=decided,
        counted=tuple(one.approver for one in counted),
        delegated=rows_about(tx, ground, grant.requester_directory, about),
    )


def _asked_about(seen: Seen) -> tuple[object, ...]:
    """What decides about whom the directory is asked: the request, whose it is, and who approved it."""
    grant = seen.grant
    if grant is None:
        return ()
    whose = (grant.requester_directory, grant.requester_account)
    return mark(grant), *whose, seen.counted, tuple(one.id for one in seen.delegated)


_BY_NOBODY = (GrantState.LAPSED, GrantState.WITHDRAWN, GrantState.VOIDED)


def _settled_before(grant: Grant, approvals: Sequence[Approval], now: datetime) -> TooLate:
    over = grant.state == GrantState.PENDING and grant.lapses_at is not None and grant.lapses_at <= now
    state = GrantState.LAPSED if over else GrantState(grant.state)
    if state in _BY_NOBODY or not approvals:
        at = grant.lapses_at if over else grant.ended_at or grant.decided_at
        return TooLate(entitlement=grant.entitlement, state=state, by="", at=at)
    last = approvals[-1]
    return TooLate(entitlement=grant.entitlement, state=state, by=last.approver_name, at=last.at)
