"""Showing a passkey on the secure page: a challenge for this link and this browser, and what was answered to it.

A challenge is taken by its first answer, right or wrong; a passkey whose count goes back proves nothing any more.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlmodel import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from handlers.decisions.passkey_names import shown_name
from handlers.exceptions.raising import Kind, Severity, Strange, named, tell_security
from handlers.recording import WICKET, Fact
from handlers.secure_page import breaker
from handlers.secure_page.attempts import Attempts, Checked
from handlers.secure_page.ceremonies import (
    Answered,
    RelyingParty,
    Shown,
    has_gone_back,
    make_options,
    read_made,
    read_shown,
    show_options,
    verify_made,
    verify_shown,
)
from handlers.secure_page.proof_news import proofs_changed
from handlers.secure_page.proving import SECOND_FACTOR
from handlers.secure_page.visits import PageGround, Person, Proven, Refused, Visitor, session_hash
from storage.directories.base import Account
from storage.passkeys import (
    Ceremony,
    NewPasskey,
    new_challenge,
    stop_passkey,
    take_challenge,
    use_passkey,
    working_passkeys,
)
from storage.proofs import ProofKind
from storage.records import Handle, Passkey
from storage.states import Changed, Purpose

CHALLENGE_LIFE = timedelta(minutes=5)
# As many as a person may begin and give up in one visit; a link that is asked for more is being played with.
MOST_CHALLENGES = 20
_CHALLENGE_BYTES = 32
_NOT_RIGHT = Checked(right=False, proofs=(ProofKind.PASSKEY,), spend=lambda _tx: False)


class Challenges:
    """Makes challenges and takes their answers. party: None where browsers have no passkeys."""

    def __init__(self, ground: PageGround, party: RelyingParty | None) -> None:
        self._ground = ground
        self.party = party

    async def make(
        self, visitor: Visitor, handle: Handle, kind: Ceremony, user_handle: bytes = b""
    ) -> bytes | None:
        """A challenge for this visit; None if there are too many that nobody answered, or the browser has no cookie."""
        if not visitor.form_cookie:
            return None
        value, at = secrets.token_bytes(_CHALLENGE_BYTES), self._ground.now()
        kept = await self._ground.database.write(
            lambda tx: new_challenge(
                tx,
                handle=handle.id,
                kind=kind,
                browser=session_hash(visitor.form_cookie),
                value=bytes_to_base64url(value),
                user_handle=bytes_to_base64url(user_handle),
                at=at,
                expires_at=at + CHALLENGE_LIFE,
                most=MOST_CHALLENGES,
            )
        )
        return value if kept else None

    async def take(self, visitor: Visitor, handle: Handle, kind: Ceremony, answered: Answered) -> str | None:
        """The user handle that goes with the challenge that was answered; None if it is not one to answer."""
        return await self._ground.database.write(
            lambda tx: take_challenge(
                tx,
                handle=handle.id,
                kind=kind,
                browser=session_hash(visitor.form_cookie),
                value=answered.challenge,
                at=self._ground.now(),
            )
        )

    async def ask_new(
        self, visitor: Visitor, handle: Handle, account: Account, known: Sequence[Passkey]
    ) -> dict[str, Any] | None:
        """What the browser needs to make a passkey beside those that are known; None if there can be none, or not now.

        A device that made one which is kept nowhere would offer it for ever.
        """
        if self.party is None:
            return None
        if await self._ground.database.read(lambda tx: breaker.stops(tx, handle)) is not None:
            return None
        user_handle = user_handle_of(known)
        challenge = await self.make(visitor, handle, Ceremony.MAKE, user_handle)
        if challenge is None:
            return None
        return make_options(
            self.party,
            challenge=challenge,
            user_handle=user_handle,
            login=account.login,
            name=account.name,
            known=known,
            seconds=int(CHALLENGE_LIFE.total_seconds()),
        )

    async def new_of(self, visitor: Visitor, handle: Handle, text: str, typed: str) -> NewPasskey | None:
        """The passkey that the browser says it made, if that is right. typed: a name for it, "" to be given one."""
        made = read_made(text)
        if self.party is None or made is None:
            return None
        user_handle = await self.take(visitor, handle, Ceremony.MAKE, made)
        if user_handle is None:
            return None
        return verify_made(self.party, made, user_handle=user_handle, name=shown_name(typed))


class Passkeys:
    """Passkeys as proofs."""

    def __init__(self, ground: PageGround, party: RelyingParty | None) -> None:
        self._ground = ground
        self._attempts = Attempts(ground)
        self.challenges = Challenges(ground, party)

    async def are_offered(self, handle: Handle) -> bool:
        """Whether this visit's person has a passkey to show: nobody comes by a link from Slack but its person.

        At the front door anybody may have typed the login, so that everybody is offered it alike (P-9).
        """
        return self.challenges.party is not None and bool(handle.door or await self._working(handle))

    async def ask(self, visitor: Visitor) -> dict[str, Any] | None:
        """What the browser needs to show a passkey; None if there is none to show, or not in this visit."""
        handle, party = await self._ground.handle_of(visitor), self.challenges.party
        if handle is None or party is None or not self._may_show(visitor, handle):
            return None
        known = [] if handle.door else await self._working(handle)
        if not known and not handle.door:
            return None
        challenge = await self.challenges.make(visitor, handle, Ceremony.SHOW)
        if challenge is None:
            return None
        return show_options(
            party, challenge=challenge, known=known, seconds=int(CHALLENGE_LIFE.total_seconds())
        )

    async def show(self, visitor: Visitor, text: str) -> Proven | Refused:
        """What the browser answered. It counts like any other proof."""
        return await self._attempts.run(
            visitor, SECOND_FACTOR, lambda person: self._check(visitor, person, text)
        )

    def _may_show(self, visitor: Visitor, handle: Handle) -> bool:
        after_password = Purpose(handle.purpose) in SECOND_FACTOR.keeps
        return (
            handle.purpose in SECOND_FACTOR.purposes
            and not self._ground.is_over_to(visitor, handle)
            and (not after_password or visitor.gave_proofs_for(handle))
        )

    async def _working(self, handle: Handle) -> list[Passkey]:
        return await self._ground.database.read(
            lambda tx: list(working_passkeys(tx, handle.directory, handle.account))
        )

    async def _check(self, visitor: Visitor, person: Person, text: str) -> Checked:
        answered, handle, account = read_shown(text), person.handle, person.account
        party = self.challenges.party
        if answered is None or handle is None or party is None:
            return _NOT_RIGHT
        if await self.challenges.take(visitor, handle, Ceremony.SHOW, answered) is None or account is None:
            return _NOT_RIGHT
        theirs = await self._working(handle)
        passkey = next((one for one in theirs if one.credential == answered.credential), None)
        shown = verify_shown(party, answered, passkey) if passkey is not None else None
        if passkey is None or shown is None:
            return _NOT_RIGHT
        if has_gone_back(passkey, shown):
            await self._ground.database.write(lambda tx: self._stop(tx, handle, account, passkey, shown))
            return _NOT_RIGHT
        return Checked(
            right=True,
            proofs=(ProofKind.PASSKEY,),
            spend=lambda tx: use_passkey(
                tx, passkey.id, sign_count=shown.sign_count, backed_up=shown.backed_up, at=self._ground.now()
            ),
        )

    def _stop(self, tx: Session, handle: Handle, account: Account, passkey: Passkey, shown: Shown) -> None:
        """Somebody holds a copy of its key: nobody can say which of the two is the person's."""
        at = self._ground.now()
        if not stop_passkey(tx, passkey.id, at):
            return
        counts: dict[str, Fact] = {
            "passkey": passkey.id,
            "count_before": passkey.sign_count,
            "count_shown": shown.sign_count,
        }
        proofs_changed(tx, handle, Changed.PASSKEY_STOPPED, at=at, name=passkey.name, facts=counts, by=WICKET)
        strange = Strange(
            kind=Kind.CLONED_PASSKEY,
            severity=Severity.HIGH,
            who=named(account.name, account.login),
            cause=f"{handle.directory}:{passkey.id}",
            correlation=handle.id,
            facts={"directory": handle.directory, "account": handle.account, **counts},
        )
        tell_security(tx, at, strange)


def user_handle_of(known: Sequence[Passkey]) -> bytes:
    """What authenticators know this person by: random, and the same for all passkeys of one person (section 14.6.1)."""
    return base64url_to_bytes(known[0].user_handle) if known else secrets.token_bytes(_CHALLENGE_BYTES)
