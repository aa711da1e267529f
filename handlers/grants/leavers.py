"""People who left: what they hold, wait for and approved ends at once, when the directory itself says that they left.

An answer that could not be had ends nothing, and too many at once end nothing before a human said so (J-2).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.drift import is_mass, shown, stays_halted
from handlers.delegations.delegating import end_of_person
from handlers.exceptions.forged import turn_away_forged
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named, tell_security
from handlers.grants.unfollowed import LEFT
from handlers.ground import Ground
from handlers.intents import Reconcile
from handlers.outcomes import NoLonger, NotAllowed, Reconciled, Repeated, Unknown
from handlers.patience import in_time
from handlers.people.addresses import watch
from handlers.people.found import everybody_known
from storage import alarms, deliveries, exception_work, grants, handles, holdings, links
from storage.approvals import void_approval, waiting_on
from storage.directories.base import Account
from storage.exceptions import SAME_CAUSE, decide_exception, open_of, settle_exceptions
from storage.faults import DirectoryUnavailable
from storage.on_record import named_in, was_put_back
from storage.records import ExceptionRecord, Grant
from storage.states import LIVE, DelegationEnd, ExceptionState, GrantState

log = structlog.get_logger(__name__)

AT_ONCE = 4
# As many as a message keeps, so that a human's yes is about exactly these.
MOST_KEPT = 2000

Why = Literal["left", "switched off"]
_SAID: Mapping[Why, str] = {"left": LEFT, "switched off": "the account is switched off"}
_ENDED: Mapping[Why, DelegationEnd] = {"left": DelegationEnd.LEFT, "switched off": DelegationEnd.SWITCHED_OFF}


@dataclass(frozen=True, kw_only=True)
class Leaver:
    """Somebody whom the directory no longer has, or has switched off."""

    directory: str
    id: str
    why: Why
    account: Account | None = field(default=None, repr=False)


@dataclass(kw_only=True)
class _Report:
    """What ended for one person."""

    access: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    link: bool = False
    pages: int = 0
    delegations: int = 0
    exceptions: int = 0

    @property
    def any(self) -> bool:
        ended = self.link or self.pages or self.delegations
        return bool(self.access or self.requests or self.approvals or ended)


class Leavers:
    """Looks at those who hold, wait or approved, and now and then at everybody who is linked."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def look(self, *, everybody: bool = False) -> int:
        """End what leavers have; how many people that was. everybody: also those who are linked and hold nothing.

        Each directory counts by itself: one that lost its people is no reason to doubt another.
        """
        began = self._ground.now()
        people, stopped = await self._ground.database.read(
            lambda tx: (
                everybody_known(tx) if everybody else grants.people_concerned(tx),
                alarms.switched_off(tx),
            )
        )
        looks = (
            self._look_at(name, people.get(name, set()), stopped, began, everybody=everybody)
            for name in self._ground.directories
        )
        counts = await asyncio.gather(*looks)
        return sum(counts)

    async def _look_at(
        self,
        directory: str,
        accounts: AbstractSet[str],
        stopped: AbstractSet[tuple[str, str]],
        began: datetime,
        *,
        everybody: bool,
    ) -> int:
        """stopped: whose accounts were off because of an alarm when this look began."""
        waiting, answered, gone = iter(sorted(accounts)), set[str](), list[Leaver]()
        mails = dict[str, str]()
        slots = [self._ask_one_by_one] * min(AT_ONCE, len(accounts))
        await asyncio.gather(*(ask(directory, waiting, answered, gone, mails) for ask in slots))
        await watch(self._ground.database, directory, mails, self._ground.now())
        # Whoever is off since they said that somebody else is in their account did not leave.
        stopped |= await self._ground.database.read(alarms.switched_off)
        gone = sorted(
            (one for one in gone if one.why == "left" or (directory, one.id) not in stopped),
            key=lambda one: one.id,
        )
        halts = await self._ground.database.read(partial(_halts, directory=directory))
        # Whom this look does not see, or who is not answered for, may be gone still.
        asked_about = _named(halts) & accounts if everybody else _named(halts)
        sees_all = asked_about <= answered
        if is_mass(len(gone), len(answered)) or (_asked(halts) and (stays_halted(len(gone)) or not sees_all)):
            sure = [one for one in gone if one.id in _named(halts, confirmed=True)]
            if gone and not sure:
                await self._ground.database.write(lambda tx: self._halt(tx, directory, gone, len(answered)))
            gone = sure  # whoever left since then is looked at the next time
            if not gone:
                return 0
        ended = 0
        for leaver in gone:
            ended += await self._ground.database.write(partial(self._end_all, leaver=leaver))
        if halts and sees_all:
            await self._settle_mass(directory, began)
        return ended

    async def _ask_one_by_one(
        self,
        directory: str,
        waiting: Iterable[str],
        answered: set[str],
        gone: list[Leaver],
        mails: dict[str, str],
    ) -> None:
        """Take from what waits until nothing does. An unknown answer is left out: it counts for nothing."""
        for account in waiting:
            try:
                found = await in_time(self._ground.directory(directory).account(account))
            except DirectoryUnavailable as fault:
                log.warning("leavers.unknown", directory=directory, fault=str(fault))
                continue
            answered.add(account)
            if found is not None:
                mails[account] = found.mail
            if found is None or not found.active:
                why: Why = "left" if found is None else "switched off"
                gone.append(Leaver(directory=directory, id=account, why=why, account=found))

    # One leaver.

    def _end_all(self, tx: Session, *, leaver: Leaver) -> int:
        report, now = _Report(), self._ground.now()
        name = leaver.account.name if leaver.account else ""
        login = leaver.account.login if leaver.account else ""
        for grant in grants.unfinished_of(tx, leaver.directory, leaver.id):
            known = _known_as(leaver, grant)
            name, login = name or known[0], login or known[1]
            self._end_one(tx, leaver, grant, report)
        for grant, approval in waiting_on(tx, leaver.directory, leaver.id):
            name = name or approval.approver_name
            void_approval(tx, approval, at=now, why=_SAID[leaver.why])
            missing = {**grant.missing, approval.role: grant.missing.get(approval.role, 0) + 1}
            grants.move(tx, grant, GrantState.PENDING, missing=missing)
            self._record(tx, leaver, "approval.voided", grant, {"approval": approval.id})
            self._ground.show(tx, grant)
            report.approvals.append(grant.entitlement)
        link = links.link_to(tx, leaver.directory, leaver.id)
        if link is not None:
            report.link = links.suspend(tx, link.id, mail=link.mail)
            self._record(tx, leaver, "link.suspended", None, story=link.id)
        report.delegations = end_of_person(
            tx, self._ground, leaver.directory, leaver.id, _ENDED[leaver.why], **recording.BY_ITSELF
        )
        report.pages = handles.close_all(tx, directory=leaver.directory, account=leaver.id, at=now)
        report.exceptions = self._let_go(tx, leaver)
        if not report.any:
            return 0
        self._record(
            tx, leaver, "person.left", None,
            {"why": leaver.why, "grants": len(report.access), "requests": len(report.requests),
             "approvals": len(report.approvals), "link": report.link, "pages": report.pages,
             **({"delegations": report.delegations} if report.delegations else {}),
             **({"exceptions": report.exceptions} if report.exceptions else {})},
        )  # fmt: skip
        self._tell(tx, leaver, named(name or leaver.id, login), report)
        return 1

    def _let_go(self, tx: Session, leaver: Leaver) -> int:
        """What they worked on waits for somebody again, and goes outside Slack in its time if nobody comes."""
        left = exception_work.let_go(tx, leaver.directory, leaver.id, at=self._ground.now())
        for row in left:
            self._record(tx, leaver, "exception.reopened", None, {"exception": row.id}, story=row.id)
        return len(left)

    def _end_one(self, tx: Session, leaver: Leaver, grant: Grant, report: _Report) -> None:
        now = self._ground.now()
        if grant.state in LIVE:
            grants.move(tx, grant, GrantState.ENDING, end_reason=_SAID[leaver.why])
            holdings.follow_grant(tx, grant, at=now, due_at=now)
            self._record(tx, leaver, "grant.ended_early", grant)
            report.access.append(grant.entitlement)
        else:
            draft = grant.state == GrantState.DRAFT
            grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=_SAID[leaver.why])
            self._record(tx, leaver, "grant.voided", grant)
            if not draft:
                report.requests.append(grant.entitlement)
        self._ground.show(tx, grant)

    def _tell(self, tx: Session, leaver: Leaver, who: str, report: _Report) -> None:
        strange = Strange(
            kind=Kind.LEFT,
            severity=Severity.MEDIUM,
            who=who,
            cause=f"{leaver.directory}:{leaver.id}:{self._ground.now().isoformat()}",  # each has its own report
            correlation=leaver.id,
            facts={
                "why": leaver.why,
                **self._ground.told(leaver.directory),
                "access": sorted(report.access),
                "requests": sorted(report.requests),
                "approvals": sorted(report.approvals),
                "link": report.link,
                "pages": report.pages,
                **({"delegations": report.delegations} if report.delegations else {}),
            },
        )
        tell_security(tx, self._ground.now(), strange)

    # Too many at once.

    def _halt(self, tx: Session, directory: str, gone: Sequence[Leaver], looked_at: int) -> None:
        now, cause = self._ground.now(), cause_of(Kind.MANY_LEFT, directory)
        told = _halts(tx, directory)
        if any(not one.confirmed and one.row.first_at > now - SAME_CAUSE for one in told):
            return
        if any(one.confirmed for one in told):  # of those nobody is gone any more
            settle_exceptions(tx, at=now, causes=[cause])
        recording.record(
            tx, at=now, action="leavers.halted", outcome="refused", **recording.BY_ITSELF, correlation=directory,
            facts={"gone": len(gone), "looked_at": looked_at},
        )  # fmt: skip
        names = [one.account.name if one.account else one.id for one in gone]
        strange = Strange(
            kind=Kind.MANY_LEFT,
            severity=Severity.HIGH,
            who=directory,
            cause=directory,
            correlation=directory,
            facts={
                "directory": directory,
                "count": len(gone),
                "looked_at": looked_at,
                "names": shown(names),
                "accounts": sorted(one.id for one in gone)[:MOST_KEPT],
            },
        )
        tell_security(tx, now, strange)

    async def _settle_mass(self, directory: str, began: datetime) -> None:
        causes = [cause_of(Kind.MANY_LEFT, directory)]
        await self._ground.database.write(
            lambda tx: settle_exceptions(tx, at=self._ground.now(), causes=causes, began=began)
        )

    async def confirm(self, intent: Reconcile) -> Reconciled | NoLonger | NotAllowed | Unknown | Repeated:
        """A human says that they all really left: the next look ends what they have. The security team alone."""

        def work(tx: Session) -> Reconciled | NoLonger | NotAllowed | Unknown | Repeated:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            row = exception_work.get(tx, intent.exception, held=True)
            if row is None or row.kind != Kind.MANY_LEFT:
                return turn_away_forged(tx, self._ground, intent, "drift.tampered", what="exception")
            return self._confirm(tx, intent, row)

        return await self._ground.database.write(work)

    def _confirm(
        self, tx: Session, intent: Reconcile, row: ExceptionRecord
    ) -> Reconciled | NoLonger | NotAllowed:
        now, account = self._ground.now(), intent.actor.account
        if not self._may_confirm(account, row):
            self._record_click(tx, intent, row, "leavers.refused", "refused")
            strange = Strange(
                kind=Kind.WRONG_APPROVER,
                severity=Severity.HIGH,
                who=named(account.name, account.login),
                cause=f"{account.id}:{row.cause}",
                correlation=row.correlation,
                facts={"drift": True, "entitlement": "what many leavers hold"},
            )
            tell_security(tx, now, strange)
            return NotAllowed(entitlement="this", owner_name="the security team", reasons=())
        if row.state == ExceptionState.RESOLVED:
            self._record_click(tx, intent, row, "leavers.late", "refused")
            at = row.facts.get("decided_at")
            return NoLonger(
                by=str(row.facts.get("decided_by", "")),
                way="confirm",
                at=datetime.fromisoformat(at) if at else None,
            )
        self._record_click(tx, intent, row, "leavers.confirmed", "done")
        facts = {"way": "confirm", "decided_by": account.name, "decided_at": now.isoformat()}
        decide_exception(tx, at=now, row=row, facts=facts)
        return Reconciled(way="confirm")

    def _may_confirm(self, account: Account, row: ExceptionRecord) -> bool:
        """Of the security team of their home, in person, and not one of those who are said to have left."""
        is_person = account.employment == "employee" and account.active
        return (
            is_person
            and account.directory == self._ground.home_of(str(row.facts.get("directory")))
            and account.is_in(self._ground.security_group)
            and account.id not in row.facts.get("accounts", ())
        )

    def _record_click(
        self, tx: Session, intent: Reconcile, row: ExceptionRecord, action: str, outcome: str
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, **recording.by(intent),
            correlation=row.correlation, facts={"exception": row.id},
        )  # fmt: skip

    def _record(
        self,
        tx: Session,
        leaver: Leaver,
        action: str,
        grant: Grant | None,
        facts: Mapping[str, recording.Fact] | None = None,
        story: str = "",
    ) -> None:
        recording.record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome="done",
            **recording.BY_ITSELF,
            subject=leaver.id,
            resource=grant.entitlement if grant else None,
            correlation=story or (grant.id if grant else leaver.id),
            facts=facts or {"why": leaver.why},
        )


def _known_as(leaver: Leaver, grant: Grant) -> tuple[str, str]:
    """The name and login that a grant keeps of whoever left: who asked for it, or the report whom it is for."""
    asked = (leaver.directory, leaver.id) == (grant.requester_directory, grant.requester_account)
    if grant.target_account and not asked:
        return grant.target_name, grant.target_login
    return grant.requester_name, grant.requester_login


@dataclass(frozen=True, kw_only=True)
class _Halt:
    """What a human is asked, or said. confirmed: that they all really left."""

    row: ExceptionRecord
    confirmed: bool


def _halts(tx: Session, directory: str) -> Sequence[_Halt]:
    """What is asked about this directory, and what was said, which no row that was put back takes back."""
    rows = open_of(tx, cause_of(Kind.MANY_LEFT, directory))
    said = named_in(tx, directory, "leavers.confirmed", "exception") if rows else frozenset[str]()
    return [
        _Halt(row=row, confirmed="decided_by" in row.facts or was_put_back(tx, row, row.id in said))
        for row in rows
    ]


def _asked(halts: Iterable[_Halt]) -> bool:
    """Whether a human was asked and has not said anything yet."""
    return any(not one.confirmed for one in halts)


def _named(halts: Iterable[_Halt], *, confirmed: bool = False) -> set[str]:
    """Whom they name. confirmed: only those of whom a human said that they really left."""
    return {
        str(account)
        for one in halts
        if not confirmed or one.confirmed
        for account in one.row.facts.get("accounts", ())
    }
