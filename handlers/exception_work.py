"""Exceptions as somebody's work: people of security, looked up live, take up, hand on, resolve and reopen them.

It gives nobody anything, and believes of no cause that it is over because somebody says so (storage.exceptions).
"""

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.forged import turn_away_forged
from handlers.found import Found, find
from handlers.ground import Ground
from handlers.halted import MayNotStop
from handlers.halting import reason_against, turn_away_from
from handlers.outcomes import Repeated, Unknown
from handlers.strange import DECIDED_BY_BUTTONS, named
from handlers.worked import (
    WORKER_NEWS,
    Assign,
    DecideInstead,
    IsOver,
    MayWork,
    NobodyToWork,
    OnException,
    Resolve,
    Worked,
    WorkedBefore,
    WorksAlready,
)
from storage import deliveries, exception_work, links
from storage.directories.base import Account
from storage.exception_work import Worker
from storage.exceptions import is_over
from storage.faults import DirectoryUnavailable
from storage.outbox import owe
from storage.records import ExceptionRecord
from storage.sentences import template
from storage.states import BY_PEOPLE, ExceptionState, Resolution
from storage.types import to_micros

NOT_THEIR_WORK = template(
    "Exceptions are the security team's work. If you know something about this one, tell them."
)
ABOUT_YOU = template("This one is about you, so somebody else of the security team takes it.")

T = TypeVar("T")
Refused = MayNotStop | WorkedBefore | Unknown | Repeated


class ExceptionWork:
    """One transaction a click, taken once per delivery; each is on the record, the refused ones too."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def acknowledge(self, intent: OnException) -> Worked | Refused:
        """Say that one looked at it. It is one's own from then on, if it is nobody's."""

        def work(tx: Session, row: ExceptionRecord) -> Worked | WorkedBefore:
            if row.state != ExceptionState.OPEN:
                return self._late(tx, intent, row)
            exception_work.acknowledge(tx, row, _worker(intent.actor.account), at=self._ground.now())
            self._record(tx, intent, row, "exception.acknowledged", {"assignee": row.assignee})
            self._tell_worker(tx, intent, row, _assignee(row))
            return Worked()

        return await self._opened(intent, work)

    async def assign(self, intent: Assign) -> Worked | WorksAlready | MayWork | NobodyToWork | Refused:
        """Say who works on it; with nobody named, what the form repeats. To take it oneself acknowledges it."""
        silent, found = False, None
        if intent.whom:
            try:
                found = await find(self._ground, intent.whom)
            except DirectoryUnavailable:
                silent = True

        def work(
            tx: Session, row: ExceptionRecord
        ) -> Worked | WorksAlready | MayWork | NobodyToWork | WorkedBefore:
            if row.state == ExceptionState.RESOLVED:
                return self._late(tx, intent, row)
            if not intent.whom:
                return _may(row)
            return self._assign(tx, intent, row, found, silent=silent)

        return await self._opened(intent, work)

    async def resolve(self, intent: Resolve) -> Worked | MayWork | DecideInstead | Refused:
        """Say that it is over and why; without a reason, what the form repeats."""

        def work(tx: Session, row: ExceptionRecord) -> Worked | MayWork | DecideInstead | WorkedBefore:
            if row.state == ExceptionState.RESOLVED:
                return self._late(tx, intent, row)
            if not can_be_resolved(self._ground, row):
                self._record(tx, intent, row, "exception.not_possible", outcome="refused")
                return DecideInstead()
            return _may(row) if intent.why is None else self._resolve(tx, intent, row, intent.why)

        return await self._opened(intent, work)

    async def reopen(self, intent: OnException) -> Worked | IsOver | Refused:
        """Say that it is not over after all. What Wicket saw over, or people decided otherwise, stays so."""

        def work(tx: Session, row: ExceptionRecord) -> Worked | IsOver | WorkedBefore:
            if row.state != ExceptionState.RESOLVED:
                return self._late(tx, intent, row)
            if not can_be_reopened(row):
                self._record(tx, intent, row, "exception.not_possible", outcome="refused")
                return IsOver()
            exception_work.reopen(tx, row, at=self._ground.now())
            self._record(tx, intent, row, "exception.reopened", {"times": row.reopened})
            self._tell_worker(tx, intent, row, _assignee(row))
            return Worked()

        return await self._opened(intent, work)

    async def _opened(
        self, intent: OnException, work: Callable[[Session, ExceptionRecord], T]
    ) -> T | Refused:
        """Once per delivery, held until it is done, and only for whoever may."""

        def opened(tx: Session) -> T | Refused:
            ground, account = self._ground, intent.actor.account
            if not deliveries.take(tx, intent.delivery, ground.now()):
                return Repeated()
            row = exception_work.get(tx, intent.exception, held=True)
            if row is None:
                return turn_away_forged(tx, ground, intent, "exception.tampered", what="exception")
            reason = reason_against(tx, ground, account, NOT_THEIR_WORK)
            reason = reason or (ABOUT_YOU if is_about(row, account) else "")
            if reason:
                about = row.correlation or row.id
                return turn_away_from(tx, ground, intent, "exception.refused", reason, about=about)
            return work(tx, row)

        return await self._ground.database.write(opened)

    def _assign(
        self, tx: Session, intent: Assign, row: ExceptionRecord, found: Found | None, *, silent: bool
    ) -> Worked | WorksAlready | NobodyToWork:
        ground, by, before = self._ground, _worker(intent.actor.account), _assignee(row)
        account = found.account if found is not None else None
        if account is None or reason_against(tx, ground, account, NOT_THEIR_WORK) or is_about(row, account):
            silent = silent or (found is not None and found.silent)
            self._record(tx, intent, row, "exception.not_possible", outcome="refused")
            return NobodyToWork(silent=silent)
        to = _worker(account)
        if exception_work.is_assigned_to(row, to) and (to != by or row.state != ExceptionState.OPEN):
            self._record(tx, intent, row, "exception.late", outcome="refused")
            return WorksAlready(by=to.name)
        exception_work.assign(tx, row, to, at=ground.now())
        facts: dict[str, recording.Fact] = {"assignee": to.account, "before": before.account}
        self._record(tx, intent, row, "exception.assigned", facts, subject=to.account)
        if to == by and row.state == ExceptionState.OPEN:
            exception_work.acknowledge(tx, row, by, at=ground.now())
            self._record(tx, intent, row, "exception.acknowledged", {"assignee": to.account})
        for one in dict.fromkeys((before, to)):
            self._tell_worker(tx, intent, row, one)
        return Worked()

    def _resolve(self, tx: Session, intent: Resolve, row: ExceptionRecord, why: Resolution) -> Worked:
        at = self._ground.now()
        older = exception_work.resolve(
            tx, row, _worker(intent.actor.account), at=at, why=why, words=intent.words
        )
        facts: dict[str, recording.Fact] = {
            "resolution": why,
            "assignee": row.assignee,
            "also": [one.id for one in older],
        }
        self._record(tx, intent, row, "exception.resolved", facts, texts={"rationale": intent.words})
        for each in (row, *older):
            self._tell_worker(tx, intent, each, _assignee(each))
        return Worked()

    def _late(self, tx: Session, intent: OnException, row: ExceptionRecord) -> WorkedBefore:
        self._record(tx, intent, row, "exception.late", outcome="refused")
        state = ExceptionState(row.state)
        resolved = state == ExceptionState.RESOLVED
        return WorkedBefore(
            state=state,
            by=row.resolved_by if resolved else row.acknowledged_by,
            at=row.resolved_at if resolved else row.acknowledged_at,
        )

    def _tell_worker(self, tx: Session, intent: OnException, row: ExceptionRecord, whose: Worker) -> None:
        """Each act of another in a message of its own, since an edit is easily missed; one's own is known."""
        if not whose.account or whose == _worker(intent.actor.account):
            return
        link, at = links.link_to(tx, whose.directory, whose.account), self._ground.now()
        if link is not None:
            owe(
                tx, at=at, courier="slack", kind=WORKER_NEWS, subject=f"{row.id}.{to_micros(at)}",
                recipient=link.slack_user,
            )  # fmt: skip

    def _record(
        self,
        tx: Session,
        intent: OnException,
        row: ExceptionRecord,
        action: str,
        facts: dict[str, recording.Fact] | None = None,
        *,
        outcome: str = "done",
        subject: str | None = None,
        texts: dict[str, str] | None = None,
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, actor=recording.person(intent.actor),
            where=intent.where, subject=subject, correlation=row.correlation or row.id,
            facts={"exception": row.id, "kind": row.kind, "severity": row.severity, **(facts or {})}, texts=texts,
        )  # fmt: skip


def can_be_resolved(ground: Ground, row: ExceptionRecord) -> bool:
    """Whether a person may say that it is over: not while buttons of its own decide that, and still can."""
    entitlement = row.facts.get("entitlement")
    is_gone = entitlement is not None and entitlement not in ground.catalogue.entitlements
    return row.kind not in DECIDED_BY_BUTTONS or is_gone


def can_be_reopened(row: ExceptionRecord) -> bool:
    """Whether it is a person's word alone that says that it is over."""
    return row.resolution in BY_PEOPLE and not is_over(row)


def is_about(row: ExceptionRecord, account: Account) -> bool:
    """Whether an exception is about this person, as far as it names one: nobody works on their own (R-1)."""
    ids = (row.correlation, row.facts.get("member"), row.facts.get("account"))
    return account.id in ids or row.who in (named(account.name, account.login), account.name)


def _may(row: ExceptionRecord) -> MayWork:
    return MayWork(
        exception=row.id, kind=row.kind, severity=row.severity, who=row.who, assignee=row.assignee_name
    )


def _worker(account: Account) -> Worker:
    return Worker(directory=account.directory, account=account.id, name=account.name)


def _assignee(row: ExceptionRecord) -> Worker:
    return Worker(directory=row.assignee_directory, account=row.assignee, name=row.assignee_name)
