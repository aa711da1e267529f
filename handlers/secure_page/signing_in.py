"""Proving who one is by signing in at the company's provider just now (P-1): begun for one visit and one browser.

It believes nothing that comes back by the browser, and keeps neither code nor token.
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from handlers.intents import PAGE, Where
from handlers.people.linking import Linking
from handlers.recording import OPERATOR, record, stranger
from handlers.secure_page.attempts import Attempts, Checked, Kinds
from handlers.secure_page.looking import Step
from handlers.secure_page.visits import PageGround, Person, Proven, Refused, Visitor, session_hash
from storage import sign_ins
from storage.audit import entry as audit
from storage.directories.base import Account
from storage.faults import ProviderUnavailable
from storage.oidc.client import Client
from storage.oidc.tokens import SignedIn, Unbelieved
from storage.proofs import ProofKind
from storage.records import Handle, SignIn
from storage.states import Purpose

LIFE = timedelta(minutes=5)
# For one visit: whoever needs more has something else to mend.
MOST = 10
_STATE = re.compile(r"(s-[0-9a-z]{9}-[0-9a-z]{8})\.([A-Za-z0-9_-]{43})")

# A right one buys no guesses at codes: where a weak `acr` is asked for, it is worth no more than a password.
_PROOF = Kinds(
    action="proof.given",
    purposes=frozenset(
        {Purpose.RESET, Purpose.UNLOCK, Purpose.ENROL, Purpose.CARE, Purpose.STEP_UP, Purpose.REGAIN}
    ),
    second_factor=False,
)
_LINK = Kinds(action="link.proven", purposes=frozenset({Purpose.LINK}), second_factor=False)
_STEPS: Mapping[Purpose, Step] = {
    Purpose.RESET: Step.PROVE,
    Purpose.UNLOCK: Step.PROVE,
    Purpose.ENROL: Step.SIGN_IN,
    Purpose.CARE: Step.SIGN_IN,
    Purpose.LINK: Step.LINK,
    Purpose.REGAIN: Step.REGAIN,
    Purpose.STEP_UP: Step.PROVE,
}
# Where the directory's password, which the provider may ask for and nothing else, is not enough.
_NEEDS_APART = frozenset({Purpose.RESET, Purpose.STEP_UP})


@dataclass(frozen=True, kw_only=True)
class Back:
    """What a browser brought back from the provider, unchecked. issuer: RFC 9207's `iss`, "" if none."""

    state: str
    code: str = ""
    issuer: str = ""
    error: str = ""


class SignIns:
    """Sends people to the provider and judges what they bring back."""

    def __init__(self, ground: PageGround, linking: Linking) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)
        self._linking = linking

    def offered(self, purpose: Purpose, step: Step) -> str:
        """What the provider is called where signing in there may help, "" where not; the same for everybody (P-9)."""
        provider = self._ground.provider
        if provider is None or _STEPS.get(purpose) != step:
            return ""
        if purpose in _NEEDS_APART and not provider.client.apart:
            return ""
        return provider.client.name

    async def begin(self, visitor: Visitor, browser: str) -> str | None:
        """Where to send the browser; None if nothing can come of it. browser: its new cookie.

        ProviderUnavailable when the provider cannot be asked.
        """
        handle = await self._ground.handle_of(visitor)
        provider = self._ground.provider
        if provider is None or handle is None:
            return None
        offered = self.offered(Purpose(handle.purpose), _STEPS[Purpose(handle.purpose)])
        why = "" if offered else "not_offered"
        if not why and self._ground.is_over_to(visitor, handle):
            why = "link_over"
        begun = await self._ground.database.write(lambda tx: self._begin(tx, handle, browser, why))
        if begun is None:
            return None
        return await provider.address(
            state=f"{begun}.{self._derived('state', begun)}",
            nonce=self._derived("nonce", begun),
            verifier=self._derived("verifier", begun),
        )

    async def link_of(self, state: str, browser: str) -> str | None:
        """The text of the link whose visit this state is of, to the browser that began it; None to any other."""
        sign_in = self._sign_in_in(state)
        if sign_in is None:
            return None
        row = await self._ground.database.read(lambda tx: sign_ins.by_id(tx, sign_in))
        if row is None or self._unfit(row, browser):
            return None
        return self._ground.handles.handle_text(row.handle)

    async def finish(self, visitor: Visitor, back: Back) -> Proven | Refused:
        """Take what came back, once, and prove by it who signed in. ProviderUnavailable when it cannot be asked."""
        handle, provider = await self._ground.handle_of(visitor), self._ground.provider
        if handle is None or provider is None:
            return Refused()
        taken = await self._take(handle, visitor, back)
        if not isinstance(taken, SignIn):
            return Refused()
        try:
            found = await provider.redeem(
                code=back.code,
                issuer=back.issuer,
                verifier=self._derived("verifier", taken.id),
                nonce=self._derived("nonce", taken.id),
                begun_at=taken.created_at,
            )
        except ProviderUnavailable:
            await self._ground.database.write(
                lambda tx: self._record(tx, handle, "sign_in.returned", "failed", "provider_silent")
            )
            raise
        return await self._prove(visitor, handle, provider.client, found)

    async def _prove(
        self, visitor: Visitor, handle: Handle, client: Client, found: SignedIn | Unbelieved
    ) -> Proven | Refused:
        proofs = (ProofKind.SIGN_IN, *([ProofKind.SIGN_IN_APART] if client.apart else []))

        async def check(person: Person) -> Checked:
            why = "other_person" if isinstance(found, SignedIn) else found.why
            right = isinstance(found, SignedIn) and is_theirs(client, found, person.account)
            return Checked(right=right, why=why, proofs=proofs, spend=lambda _tx: True)

        def accept(tx: Session, handle: Handle, person: Person) -> str:
            if not isinstance(found, SignedIn) or person.account is None:
                return "unknown"
            pinned = sign_ins.pin(
                tx, issuer=found.issuer, sub=found.sub, directory=handle.directory,
                account=person.account.id, at=self._ground.now(),
            )  # fmt: skip
            if not pinned:
                return "other_subject"
            return self._linking.accept(tx, handle, person) if handle.purpose == Purpose.LINK else ""

        kinds = _LINK if handle.purpose == Purpose.LINK else _PROOF
        return await self._attempts.run(visitor, kinds, check, accept)

    def _begin(self, tx: Session, handle: Handle, browser: str, why: str) -> str | None:
        at = self._ground.now()
        if not why and sign_ins.begun_for(tx, handle.id) >= MOST:
            why = "too_many"
        if why:
            self._record(tx, handle, "sign_in.begun", "refused", why)
            return None
        row = sign_ins.begin(tx, handle=handle.id, browser=session_hash(browser), at=at, expires_at=at + LIFE)
        self._record(tx, handle, "sign_in.begun", "done", "")
        return row.id

    async def _take(self, handle: Handle, visitor: Visitor, back: Back) -> SignIn | None:
        sign_in = self._sign_in_in(back.state)

        def work(tx: Session) -> SignIn | None:
            row = sign_ins.by_id(tx, sign_in) if sign_in is not None else None
            why = "other_state" if row is None or row.handle != handle.id else ""
            if row is not None and not why:
                why = self._unfit(row, visitor.browser)
            if row is not None and not why and not sign_ins.take(tx, row.id, self._ground.now()):
                why = "used_before"
            why = why or ("provider_refused" if back.error or not back.code else "")
            if why:
                self._record(tx, handle, "sign_in.returned", "refused", why)
            return None if why else row

        return await self._ground.database.write(work)

    def _unfit(self, row: SignIn, browser: str) -> str:
        if not browser or not hmac.compare_digest(row.browser, session_hash(browser)):
            return "other_browser"
        if row.used_at is not None:
            return "used_before"
        return "late" if row.expires_at <= self._ground.now() else ""

    def _sign_in_in(self, state: str) -> str | None:
        """The id in a state, if we made it; None for anything else."""
        parts = _STATE.fullmatch(state)
        if parts is None:
            return None
        sign_in, given = parts.groups()
        derived = self._ground.vault.derive_all("sign-in-state", sign_in)
        return sign_in if any(hmac.compare_digest(given, _readable(each)) for each in derived) else None

    def _derived(self, what: str, sign_in: str) -> str:
        return _readable(self._ground.vault.derive(f"sign-in-{what}", sign_in))

    def _record(self, tx: Session, handle: Handle, action: str, outcome: str, why: str) -> None:
        record(
            tx,
            at=self._ground.now(),
            action=action,
            outcome=outcome,
            actor=stranger(handle.slack_team, handle.slack_user),
            where=PAGE,
            correlation=handle.id,
            subject=handle.account or None,
            facts={"purpose": handle.purpose, "why": why},
        )


def forget_subject(
    tx: Session, *, at: datetime, directory: str, account: str, where: Where, by: audit.Actor = OPERATOR
) -> bool:
    """Let the provider know this person as somebody new from now on. False if it knew them as nobody."""
    forgotten = sign_ins.forget(tx, directory=directory, account=account) > 0
    if forgotten:
        record(
            tx,
            at=at,
            action="sign_in.forgotten",
            outcome="done",
            actor=by,
            where=where,
            correlation=f"{directory}.{account}",
            subject=account,
        )
    return forgotten


def is_theirs(client: Client, found: SignedIn, account: Account | None) -> bool:
    """Whether the claim that was agreed on equals this account's field, letter by letter; an empty one fits nobody."""
    claim = found.claims.get(client.claim)
    if account is None or not isinstance(claim, str) or not claim:
        return False
    if client.claim == "email" and found.claims.get("email_verified") is not True:
        return False
    theirs = str(getattr(account, client.matches))
    return hmac.compare_digest(claim.encode("utf-8", "replace"), theirs.encode("utf-8", "replace"))


def _readable(derived: bytes) -> str:
    return base64.urlsafe_b64encode(derived).decode("ascii").rstrip("=")
