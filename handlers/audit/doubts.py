"""Rows that are not as Wicket wrote them: told to security, on the record, and what they gave is ended (T-9).

It mends no row and signs none: what counts no more has to be asked for anew.
"""

from datetime import timedelta
from functools import partial

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.apart import Apart
from handlers.audit.taking_over import tell_daily
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, named, named_holder, tell_security
from handlers.ground import Ground
from handlers.patience import in_call_time
from handlers.stops import freezing
from storage import alarms, freezes, grants, handles, holdings, petitions, stuck, truly
from storage.audit import log as audit_log
from storage.exceptions import is_open
from storage.faults import WicketFault
from storage.records import Grant
from storage.sentences import template
from storage.signing import Doubt
from storage.states import LIVE, GrantState

log = structlog.get_logger(__name__)

WHY = template("its row in the database is not as I wrote it")
_AT_A_TIME = 25
_ANEW = timedelta(hours=24)

# Seconds to look at every live grant in: a hundred thousand of them take PostgreSQL two or three.
_FOR_ALL = 30.0


class Doubts:
    """Tells of each row once a day, however often it is met."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._stuck = Apart(ground.database, ground.now, "stuck")

    async def tell_due(self) -> int:
        """Tell of what was met since the last time; how many rows."""
        found: dict[tuple[str, ...], Doubt] = {}
        noted = self._ground.database.doubts
        while noted:
            doubt = noted.popleft()
            found[doubt.table, *doubt.key] = doubt
        faults = [await self._fault_of(doubt) for doubt in found.values()]
        if hindered := next(filter(None, faults), None):
            raise hindered  # once the others are told
        return len(found)

    async def look(self) -> int:
        """Look at everything under way, and at the freezes; tell of what does not count. How many rows."""
        await tell_daily(self._ground)
        await self._ground.database.read(_look, patience=_FOR_ALL)
        await self._ground.database.write(partial(_put_back, ground=self._ground))
        await self._stuck.work(stuck.stuck, partial(stuck.take_up, at=self._ground.now()), most=_AT_A_TIME)
        return await self.tell_due()

    async def _fault_of(self, doubt: Doubt) -> Exception | None:
        """What kept this from being told, or from being ended; else None."""
        who, write = await self._who(doubt), self._ground.database.write
        try:
            await write(partial(self._tell, doubt=doubt, who=who))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is told; and met again where it still counts
            try:
                await write(partial(self._tell, doubt=doubt, who=who, ends=False))
            except Exception:  # noqa: BLE001 - the next time
                self._ground.database.doubts.append(doubt)
            return fault
        return None

    async def _who(self, doubt: Doubt) -> str:
        """Whom it is about: by name and login, as the directory has them; what the row says, where it has nobody."""
        directory, account = doubt.directory, doubt.account
        if not account or not directory:
            directory, account = await self._ground.database.read(lambda tx: _whose(tx, doubt))
        if not account:
            return "Wicket"
        try:
            found = await in_call_time(self._ground.directory(directory).account(account))
        except WicketFault:
            found = None
        return account if found is None else named(found.name, found.login)

    def _tell(self, tx: Session, doubt: Doubt, who: str, *, ends: bool = True) -> None:
        """ends: unless it cannot be ended: then it is told all the same."""
        now, row = self._ground.now(), "/".join(doubt.key)
        grant = truly.as_it_stands(tx, doubt.key[0]) if doubt.table == "grants" else None
        if grant is not None:
            who = named_holder(grant)
            if ends:
                self._end(tx, grant)
        cause = f"{doubt.table}:{row}"
        if is_open(tx, cause_of(Kind.ROW_CHANGED, cause), since=now - _ANEW):
            return
        correlation = doubt.of if doubt.table == "approvals" else doubt.key[0]
        facts: dict[str, recording.Fact] = {"table": doubt.table, "row": row}
        about = grant.entitlement if grant is not None else None
        recording.record(
            tx, at=now, action="row.refused", outcome="refused", **recording.BY_ITSELF, correlation=correlation,
            subject=doubt.account or None, resource=about, facts=facts,
        )  # fmt: skip
        strange = Strange(
            kind=Kind.ROW_CHANGED,
            severity=Severity.HIGH,
            who=who,
            cause=cause,
            correlation=correlation,
            facts={**facts, **({} if about is None else {"entitlement": about})},
        )
        tell_security(tx, now, strange)
        log.error("row.refused", table=doubt.table, row=row)

    def _end(self, tx: Session, grant: Grant) -> None:
        """What is under way by it is over now; so is what the record says that it gave, if the row says otherwise."""
        if grant.state not in (GrantState.DRAFT, GrantState.PENDING, *LIVE):
            return
        now, live = self._ground.now(), grant.state in LIVE
        if live:
            grants.move(tx, grant, GrantState.ENDING, end_reason=WHY)
            holdings.follow_grant(tx, grant, at=now, due_at=now)
        else:
            grants.move(tx, grant, GrantState.VOIDED, ended_at=now, end_reason=WHY)
        recording.record_grant(
            tx, grant, at=now, action="grant.ended_early" if live else "grant.voided",
            outcome="done" if live else "refused", **recording.BY_ITSELF,
        )  # fmt: skip
        if live:
            self._follow_as_recorded(tx, grant)
        self._ground.show(tx, grant)

    def _follow_as_recorded(self, tx: Session, grant: Grant) -> None:
        """The row may name another membership than the one that was given: that one is looked at as well."""
        for entry in audit_log.rows(tx, correlation=grant.id):
            entitlement = self._ground.catalogue.entitlements.get(entry.resource or "")
            if entry.action != "access.given" or entitlement is None:
                continue
            account = str((entry.said().get("facts") or {}).get("account") or entry.subject)
            place = (entitlement.directory, account, entitlement.group)
            if place == (grant.directory, grant.account, grant.group):
                continue
            if holdings.of_account(tx, directory=place[0], account=place[1], group=place[2]) is not None:
                holdings.follow(
                    tx, at=self._ground.now(), directory=place[0], account=place[1], group=place[2],
                    due_at=self._ground.now(),
                )  # fmt: skip


def _put_back(tx: Session, ground: Ground) -> None:
    freezes.put_back(tx)
    freezing.tell_anew(tx, ground)
    alarms.put_back(tx)


def _look(tx: Session) -> None:
    truly.doubtful(tx)
    freezes.open_ones(tx)
    alarms.reported(tx)


def _whose(tx: Session, doubt: Doubt) -> tuple[str, str]:
    """Directory and account of what the row belongs to; the approver's own is of the grant's directory."""
    if doubt.table == "approvals":
        grant = truly.as_it_stands(tx, doubt.of)
        return (grant.requester_directory, doubt.account) if grant is not None else ("", "")
    visit = handles.handle_by_id(tx, doubt.of) or petitions.look(tx, doubt.of)
    return (visit.directory, visit.account) if visit is not None else ("", "")
