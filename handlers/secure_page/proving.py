"""Proving who one is by an authenticator, or by a recovery code together with a code sent by mail.

No code is kept in clear, none works twice, and a wrong one is never explained.
"""

import asyncio
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

import pyotp
from sqlmodel import Session

from handlers.exceptions.raising import Kind
from handlers.intents import PAGE, Where
from handlers.recording import OPERATOR, record, stranger
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.using_codes import use_mail_code, use_recovery_code
from handlers.secure_page.visits import PageGround, Person, Proven, Refused, Visitor
from storage import failures, proofs
from storage.audit import entry as audit
from storage.outbox import ALERT, owe
from storage.proofs import ProofKind
from storage.records import MailCode
from storage.secrets import CodeHash, Vault, new_salt, salt_of
from storage.states import Purpose

MAIL_DIGITS = 8
RECOVERY_LENGTH = 13
# Given together; neither proves anything alone.
RECOVERY = (ProofKind.RECOVERY_CODE, ProofKind.MAIL_CODE)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_MISREAD = str.maketrans("oil", "011")

_PURPOSES = frozenset({Purpose.RESET, Purpose.UNLOCK, Purpose.ENROL, Purpose.CARE, Purpose.STEP_UP})
SECOND_FACTOR = Kinds(
    action="proof.given",
    purposes=_PURPOSES,
    second_factor=True,
    keeps=frozenset({Purpose.ENROL, Purpose.CARE}),
)

# Checked when there is nothing to check, so that it takes as long (P-9).
_NOBODYS_SEED = pyotp.random_base32()
_NOBODYS_SALT = new_salt()


class Proving:
    """The proofs of the secure page. Every method answers alike for known, unknown and ineligible people."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)

    async def give_totp(self, visitor: Visitor, code: str) -> Proven | Refused:
        """A code of the person's authenticator, of this half minute or its neighbours, each once."""
        return await self._attempts.run(visitor, SECOND_FACTOR, lambda person: self._check_totp(person, code))

    async def give_recovery(self, visitor: Visitor, recovery_code: str, mail_code: str) -> Proven | Refused:
        """A recovery code and a code sent by mail. Neither is spent unless both are right."""
        return await self._attempts.run(
            visitor, SECOND_FACTOR, lambda person: self._check_recovery(person, recovery_code, mail_code)
        )

    async def send_mail_code(self, visitor: Visitor) -> None:
        """Send a code to the address that the directory holds, if somebody could use it; the answer never tells."""
        ground = self._ground
        handle = await ground.handle_of(visitor)
        person = await ground.person_of(handle)
        if handle is None:
            return
        decision = self._attempts.ask(person, handle, RECOVERY)
        allowed = not person.unfit and ground.is_open(handle) and (decision is None or decision.allowed)

        def work(tx: Session) -> None:
            at = ground.now()
            sent = allowed and not self._sent_enough(tx, handle.directory, handle.account)
            self._attempts.broken(tx, handle, person, decision)
            if sent:
                code = proofs.new_mail_code(
                    tx, handle=handle.id, at=at, expires_at=at + ground.limits.mail_code_life
                )
                owe(
                    tx,
                    at=at,
                    courier="mail",
                    kind="mail-code",
                    subject=code.id,
                    recipient=handle.account,
                    urgency=ALERT,
                )
            record(
                tx,
                at=at,
                action="mail_code.sent",
                outcome="done" if sent else "refused",
                actor=stranger(handle.slack_team, handle.slack_user),
                where=PAGE,
                correlation=handle.id,
                subject=handle.account or None,
                decision=decision if decision is not None and decision.errors else None,
                facts={"purpose": handle.purpose, "why": person.unfit},
            )

        await ground.database.write(work)

    def _sent_enough(self, tx: Session, directory: str, account: str) -> bool:
        ground, limits = self._ground, self._ground.limits
        at = ground.now()
        if failures.is_locked(
            tx, directory=directory, account=account, at=at, lock=limits.lock, most=limits.most_wrong
        ):
            return True
        sent = proofs.mail_codes_since(tx, directory, account, at - limits.mail_code_life * 6)
        return sent >= limits.mail_codes_an_hour

    async def _check_totp(self, person: Person, code: str) -> Checked:
        handle, account = person.handle, person.account
        seed = None
        if handle is not None and account is not None:
            seed = await self._ground.database.read(
                lambda tx: proofs.seed_of(tx, handle.directory, account.id)
            )
        key = self._ground.vault.open(seed.secret) if seed else _NOBODYS_SEED
        step = matching_step(key, code, self._ground)
        if seed is None or step is None:
            return Checked(right=False, proofs=(ProofKind.TOTP,), spend=lambda _tx: False)
        return Checked(
            right=True,
            proofs=(ProofKind.TOTP,),
            spend=lambda tx: proofs.use_step(tx, seed.id, step, self._ground.now()),
        )

    async def _check_recovery(self, person: Person, recovery_code: str, mail_code: str) -> Checked:
        handle, account = person.handle, person.account
        kept: Sequence[tuple[str, str]] = ()
        sent: Sequence[MailCode] = ()
        if handle is not None and account is not None:
            rows = await self._ground.database.read(
                lambda tx: proofs.recovery_codes(tx, handle.directory, account.id)
            )
            sent = await self._ground.database.read(
                lambda tx: proofs.mail_codes(tx, handle.id, self._ground.now())
            )
            kept = [(row.id, row.secret) for row in rows]
        recovery = await asyncio.to_thread(matching_recovery, self._ground.code_hash, recovery_code, kept)
        mailed = next(
            (each.id for each in sent if is_mail_code(self._ground.vault, each.id, mail_code)), None
        )
        if handle is None or recovery is None or mailed is None:
            return Checked(right=False, proofs=RECOVERY, spend=lambda _tx: False)
        at = self._ground.now()

        def spend(tx: Session) -> bool:
            return use_recovery_code(tx, handle, recovery, at) and use_mail_code(tx, handle, mailed, at)

        return Checked(right=True, proofs=RECOVERY, spend=spend)


def lift_lock(
    tx: Session, *, at: datetime, directory: str, account: str, where: Where, by: audit.Actor = OPERATOR
) -> bool:
    """Let a person try again before the lock ends by itself. False if there was nothing to lift."""
    lifted = failures.clear(tx, directory=directory, account=account)
    if lifted:
        record(
            tx,
            at=at,
            action="proofs.unlocked",
            outcome="done",
            actor=by,
            where=where,
            correlation=f"{directory}.{account}",
            subject=account,
            facts={"kind": Kind.PAGE_LOCKOUT},
        )
    return lifted


def matching_step(seed: str, code: str, ground: PageGround) -> int | None:
    """The time step that this code belongs to, if it is the present one or a neighbour; the latest if several."""
    totp = pyotp.TOTP(seed)
    present = totp.timecode(ground.now())
    found = [step for step in range(present - 1, present + 2) if _same(code, totp.generate_otp(step))]
    return found[-1] if found else None


def mail_code(vault: Vault, code_id: str) -> str:
    """The digits of a code sent by mail: computed when it is sent and when it is checked, never kept."""
    return _digits(vault.derive("mail-code", code_id))


def is_mail_code(vault: Vault, code_id: str, given: str) -> bool:
    """Whether this is the code that was sent, with whatever key."""
    return any(_same(given, _digits(each)) for each in vault.derive_all("mail-code", code_id))


def new_recovery_code(random: Sequence[int]) -> str:
    """A recovery code of 65 bits, in three groups, from 13 random numbers below 32."""
    text = "".join(_ALPHABET[number] for number in random)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def plain_recovery_code(typed: str) -> str:
    """A recovery code as it is hashed: lower case, without spaces and hyphens, and misread letters mended."""
    return re.sub(r"[\s-]+", "", typed.casefold()).translate(_MISREAD)


def matching_recovery(made: CodeHash, typed: str, kept: Sequence[tuple[str, str]]) -> str | None:
    """The id of the recovery code that was typed. All codes of one person share a salt, so this hashes once."""
    plain = plain_recovery_code(typed)
    salts = {salt_of(hashed) for _, hashed in kept} or {_NOBODYS_SALT}
    hashes = [made.of(plain, salt) for salt in salts]
    return next((id_ for id_, hashed in kept for ours in hashes if _same(hashed, ours)), None)


def _digits(derived: bytes) -> str:
    return f"{int.from_bytes(derived, 'big') % 10**MAIL_DIGITS:0{MAIL_DIGITS}}"


def _same(one: str, other: str) -> bool:
    """Compared in constant time, and no text makes it fail."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
