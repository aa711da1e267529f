"""Adding to one's proofs: a passkey, an authenticator in the place of the old one, new recovery codes.

What was added in a visit counts as shown in it; whatever was there and is not replaced stays.
"""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from handlers.decisions.passkey_names import default_name
from handlers.recording import Fact
from handlers.secure_page.care import Entered, Entry
from handlers.secure_page.ceremonies import RelyingParty
from handlers.secure_page.enrolment import Codes, confirmed_step, new_recovery_codes
from handlers.secure_page.passkeys import Challenges
from handlers.secure_page.proof_news import proofs_changed
from handlers.secure_page.visits import Done, NotYet, Over, PageGround, Visitor
from storage import passkeys, proofs
from storage.handles import bind
from storage.passkeys import NewPasskey
from storage.proofs import ProofKind
from storage.records import Handle, Passkey
from storage.sentences import Sentence
from storage.states import Changed

MOST_PASSKEYS = 20
NOT_MADE = "No passkey was made: what your browser answered could not be used. Try again."
KNOWN_ALREADY = "This passkey is set up already. Nothing was changed."
ENOUGH = Sentence(
    "You have {most} passkeys, the most that I keep. Remove one that you no longer use.", most=MOST_PASSKEYS
)


@dataclass(frozen=True, kw_only=True)
class Made:
    """A passkey was added."""

    passkey: str


class Adding:
    """Adds proofs for whoever entered. NotYet says why not, for the person; Over, that the visit is over."""

    def __init__(self, ground: PageGround, party: RelyingParty | None) -> None:
        self._ground = ground
        self._entry = Entry(ground)
        self._challenges = Challenges(ground, party)

    async def ask_passkey(self, visitor: Visitor) -> dict[str, Any] | None:
        """What the browser needs to make a passkey; None if nobody entered, or there can be none, or not now."""
        entered = await self._entry.entered(visitor)
        if entered is None or self._challenges.party is None:
            return None
        known = await self._known(entered)
        return await self._challenges.ask_new(visitor, entered.handle, entered.account, known)

    async def add_passkey(self, visitor: Visitor, text: str, typed: str) -> Made | NotYet | Over:
        """What the browser answered. typed: a name for it, "" to be given one."""
        entered = await self._entry.entered(visitor)
        if entered is None or self._challenges.party is None:
            return Over()
        new = await self._challenges.new_of(visitor, entered.handle, text, typed)
        if new is None:
            return NotYet(reason=NOT_MADE)
        return await self._entry.add(entered, lambda tx, handle: self._keep(tx, handle, new))

    async def add_authenticator(self, visitor: Visitor, code: str) -> Done | NotYet | Over:
        """Confirm the new key by a code that it gives; it takes the place of the old one, and nothing else goes."""
        entered = await self._entry.entered(visitor)
        if entered is None:
            return Over()
        step = await confirmed_step(self._ground, entered.handle, code)
        if not isinstance(step, int):
            return step
        return await self._entry.add(entered, lambda tx, handle: self._keep_seed(tx, handle, step))

    async def give_up_authenticator(self, visitor: Visitor) -> None:
        """Throw the new key away before it is confirmed."""
        entered = await self._entry.entered(visitor)
        if entered is not None:
            await self._entry.change(entered, lambda tx, handle: proofs.drop_pending_seed(tx, handle.id))

    async def new_codes(self, visitor: Visitor) -> Codes | NotYet | Over:
        """Ten new recovery codes in the place of all others."""
        entered = await self._entry.entered(visitor)
        if entered is None:
            return Over()
        codes, hashed = await new_recovery_codes(self._ground.code_hash)

        def work(tx: Session, handle: Handle) -> Codes:
            at = self._ground.now()
            proofs.replace_recovery_codes(
                tx, directory=handle.directory, account=handle.account, hashed_codes=hashed, at=at
            )
            facts = {"recovery_codes": len(codes)}
            proofs_changed(tx, handle, Changed.RECOVERY_CODES, at=at, facts=facts)
            return Codes(codes=codes)

        return await self._entry.add(entered, work)

    async def _known(self, entered: Entered) -> list[Passkey]:
        handle = entered.handle
        return await self._ground.database.read(
            lambda tx: list(passkeys.passkeys_of(tx, handle.directory, handle.account))
        )

    def _keep(self, tx: Session, handle: Handle, new: NewPasskey) -> Made | NotYet:
        at, theirs = self._ground.now(), passkeys.passkeys_of(tx, handle.directory, handle.account)
        if len(theirs) >= MOST_PASSKEYS:
            return NotYet(reason=ENOUGH)
        name = new.name or default_name(new.aaguid, at, {one.name for one in theirs})
        passkey = passkeys.keep_passkey(
            tx, directory=handle.directory, account=handle.account, at=at, new=new, name=name
        )
        if passkey is None:
            return NotYet(reason=KNOWN_ALREADY)
        self._shown(tx, handle, ProofKind.PASSKEY)
        facts: dict[str, Fact] = {"passkey": passkey, "synced": new.backed_up, "made_by": new.aaguid}
        proofs_changed(tx, handle, Changed.PASSKEY_ADDED, at=at, name=name, facts=facts)
        return Made(passkey=passkey)

    def _keep_seed(self, tx: Session, handle: Handle, step: int) -> Done | Over:
        ended = proofs.seeds_of(tx, handle.directory, handle.account)
        replaced = proofs.seed_of(tx, handle.directory, handle.account) is not None
        if not proofs.replace_seed(
            tx, handle=handle.id, directory=handle.directory, account=handle.account, step=step
        ):
            return Over()
        self._shown(tx, handle, ProofKind.TOTP)
        what = Changed.AUTHENTICATOR_REPLACED if replaced else Changed.AUTHENTICATOR_ADDED
        proofs_changed(tx, handle, what, at=self._ground.now(), facts={"ended": ended} if ended else None)
        return Done()

    def _shown(self, tx: Session, handle: Handle, kind: ProofKind) -> None:
        """Whoever made it has it; without this, the first proof would lock its own visit."""
        proven = [*handle.proven, *({kind} - set(handle.proven))]
        was, at = handle.session, self._ground.now()
        bind(tx, handle.id, proven=proven, session=was, was=was, at=at)
