"""Asking for access: drafted in words, sent, or several things asked for together.

It neither decides for an owner nor changes a directory: approvals and effects have files of their own.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlmodel import Session

from handlers import recording
from handlers.decisions.counterparts import NoCounterpart, Reason
from handlers.decisions.freezing import Stopped
from handlers.decisions.requests import OWN_REPORTS
from handlers.decisions.tickets import ticket_of
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Severity, tell_security
from handlers.ground import Ground
from handlers.intents import AskAccess, AskTogether, DraftAccess, Intent, OnGrant, whole_minutes
from handlers.outcomes import (
    AlreadyAsked,
    AlreadyExtended,
    AlreadyHeld,
    Asked,
    AskedTogether,
    Drafted,
    NotAReport,
    Repeated,
    TicketWanted,
    TooLate,
    Unknown,
)
from handlers.patience import in_time
from handlers.requests.extensions import cannot_extend
from handlers.requests.own import find_own, owns, refuse_gone, refuse_late
from handlers.requests.reports import find_report
from handlers.requests.requestable import weighed
from handlers.requests.taking_up import PRIVILEGED_RISK, Facts, TakingUp, Wish, refusal, stands
from handlers.stops.stopping import stopped
from storage import deliveries, grants
from storage.catalogue import Entitlement
from storage.directories.base import Account
from storage.records import Grant
from storage.states import GrantState

Needless = AlreadyHeld | AlreadyAsked
One = Asked | Needless
"""What became of one wish."""

NotSent = Unknown | TooLate | Repeated | Stopped | AlreadyAsked | AlreadyExtended
"""Why nothing was sent at all."""


class Asking:
    """What a person asks for. Every method is one transaction, taken once per delivery."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._taking_up = TakingUp(ground)

    async def draft(self, intent: DraftAccess) -> Drafted | Needless | Unknown | Repeated:
        """Prepare a request; the person sees what would happen before anything is sent.

        None is made of what they hold by other hands or asked for already: it could not be sent.
        """
        entitlement = self._ground.catalogue.entitlements.get(intent.entitlement)
        if entitlement is None:
            return await self._gone(intent, intent.entitlement)
        account = intent.actor.account
        facts = await in_time(self._taking_up.facts(account, [entitlement]))
        justification = intent.justification or ""
        minutes = whole_minutes(intent.duration or timedelta())
        wish = _wish(entitlement, minutes, justification, "")

        def work(tx: Session) -> Drafted | Needless | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            if (needless := self._needless(tx, intent, entitlement, facts)) is not None:
                return needless
            grant = self._taking_up.row(tx, intent, wish, facts)
            verdict = self._taking_up.weigh_row(tx, account, grant, entitlement, facts)
            verdict = weighed(tx, self._ground, entitlement, verdict)
            if minutes and justification:
                self._taking_up.preview(grant, verdict)
            grants.add(tx, grant)
            if grant.foreseen == "refused":  # asked in full and refused: that is a refusal, not a draft
                self._taking_up.settle(tx, intent, grant, entitlement, verdict)
            self._ground.show(tx, grant)
            return Drafted(grant=grant.id)

        return await self._ground.database.write(work)

    async def ask(self, intent: AskAccess) -> One | NotSent:
        """Send one request for oneself: done at once, carried to the owner, or refused, as policy says."""
        entitlement = self._ground.catalogue.entitlements.get(intent.entitlement)
        if entitlement is None:
            return await self._gone(intent, intent.entitlement)
        facts = await in_time(self._taking_up.facts(intent.actor.account, [entitlement]))
        wish = _wish(entitlement, intent.minutes, intent.justification, intent.ticket)
        sent = await self._send(intent, [wish], facts, intent.draft, extends=intent.extends)
        return sent[0] if isinstance(sent, tuple) else sent

    async def ask_together(self, intent: AskTogether) -> AskedTogether | NotAReport | TicketWanted | NotSent:
        """Send several requests in one transaction, each to be decided on its own. What cannot be sent is left out.

        A ticket that is wanted, and somebody who is no report, can be corrected: then nothing is sent yet.
        """
        account, offered = intent.actor.account, self._ground.catalogue.entitlements
        wanted = [offered[name] for name in intent.entitlements if name in offered]
        if not wanted:
            return await self._gone(intent, intent.entitlements[0])
        report = None
        if intent.report and intent.report != intent.actor.slack_user:
            report = await in_time(find_report(self._ground, account, intent.report))
            if report is None:
                return await self._ground.database.write(lambda tx: self._no_report(tx, intent, wanted))
        facts = await in_time(self._taking_up.facts(account, wanted, report))
        wishes = [_wish(one, intent.minutes, intent.justification, intent.ticket) for one in wanted]
        if ticketless := await self._ticketless(account, wishes, facts):
            return TicketWanted(entitlements=ticketless)
        sent = await self._send(intent, wishes, facts, intent.draft)
        if not isinstance(sent, tuple):
            return sent
        became = dict(zip((one.id for one in wanted), sent, strict=True))
        return AskedTogether(
            each=tuple((name, became.get(name, Unknown(what=name))) for name in intent.entitlements),
            report=report.name if report else "",
        )

    async def _ticketless(self, account: Account, wishes: Sequence[Wish], facts: Facts) -> tuple[str, ...]:
        """What policy refuses only because no ticket is named; nothing is wanted for what is left out anyway."""
        wanted = [wish.entitlement for wish in wishes]
        before = await self._ground.database.read(
            lambda tx: self._taking_up.before(tx, account, wanted, facts)
        )
        asked = [
            replace(wish, held=before.held[wish.entitlement.id])
            for wish in wishes
            if wish.entitlement.id not in before.needless
        ]
        return tuple(
            wish.entitlement.id for wish in asked if self._taking_up.wants_ticket(account, wish, facts)
        )

    async def send_draft(self, intent: OnGrant) -> One | NotSent:
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
                ticket=draft.ticket,
                draft=draft.id,
            )
        )

    async def _gone(self, intent: Intent, what: str) -> Unknown | Repeated:
        """It left the catalogue since it was shown: refused, and on the record."""
        return await self._ground.database.write(lambda tx: refuse_gone(tx, self._ground, intent, what=what))

    async def _send(
        self,
        intent: Intent,
        wishes: Sequence[Wish],
        facts: Facts,
        draft_id: str | None,
        *,
        extends: str | None = None,
    ) -> tuple[One, ...] | NotSent:
        def work(tx: Session) -> tuple[One, ...] | NotSent:
            if halt := stopped(
                tx, self._ground, intent, "grant.stopped",
                correlation=draft_id or intent.actor.account.id, resource=wishes[0].entitlement.id,
            ):  # fmt: skip
                return halt
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            draft = grants.get(tx, draft_id) if draft_id else None
            if draft is not None and not owns(intent.actor, draft):
                return turn_away_forged(tx, self._ground, intent, "grant.tampered", what="draft")
            if draft is not None and draft.state != GrantState.DRAFT:
                return refuse_late(tx, self._ground, intent, draft)
            if extends and (refused := cannot_extend(tx, self._ground, intent, extends)):
                return refused
            named = [one for one in wishes if draft is not None and one.entitlement.id == draft.entitlement]
            becomes = (named or list(wishes))[0]
            return tuple(
                self._ask(tx, intent, one, facts, draft if one is becomes else None, extends)
                for one in wishes
            )

        return await self._ground.database.write(work)

    def _ask(
        self, tx: Session, intent: Intent, wish: Wish, facts: Facts, draft: Grant | None, extends: str | None
    ) -> One:
        account, entitlement = intent.actor.account, wish.entitlement
        if (needless := self._needless(tx, intent, entitlement, facts)) is not None:
            return needless
        grant = self._adopt(tx, draft, self._taking_up.row(tx, intent, wish, facts, extends=extends or ""))
        verdict = self._taking_up.weigh_row(tx, account, grant, entitlement, facts)
        return self._taking_up.settle(tx, intent, grant, entitlement, verdict)

    def _needless(
        self, tx: Session, intent: Intent, entitlement: Entitlement, facts: Facts
    ) -> Needless | None:
        """Why there is nothing to ask for, on the record; None if there is."""
        holder = facts.report or intent.actor.account
        if stands(tx, facts.target(entitlement), entitlement):
            self._record_needless(tx, intent, entitlement, "grant.already_held", entitlement.id, holder.id)
            return AlreadyHeld(entitlement=entitlement.id, until=None)
        waiting = grants.open_of(tx, holder.directory, holder.id, entitlement.id)
        if waiting is not None:
            self._record_needless(tx, intent, entitlement, "grant.already_asked", waiting.id, holder.id)
            return AlreadyAsked(grant=waiting.id, entitlement=entitlement.id)
        return None

    def _adopt(self, tx: Session, draft: Grant | None, fresh: Grant) -> Grant:
        """The draft with what was finally asked, or a new grant: one thing keeps one message."""
        if draft is None:
            return grants.add(tx, fresh)
        grants.move(tx, draft, GrantState.DRAFT, **{name: getattr(fresh, name) for name in _ASKED_FIELDS})
        return draft

    def _not_sent(self, tx: Session, intent: OnGrant) -> Unknown | TooLate | Repeated:
        found = find_own(tx, self._ground, intent)
        if not isinstance(found, Grant):
            return found
        late = refuse_late(tx, self._ground, intent, found)
        return Unknown(what="draft") if found.state == GrantState.DRAFT else late

    def _no_report(self, tx: Session, intent: AskTogether, wanted: Sequence[Entitlement]) -> NotAReport:
        """Somebody else was named who does not report to them. The form stays, so its delivery is not taken."""
        now, account = self._ground.now(), intent.actor.account
        no_report = NoCounterpart(
            reason=Reason.NOT_A_REPORT, directory=account.directory, home=account.directory
        )
        outcome = NotAReport(advice=no_report.advice)
        if not deliveries.take(tx, f"{intent.delivery}:{intent.report}", now):
            return outcome
        recording.record(
            tx,
            at=now,
            action="grant.not_a_report",
            outcome="refused",
            **recording.by(intent),
            correlation=account.id,
            facts={"slack_user": intent.report, "entitlements": [one.id for one in wanted]},
        )
        for one in wanted:
            if one.risk >= PRIVILEGED_RISK:
                strange = refusal(
                    account,
                    one,
                    minutes=intent.minutes,
                    severity=Severity.MEDIUM,
                    correlation=account.id,
                    policies=(OWN_REPORTS,),
                    reasons=(no_report.advice,),
                )
                tell_security(tx, now, strange)
        return outcome

    def _record_needless(
        self,
        tx: Session,
        intent: Intent,
        entitlement: Entitlement,
        action: str,
        correlation: str,
        subject: str,
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome="refused",
            **recording.by(intent),
            subject=subject,
            resource=entitlement.id,
            correlation=correlation,
        )


_ASKED_FIELDS = (
    "directory", "account", "entitlement", "group", "minutes", "justification", "ticket", "requester_name",
    "requester_login", "requester_team", "requester_employment", "manager_name", "standing", "requested_at",
    "target_account", "target_name", "target_login", "held_since", "extends",
)  # fmt: skip


def _wish(entitlement: Entitlement, minutes: int, justification: str, ticket: str) -> Wish:
    return Wish(
        entitlement=entitlement,
        minutes=minutes,
        justification=justification,
        ticket=ticket or ticket_of(justification) or "",
    )


def _can_be_sent(draft: Grant) -> bool:
    return draft.state == GrantState.DRAFT and draft.minutes > 0 and bool(draft.justification.strip())
