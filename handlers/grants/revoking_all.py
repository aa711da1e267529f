"""Everything of one person revoked now, in one act: somebody else may be in their account.

It ends, voids and stops, and gives nothing; security lets them in again as after any alarm (handlers.alarms.releasing).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlmodel import Session

from handlers import recording
from handlers.decisions.policy import same_person
from handlers.delegations.delegating import end_of_person
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.intents import Where
from handlers.outcomes import Repeated
from handlers.people.found import Found, find
from handlers.petitions.ends import By, end_of
from handlers.petitions.outcomes import Why
from handlers.questions.concerned import of_security
from handlers.stops.halting import turn_away
from handlers.stops.outcomes import (
    AllRevoked,
    MayNotStop,
    MayRevokeAll,
    NobodyFound,
    RevokeAll,
    RevokedBefore,
    Stock,
)
from handlers.vouching.telling import told
from storage import (
    alarms,
    delegations,
    deliveries,
    grants,
    handles,
    holdings,
    links,
    passkeys,
    petitions,
    proofs,
    revoked_all,
    vouchings,
)
from storage.alarms import SECURITY, Effect
from storage.approvals import void_approval, waiting_on
from storage.audit import entry as audit
from storage.database import wake
from storage.exceptions import decide_exceptions
from storage.faults import DirectoryUnavailable
from storage.handles import REVOKE_ALL
from storage.records import Alarm, Grant, RevokedAll
from storage.sentences import template
from storage.states import LIVE, DelegationEnd, Ended, GrantState

log = structlog.get_logger(__name__)

WAKES = "revoked_all"
REVOKED = template("security revoked everything of this person")
_MOST_NAMED = 5

T = TypeVar("T")
Refused = MayNotStop | NobodyFound | RevokedBefore | Repeated


class RevokingAll:
    """One transaction an act, taken once per delivery; what a directory still has to do goes on by itself."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def consider(self, intent: RevokeAll) -> MayRevokeAll | Refused:
        """What there is to revoke: shown before anything is done."""

        def work(tx: Session, found: Found) -> MayRevokeAll:
            by = recording.person(intent.actor)
            self._record(tx, "revoke_all.considered", "done", by, intent.where, found, found.id)
            return self._may(tx, intent, found)

        return await self._opened(intent, work)

    async def revoke(self, intent: RevokeAll) -> AllRevoked | Refused:
        """Do it, with the reason why."""
        by = By(**recording.by(intent), name=intent.actor.account.name, words=intent.rationale)
        revoke = partial(self._revoke, by=by, switch_off=intent.switch_off, stop_proofs=intent.stop_proofs)
        return await self._opened(intent, revoke)

    async def _opened(self, intent: RevokeAll, work: Callable[[Session, Found], T]) -> T | Refused:
        """Once per delivery, and only for whoever may and about somebody there is."""
        found = await self._find(intent)

        def opened(tx: Session) -> T | Refused:
            if not deliveries.take(tx, intent.delivery, self._ground.now()):
                return Repeated()
            if (refused := turn_away(tx, self._ground, intent, "revoke_all.refused")) is not None:
                return refused
            return NobodyFound() if found is None else work(tx, found)

        return await self._ground.database.write(opened)

    async def by_operator(
        self, whom: str, rationale: str, where: Where, *, switch_off: bool = False, stop_proofs: bool = False
    ) -> AllRevoked | RevokedBefore | NobodyFound:
        """The same from the command line, which only operators reach."""
        found = await find(self._ground, whom)
        if found is None:
            return NobodyFound()
        by = By(actor=recording.OPERATOR, where=where, words=rationale)
        return await self._ground.database.write(
            lambda tx: self._revoke(tx, found, by, switch_off=switch_off, stop_proofs=stop_proofs)
        )

    async def look(self) -> int:
        """Tell how far each act has come, and report when it is done; how many there were. For the schedule."""
        rows = await self._ground.database.read(revoked_all.unfinished)
        for row in rows:
            await self._ground.database.write(partial(self._note, act=row.handle))
        return len(rows)

    async def _find(self, intent: RevokeAll) -> Found | None:
        try:
            return await find(self._ground, intent.whom)
        except DirectoryUnavailable:
            if not of_security(self._ground, intent.actor.account):
                return None  # they hear that they may not, and nothing of who there is
            raise

    def _may(self, tx: Session, intent: RevokeAll, found: Found) -> MayRevokeAll:
        account, actor = found.account, intent.actor.account
        return MayRevokeAll(
            whom=found.id,
            name=found.name,
            stock=self._stock(tx, found),
            of_security=account is not None and of_security(self._ground, account),
            oneself=account is not None and same_person(actor, account),
            gone=not found.silent and (account is None or not account.active),
            silent=found.silent,
        )

    def _stock(self, tx: Session, found: Found) -> Stock:
        unfinished = grants.unfinished_of(tx, found.directory, found.id)
        who = {"directory": found.directory, "account": found.id}
        live = sum(one.state in LIVE for one in unfinished)
        petition = petitions.open_of(tx, **who)
        return Stock(
            grants=live,
            requests=sum(one.state == GrantState.PENDING for one in unfinished),
            approvals=len(waiting_on(tx, found.directory, found.id)),
            visits=handles.open_of(tx, **who, at=self._ground.now()),
            words=vouchings.open_of(tx, found.directory, found.id) + (petition is not None),
            delegations=len(delegations.of_person(tx, found.directory, found.id, self._ground.now())),
        )

    def _revoke(
        self, tx: Session, found: Found, by: By, *, switch_off: bool, stop_proofs: bool
    ) -> AllRevoked | RevokedBefore:
        """Everything that needs no directory, in one transaction; every entry of it names the act."""
        at, stock = self._ground.now(), self._stock(tx, found)
        before = [one for one in alarms.open_of(tx, found.directory, found.id) if one.door == SECURITY]
        if before and stock.is_nothing and not (switch_off or stop_proofs):
            row = revoked_all.get(tx, before[-1].handle)
            self._record(tx, "revoke_all.late", "refused", by.actor, by.where, found, before[-1].handle)
            return RevokedBefore(name=found.name, by=row.by if row else "", at=before[-1].at)
        act = self._sound(tx, found, switch_off=switch_off)
        ended = [self._end(tx, act, by, one) for one in grants.unfinished_of(tx, found.directory, found.id)]
        self._void_approvals(tx, act, found, by)
        end_of(
            tx, directory=found.directory, account=found.id, why=Why.ALARM, by=By(actor=by.actor, where=by.where),
            at=at,
        )  # fmt: skip
        handles.close_all(tx, directory=found.directory, account=found.id, at=at)
        for word in vouchings.end_all(tx, found.directory, found.id, Ended.REPORTED, at):
            told(tx, word, Ended.REPORTED, at=at, actor=by.actor, where=by.where)
        end_of_person(
            tx,
            self._ground,
            found.directory,
            found.id,
            DelegationEnd.REVOKED_ALL,
            actor=by.actor,
            where=by.where,
            by=by.name,
            facts={"act": act},
        )
        stopped = _stop_proofs(tx, found, at) if stop_proofs else 0
        live = [one for one in ended if one]
        revoked_all.keep(
            tx, handle=act, directory=found.directory, account=found.id, by=by.name, grants=live, at=at
        )
        facts: dict[str, recording.Fact] = {
            **vars(stock), "switch_off": switch_off, "stop_proofs": stop_proofs, "proofs": stopped,
        }  # fmt: skip
        self._record(
            tx, "revoke_all.begun", "done", by.actor, by.where, found, act, facts={**facts, "ended": live},
            words=by.words,
        )  # fmt: skip
        self._tell(tx, act, found, by, facts, left=len(live))
        wake(tx, WAKES)
        log.warning("revoke_all.begun", act=act, grants=len(live))
        return AllRevoked(handle=act, name=found.name, stock=stock)

    def _sound(self, tx: Session, found: Found, *, switch_off: bool) -> str:
        """The alarm that keeps them stopped and ends sessions; the id of the visit that it is about."""
        at = self._ground.now()
        link = links.link_to(tx, found.directory, found.id)
        handle = handles.make_handle(
            tx, at=at, expires_at=at, purpose=REVOKE_ALL, directory=found.directory, account=found.id,
            slack_team=link.slack_team if link else "", slack_user=link.slack_user if link else "",
        )  # fmt: skip
        off = Effect.WANTED if found.account is not None and found.account.active else Effect.UNSEEN
        if found.account is not None and not found.account.active:
            off = Effect.ALREADY
        alarms.sound(
            tx, handle=handle.id, directory=found.directory, account=found.id, name=found.name, door=SECURITY,
            disabled=off if switch_off else Effect.SPARED, at=at,
        )  # fmt: skip
        return handle.id

    def _end(self, tx: Session, act: str, by: By, grant: Grant) -> str:
        """End or void one; its id if access has to be taken back for it, else ""."""
        at, live = self._ground.now(), grant.state in LIVE
        if live:
            grants.move(tx, grant, GrantState.ENDING, end_reason=REVOKED, ended_by=by.name)
            holdings.follow_grant(tx, grant, at=at, due_at=at)
        else:
            grants.move(tx, grant, GrantState.VOIDED, ended_at=at, end_reason=REVOKED, ended_by=by.name)
        recording.record_grant(
            tx, grant, at=at, action="grant.ended_early" if live else "grant.voided", outcome="done",
            actor=by.actor, where=by.where, facts={"act": act},
        )  # fmt: skip
        self._ground.show(tx, grant)
        return grant.id if live else ""

    def _void_approvals(self, tx: Session, act: str, found: Found, by: By) -> None:
        at = self._ground.now()
        for grant, approval in waiting_on(tx, found.directory, found.id):
            void_approval(tx, approval, at=at, why=REVOKED)
            missing = {**grant.missing, approval.role: grant.missing.get(approval.role, 0) + 1}
            grants.move(tx, grant, GrantState.PENDING, missing=missing)
            facts: Mapping[str, recording.Fact] = {"approval": approval.id, "act": act}
            recording.record_grant(
                tx, grant, at=at, action="approval.voided", outcome="done", actor=by.actor, where=by.where,
                facts=facts,
            )  # fmt: skip
            self._ground.show(tx, grant)

    def _tell(
        self, tx: Session, act: str, found: Found, by: By, facts: Mapping[str, recording.Fact], *, left: int
    ) -> None:
        account = found.account
        strange = Strange(
            kind=Kind.NOT_ME,
            severity=Severity.HIGH,
            who=found.name,
            cause=act,
            correlation=act,
            facts={
                **facts,
                "handle": act,
                "directory": found.directory,
                "door": SECURITY,
                "by": by.name,
                "why": by.words,
                "of_security": account is not None and of_security(self._ground, account),
                "sessions": Effect.WANTED,
                "disabled": Effect.WANTED if facts["switch_off"] else Effect.SPARED,
                "all": left,
                "left": left,
                "not_yet": [],
            },
        )
        tell_security(tx, self._ground.now(), strange)

    def _note(self, tx: Session, act: str) -> None:
        """How far it is: what changed since is told in its message, and its end is recorded once."""
        at, row = self._ground.now(), revoked_all.get(tx, act)
        if row is None or row.finished_at is not None:
            return
        waits, alarm = revoked_all.not_ended(tx, row), tx.get(Alarm, act)
        settled = alarm is None or alarm.settled_at is not None
        done = not waits and settled
        told_now = f"{sorted(waits)} {sorted(set(waits.values()))} {settled}"
        if told_now == row.told and not done:
            return
        revoked_all.note(tx, row, told=told_now, finished_at=at if done else None)
        facts: dict[str, recording.Fact] = {"left": len(waits)}
        if done:
            facts["took_s"] = max(0, int((at - row.at).total_seconds()))
            self._finish(tx, row, facts)
        not_yet = [{"entitlement": name, "fault": waits[name]} for name in sorted(waits)[:_MOST_NAMED]]
        cause = cause_of(Kind.NOT_ME, act)
        over = {"finished_at": at.isoformat()} if done else {}
        decide_exceptions(tx, at=at, cause=cause, facts={**facts, **over, "not_yet": not_yet})

    def _finish(self, tx: Session, row: RevokedAll, facts: Mapping[str, recording.Fact]) -> None:
        recording.record(
            tx, at=self._ground.now(), action="revoke_all.finished", outcome="done", **recording.BY_ITSELF,
            correlation=row.handle, subject=row.account, facts={**facts, "grants": len(row.grants)},
        )  # fmt: skip

    def _record(
        self,
        tx: Session,
        action: str,
        outcome: str,
        actor: audit.Actor,
        where: Where,
        found: Found,
        correlation: str,
        *,
        facts: Mapping[str, recording.Fact] | None = None,
        words: str = "",
    ) -> None:
        recording.record(
            tx, at=self._ground.now(), action=action, outcome=outcome, actor=actor, where=where,
            correlation=correlation, subject=found.id, facts=facts, texts={"rationale": words} if words else {},
        )  # fmt: skip


def _stop_proofs(tx: Session, found: Found, at: datetime) -> int:
    """What they prove themselves with proves nothing any more; how many. They set it up anew when they are back."""
    who = (found.directory, found.id)
    keys = [one for one in passkeys.working_passkeys(tx, *who) if passkeys.stop_passkey(tx, one.id, at)]
    codes = list(proofs.recovery_codes(tx, *who))
    seeds = 1 if proofs.seed_of(tx, *who) is not None else 0
    proofs.remove_seed(tx, *who)
    proofs.replace_recovery_codes(tx, directory=found.directory, account=found.id, hashed_codes=(), at=at)
    return len(keys) + len(codes) + seeds
