"""A visit to the secure page: what it stands on, whose handle it came by, and whether that person may go on at all.

It accepts no proof and changes nothing; why somebody may not go on is for the record and never for the visitor (P-9).
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session

from handlers.approvals.stepping_up import SteppingUp
from handlers.decisions.attested import NOBODY_ATTESTED, Attested
from handlers.decisions.breaking import Bars
from handlers.decisions.policy import PolicyEngine
from handlers.decisions.vouching import VouchingLimits
from handlers.people.addresses import changed_lately, seen_now
from handlers.secure_page.handles import Handles
from storage import alarms, links
from storage.addresses import same
from storage.audit import entry as audit
from storage.clock import Clock
from storage.database import Database
from storage.directories.base import Account, Directory
from storage.failures import MOST_IN_A_ROW
from storage.faults import DirectoryUnavailable
from storage.handles import handle_by_id
from storage.links import PinnedLink
from storage.records import Handle, Vouching
from storage.secrets import CodeHash, Vault
from storage.states import LinkState, Purpose, Result

if TYPE_CHECKING:  # what speaks to it is slow to load, and most of whom this is for have none
    from storage.oidc.provider import Provider

NO_LINK_NEEDED = frozenset({Purpose.LINK})
# Visits that a petition may open.
PETITIONED = frozenset({Purpose.RESET, Purpose.REGAIN})
# An id of the shape that directories give, and of nobody.
NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, kw_only=True)
class PageLimits:
    """How narrow the secure page is held. wrong_codes: wrong proofs in a row that lock a person, for `lock`.

    most_wrong: so many in a row, over however many locks, lock them until an operator lifts it.
    silences: sign-ins that the directory left unanswered after which a person's sign-ins rest, for `rest`.
    company_words: what no password may contain. issuer: whose name an authenticator shows. bars: how much there may be
    over everybody. told_within: seconds for which the page waits until somebody was told. alarms_an_hour: so many
    accounts at most are switched off because somebody said that a change was not theirs.
    """

    wrong_codes: int = 10
    lock: timedelta = timedelta(hours=24)
    most_wrong: int = MOST_IN_A_ROW
    silences: int = 10
    rest: timedelta = timedelta(hours=1)
    mail_code_life: timedelta = timedelta(minutes=10)
    mail_codes_an_hour: int = 5
    resets_a_day: int = 3
    company_words: tuple[str, ...] = ()
    issuer: str = "Wicket"
    bars: Bars = field(default_factory=Bars)
    told_within: float = 4.0
    alarms_an_hour: int = 10


def _nothing_more(_tx: Session, _directory: str, _account: str) -> None:
    """Nobody else is concerned."""


async def _nobody_behind(_handle: Handle) -> Attested | None:
    """No visit is a petition's."""
    return None


async def _nobodys_word(_vouching: Vouching, _person: Account) -> str:
    """Nobody looks up who vouched, so nobody's word counts."""
    return "not_looked_up"


@dataclass(frozen=True, kw_only=True)
class PageGround:
    """What the handlers of the secure page stand on, built once by the composition root.

    provider: None without one. pause: waits, in seconds. was_reset: what else belongs to the end of a reset, in its
    transaction. code_hash: of recovery codes. behind: who stands behind a visit that a petition opens; None where none
    does. vouching: None where nobody vouches. objection: why a word that was given counts no more, "" if it does.
    """

    database: Database
    directories: Mapping[str, Directory]
    policy: PolicyEngine
    vault: Vault
    handles: Handles
    now: Clock
    limits: PageLimits = field(default_factory=PageLimits)
    provider: "Provider | None" = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    stepping_up: SteppingUp = field(default_factory=SteppingUp)
    was_reset: Callable[[Session, str, str], None] = _nothing_more
    code_hash: CodeHash = field(default_factory=CodeHash)
    behind: Callable[[Handle], Awaitable[Attested | None]] = _nobody_behind
    vouching: VouchingLimits | None = None
    objection: Callable[[Vouching, Account], Awaitable[str]] = _nobodys_word

    def directory(self, name: str) -> Directory:
        """The directory of this name; DirectoryUnavailable if it is not configured (any more)."""
        if name not in self.directories:
            raise DirectoryUnavailable("There is no directory called {name}.", name=name)
        return self.directories[name]

    async def handle_of(self, visitor: "Visitor") -> Handle | None:
        """The handle that the visitor came by, whatever its state; None if the link is not one of ours."""
        handle_id = self.handles.handle_in(visitor.text)
        if handle_id is None:
            return None
        return await self.database.read(lambda tx: handle_by_id(tx, handle_id))

    def is_open(self, handle: Handle) -> bool:
        """Whether something can still come of the handle."""
        return handle.result == Result.OPEN and handle.expires_at > self.now()

    def time_is_over(self, handle: Handle) -> bool:
        """Whether its time is over, reckoned from when it was made: that is alike for whomever it is for (P-9).

        A handle may end sooner because its person proved something elsewhere, which is not for a stranger to see. One
        that a petition opened works for longer.
        """
        return max(handle.created_at + self.handles.lifetime, handle.expires_at) <= self.now()

    def is_over_to(self, visitor: "Visitor", handle: Handle) -> bool:
        """Whether this visitor may know that nothing more comes of the handle: a stranger, only by its time (P-9)."""
        return not self.is_open(handle) if visitor.gave_proofs_for(handle) else self.time_is_over(handle)

    async def person_of(self, handle: Handle | None) -> "Person":
        """Whose handle it is, as directory and link have them now. DirectoryUnavailable when that is unknown."""
        if handle is None or not handle.account:
            if handle is not None and handle.directory:
                # Asked all the same: where it is slow or away, that would tell who is somebody (P-9).
                await self.directory(handle.directory).account(NOBODY)
            return Person(handle=handle, unfit="unknown")
        account = await self.directory(handle.directory).account(handle.account)
        address = None if account is None else await seen_now(self.database, account, self.now())
        link, reported = await self.database.read(lambda tx: _kept(tx, handle))
        moved = None if account is None else changed_lately(account, address, self.now())
        unfit = _unfit(handle, account, link, is_moved=moved is not None, is_reported=reported)
        behind = await self.behind(handle) if handle.purpose in PETITIONED else None
        return Person(
            handle=handle, account=account, unfit=unfit, mail_moved_at=moved, attested=behind or NOBODY_ATTESTED
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Whoever has the page open. text: what stands in their link. session, browser: their cookies, "" if none.

    Nothing of it is checked. browser: of whoever went to sign in at the provider. form_cookie: ties forms to a browser.
    """

    text: str
    session: str = ""
    form_cookie: str = ""
    browser: str = ""

    def gave_proofs_for(self, handle: Handle) -> bool:
        """Whether this browser is the one that gave the handle's proofs."""
        return bool(handle.session) and hmac.compare_digest(session_hash(self.session), handle.session)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whom a handle is for. unfit: why they may not go on, "" if they may; it is recorded and never shown.

    mail_moved_at: when their address changed, if that was lately. attested: who said in a petition that it is them.
    """

    handle: Handle | None
    account: Account | None = None
    unfit: str = ""
    mail_moved_at: datetime | None = None
    attested: Attested = NOBODY_ATTESTED


@dataclass(frozen=True, kw_only=True)
class Refused:
    """It did not work. There is one answer for every cause (P-9)."""


@dataclass(frozen=True, kw_only=True)
class Proven:
    """The proofs were accepted. session: the new cookie of this browser."""

    session: str


@dataclass(frozen=True, kw_only=True)
class Over:
    """The link is over or was used, as far as this browser may know."""


@dataclass(frozen=True, kw_only=True)
class NotYet:
    """The person may try again at once. reason: a whole sentence for them."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Done:
    """It is done, or at least begun: the handle's result says how it went."""


def new_session() -> str:
    """A cookie value that nobody can guess."""
    return secrets.token_urlsafe(32)


def session_hash(session: str) -> str:
    """What is kept of a cookie."""
    return hashlib.sha256(session.encode("utf-8", "surrogatepass")).hexdigest()


def person_behind(handle: Handle) -> audit.Actor:
    """The person as the actor of an entry, once they gave their proofs."""
    return audit.Actor(
        type="person", id=handle.account, slack_team=handle.slack_team, slack_user=handle.slack_user
    )


def _kept(tx: Session, handle: Handle) -> tuple[PinnedLink | None, bool]:
    """The link of the Slack account, and whether it is reported that somebody else is in the person's account."""
    link = links.link_of(tx, handle.slack_team, handle.slack_user)
    return link, bool(alarms.open_of(tx, handle.directory, handle.account))


def _unfit(
    handle: Handle, account: Account | None, link: PinnedLink | None, *, is_moved: bool, is_reported: bool
) -> str:
    """Why nothing can be done for this person; the words are those of the record."""
    if account is None:
        return "unknown"
    if not account.active:
        return "inactive"
    if is_reported:
        return "reported"  # P-6: where the directory did not switch the account off, the page stops them all the same
    if account.employment == "service":
        return "service"
    if not account.mail:
        return "no_mail"  # P-6: whoever cannot be told outside Slack is not helped here
    if handle.purpose in NO_LINK_NEEDED:
        return ""
    if (
        link is None
        or link.state != LinkState.ACTIVE
        or (link.directory, link.account) != (handle.directory, handle.account)
    ):
        return "not_linked"
    if not same(link.mail, account.mail):
        return "mail_changed"  # P-3: an address that moved lately is no way to tell or to prove anything
    return "mail_moved" if is_moved else ""
