"""The one change that a proven visit may make: begun on the record before the directory is touched, ended once.

It knows nothing of passwords, and after a crash it says "unknown" rather than guess (T-3).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers.decisions.breaking import Counted
from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.help_desk.telling import show
from handlers.intents import PAGE, SCHEDULE
from handlers.petitions import ends
from handlers.recording import WICKET, Fact, record
from handlers.secure_page import breaker
from handlers.secure_page.visits import PageGround, person_behind
from storage import desk_acts
from storage.handles import close_others, cut_off, finished_since, move, take
from storage.outbox import owe
from storage.records import Handle
from storage.states import Purpose, Result

# Longer than any directory call may take: what has not ended by then was cut off.
CUT_OFF_AFTER = timedelta(minutes=2)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a change is called: in the record when it begins and when it ended, and in the messages owed."""

    started: str
    ended: str
    told: str


RESET = Words(started="password.change_started", ended="password.changed", told="password-changed")
UNLOCK = Words(started="account.proven_unlock_started", ended="account.unlocked", told="account-unlocked")
WORDS: Mapping[str, Words] = {Purpose.RESET: RESET, Purpose.UNLOCK: UNLOCK}


class Changes:
    """Begins and ends changes; each method is one transaction."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground

    async def begin(self, handle: Handle, words: Words, decision: PolicyDecision) -> bool | None:
        """Take the handle for its change, on the record. False if another tab was faster: then nothing is done.

        None if it is stopped, for everybody, or resets are by this one, which was too many.
        """

        def work(tx: Session) -> bool | None:
            at = self._ground.now()
            if words is RESET and self._often_enough(
                tx, handle, at
            ):  # several visits may have come so far at once
                return False
            if breaker.stops(tx, handle) is not None:
                why = breaker.why_stopped(handle)
                self._record(tx, at, handle, words.ended, "refused", facts={"why": why})
                return None
            if not take(tx, handle.id, at=at):
                return False
            ends.begun(tx, handle, at)
            if words is RESET and not breaker.lets_by(tx, self._ground, Counted.RESETS):
                move(tx, handle.id, was=Result.CHANGING, now=Result.OPEN, at=at)
                ends.given_back(tx, handle)
                self._record(tx, at, handle, words.ended, "refused", facts={"why": "resets_stopped"})
                return None
            self._record(tx, at, handle, words.started, "done", decision=decision)
            return True

        return await self._ground.database.write(work)

    def _often_enough(self, tx: Session, handle: Handle, at: datetime) -> bool:
        count = finished_since(
            tx, Purpose.RESET, directory=handle.directory, account=handle.account, since=at - DAY
        )
        return count >= self._ground.limits.resets_a_day

    async def give_back(self, handle: Handle, words: Words) -> None:
        """The directory refused, so nothing changed: the person may try something else."""

        def work(tx: Session) -> None:
            at = self._ground.now()
            move(tx, handle.id, was=Result.CHANGING, now=Result.OPEN, at=at)
            ends.given_back(tx, handle)
            if words is RESET:
                breaker.came_to_nothing(tx, self._ground, Counted.RESETS)
            self._record(tx, at, handle, words.ended, "refused", facts={"why": "directory_refused"})

        await self._ground.database.write(work)

    async def end(
        self, handle: Handle, words: Words, result: Result, name: str, facts: Mapping[str, Fact]
    ) -> None:
        """It was done, or it is unknown whether: record it, tell the person twice over, alert security if it failed.

        name: the person's, for the security channel.
        """

        def work(tx: Session) -> None:
            at = self._ground.now()
            if move(tx, handle.id, was=Result.CHANGING, now=result, at=at):
                self._ended(tx, at, handle, words, result, name, facts)

        await self._ground.database.write(work)

    async def settle_cut_off(self) -> int:
        """End as unknown what a crash cut off; how many there were. For the start and the schedule."""

        def work(tx: Session) -> int:
            at = self._ground.now()
            # A change is begun before its handle expires.
            found = cut_off(tx, at - CUT_OFF_AFTER)
            for handle in found:
                move(tx, handle.id, was=Result.CHANGING, now=Result.UNKNOWN, at=at)
                words = WORDS[handle.purpose]
                self._ended(tx, at, handle, words, Result.UNKNOWN, handle.account, {"cut_off": True})
            return len(found)

        return await self._ground.database.write(work)

    def _ended(
        self,
        tx: Session,
        at: datetime,
        handle: Handle,
        words: Words,
        result: Result,
        name: str,
        facts: Mapping[str, Fact],
    ) -> None:
        known = result != Result.UNKNOWN
        self._record(
            tx, at, handle, words.ended, "done" if known else "failed", facts={**facts, "known": known},
            by_wicket=bool(facts.get("cut_off")),
        )  # fmt: skip
        act = desk_acts.of_handle(tx, handle.id) if words is UNLOCK else None
        if act is not None:  # what a help desk began is told where it was told of
            show(tx, act, at)
        else:
            owe(tx, at=at, courier="slack", kind=words.told, subject=handle.id, recipient=handle.slack_user)
        if handle.proven:  # the letter says that they gave proofs
            owe(tx, at=at, courier="mail", kind=words.told, subject=handle.id, recipient=handle.account)
        close_others(tx, handle.id, directory=handle.directory, account=handle.account, at=at)
        ends.used(tx, handle, at)
        if words is RESET:
            self._ground.was_reset(tx, handle.directory, handle.account)
        if not result.is_sure:
            tell_security(tx, at, unsure(handle, words, result, name))

    def _record(
        self,
        tx: Session,
        at: datetime,
        handle: Handle,
        action: str,
        outcome: str,
        *,
        decision: PolicyDecision | None = None,
        facts: Mapping[str, Fact] | None = None,
        by_wicket: bool = False,
    ) -> None:
        record(
            tx,
            at=at,
            action=action,
            outcome=outcome,
            actor=WICKET if by_wicket else person_behind(handle),
            where=SCHEDULE if by_wicket else PAGE,
            correlation=handle.id,
            subject=handle.account,
            decision=decision,
            facts={"proofs": list(handle.proven), **(facts or {})},
        )


def unsure(handle: Handle, words: Words, result: Result, name: str) -> Strange:
    """A change of which not all is known to be done, for the security channel. name: the person's."""
    fault = (
        "the sessions could not be ended"
        if result == Result.SESSIONS_OPEN
        else "the directory did not answer, so it is unknown whether it was done"
    )
    return Strange(
        kind=Kind.CHANGE_UNSURE,
        severity=Severity.HIGH,
        who=name,
        cause=f"{handle.directory}:{handle.account}:{words.told}",
        correlation=handle.id,
        facts={
            "directory": handle.directory,
            "account": handle.account,
            "slack_user": handle.slack_user,
            "purpose": handle.purpose,
            "result": result,
            "fault": fault,
        },
    )
