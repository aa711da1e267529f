"""Which step of the secure page a visitor may see: reading it changes nothing and spends nothing.

Whoever did not give the proofs in this very browser sees the first step or that time is over, and no more (P-9).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from handlers.secure_page import breaker
from handlers.secure_page.attempts import Attempts
from handlers.secure_page.enrolment import Enrolment, NewKey
from handlers.secure_page.owned import Owned, owned_by
from handlers.secure_page.passkeys import Passkeys
from handlers.secure_page.proving import RECOVERY
from handlers.secure_page.visits import PageGround, Visitor
from storage.records import Handle
from storage.states import Purpose, Result
from storage.step_ups import About, step_up_of


class Step(StrEnum):
    """The steps of the page."""

    PROVE = "prove"
    SIGN_IN = "sign-in"
    LINK = "link"
    CHOOSE = "choose"
    RECOVER = "recover"
    UNLOCK = "unlock"
    PROVE_OLD = "prove-old"
    NEW_KEY = "new-key"
    REGAIN = "regain"
    NEW_PROOFS = "new-proofs"
    CARE = "care"
    CHANGING = "changing"
    DONE = "done"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Stepped:
    """A fresh proof that was given. kind, thing, whom: what for. spent: a decision rests on it. left: its time."""

    kind: str
    thing: str
    whom: str
    proofs: tuple[str, ...]
    spent: bool
    left: timedelta


@dataclass(frozen=True, kw_only=True)
class Look:
    """What to show. name, login: the person's, and only to whoever proved to be them. result: how it ended.

    passkeys: there is one to be shown, or one can be made here. owned: the person's proofs, to look after.
    recovery: a recovery code may do. stepped: what was proven, and for what, where that is all.
    emergency: access comes of the proof by itself. waits: why no proof is added now, as sentences; "" where one is.
    """

    step: Step
    purpose: Purpose
    name: str = ""
    login: str = ""
    result: Result = Result.OPEN
    directory: str = ""
    key: NewKey | None = None
    passkeys: bool = False
    owned: Owned | None = None
    recovery: bool = True
    stepped: Stepped | None = None
    emergency: bool = False
    waits: str = ""


_FIRST = {
    Purpose.RESET: Step.PROVE,
    Purpose.UNLOCK: Step.PROVE,
    Purpose.ENROL: Step.SIGN_IN,
    Purpose.LINK: Step.LINK,
    Purpose.CARE: Step.SIGN_IN,
    Purpose.REGAIN: Step.REGAIN,
    Purpose.STEP_UP: Step.PROVE,
}
_ADDS = frozenset({Step.CARE, Step.NEW_PROOFS})
_ASKS_PROOF = frozenset({Step.PROVE, Step.PROVE_OLD})


class Looking:
    """Answers what to show."""

    def __init__(self, ground: PageGround, enrolment: Enrolment, passkeys: Passkeys) -> None:
        self._ground = ground
        self._enrolment = enrolment
        self._passkeys = passkeys
        self._attempts = Attempts(ground)

    async def look(self, visitor: Visitor) -> Look:
        """The step that this browser has reached; a forged link looks like one for a reset.

        A link of ours whose time is over says so to everybody: there are links for people who fit nobody, too.
        """
        handle = await self._ground.handle_of(visitor)
        purpose = Purpose(handle.purpose) if handle is not None else Purpose.RESET
        if handle is None or not visitor.gave_proofs_for(handle):
            over = handle is not None and self._ground.time_is_over(handle)
            step = Step.OVER if over else _FIRST[purpose]
            return Look(
                step=step,
                purpose=purpose,
                passkeys=await self._offers_passkeys(step, handle),
                recovery=purpose != Purpose.STEP_UP or await self._takes_recovery(handle),
                emergency=purpose == Purpose.STEP_UP and await self._is_emergency(handle),
            )
        person = await self._ground.person_of(handle)
        name, login = (person.account.name, person.account.login) if person.account else ("", "")
        step, key = await self._step(handle, purpose, login)
        return Look(
            step=step,
            purpose=purpose,
            name=name,
            login=login,
            result=Result(handle.result),
            directory=handle.directory,
            key=key,
            passkeys=await self._offers_passkeys(step, handle),
            owned=await self._owned(handle) if step == Step.CARE else None,
            stepped=await self._stepped(handle) if purpose == Purpose.STEP_UP else None,
            waits=await self._waits(handle) if step in _ADDS else "",
        )

    async def _takes_recovery(self, handle: Handle | None) -> bool:
        """Whether a recovery code with a code sent by mail would do for a fresh proof: by policy, or not at all."""
        person = await self._ground.person_of(handle)
        if handle is None or person.unfit:
            return False
        decision = self._attempts.ask(person, handle, RECOVERY)
        return decision is not None and decision.allowed

    async def _is_emergency(self, handle: Handle | None) -> bool:
        """Whether access comes of the proof by itself: whoever is lured to give it has to read so before."""
        row = await self._ground.database.read(lambda tx: step_up_of(tx, handle.id)) if handle else None
        return row is not None and row.kind == About.EMERGENCY

    async def _stepped(self, handle: Handle) -> Stepped | None:
        if handle.done_at is None:
            return None
        row = await self._ground.database.read(lambda tx: step_up_of(tx, handle.id))
        if row is None:
            return None
        until = handle.done_at + self._ground.stepping_up.fresh_for
        return Stepped(
            kind=row.kind,
            thing=row.thing,
            whom=row.whom,
            proofs=tuple(handle.proven),
            spent=row.spent_at is not None,
            left=until - self._ground.now(),
        )

    async def _offers_passkeys(self, step: Step, handle: Handle | None) -> bool:
        if step in _ADDS:
            return self._passkeys.challenges.party is not None
        return handle is not None and step in _ASKS_PROOF and await self._passkeys.are_offered(handle)

    async def _waits(self, handle: Handle) -> str:
        halt = await self._ground.database.read(lambda tx: breaker.stops(tx, handle))
        return breaker.not_added(halt).reason if halt is not None else ""

    async def _owned(self, handle: Handle) -> Owned:
        return await self._ground.database.read(lambda tx: owned_by(tx, handle.directory, handle.account))

    async def _step(self, handle: Handle, purpose: Purpose, login: str) -> tuple[Step, NewKey | None]:
        if handle.result == Result.CHANGING:
            return Step.CHANGING, None
        if handle.result != Result.OPEN:
            return Step.DONE, None
        if not self._ground.is_open(handle):
            return Step.OVER, None
        if purpose in (Purpose.ENROL, Purpose.CARE):
            if await self._enrolment.needs_old_proof(handle):
                return Step.PROVE_OLD, None
            key = await self._enrolment.offered_key(handle, login)
            without_key = Step.CARE if purpose == Purpose.CARE else Step.SIGN_IN
            return (Step.NEW_KEY, key) if key is not None else (without_key, None)
        if purpose == Purpose.REGAIN:
            return Step.NEW_PROOFS, await self._enrolment.offered_key(handle, login)
        if purpose != Purpose.RESET:
            return Step.UNLOCK, None
        can = self._ground.directory(handle.directory).capabilities
        return (Step.CHOOSE if can.set_password or not can.recovery else Step.RECOVER), None
