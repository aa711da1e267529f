"""A forgotten password replaced, an account unlocked: what a proven visit to the secure page may do.

A password is handed to the directory and to nothing else; it is never kept, recorded or told.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from handlers.decisions.freezing import reason
from handlers.decisions.passwords import weakness
from handlers.decisions.policy import PolicyDecision
from handlers.exceptions.strange import named
from handlers.secure_page import breaker
from handlers.secure_page.announcing import Announcing
from handlers.secure_page.attempts import Attempts
from handlers.secure_page.changes import DAY, RESET, UNLOCK, WORDS, Changes
from handlers.secure_page.visits import Done, NotYet, Over, PageGround, Person, Visitor
from handlers.vouching.being_vouched import still_counts
from storage.directories.base import Account, PasswordRejected
from storage.faults import DirectoryUnavailable
from storage.handles import finished_since
from storage.records import Handle
from storage.sentences import Sentence, template, told_together
from storage.states import Purpose, Result

NOT_THE_SAME = "The two passwords are not the same."
ENOUGH_TODAY = template(
    "It was changed {times} times in the last 24 hours, the most in a day. Try again tomorrow."
)
NO_LONGER = template("Policy does not allow this any more, so nothing was changed. {reasons}")
WORD_LOST = template(
    "The word of whoever vouched for you counts no more. Begin again, and ask somebody else."
)
NOT_TOLD = (
    "Before a password is changed you are told in Slack and by mail, and one of the two did not go out yet. Nothing "
    "was changed. Type it again in a minute, on this page; if it fails again, go to the IT desk."
)
NOT_HERE = "This directory does not let me set passwords. Nothing was changed."

R = TypeVar("R", NotYet, Over)


@cache
def common_passwords() -> frozenset[str]:
    """The passwords that are tried first, as shipped, casefolded."""
    text = files("handlers.policies").joinpath("common-passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


class Passwords:
    """Resets and unlocks. Who may is asked again, of the directory and of policy, at the moment of doing it."""

    def __init__(self, ground: PageGround, *, common: frozenset[str] | None = None) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)
        self._changes = Changes(ground)
        self._announcing = Announcing(ground)
        self._common = common_passwords() if common is None else common

    async def choose(self, visitor: Visitor, password: str, repeated: str) -> Done | NotYet | Over:
        """Replace the password. NotYet says why this one will not do; Over means that nothing can come of it."""
        found = await self._proven(visitor, Purpose.RESET)
        if not isinstance(found, _Proven):
            return found
        if password != repeated:
            return NotYet(reason=NOT_THE_SAME)
        weak = weakness(
            password,
            account=found.account,
            company_words=self._ground.limits.company_words,
            common=self._common,
        )
        if weak is not None:
            return NotYet(reason=weak)
        if not self._ground.directory(found.handle.directory).capabilities.set_password:
            return NotYet(reason=NOT_HERE)
        begun = await self._begun(visitor, found.handle)
        return await self._change(begun, password) if isinstance(begun, _Proven) else begun

    async def _begun(self, visitor: Visitor, handle: Handle) -> "_Proven | NotYet | Over":
        """They are told, and that takes a while: everything is asked once more, since they may have said that it is not
        theirs (P-6)."""
        if await self._announcing.tell(handle):
            return NotYet(reason=NOT_TOLD)
        found = await self._proven(visitor, Purpose.RESET)
        if not isinstance(found, _Proven):
            return found
        begun = await self._changes.begin(found.handle, RESET, found.decision)
        if begun is None:
            return await self._stopped(handle) or Over()
        return found if begun else Over()

    async def unlock(self, visitor: Visitor) -> Done | NotYet | Over:
        """Lift the lockout of an account whose person gave their proofs in this visit."""
        found = await self._proven(visitor, Purpose.UNLOCK)
        if not isinstance(found, _Proven):
            return found
        if not await self._changes.begin(found.handle, UNLOCK, found.decision):
            return await self._stopped(found.handle) or Over()
        directory = self._ground.directory(found.handle.directory)
        result = Result.DONE
        try:
            await directory.unlock(found.account.id)
            after = await directory.account(found.account.id)
            result = Result.DONE if after is not None and not after.locked else Result.UNKNOWN
        except DirectoryUnavailable:
            result = Result.UNKNOWN
        await self._changes.end(found.handle, UNLOCK, result, _who(found), {})
        return Done()

    async def _change(self, found: "_Proven", password: str) -> Done | NotYet:
        directory = self._ground.directory(found.handle.directory)
        try:
            rejected = await directory.set_password(found.account.id, password)
        except DirectoryUnavailable:
            await self._changes.end(
                found.handle, RESET, Result.UNKNOWN, _who(found), {"sessions_ended": False}
            )
            return Done()
        if isinstance(rejected, PasswordRejected):
            await self._changes.give_back(found.handle, RESET)
            return NotYet(reason=rejected.reason)
        result = await self._end_sessions(found)
        facts = {"sessions_ended": result == Result.DONE}
        await self._changes.end(found.handle, RESET, result, _who(found), facts)
        return Done()

    async def _end_sessions(self, found: "_Proven") -> Result:
        """What the change came to: nobody hears that sessions ended where the directory knows of none (P-8)."""
        directory = self._ground.directory(found.handle.directory)
        if not directory.capabilities.sessions:
            return Result.NO_SESSIONS
        try:
            await directory.end_sessions(found.account.id)
        except DirectoryUnavailable:
            return Result.SESSIONS_OPEN
        return Result.DONE

    async def _proven(self, visitor: Visitor, purpose: Purpose) -> "_Proven | NotYet | Over":
        """The person of a visit whose proofs were given in this very browser, asked about anew."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or handle.purpose != purpose or not visitor.gave_proofs_for(handle):
            return Over()
        if not self._ground.is_open(handle) or not handle.proven:
            return Over()
        if halt := await self._stopped(handle):
            return await self._refused(Person(handle=handle), handle, breaker.why_stopped(handle), halt)
        person = await self._ground.person_of(handle)
        if person.unfit or person.account is None:
            return await self._refused(person, handle, person.unfit, Over())
        decision = self._attempts.ask(person, handle, tuple(handle.proven))
        if decision is None or not decision.allowed:
            reasons = told_together(*decision.reasons) if decision else ""
            answer = NotYet(reason=Sentence(NO_LONGER, reasons=reasons))
            return await self._refused(person, handle, "policy", answer, decision)
        if not await still_counts(self._ground, handle, person):
            answer = NotYet(reason=Sentence(NO_LONGER, reasons=WORD_LOST))
            return await self._refused(person, handle, "word_lost", answer)
        if purpose == Purpose.RESET and await self._often_enough(person, handle):
            answer = NotYet(reason=Sentence(ENOUGH_TODAY, times=self._ground.limits.resets_a_day))
            return await self._refused(person, handle, "too_often", answer)
        return _Proven(handle=handle, account=person.account, decision=decision)

    async def _refused(
        self, person: Person, handle: Handle, why: str, answer: R, decision: PolicyDecision | None = None
    ) -> R:
        """Nothing is done after all: on the record, with what security is to hear of it."""
        await self._attempts.turn_away(handle, person, WORDS[handle.purpose].ended, why, decision)
        return answer

    async def _stopped(self, handle: Handle) -> NotYet | None:
        """What to say while nothing is done in this visit; None if nothing stops it."""
        found = await self._ground.database.read(lambda tx: breaker.stops(tx, handle))
        return NotYet(reason=reason(found)) if found else None

    async def _often_enough(self, person: Person, handle: Handle) -> bool:
        account = person.account.id if person.account else ""
        since = self._ground.now() - DAY
        count = await self._ground.database.read(
            lambda tx: finished_since(
                tx, Purpose.RESET, directory=handle.directory, account=account, since=since
            )
        )
        return count >= self._ground.limits.resets_a_day


@dataclass(frozen=True, kw_only=True)
class _Proven:
    """A person who gave their proofs, and policy's answer to them."""

    handle: Handle
    account: Account
    decision: PolicyDecision


def _who(found: _Proven) -> str:
    return named(found.account.name, found.account.login)
