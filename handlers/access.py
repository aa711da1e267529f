"""Asking for access: drafted, sent, withdrawn, given back.

It neither decides for an owner nor changes a directory: approvals and effects have files of their own.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers import recording
from handlers.counterparts import find_target, uncertain
from handlers.decisions.counterparts import Counterpart, NoCounterpart
from handlers.decisions.freezing import Stopped
from handlers.decisions.grammar import ticket_of
from handlers.decisions.requests import Verdict, weigh_request
from handlers.exceptions import Kind, Severity, Strange, broken_policy, tell_security
from handlers.extensions import cannot_extend, held_since
from handlers.forged import turn_away_forged
from handlers.ground import Ground
from handlers.intents import AskAccess, DraftAccess, Intent, OnGrant
from handlers.outcomes import (
    AlreadyAsked,
    AlreadyExtended,
    AlreadyHeld,
    Asked,
    Drafted,
    Ended,
    Repeated,
    TooLate,
    Unknown,
)
from handlers.own import find_own, owns, refuse_gone
from handlers.passing import begin_waiting
from handlers.patience import in_time
from handlers.stopping import stopped
from handlers.strange import named
from storage import deliveries, grants, holdings
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.identifiers import new_id
from storage.records import Grant
from storage.reminders import continued
from storage.states import LIVE, GrantState

# From this risk on a refusal is always something for the security channel.
PRIVILEGED_RISK = 4


class Access:
    """What a person does about their own access. Every method is one transaction, taken once per delivery."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def draft(self, intent: DraftAccess) -> Drafted | Unknown | Repeated:
        """Prepare a request; the person sees what would happen before anything is sent."""
        entitlement = self._ground.catalogue.entitlements.get(intent.entitlement)
        if entitlement is None:
            return await self._gone(intent, intent.entitlement)
        facts = await in_time(self._facts(intent, entitlement))

        def work(tx: Session) -> Drafted | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            minutes = -(-int((intent.duration or timedelta()).total_seconds()) // 60)
            grant = self._new_grant(tx, intent, entitlement, minutes, intent.justification or "", facts)
            verdict = self._weigh(intent, entitlement, grant, facts)
            if minutes and grant.justification:
                self._preview(grant, verdict)
            grants.add(tx, grant)
            if grant.foreseen == "refused":  # asked in full and refused: that is a refusal, not a draft
                self._settle(tx, intent, grant, entitlement, verdict)
            self._ground.show(tx, grant)
            return Drafted(grant=grant.id)

        return await self._ground.database.write(work)

    async def ask(
        self, intent: AskAccess
    ) -> Asked | Unknown | AlreadyHeld | AlreadyAsked | AlreadyExtended | TooLate | Repeated | Stopped:
        """Send a request: done at once, carried to the owner, or refused, as policy says."""
        entitlement = self._ground.catalogue.entitlements.get(intent.entitlement)
        if entitlement is None:
            return await self._gone(intent, intent.entitlement)
        facts = await in_time(self._facts(intent, entitlement))
        return await self._ground.database.write(lambda tx: self._ask(tx, intent, entitlement, facts))

    async def send_draft(
        self, intent: OnGrant
    ) -> Asked | Unknown | AlreadyHeld | AlreadyAsked | AlreadyExtended | TooLate | Repeated | Stopped:
        """Send a draft as it was shown. Only its own author can."""
        draft = await self._ground.database.read(lambda tx: grants.get(tx, intent.grant))
        if draft is None or not owns(intent.actor, draft) or not _can_be_sent(draft):
            return await self._ground.database.write(lambda tx: self._not_sent(tx, intent))
        return await self.ask(
            AskAccess(
                actor=intent.actor,
                where=intent.where,
                delivery=intent.delivery,
                entitlement=draft.entitlement,
                duration=timedelta(minutes=draft.minutes),
                justification=draft.justification,
                draft=draft.id,
            )
        )

    async def withdraw(self, intent: OnGrant) -> Ended | Unknown | TooLate | Repeated:
        """Take back one's own draft or waiting request."""

        def work(tx: Session) -> Ended | Unknown | TooLate | Repeated:
            found = find_own(tx, self._ground, intent)
            if not isinstance(found, Grant):
                return found
            if found.state not in (GrantState.DRAFT, GrantState.PENDING):
                return self._too_late(tx, intent, found)
            self._record(tx, intent, found, "grant.withdrawn", "done")
            grants.move(tx, found, GrantState.WITHDRAWN, ended_at=self._ground.now())
            self._ground.show(tx, found)
            return Ended(grant=found.id, state=GrantState.WITHDRAWN)

        return await self._ground.database.write(work)

    async def give_back(self, intent: OnGrant) -> Ended | Unknown | TooLate | Repeated:
        """End one's own grant before its time: the removal is due now."""

        def work(tx: Session) -> Ended | Unknown | TooLate | Repeated:
            found = find_own(tx, self._ground, intent)
            if not isinstance(found, Grant):
                return found
            if found.state not in LIVE:
                return self._too_late(tx, intent, found)
            now = self._ground.now()
            for one in continued(
                tx, found
            ):  # an extension is the same access: who is done is done with it, too
                self._give_up(tx, intent, one, now)
            return Ended(grant=found.id, state=GrantState.ENDING)

        return await self._ground.database.write(work)

    def _give_up(self, tx: Session, intent: Intent, grant: Grant, now: datetime) -> None:
        if grant.state == GrantState.PENDING:
            self._record(tx, intent, grant, "grant.withdrawn", "done")
            grants.move(tx, grant, GrantState.WITHDRAWN, ended_at=now)
        else:
            self._record(tx, intent, grant, "grant.given_back", "done")
            grants.move(tx, grant, GrantState.ENDING, end_reason="given back")
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        self._ground.show(tx, grant)

    async def _gone(self, intent: Intent, what: str) -> Unknown | Repeated:
        """It left the catalogue since it was shown: refused, and on the record."""
        return await self._ground.database.write(lambda tx: refuse_gone(tx, self._ground, intent, what=what))

    def _ask(
        self, tx: Session, intent: AskAccess, entitlement: Entitlement, facts: "_Facts"
    ) -> Asked | Unknown | AlreadyHeld | AlreadyAsked | AlreadyExtended | TooLate | Repeated | Stopped:
        account = intent.actor.account
        story = intent.draft or account.id
        if halt := stopped(
            tx, self._ground, intent, "grant.stopped", correlation=story, resource=entitlement.id
        ):
            return halt
        if not deliveries.take(tx, intent.delivery, self._ground.now()):
            return Repeated()
        draft = grants.get(tx, intent.draft) if intent.draft else None
        if draft is not None and not owns(intent.actor, draft):
            return turn_away_forged(tx, self._ground, intent, "grant.tampered", what="draft")
        if draft is not None and draft.state != GrantState.DRAFT:
            return self._too_late(tx, intent, draft)
        if intent.extends and (refused := cannot_extend(tx, self._ground, intent, intent.extends)):
            return refused
        if _stands(tx, facts.target, entitlement):
            self._record_needless(tx, intent, entitlement, "grant.already_held", entitlement.id)
            return AlreadyHeld(entitlement=entitlement.id, until=None)
        waiting = grants.open_of(tx, account.directory, account.id, entitlement.id)
        if waiting is not None:
            self._record_needless(tx, intent, entitlement, "grant.already_asked", waiting.id)
            return AlreadyAsked(grant=waiting.id, entitlement=entitlement.id)
        grant = self._adopt(tx, draft, intent, entitlement, facts)
        verdict = self._weigh(intent, entitlement, grant, facts)
        return self._settle(tx, intent, grant, entitlement, verdict)

    def _adopt(
        self,
        tx: Session,
        draft: Grant | None,
        intent: AskAccess,
        entitlement: Entitlement,
        facts: "_Facts",
    ) -> Grant:
        """The draft with what was finally asked, or a new grant: one thing keeps one message."""
        fresh = self._new_grant(tx, intent, entitlement, intent.minutes, intent.justification, facts)
        if draft is None:
            return grants.add(tx, fresh)
        same = {name: getattr(fresh, name) for name in _ASKED_FIELDS}
        grants.move(tx, draft, GrantState.DRAFT, **same)
        return draft

    def _settle(
        self, tx: Session, intent: Intent, grant: Grant, entitlement: Entitlement, verdict: Verdict
    ) -> Asked:
        now = self._ground.now()
        self._preview(grant, verdict)
        if verdict.outcome == "refused":
            grants.move(tx, grant, GrantState.REFUSED, decided_at=now)
            self._record(tx, intent, grant, "grant.refused", "refused", verdict)
            self._tell_of_refusal(tx, intent, grant, entitlement, verdict)
        elif verdict.outcome == "approval":
            begin_waiting(tx, self._ground, grant)
            self._record(tx, intent, grant, "grant.requested", "done", verdict)
        else:
            expires_at = now + timedelta(minutes=grant.minutes)
            grants.move(tx, grant, GrantState.APPROVED, decided_at=now, expires_at=expires_at, automatic=True)
            self._record(tx, intent, grant, "grant.approved", "done", verdict)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        self._ground.show(tx, grant)
        return Asked(grant=grant.id, state=grant.state, reasons=verdict.reasons)

    def _tell_of_refusal(
        self, tx: Session, intent: Intent, grant: Grant, entitlement: Entitlement, verdict: Verdict
    ) -> None:
        broken = bool(verdict.decision.errors)
        if verdict.nobodys is not None and verdict.nobodys.is_uncertain:
            tell_security(tx, self._ground.now(), uncertain(verdict.nobodys, grant))
            return
        severity = verdict.severity or ("medium" if entitlement.risk >= PRIVILEGED_RISK else None)
        if severity is None and not broken:
            return
        account = intent.actor.account
        strange = Strange(
            kind=Kind.REFUSED_REQUEST,
            severity=Severity(severity or "medium"),
            who=named(account.name, account.login),
            cause=f"{account.id}:{entitlement.id}",
            correlation=grant.id,
            facts={
                "entitlement": entitlement.id,
                "minutes": grant.minutes,
                "employment": account.employment,
                "company": account.company,
                "policies": list(verdict.decision.policy_ids),
                "reasons": list(verdict.reasons),
            },
        )
        if broken:
            strange = broken_policy(
                verdict.decision, who=strange.who, correlation=grant.id, entitlement=entitlement.id
            )
        tell_security(tx, self._ground.now(), strange)

    def _weigh(self, intent: Intent, entitlement: Entitlement, grant: Grant, facts: "_Facts") -> Verdict:
        question = self._ground.question_of(grant, intent.actor.account, facts.target, entitlement)
        return weigh_request(self._ground.policy, question)

    def _preview(self, grant: Grant, verdict: Verdict) -> None:
        grants.show_verdict(
            grant,
            reasons=verdict.reasons,
            missing=vars(verdict.missing) if verdict.missing else {},
            policy_set=verdict.decision.policy_set,
            foreseen=verdict.outcome,
        )

    def _new_grant(
        self,
        tx: Session,
        intent: Intent,
        entitlement: Entitlement,
        minutes: int,
        justification: str,
        facts: "_Facts",
    ) -> Grant:
        now, account, target = self._ground.now(), intent.actor.account, facts.target
        offered = self._ground.catalogue.entitlements.values()
        held = [e.id for e in offered if _stands(tx, account, e) or _stands(tx, target, e)]
        return Grant(
            id=new_id("g", now),
            state=GrantState.DRAFT,
            directory=entitlement.directory,
            account=target.id if isinstance(target, Account) else "",
            requester_directory=account.directory,
            requester_account=account.id,
            entitlement=entitlement.id,
            group=entitlement.group,
            minutes=minutes,
            justification=justification,
            ticket=ticket_of(justification) or "",
            slack_team=intent.actor.slack_team,
            slack_user=intent.actor.slack_user,
            requester_name=account.name,
            requester_login=account.login,
            requester_team=account.team,
            requester_employment=account.employment,
            manager_name=facts.manager,
            standing=held,
            reasons=[],
            missing={},
            policy_set="",
            requested_at=now,
            held_since=held_since(tx, target, entitlement, now),
            extends=(intent.extends or "") if isinstance(intent, AskAccess) else "",
        )

    async def _facts(self, intent: Intent, entitlement: Entitlement) -> "_Facts":
        account = intent.actor.account
        manager, target = await asyncio.gather(
            self._manager_name(account), find_target(self._ground, account, entitlement.directory)
        )
        return _Facts(manager=manager, target=target)

    async def _manager_name(self, account: Account) -> str:
        if account.manager is None:
            return ""
        manager = await self._ground.directory(account.directory).account(account.manager)
        return manager.name if manager else ""

    def _not_sent(self, tx: Session, intent: OnGrant) -> Unknown | TooLate | Repeated:
        found = find_own(tx, self._ground, intent)
        if not isinstance(found, Grant):
            return found
        late = self._too_late(tx, intent, found)
        return Unknown(what="draft") if found.state == GrantState.DRAFT else late

    def _too_late(self, tx: Session, intent: Intent, grant: Grant) -> TooLate:
        """Failed clicks are on the record, too (promise 2)."""
        self._record(tx, intent, grant, "grant.late", "refused")
        return TooLate(entitlement=grant.entitlement, state=grant.state, by="", at=grant.decided_at)

    def _record_needless(
        self, tx: Session, intent: Intent, entitlement: Entitlement, action: str, correlation: str
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome="refused",
            actor=recording.person(intent.actor),
            subject=intent.actor.account.id,
            resource=entitlement.id,
            correlation=correlation,
            where=intent.where,
        )

    def _record(
        self,
        tx: Session,
        intent: Intent,
        grant: Grant,
        action: str,
        outcome: str,
        verdict: Verdict | None = None,
    ) -> None:
        recording.record_grant(
            tx,
            grant,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=recording.person(intent.actor),
            where=intent.where,
            decision=verdict.decision if verdict else None,
            facts={"minutes": grant.minutes, "automatic": grant.automatic},
            texts={"justification": grant.justification} if verdict else {},
        )


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """What the directories say, read before the transaction. target: the account in the entitlement's directory."""

    manager: str
    target: Counterpart


_ASKED_FIELDS = (
    "directory", "account", "entitlement", "group", "minutes", "justification", "ticket", "requester_name",
    "requester_login", "requester_team", "requester_employment", "manager_name", "standing", "requested_at",
    "held_since", "extends",
)  # fmt: skip


def _can_be_sent(draft: Grant) -> bool:
    return draft.state == GrantState.DRAFT and draft.minutes > 0 and bool(draft.justification.strip())


def _stands(tx: Session, account: Counterpart, entitlement: Entitlement) -> bool:
    """Whether this account holds it by other hands than ours, through a group within the group as well.

    What we gave and are about to take back does not stand, nor what we took back since the account was read.
    """
    if isinstance(account, NoCounterpart) or entitlement.directory != account.directory:
        return False
    if entitlement.group not in account.groups:
        return False
    place = {"directory": entitlement.directory, "account": account.id, "group": entitlement.group}
    ours = grants.covering(tx, **place) or grants.ended_since(tx, at=account.read_at, **place)
    return not ours
