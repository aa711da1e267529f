"""Being vouched for, on the secure page: a code to read out, and somebody's word as one half of a proof (P-13).

The code is derived and never kept, asking sends nothing to anybody, and nothing it shows tells who exists (P-9).
"""

import asyncio
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers.decisions.vouching import CODE_DIGITS, POLICY_BROKEN, VouchingLimits, read_out
from handlers.exceptions.raising import Severity, named
from handlers.intents import PAGE
from handlers.recording import stranger
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.proving import is_mail_code, matching_recovery
from handlers.secure_page.suspicions import counted_as
from handlers.secure_page.using_codes import use_mail_code, use_recovery_code
from handlers.secure_page.visits import (
    PageGround,
    Person,
    Proven,
    Refused,
    Visitor,
    person_behind,
    session_hash,
)
from handlers.vouching import telling
from storage import proofs, vouchings
from storage.faults import DirectoryUnavailable
from storage.proofs import ProofKind
from storage.records import Handle, Vouching
from storage.secrets import Vault
from storage.states import Ended, Purpose

PURPOSES = frozenset({Purpose.RESET, Purpose.UNLOCK})
"""What somebody's word helps with. New proofs on the strength of it would undo P-5, so it helps with none."""

DAY = timedelta(days=1)
_KINDS = Kinds(action="proof.given", purposes=PURPOSES, second_factor=True)
_HALVES = (ProofKind.VOUCHED, ProofKind.MAIL_CODE)


@dataclass(frozen=True, kw_only=True)
class ShownCode:
    """What the browser that asked may see. code: in two groups. manager: whom to call, "" for the help desk and theirs.

    counts_from, counts_until: once somebody vouched, when that counts.
    """

    code: str
    until: datetime
    manager: str = ""
    counts_from: datetime | None = None
    counts_until: datetime | None = None


class BeingVouched:
    """Asks to be vouched for, shows the code, and takes the word that was given. Alike for everybody."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)

    def offered(self, purpose: Purpose) -> bool:
        """Whether there is such a way; the same for everybody."""
        return self._ground.vouching is not None and purpose in PURPOSES

    async def ask(self, visitor: Visitor) -> bool:
        """Keep that this browser shows a code from now on; False if the link is none, or no more.

        Somebody who cannot be vouched for gets a code as well, by which nobody can.
        """
        ground, limits = self._ground, self._ground.vouching
        handle = await ground.handle_of(visitor)
        person = await ground.person_of(handle)
        if (
            handle is None
            or limits is None
            or handle.purpose not in PURPOSES
            or ground.is_over_to(visitor, handle)
        ):
            return False
        why = person.unfit or ("" if ground.is_open(handle) else "link_over")
        decision = self._attempts.ask(person, handle, _HALVES)
        if not why and (decision is None or not decision.allowed):
            why = "policy"

        def work(tx: Session) -> None:
            self._attempts.broken(tx, handle, person, decision)
            self._ask(tx, handle, person, visitor, limits, why)

        await ground.database.write(work)
        return True

    async def shown(self, visitor: Visitor) -> ShownCode | None:
        """The code of this browser's asking; None if it has none that can be read out still."""
        ground = self._ground
        handle = await ground.handle_of(visitor)
        if handle is None or not visitor.form_cookie:
            return None
        row = await ground.database.read(
            lambda tx: vouchings.of_visit(tx, handle.id, session_hash(visitor.form_cookie))
        )
        if row is None or row.ended == Ended.CANCELLED or row.expires_at <= ground.now():
            return None
        stands = row.vouched_at is not None and row.ended_at is None
        return ShownCode(
            code=read_out(code_of(ground.vault, row.id)),
            until=row.expires_at,
            manager=await self._manager(handle),
            counts_from=row.counts_from if stands else None,
            counts_until=row.counts_until if stands else None,
        )

    async def cancel(self, visitor: Visitor) -> None:
        """Whoever asked, in this browser, needs it no more: neither the code nor the word counts from now on."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or not visitor.form_cookie:
            return

        def work(tx: Session) -> None:
            row = vouchings.of_visit(tx, handle.id, session_hash(visitor.form_cookie))
            if row is not None:
                telling.over(
                    tx, row.id, Ended.CANCELLED, at=self._ground.now(), where=PAGE,
                    actor=stranger(handle.slack_team, handle.slack_user),
                )  # fmt: skip

        await self._ground.database.write(work)

    async def give(self, visitor: Visitor, code: str) -> Proven | Refused:
        """The word that was given and a code of the person's own: from the mail, or a recovery code. Both, or neither.

        DirectoryUnavailable when it is not known whether the word still counts.
        """
        return await self._attempts.run(visitor, _KINDS, lambda person: self._check(person, code))

    def _ask(
        self, tx: Session, handle: Handle, person: Person, visitor: Visitor, limits: VouchingLimits, why: str
    ) -> None:
        at, counted = self._ground.now(), f"{handle.directory}:{counted_as(handle)}"
        often = vouchings.asked_since(tx, counted, at - DAY) >= limits.asked_a_day
        why = "too_often" if often else why
        row = vouchings.ask(
            tx, handle=handle.id, directory=handle.directory, account=handle.account, counted=counted,
            browser=session_hash(visitor.form_cookie), idle=why, at=at, expires_at=at + limits.code_life,
        )  # fmt: skip
        telling.note(
            tx, row, "vouching.asked", "refused" if why else "done", at=at, where=PAGE,
            actor=stranger(handle.slack_team, handle.slack_user),
            facts={"purpose": handle.purpose, "why": why, "door": bool(handle.door)},
        )  # fmt: skip
        if often and person.account is not None:
            who = named(person.account.name, person.account.login)
            telling.alarm(tx, row, "flood", at=at, who=who, severity=Severity.MEDIUM)

    async def _manager(self, handle: Handle) -> str:
        """Whom to call, by name: only in a visit that its person opened in Slack, where they can ask for it as well.

        At the front door a name would tell whoever types a login that it is somebody's, and whose report they are.
        """
        if handle.door or not handle.account:
            return ""
        try:
            directory = self._ground.directory(handle.directory)
            account = await directory.account(handle.account)
            if account is None or account.manager is None:
                return ""
            manager = await directory.account(account.manager)
        except DirectoryUnavailable:
            return ""
        return manager.name if manager is not None and manager.active else ""

    async def _check(self, person: Person, code: str) -> Checked:
        handle, account, ground = person.handle, person.account, self._ground
        is_mailed = len(code) == CODE_DIGITS
        given = (ProofKind.VOUCHED, ProofKind.MAIL_CODE if is_mailed else ProofKind.RECOVERY_CODE)
        own = await self._own_code(person, code, is_mailed=is_mailed)
        row = None
        if handle is not None and account is not None:
            row = await ground.database.read(
                lambda tx: vouchings.standing_of(tx, handle.directory, account.id, ground.now())
            )
        why = _why_not(row, ground.now())
        if own is None or row is None or why or handle is None or account is None:
            # Guesses at a code count as such for everybody; what is not vouched for is no guess.
            return Checked(right=False, why=why or "wrong", proofs=given, spend=lambda _tx: False)
        if objection := await ground.objection(row, account):
            if objection != POLICY_BROKEN:
                await self._void(row, objection, named(account.name, account.login))
            return Checked(right=False, why=objection, proofs=given, spend=lambda _tx: False)

        def spend(tx: Session) -> bool:
            return self._spend(tx, handle, row, own, is_mailed=is_mailed)

        return Checked(right=True, proofs=given, spend=spend)

    async def _own_code(self, person: Person, code: str, *, is_mailed: bool) -> str | None:
        """The id of the person's own code that this is."""
        handle, account, ground = person.handle, person.account, self._ground
        known = handle is not None and account is not None
        if is_mailed:
            sent = (
                await ground.database.read(lambda tx: proofs.mail_codes(tx, handle.id, ground.now()))
                if handle is not None and known
                else ()
            )
            return next((each.id for each in sent if is_mail_code(ground.vault, each.id, code)), None)
        kept = (
            await ground.database.read(lambda tx: proofs.recovery_codes(tx, handle.directory, account.id))
            if handle is not None and account is not None
            else ()
        )
        hashed = [(one.id, one.secret) for one in kept]
        return await asyncio.to_thread(matching_recovery, ground.code_hash, code, hashed)

    def _spend(self, tx: Session, handle: Handle, row: Vouching, own: str, *, is_mailed: bool) -> bool:
        at = self._ground.now()
        use = use_mail_code if is_mailed else use_recovery_code
        if not use(tx, handle, own, at) or not vouchings.use(tx, row.id, handle.id, at):
            return False
        used = vouchings.by_id(tx, row.id)
        if used is not None:
            telling.note(
                tx, used, "vouching.used", "done", at=at, actor=person_behind(handle), where=PAGE,
                facts={"visit": handle.id, "voucher": used.voucher},
            )  # fmt: skip
            telling.show(tx, used, at)
        return True

    async def _void(self, row: Vouching, objection: str, who: str) -> None:
        def work(tx: Session) -> None:
            at = self._ground.now()
            if telling.over(
                tx, row.id, Ended.VOID, at=at, actor=stranger("", ""), where=PAGE,
                facts={"objection": objection, "voucher": row.voucher},
            ):  # fmt: skip
                telling.alarm(
                    tx, row, "lost", at=at, who=who, severity=Severity.MEDIUM,
                    facts={"voucher": row.voucher_name},
                )  # fmt: skip

        await self._ground.database.write(work)


async def still_counts(ground: PageGround, handle: Handle, person: Person) -> bool:
    """Whether what the visit was proven by still counts, where somebody's word was part of it: asked once more."""
    if ProofKind.VOUCHED not in handle.proven:
        return True
    row = await ground.database.read(lambda tx: vouchings.used_in(tx, handle.id))
    if row is None or person.account is None:
        return False
    account = person.account
    objection = await ground.objection(row, account)

    def refuse(tx: Session) -> None:
        at = ground.now()
        telling.note(
            tx, row, "vouching.used", "refused", at=at, actor=person_behind(handle), where=PAGE,
            facts={"why": objection},
        )  # fmt: skip
        if objection != POLICY_BROKEN:  # that is told as what it is
            telling.alarm(
                tx, row, "lost", at=at, who=named(account.name, account.login), severity=Severity.MEDIUM,
                facts={"voucher": row.voucher_name},
            )  # fmt: skip

    if objection:
        await ground.database.write(refuse)
    return not objection


def code_of(vault: Vault, vouching: str) -> str:
    """The code of an asking: computed when it is shown, never kept."""
    return _digits(vault.derive("vouch-code", vouching))


def is_code_of(vault: Vault, vouching: str, code: str) -> bool:
    """Whether this is the code that was shown, with whatever key."""
    ours = [_digits(each) for each in vault.derive_all("vouch-code", vouching)]
    return any(hmac.compare_digest(code.encode("ascii", "replace"), one.encode("ascii")) for one in ours)


def _digits(derived: bytes) -> str:
    return f"{int.from_bytes(derived, 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def _why_not(row: Vouching | None, at: datetime) -> str:
    if row is None or row.counts_from is None:
        return "not_vouched"
    return "cooling" if row.counts_from > at else ""
