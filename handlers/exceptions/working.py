"""Exceptions as somebody's work: people of security, looked up live, take up, hand on, resolve and reopen them.

Their words are in a story of its own, which whoever it is about does not read. It gives nobody anything, and believes
of no cause that it is over because somebody says so.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlmodel import Session

from handlers import recording
from handlers.decisions.halting import ABOUT_YOU, NOT_THEIR_WORK
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.outcomes import (
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
from handlers.exceptions.workable import can_be_reopened, can_be_resolved, is_about
from handlers.ground import Ground
from handlers.outcomes import Repeated, Unknown
from handlers.people.found import Found, find
from handlers.stops.halting import reason_against, turn_away_from
from handlers.stops.outcomes import MayNotStop
from storage import deliveries, exception_work, floods, links
from storage.directories.base import Account
from storage.exception_work import Worker
from storage.faults import DirectoryUnavailable
from storage.micros import to_micros
from storage.outbox import owe
from storage.records import ExceptionRecord
from storage.states import ExceptionState, Resolution

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
        found = await self._chosen(intent) if intent.whom else None
        if isinstance(found, NobodyToWork):
            return found

        def work(
            tx: Session, row: ExceptionRecord
        ) -> Worked | WorksAlready | MayWork | NobodyToWork | WorkedBefore:
            if row.state == ExceptionState.RESOLVED:
                return self._late(tx, intent, row)
            if not intent.whom:
                return _may(row)
            return self._assign(tx, intent, row, found)

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
            reason = reason or (ABOUT_YOU if _is_about(tx, row, account) else "")
            if reason:
                return turn_away_from(tx, ground, intent, "exception.refused", reason, about=row.id)
            return work(tx, row)

        return await self._ground.database.write(opened)

    async def _chosen(self, intent: Assign) -> Account | NobodyToWork | None:
        """Whom the form names, as the directory has them now; None if whoever sent it may not ask.

        Asked before the delivery is taken: a form that is to be corrected is the same one when it is sent again.
        """
        try:
            found = await find(self._ground, intent.whom)
        except DirectoryUnavailable:
            found = Found(directory="", id="", silent=True)

        def look(tx: Session) -> Account | NobodyToWork | None:
            if reason_against(tx, self._ground, intent.actor.account):
                return None
            row, account = exception_work.get(tx, intent.exception), found.account if found else None
            if (
                account is None
                or reason_against(tx, self._ground, account)
                or (row is not None and _is_about(tx, row, account))
            ):
                return NobodyToWork(silent=found is not None and found.silent)
            return account

        return await self._ground.database.read(look)

    def _assign(
        self, tx: Session, intent: Assign, row: ExceptionRecord, account: Account | None
    ) -> Worked | WorksAlready | NobodyToWork:
        ground, by, before = self._ground, _worker(intent.actor.account), _assignee(row)
        if account is None or reason_against(tx, ground, account) or _is_about(tx, row, account):
            return NobodyToWork()  # since they were looked at
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
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent), subject=subject,
            correlation=row.id,
            facts={"exception": row.id, "kind": row.kind, "severity": row.severity, **(facts or {})}, texts=texts,
        )  # fmt: skip


def _is_about(tx: Session, row: ExceptionRecord, account: Account) -> bool:
    """Whether it, or anything that is counted on its message, is about this person."""
    return is_about(row, account) or any(is_about(one, account) for one in floods.counted_by(tx, row))


def _may(row: ExceptionRecord) -> MayWork:
    return MayWork(
        exception=row.id, kind=row.kind, severity=row.severity, who=row.who, assignee=row.assignee_name
    )


def _worker(account: Account) -> Worker:
    return Worker(directory=account.directory, account=account.id, name=account.name)


def _assignee(row: ExceptionRecord) -> Worker:
    return Worker(directory=row.assignee_directory, account=row.assignee, name=row.assignee_name)
