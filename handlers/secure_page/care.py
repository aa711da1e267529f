"""Looking after one's proofs: who may in this visit, and what they rename or remove.

The last proof that works is never removed (P-5), and every change is told.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlmodel import Session

from handlers.decisions.passkey_names import shown_name
from handlers.recording import Fact
from handlers.secure_page.attempts import Attempts
from handlers.secure_page.owned import owned_by
from handlers.secure_page.proof_news import proofs_changed
from handlers.secure_page.proving import SECOND_FACTOR
from handlers.secure_page.visits import Done, NotYet, Over, PageGround, Visitor
from storage import passkeys, proofs
from storage.directories.base import Account
from storage.handles import in_same_browser
from storage.proofs import BEYOND_PASSWORD, ProofKind
from storage.records import Handle, Passkey
from storage.states import Changed, Purpose

LAST_ONE = (
    "This is the last proof that you have, so it stays. Add another one first: "
    "without any you could not help yourself here."
)
NEED_NAME = "Type a name, so that you know it again."
GONE = "That is not among your proofs any more. Nothing was changed."

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A visit in which the password was given, and a proof where there are any; its person as the directory says."""

    handle: Handle
    account: Account


class Entry:
    """Says who has entered; asked at each look and once more in the transaction of each change."""

    def __init__(self, ground: PageGround) -> None:
        self._ground, self._attempts = ground, Attempts(ground)

    async def entered(self, visitor: Visitor) -> Entered | None:
        """The visit and its person, if this browser came so far and the person may still go on."""
        handle = await self._ground.handle_of(visitor)
        if handle is None or not visitor.gave_proofs_for(handle):
            return None
        if not await self._ground.database.read(lambda tx: self._stands(tx, handle)):
            return None
        person = await self._ground.person_of(handle)
        if person.unfit or person.account is None:
            await self._attempts.turn_away(handle, person, SECOND_FACTOR.action, person.unfit)
            return None
        return Entered(handle=handle, account=person.account)

    async def change(self, entered: Entered, work: Callable[[Session, Handle], T]) -> T | Over:
        """One change in one transaction, if the visit still stands in it: another may have set up proofs meanwhile."""

        def checked(tx: Session) -> T | Over:
            handle = in_same_browser(tx, entered.handle)
            if handle is None or not self._stands(tx, handle):
                return Over()
            return work(tx, handle)

        return await self._ground.database.write(checked)

    async def add(self, entered: Entered, work: Callable[[Session, Handle], T]) -> T | NotYet | Over:
        """The same for one more way to prove who one is (Attempts.kept_from_adding).

        What is only removed or renamed waits for nothing.
        """

        def unless_stopped(tx: Session, handle: Handle) -> T | NotYet:
            return self._attempts.kept_from_adding(tx, handle, SECOND_FACTOR.action) or work(tx, handle)

        return await self.change(entered, unless_stopped)

    def _stands(self, tx: Session, handle: Handle) -> bool:
        shown = set(handle.proven)
        return (
            handle.purpose == Purpose.CARE
            and self._ground.is_open(handle)
            and bool(shown & {ProofKind.PASSWORD, ProofKind.SIGN_IN})
            and (bool(shown & BEYOND_PASSWORD) or not proofs.has_proofs(tx, handle.directory, handle.account))
        )


class Care:
    """Renames and removes. NotYet says why not, in a sentence for the person; Over, that the visit is over."""

    def __init__(self, ground: PageGround) -> None:
        self._ground = ground
        self._entry = Entry(ground)

    async def rename(self, visitor: Visitor, passkey_id: str, typed: str) -> Done | NotYet | Over:
        """Call a passkey something else."""
        entered, name = await self._entry.entered(visitor), shown_name(typed)
        if entered is None:
            return Over()
        if not name:
            return NotYet(reason=NEED_NAME)

        def work(tx: Session, handle: Handle) -> Done | NotYet:
            passkey = _own(tx, handle, passkey_id)
            if passkey is None:
                return NotYet(reason=GONE)
            if passkey.name != name:
                passkeys.rename_passkey(tx, passkey, name)
                self._told(tx, handle, Changed.PASSKEY_RENAMED, passkey)
            return Done()

        return await self._entry.change(entered, work)

    async def remove_passkey(self, visitor: Visitor, passkey_id: str) -> Done | NotYet | Over:
        """Remove a passkey, unless it is the last proof that works."""
        entered = await self._entry.entered(visitor)
        if entered is None:
            return Over()

        def work(tx: Session, handle: Handle) -> Done | NotYet:
            passkey = _own(tx, handle, passkey_id)
            if passkey is None:
                return NotYet(reason=GONE)
            owned = owned_by(tx, handle.directory, handle.account)
            if not any(one.removable for one in owned.passkeys if one.id == passkey_id):
                return NotYet(reason=LAST_ONE)
            self._told(tx, handle, Changed.PASSKEY_REMOVED, passkey)
            passkeys.remove_passkey(tx, passkey)
            return Done()

        return await self._entry.change(entered, work)

    async def remove_authenticator(self, visitor: Visitor) -> Done | NotYet | Over:
        """Remove the authenticator, unless it is the last proof that works."""
        entered = await self._entry.entered(visitor)
        if entered is None:
            return Over()

        def work(tx: Session, handle: Handle) -> Done | NotYet:
            authenticator = owned_by(tx, handle.directory, handle.account).authenticator
            if authenticator is None:
                return NotYet(reason=GONE)
            if not authenticator.removable:
                return NotYet(reason=LAST_ONE)
            facts: dict[str, Fact] = {"ended": proofs.seeds_of(tx, handle.directory, handle.account)}
            proofs.remove_seed(tx, handle.directory, handle.account)
            proofs_changed(tx, handle, Changed.AUTHENTICATOR_REMOVED, at=self._ground.now(), facts=facts)
            return Done()

        return await self._entry.change(entered, work)

    def _told(self, tx: Session, handle: Handle, what: Changed, passkey: Passkey) -> None:
        proofs_changed(
            tx, handle, what, at=self._ground.now(), name=passkey.name, facts={"passkey": passkey.id}
        )


def _own(tx: Session, handle: Handle, passkey_id: str) -> Passkey | None:
    """The passkey of this id, if it is this person's."""
    passkey = passkeys.passkey_by_id(tx, passkey_id)
    if passkey is None or (passkey.directory, passkey.account) != (handle.directory, handle.account):
        return None
    return passkey
