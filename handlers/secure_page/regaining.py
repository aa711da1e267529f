"""New proofs for whoever lost all: two people said that it is them, and they show in the visit what they have left.

Old proofs are removed in the transaction in which a new one is there, and nothing else can be done in such a visit.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlmodel import Session

from handlers.decisions.passkey_names import default_name
from handlers.petitions import ends
from handlers.recording import Fact
from handlers.secure_page.adding import NOT_MADE
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.care import Entered
from handlers.secure_page.ceremonies import RelyingParty
from handlers.secure_page.enrolment import Codes, check_password, confirmed_step, make_key, new_recovery_codes
from handlers.secure_page.passkeys import Challenges
from handlers.secure_page.proof_news import proofs_changed
from handlers.secure_page.proving import is_mail_code
from handlers.secure_page.using_codes import use_mail_code
from handlers.secure_page.visits import NotYet, Over, PageGround, Person, Proven, Refused, Visitor
from storage import passkeys, proofs
from storage.handles import in_same_browser, take
from storage.handles import move as move_handle
from storage.passkeys import NewPasskey
from storage.proofs import ProofKind
from storage.records import Handle
from storage.states import Changed, Purpose, Result

_WHAT_IS_LEFT = Kinds(action="proof.given", purposes=frozenset({Purpose.REGAIN}), second_factor=False)


class Regaining:
    """The visit that a petition for lost proofs opens. NotYet says why not, for the person; Over, that it is over."""

    def __init__(self, ground: PageGround, party: RelyingParty | None) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)
        self._challenges = Challenges(ground, party)

    async def give_password(self, visitor: Visitor, password: str) -> Proven | Refused:
        """The current password, as the directory sees it."""
        return await self._attempts.run(
            visitor, _WHAT_IS_LEFT, lambda person: check_password(self._ground, person, password)
        )

    async def give_mail_code(self, visitor: Visitor, code: str) -> Proven | Refused:
        """A code sent to the address that the directory holds; whoever's address moved lately gets nowhere (P-3)."""
        return await self._attempts.run(
            visitor, _WHAT_IS_LEFT, lambda person: self._check_mail_code(person, code)
        )

    async def offer_key(self, visitor: Visitor, *, session: str) -> None:
        """Make the key that this visit may confirm. session: the browser's new cookie, after it showed something.

        One that another browser was shown is never confirmed by this one: whoever was first would know it.
        """
        entered = await self._entered(replace(visitor, session=session))
        if entered is not None:
            await self._ground.database.write(lambda tx: make_key(tx, self._ground, entered.handle))

    async def confirm(self, visitor: Visitor, code: str) -> Codes | NotYet | Over:
        """An authenticator, by a code that its new key gives; it and new recovery codes replace whatever was."""
        entered = await self._entered(visitor)
        if entered is None:
            return Over()
        step = await confirmed_step(self._ground, entered.handle, code)
        if not isinstance(step, int):
            return step

        def keep(tx: Session, handle: Handle) -> bool:
            return proofs.replace_seed(
                tx, handle=handle.id, directory=handle.directory, account=handle.account, step=step
            )

        return await self._replace(entered, keep, {"new": ProofKind.TOTP})

    async def ask_passkey(self, visitor: Visitor) -> dict[str, Any] | None:
        """What the browser needs to make a passkey; None if nobody came so far, or there can be none, or not now."""
        entered = await self._entered(visitor)
        if entered is None:
            return None
        return await self._challenges.ask_new(visitor, entered.handle, entered.account, [])

    async def add_passkey(self, visitor: Visitor, text: str, typed: str) -> Codes | NotYet | Over:
        """A passkey, as the browser answered; it and new recovery codes replace whatever was."""
        entered = await self._entered(visitor)
        if entered is None or self._challenges.party is None:
            return Over()
        new = await self._challenges.new_of(visitor, entered.handle, text, typed)
        if new is None:
            return NotYet(reason=NOT_MADE)
        return await self._replace(
            entered, lambda tx, handle: self._keep(tx, handle, new), {"new": ProofKind.PASSKEY}
        )

    def _keep(self, tx: Session, handle: Handle, new: NewPasskey) -> bool:
        at = self._ground.now()
        proofs.remove_seed(tx, handle.directory, handle.account)
        name = new.name or default_name(new.aaguid, at, set())
        kept = passkeys.keep_passkey(
            tx, directory=handle.directory, account=handle.account, at=at, new=new, name=name
        )
        return kept is not None

    async def _replace(
        self, entered: Entered, keep: Callable[[Session, Handle], bool], facts: dict[str, Fact]
    ) -> Codes | NotYet | Over:
        """The new proof, the end of all old ones, new recovery codes and the end of the visit: all or nothing."""
        codes, hashed = await new_recovery_codes(self._ground.code_hash)

        def work(tx: Session) -> Codes | NotYet | Over:
            at, handle = self._ground.now(), entered.handle
            if in_same_browser(tx, handle) is None:  # another one showed what is left meanwhile
                return Over()
            if kept_from := self._attempts.kept_from_adding(tx, handle, _WHAT_IS_LEFT.action):
                return kept_from
            if ends.found_meanwhile(tx, handle, at):
                return Over()
            if not take(tx, handle.id, at=at):  # cancelled, over, or another tab was faster
                return Over()
            ended = proofs.seeds_of(tx, handle.directory, handle.account)
            with tx.begin_nested() as step:
                for old in passkeys.passkeys_of(tx, handle.directory, handle.account):
                    passkeys.remove_passkey(tx, old)
                if not keep(tx, handle):
                    step.rollback()
                    move_handle(tx, handle.id, was=Result.CHANGING, now=Result.OPEN, at=at)
                    return Over()
            proofs.replace_recovery_codes(
                tx, directory=handle.directory, account=handle.account, hashed_codes=hashed, at=at
            )
            move_handle(tx, handle.id, was=Result.CHANGING, now=Result.DONE, at=at)
            told: dict[str, Fact] = {**facts, "recovery_codes": len(codes), "ended": ended}
            proofs_changed(tx, handle, Changed.REGAINED, at=at, facts=told)
            ends.used(tx, handle, at)
            return Codes(codes=codes)

        return await self._ground.database.write(work)

    async def _entered(self, visitor: Visitor) -> Entered | None:
        """The visit and its person, if this browser showed what is left, and all that it rests on still stands."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or handle.purpose != Purpose.REGAIN or not visitor.gave_proofs_for(handle):
            return None
        if not self._ground.is_open(handle) or not handle.proven:
            return None
        person = await self._ground.person_of(handle)
        decision, why = None, person.unfit
        if not why:
            decision = self._attempts.ask(person, handle, tuple(handle.proven))
            why = "" if decision is not None and decision.allowed else "policy"
        if why or person.account is None:
            await self._attempts.turn_away(handle, person, _WHAT_IS_LEFT.action, why, decision)
            return None
        return Entered(handle=handle, account=person.account)

    async def _check_mail_code(self, person: Person, code: str) -> Checked:
        handle, ground = person.handle, self._ground
        given = (ProofKind.MAIL_CODE,)
        sent = []
        if handle is not None and person.account is not None:
            sent = list(await ground.database.read(lambda tx: proofs.mail_codes(tx, handle.id, ground.now())))
        mailed = next((one.id for one in sent if is_mail_code(ground.vault, one.id, code)), None)
        if handle is None or mailed is None:
            return Checked(right=False, proofs=given, spend=lambda _tx: False)
        return Checked(
            right=True, proofs=given, spend=lambda tx: use_mail_code(tx, handle, mailed, ground.now())
        )
