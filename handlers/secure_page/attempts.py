"""One attempt to prove something on the secure page: counted first, then checked, then recorded with what it led to.

It does not know what a right proof looks like, and every refusal leaves by the same door after comparable work (P-9).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel import Session

from handlers.decisions.breaking import Counted
from handlers.decisions.policy import AccountAction, AccountQuestion, Action, PolicyDecision
from handlers.exceptions.raising import broken_policy, tell_security
from handlers.intents import PAGE
from handlers.recording import record, stranger
from handlers.secure_page import breaker
from handlers.secure_page.announcing import tell_of_refusal
from handlers.secure_page.suspicions import counted_as, strange_of, who_is_behind
from handlers.secure_page.visits import (
    NotYet,
    PageGround,
    Person,
    Proven,
    Refused,
    Visitor,
    new_session,
    person_behind,
    session_hash,
)
from storage.failures import NOT_COUNTED, Attempt, clear, count_attempt, is_locked, take_back
from storage.faults import DirectoryUnavailable
from storage.handles import bind, move
from storage.proofs import drop_pending_seed
from storage.records import Handle
from storage.states import Purpose, Result

ACTIONS: dict[str, AccountAction] = {
    Purpose.RESET: Action.RESET_PASSWORD,
    Purpose.UNLOCK: Action.UNLOCK,
    Purpose.REGAIN: Action.REGAIN_PROOFS,
    Purpose.STEP_UP: Action.STEP_UP,
}
# Nothing else is done in such a visit: with the proof it is over, and its session opens nothing.
_ENDS_WITH_PROOF = frozenset({Purpose.STEP_UP})

# The free unlock of the day belongs to Slack; on the page only proofs count.
_NO_FREE_UNLOCK = 1


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What checking found. proofs: what was shown. spend: takes codes that work once, False if another was faster.

    why: what was wrong, for the record.
    """

    right: bool
    why: str = "wrong"
    proofs: tuple[str, ...]
    spend: Callable[[Session], bool]


Check = Callable[[Person], Awaitable[Checked]]
Accept = Callable[[Session, Handle, Person], str]


def _nothing_more(_tx: Session, _handle: Handle, _person: Person) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """What an attempt is for. purposes: of the handles it fits. action: its name in the record.

    second_factor: a right one clears the count; a password only takes itself back, so that it buys no guesses.
    keeps: proofs given before in this visit still count, and are needed.
    """

    action: str
    purposes: frozenset[Purpose]
    second_factor: bool
    keeps: frozenset[Purpose] = frozenset()


class Attempts:
    """Runs attempts for the handlers that know what is to be proven."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground

    async def run(
        self, visitor: Visitor, kinds: Kinds, check: Check, accept: Accept = _nothing_more
    ) -> Proven | Refused:
        """Count, check, and write one transaction of everything that follows. Nothing counts by a link that is over.

        check: is given a person without an account when nothing may come of it, and works as long. accept: what
        else belongs to success, in the same transaction; it answers why not, "" if all is well. DirectoryUnavailable
        when the directory did not answer; then the attempt counts as a silence and not as a wrong one.
        """
        handle = await self._ground.handle_of(visitor)
        person = await self._ground.person_of(handle)
        if handle is None:
            await check(person)
            return Refused()
        attempt, unfit = await self._count(handle, kinds)
        unfit = unfit or self._unfit(visitor, kinds, handle, person)
        tried = _Tried(visitor, kinds, handle, person, attempt, unfit)
        try:
            checked = await check(Person(handle=handle, unfit=unfit) if unfit else person)
        except DirectoryUnavailable:
            await self._ground.database.write(lambda tx: self._silent(tx, tried))
            raise
        return await self._ground.database.write(lambda tx: self._settle(tx, tried, checked, accept))

    async def _count(self, handle: Handle, kinds: Kinds) -> tuple[Attempt, str]:
        """The attempt as it was counted, and why it may not be checked, "" if it may."""
        limits = self._ground.limits

        def work(tx: Session) -> tuple[Attempt, str]:
            at, directory = self._ground.now(), handle.directory
            if not self._ground.is_open(handle):
                # Looked up all the same, so that it takes as long; counted, any old link could lock its person out.
                is_locked(
                    tx,
                    directory=directory,
                    account=counted_as(handle),
                    at=at,
                    lock=limits.lock,
                    most=limits.most_wrong,
                )
                return NOT_COUNTED, "link_over"
            if not kinds.second_factor and is_locked(
                tx, directory=directory, account=_silences(handle), at=at, lock=limits.rest
            ):
                return NOT_COUNTED, "directory_was_silent"
            if breaker.stops(tx, handle):
                return NOT_COUNTED, breaker.why_stopped(handle)
            attempt = count_attempt(
                tx,
                directory=directory,
                account=counted_as(handle),
                at=at,
                limit=limits.wrong_codes,
                lock=limits.lock,
                most=limits.most_wrong,
            )
            return attempt, "" if attempt.allowed else "locked"

        return await self._ground.database.write(work)

    def _silent(self, tx: Session, tried: "_Tried") -> None:
        """Nobody said that this one was wrong, so it locks nobody; but silences are counted too.

        Where wrong passwords are answered late, right ones in time, silence is an answer: it must not be had for ever.
        """
        handle, limits, at = tried.handle, self._ground.limits, self._ground.now()
        if tried.attempt.allowed:
            self._take_back(tx, tried)
            count_attempt(
                tx,
                directory=handle.directory,
                account=_silences(handle),
                at=at,
                limit=limits.silences,
                lock=limits.rest,
            )
        record(
            tx, at=at, action=tried.kinds.action, outcome="failed",
            actor=stranger(handle.slack_team, handle.slack_user), where=PAGE, correlation=handle.id,
            subject=handle.account or None,
            facts={"purpose": handle.purpose, "why": tried.unfit or "directory_silent"},
        )  # fmt: skip

    def _take_back(self, tx: Session, tried: "_Tried") -> None:
        take_back(
            tx,
            directory=tried.handle.directory,
            account=counted_as(tried.handle),
            attempt=tried.attempt,
            limit=self._ground.limits.wrong_codes,
            most=self._ground.limits.most_wrong,
        )

    def _unfit(self, visitor: Visitor, kinds: Kinds, handle: Handle, person: Person) -> str:
        if handle.purpose not in kinds.purposes:
            return "other_purpose"
        if not self._ground.is_open(handle):
            return "link_over"
        if handle.purpose in kinds.keeps and not visitor.gave_proofs_for(handle):
            return "other_browser"
        return person.unfit

    def _settle(self, tx: Session, tried: "_Tried", checked: Checked, accept: Accept) -> Proven | Refused:
        handle, why, decision = tried.handle, tried.unfit, None
        proofs = (*(handle.proven if handle.purpose in tried.kinds.keeps else ()), *checked.proofs)
        if not why and not checked.right:
            why = checked.why
        # Not so when it was asked before the check, and that took its time.
        if not why and breaker.stops(tx, handle) is not None:
            why = breaker.why_stopped(handle)
        if not why:
            decision = self.ask(tried.person, handle, proofs)
            why = "" if decision is None or decision.allowed else "policy"
        session = new_session()
        if not why:
            why = self._take(tx, tried, checked, accept, proofs, session)
        if why:
            attempt = self._blamed(tx, tried, checked, why)
            self.turned_away(tx, handle, tried.person, tried.kinds.action, why, decision, attempt=attempt)
            return Refused()
        self._accepted(tx, tried, proofs, decision)
        return Proven(session=session)

    def _blamed(self, tx: Session, tried: "_Tried", checked: Checked, why: str) -> Attempt:
        """The attempt as it stays counted: nobody locks themselves out by what was right, and was stopped meanwhile.

        It takes back no more than itself, and a wrong one nothing, or whoever makes a process stop would guess freely.
        """
        is_right = checked.right and not tried.unfit
        if not is_right or why not in (breaker.why_stopped(tried.handle), "link_over"):
            return tried.attempt
        self._take_back(tx, tried)
        return NOT_COUNTED

    def _take(
        self,
        tx: Session,
        tried: "_Tried",
        checked: Checked,
        accept: Accept,
        proofs: tuple[str, ...],
        session: str,
    ) -> str:
        """Spend the codes and bind the browser; why not, if somebody was faster. A refusal undoes both."""
        with tx.begin_nested() as step:
            if not checked.spend(tx):
                why = "used_before"
            elif not bind(
                tx,
                tried.handle.id,
                proven=list(proofs),
                session=session_hash(session),
                was=tried.handle.session,
                at=self._ground.now(),
            ):
                why = "link_over"
            else:
                if tried.handle.purpose not in tried.kinds.keeps:
                    # It may come from another browser than before: whoever was first knows the key they were shown.
                    drop_pending_seed(tx, tried.handle.id)
                why = accept(tx, tried.handle, tried.person) or self._end(tx, tried.handle)
            if why:
                step.rollback()
        return why

    def _end(self, tx: Session, handle: Handle) -> str:
        """End the visit where the proof is all that it was for; why not, if another tab was faster."""
        if handle.purpose not in _ENDS_WITH_PROOF:
            return ""
        ended = move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=self._ground.now())
        return "" if ended else "link_over"

    async def turn_away(
        self, handle: Handle, person: Person, action: str, why: str, decision: PolicyDecision | None = None
    ) -> None:
        """What was proven in this visit does no more: on the record, and told, as where a proof is refused."""
        await self._ground.database.write(
            lambda tx: self.turned_away(tx, handle, person, action, why, decision)
        )  # fmt: skip

    def broken(self, tx: Session, handle: Handle, person: Person, decision: PolicyDecision | None) -> None:
        """Tell security, if policy could not be evaluated for what is only offered or sent so far."""
        if decision is not None and decision.errors:
            strange = broken_policy(
                decision, who=who_is_behind(handle, person.account), correlation=handle.id
            )
            tell_security(tx, self._ground.now(), strange)

    def ask(self, person: Person, handle: Handle, proofs: tuple[str, ...]) -> PolicyDecision | None:
        """Policy's answer about what the handle is for, with these proofs; None where there is nothing to ask."""
        action = ACTIONS.get(handle.purpose)
        if action is None or person.account is None:
            return None
        return self._ground.policy.ask(
            AccountQuestion(
                action=action,
                principal=person.account,
                target=person.account,
                now=self._ground.now(),
                proofs=frozenset(proofs),
                unlocks_today=_NO_FREE_UNLOCK,
                attested=person.attested,
            )
        )

    def _accepted(
        self, tx: Session, tried: "_Tried", proofs: tuple[str, ...], decision: PolicyDecision | None
    ) -> None:
        handle = tried.handle
        if tried.kinds.second_factor:
            clear(tx, directory=handle.directory, account=counted_as(handle))
        else:
            self._take_back(tx, tried)
            clear(tx, directory=handle.directory, account=_silences(handle))
        record(
            tx, at=self._ground.now(), action=tried.kinds.action, outcome="done", actor=person_behind(handle),
            where=PAGE, correlation=handle.id, subject=handle.account, decision=decision,
            facts={"purpose": handle.purpose, "proofs": list(proofs)},
        )  # fmt: skip

    def kept_from_adding(self, tx: Session, handle: Handle, action: str) -> NotYet | None:
        """What to say where one more way to prove who one is may not be kept now, which is on the record as a refused
        `action`; None where it may. It is a way to new access, and waits while that is stopped.
        """
        halt = breaker.stops(tx, handle)
        if halt is None:
            return None
        self.turned_away(tx, handle, Person(handle=handle), action, breaker.why_stopped(handle))
        return breaker.not_added(halt)

    def turned_away(
        self,
        tx: Session,
        handle: Handle,
        person: Person,
        action: str,
        why: str,
        decision: PolicyDecision | None = None,
        *,
        attempt: Attempt = NOT_COUNTED,
    ) -> None:
        """The same, in this transaction. attempt: what was refused as one, with its count."""
        record(
            tx, at=self._ground.now(), action=action, outcome="refused",
            actor=stranger(handle.slack_team, handle.slack_user), where=PAGE, correlation=handle.id,
            subject=handle.account or None, decision=decision,
            facts={"purpose": handle.purpose, "why": why, "wrong_in_a_row": attempt.number},
        )  # fmt: skip
        strange = strange_of(handle, person, attempt, why, decision)
        if strange is not None:
            tell_security(tx, self._ground.now(), strange)
        if why == "wrong":
            breaker.lets_by(tx, self._ground, Counted.WRONG_PROOFS)
        elif why == "mail_moved":
            tell_of_refusal(tx, self._ground, handle)


@dataclass(frozen=True)
class _Tried:
    visitor: Visitor
    kinds: Kinds
    handle: Handle
    person: Person
    attempt: Attempt
    unfit: str


def _silences(handle: Handle) -> str:
    """Whose unanswered sign-ins these are: a count of its own, for it stops sign-ins and never codes."""
    return f"silences:{counted_as(handle)}"
