"""Ending what somebody has before its time: its owner and security can, security alone what left the catalogue.

Policy is asked at the click and when the form is sent; the directory itself is changed by handlers.grants.effects.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.decisions.counterparts import Counterpart
from handlers.decisions.made_up import NOBODY, left_catalogue
from handlers.decisions.policy import AccessQuestion, Action, PolicyDecision, Role, is_standing_in, role_of
from handlers.decisions.revoking import may_revoke
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import named, tell_security, wrong_person
from handlers.grants.leftovers import was_told
from handlers.ground import Ground
from handlers.intents import EndGrant, OnGrant
from handlers.outcomes import EndedEarly, MayEnd, NotAllowed, Repeated, TooLate, Unknown
from handlers.patience import in_time
from handlers.people.counterparts import target_now
from handlers.questions.concerned import of_security, some_approvers
from handlers.requests.besides import tell_ended_early, was_carried
from handlers.requests.stories import ENDED_EARLY
from storage import deliveries, grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.records import Grant
from storage.reminders import continued
from storage.sentences import Sentence, template
from storage.states import LIVE, GrantState

T = TypeVar("T")
Refused = NotAllowed | TooLate | Unknown | Repeated

GONE_WITH_IT = template("What it was to go on from was ended by {name}.")


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the directory says now, read before the transaction. can: names of some who could end it."""

    requester: Account | None = None
    target: Counterpart | None = None
    report: Account | None = None
    can: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A grant that can be ended now, and the answer about whoever ends it."""

    grant: Grant
    question: AccessQuestion
    role: Role | None
    decision: PolicyDecision


class Ending:
    """One transaction a click, taken once per delivery; the refused ones are on the record, too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: OnGrant) -> MayEnd | Refused:
        """Whether this person may end it: asked when the form is about to open."""
        return await self._with_facts(intent, lambda _, found: MayEnd(grant=found.grant.id))

    async def end(self, intent: EndGrant) -> EndedEarly | Refused:
        """End it and what goes on from it. Another grant of theirs on the same is counted, and stays."""

        def work(tx: Session, found: _Open) -> EndedEarly | Refused:
            now, grant = self._ground.now(), found.grant
            whole = continued(tx, grant)
            for one in whole:
                self._end_one(tx, intent, found, one, now)
            tell_ended_early(tx, self._ground, grant)
            others = grants.covering(tx, directory=grant.directory, account=grant.account, group=grant.group)
            stays = [one.expires_at for one in others if one.state in LIVE and one.expires_at]
            return EndedEarly(grant=grant.id, still_until=max(stays, default=None))

        return await self._with_facts(intent, work)

    async def _with_facts(
        self, intent: OnGrant | EndGrant, work: Callable[[Session, _Open], T | Refused]
    ) -> T | Refused:
        facts = await in_time(self._facts(intent.grant))

        def on(tx: Session) -> T | Refused:
            found = self._open(tx, intent, facts)
            return work(tx, found) if isinstance(found, _Open) else found

        return await self._ground.database.write(on)

    async def _facts(self, grant_id: str) -> _Facts:
        grant = await self._ground.database.read(lambda tx: grants.get(tx, grant_id))
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement) if grant else None
        if grant is None or entitlement is None:
            return _Facts()
        home = self._ground.home(grant.requester_directory)
        requester, can = await asyncio.gather(
            home.account(grant.requester_account),
            some_approvers(home, self._ground.catalogue.owner_of(entitlement)),
        )
        target = await target_now(self._ground, grant, requester) if requester else None
        return _Facts(
            requester=requester,
            target=target.account if target else None,
            report=target.report if target else None,
            can=can,
        )

    def _open(self, tx: Session, intent: OnGrant | EndGrant, facts: _Facts) -> _Open | Refused:
        """The grant, if this person can end it now. Everything else is recorded."""
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        grant = grants.get(tx, intent.grant)
        entitlement = self._ground.catalogue.entitlements.get(grant.entitlement) if grant else None
        is_security = of_security(self._ground, intent.actor.account)
        is_left = grant is not None and entitlement is None and is_security
        if grant is None or not (is_left or was_carried(tx, grant) or self._is_securitys(tx, intent, grant)):
            return turn_away_forged(tx, self._ground, intent, "ending.tampered", what="grant")
        if is_left:  # nobody owns it any more, so it is security's to end
            entitlement = left_catalogue(grant.entitlement)
        if entitlement is None:
            self._record(tx, intent, grant, "ending.late", "refused")
            return Unknown(what="entitlement")
        found = self._asked(intent, grant, entitlement, facts)
        if not found.decision.allowed:
            return self._turn_away(tx, intent, found, facts)
        if grant.state not in LIVE:
            self._record(tx, intent, grant, "ending.late", "refused", found.decision)
            return TooLate(
                entitlement=grant.entitlement, state=grant.state, by=grant.ended_by, at=grant.ended_at
            )
        return found

    def _is_securitys(self, tx: Session, intent: OnGrant | EndGrant, grant: Grant) -> bool:
        """Whether the button may be of security's message, though what had left the catalogue is there again."""
        return of_security(self._ground, intent.actor.account) and was_told(tx, grant.entitlement)

    def _asked(
        self, intent: OnGrant | EndGrant, grant: Grant, entitlement: Entitlement, facts: _Facts
    ) -> _Open:
        """Policy's answer about whoever clicked, as the directory has them now."""
        actor = intent.actor.account
        requester = facts.requester or _gone(actor, grant)
        question = self._question(grant, requester, entitlement, facts)
        security = self._ground.security_group
        role = role_of(actor, requester, question.owner, security, question.fallback)
        decision = may_revoke(self._ground.policy, question, actor, role)
        return _Open(grant=grant, question=question, role=role, decision=decision)

    def _question(
        self, grant: Grant, requester: Account, entitlement: Entitlement, facts: _Facts
    ) -> AccessQuestion:
        if entitlement.id in self._ground.catalogue.entitlements:
            return self._ground.question_of(
                grant, requester, facts.target or requester, entitlement, facts.report
            )
        return AccessQuestion(
            action=Action.REVOKE, principal=requester, requester=requester, entitlement=entitlement, owner=NOBODY,
            minutes=grant.minutes, justification_given=bool(grant.justification.strip()),
            ticket_given=bool(grant.ticket), now=self._ground.now(),
        )  # fmt: skip

    def _end_one(self, tx: Session, intent: EndGrant, found: _Open, grant: Grant, now: datetime) -> None:
        name = intent.actor.account.name
        if grant.state == GrantState.PENDING:  # an extension that nobody decided yet
            why = Sentence(GONE_WITH_IT, name=name)
            grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=why, ended_by=name)
            self._record(tx, intent, grant, "grant.voided", "refused", found.decision)
        else:
            grants.move(
                tx,
                grant,
                GrantState.ENDING,
                end_reason=ENDED_EARLY,
                ended_by=name,
                end_rationale=intent.rationale,
            )
            holdings.follow_grant(tx, grant, at=now, due_at=now)
            facts = self._role_facts(intent, found)
            self._record(tx, intent, grant, "grant.ended_early", "done", found.decision, facts)
        self._ground.show(tx, grant)

    def _role_facts(self, intent: EndGrant, found: _Open) -> dict[str, recording.Fact]:
        fallback = found.question.fallback
        is_other = is_standing_in(
            intent.actor.account, found.role, found.question.requester, found.question.owner, fallback
        )
        return {"role": found.role or "", **({"stands_in": fallback.id} if is_other and fallback else {})}

    def _turn_away(self, tx: Session, intent: OnGrant | EndGrant, found: _Open, facts: _Facts) -> NotAllowed:
        account, decision, grant = intent.actor.account, found.decision, found.grant
        self._record(tx, intent, grant, "ending.refused", "refused", decision)
        strange = wrong_person(
            account,
            decision,
            about=f"{grant.id}:end",
            correlation=grant.id,
            entitlement=grant.entitlement,
            facts={"ending": True, "requester": named(grant.requester_name, grant.requester_login)},
        )
        tell_security(tx, self._ground.now(), strange)
        return NotAllowed(
            entitlement=grant.entitlement,
            owner_name=found.question.owner.name,
            reasons=decision.reasons,
            can=tuple(name for name in facts.can if name != account.name),
        )

    def _record(
        self,
        tx: Session,
        intent: OnGrant | EndGrant,
        grant: Grant,
        action: str,
        outcome: str,
        decision: PolicyDecision | None = None,
        facts: dict[str, recording.Fact] | None = None,
    ) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            **recording.by(intent),
            decision=decision,
            facts=facts,
            texts={"rationale": intent.rationale} if isinstance(intent, EndGrant) else {},
        )


def _gone(actor: Account, grant: Grant) -> Account:
    """Whoever had it, where the directory does not know them any more: switched off, and in no group."""
    return replace(
        actor,
        id=grant.requester_account,
        directory=grant.requester_directory,
        person="",
        login=grant.requester_login,
        name=grant.requester_name,
        mail="",
        manager=None,
        active=False,
        privileged=False,
        direct_groups=frozenset(),
        groups=frozenset(),
    )
