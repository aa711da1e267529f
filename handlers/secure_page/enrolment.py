"""Setting up proofs: the current password, what was set up before if anything was, then a new key that is confirmed.

A stolen password alone never replaces a second factor, and recovery codes are shown once and kept only as hashes.
"""

import asyncio
import secrets
from dataclasses import dataclass

import pyotp
from sqlmodel import Session

from handlers.recording import Fact
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.proof_news import proofs_changed
from handlers.secure_page.proving import (
    RECOVERY_LENGTH,
    matching_step,
    new_recovery_code,
    plain_recovery_code,
)
from handlers.secure_page.visits import NotYet, Over, PageGround, Person, Proven, Refused, Visitor
from storage import proofs
from storage.handles import in_same_browser, move
from storage.proofs import BEYOND_PASSWORD, ProofKind
from storage.records import Handle, Proof
from storage.secrets import CodeHash, new_salt
from storage.states import Changed, Purpose, Result

RECOVERY_CODES = 10
WRONG_CODE = (
    "This is not the code that the new key gives now. Check that the key is the one above, and try again."
)
_SIGN_IN = Kinds(action="proof.given", purposes=frozenset({Purpose.ENROL, Purpose.CARE}), second_factor=False)


@dataclass(frozen=True, kw_only=True)
class Codes:
    """It is set up. codes: the new recovery codes, to be shown now and never again."""

    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key for an authenticator. text: in groups of four. uri: the same for a QR code."""

    text: str
    uri: str


class Enrolment:
    """Proofs are set up by whoever signs in and, if there are proofs already, shows one of them."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)

    async def sign_in(self, visitor: Visitor, password: str) -> Proven | Refused:
        """The current password, as the directory sees it. It counts like any other proof."""
        return await self._attempts.run(
            visitor, _SIGN_IN, lambda person: check_password(self._ground, person, password)
        )

    async def needs_old_proof(self, handle: Handle) -> bool:
        """Whether one of the proofs that exist has still to be shown in this visit."""
        if BEYOND_PASSWORD & set(handle.proven):
            return False
        return await self._ground.database.read(
            lambda tx: proofs.has_proofs(tx, handle.directory, handle.account)
        )

    async def offer_key(self, visitor: Visitor) -> None:
        """Make the key that this visit may confirm, if it came so far. To be called after each accepted proof."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or not self._may_enrol(visitor, handle) or await self.needs_old_proof(handle):
            return

        def work(tx: Session) -> None:
            if proofs.pending_seed(tx, handle.id) is None:
                make_key(tx, self._ground, handle)

        await self._ground.database.write(work)

    async def offered_key(self, handle: Handle, login: str) -> NewKey | None:
        """The key to show; None if this visit has not come so far, or belongs to another browser meanwhile."""

        def work(tx: Session) -> Proof | None:
            return proofs.pending_seed(tx, handle.id) if in_same_browser(tx, handle) else None

        pending = await self._ground.database.read(work)
        if pending is None:
            return None
        seed = self._ground.vault.open(pending.secret)
        uri = pyotp.TOTP(seed).provisioning_uri(name=login, issuer_name=self._ground.limits.issuer)
        return NewKey(text=" ".join(seed[i : i + 4] for i in range(0, len(seed), 4)), uri=uri)

    async def confirm(self, visitor: Visitor, code: str) -> Codes | NotYet | Over:
        """Confirm the new key by a code that it gives; it and ten recovery codes replace whatever was."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or not self._may_enrol(visitor, handle) or await self.needs_old_proof(handle):
            return Over()
        person = await self._ground.person_of(handle)
        if person.unfit:
            await self._attempts.turn_away(handle, person, _SIGN_IN.action, person.unfit)
            return Over()
        step = await confirmed_step(self._ground, handle, code)
        if not isinstance(step, int):
            return step
        codes, hashed = await new_recovery_codes(self._ground.code_hash)
        return await self._ground.database.write(lambda tx: self._replace(tx, handle, step, codes, hashed))

    def _may_enrol(self, visitor: Visitor, handle: Handle) -> bool:
        return (
            handle.purpose in _SIGN_IN.purposes
            and visitor.gave_proofs_for(handle)
            and self._ground.is_open(handle)
            and bool({ProofKind.PASSWORD, ProofKind.SIGN_IN} & set(handle.proven))
        )

    def _replace(
        self, tx: Session, handle: Handle, step: int, codes: tuple[str, ...], hashed: list[str]
    ) -> Codes | NotYet | Over:
        at, kept = self._ground.now(), in_same_browser(tx, handle)
        # Meanwhile it may have been closed, or another browser signed in, whose key is now the one to be confirmed.
        if kept is None or not self._ground.is_open(kept):
            return Over()
        if kept_from := self._attempts.kept_from_adding(tx, handle, _SIGN_IN.action):
            return kept_from
        shown = BEYOND_PASSWORD & set(handle.proven)
        replaced = proofs.has_proofs(tx, handle.directory, handle.account)
        if replaced and not shown:  # set up meanwhile by another visit
            return Over()
        if proofs.pending_seed(tx, handle.id) is None:  # thrown away with the rest by that other visit
            return Over()
        if not move(tx, handle.id, was=Result.OPEN, now=Result.DONE, at=at):
            return Over()
        ended = proofs.seeds_of(tx, handle.directory, handle.account)
        proofs.replace_proofs(
            tx,
            handle=handle.id,
            directory=handle.directory,
            account=handle.account,
            step=step,
            hashed_codes=hashed,
            at=at,
        )
        facts: dict[str, Fact] = {"replaced": replaced, "recovery_codes": len(codes), "ended": ended}
        proofs_changed(tx, handle, Changed.SET_UP, at=at, facts=facts)
        return Codes(codes=codes)


def make_key(tx: Session, ground: PageGround, handle: Handle) -> None:
    """A new key that this visit may confirm, instead of any that it was offered before."""
    proofs.keep_pending_seed(
        tx, handle=handle.id, directory=handle.directory, account=handle.account, at=ground.now(),
        sealed=ground.vault.seal(pyotp.random_base32()),
    )  # fmt: skip


async def confirmed_step(ground: PageGround, handle: Handle, code: str) -> int | NotYet | Over:
    """The time step of a code that the new key of this visit gives."""
    pending = await ground.database.read(lambda tx: proofs.pending_seed(tx, handle.id))
    if pending is None:
        return Over()
    step = matching_step(ground.vault.open(pending.secret), code, ground)
    return NotYet(reason=WRONG_CODE) if step is None else step


async def new_recovery_codes(made: CodeHash) -> tuple[tuple[str, ...], list[str]]:
    """Ten new recovery codes, and their hashes, which are all that is kept."""
    codes = tuple(
        new_recovery_code([secrets.randbelow(32) for _ in range(RECOVERY_LENGTH)])
        for _ in range(RECOVERY_CODES)
    )
    salt = new_salt()
    hashed = await asyncio.to_thread(lambda: [made.of(plain_recovery_code(each), salt) for each in codes])
    return codes, hashed


async def check_password(
    ground: PageGround, person: Person, password: str, login: str | None = None
) -> Checked:
    """Whether this is the person's password, and, where a login was typed, theirs; as much work for nobody (P-9)."""
    handle, account = person.handle, person.account
    name = handle.directory if handle is not None else next(iter(ground.directories))
    directory = ground.directory(name or next(iter(ground.directories)))
    known = account is not None and (login is None or login.strip().casefold() == account.login.casefold())
    right = await directory.verify_password(account.id if account is not None and known else "", password)
    return Checked(right=right and known, proofs=(ProofKind.PASSWORD,), spend=lambda _tx: True)
