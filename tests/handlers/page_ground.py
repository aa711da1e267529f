"""A whole secure page without its web part: a real database, a real local directory, the shipped policies.

It pretends nothing but the time, which stands still until it is moved, and the couriers, of which it says who works.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyotp
from sqlmodel import Session, col, select

from handlers.intents import Actor, Where
from handlers.people.linking import Linking
from handlers.secure_page.adding import Adding
from handlers.secure_page.announcing import CHANGED, CHANGING
from handlers.secure_page.care import Care
from handlers.secure_page.ceremonies import relying_party
from handlers.secure_page.enrolment import Codes, Enrolment
from handlers.secure_page.handles import Handles
from handlers.secure_page.looking import Looking
from handlers.secure_page.passkeys import Passkeys
from handlers.secure_page.passwords import Passwords
from handlers.secure_page.proving import Proving, mail_code
from handlers.secure_page.visits import PageGround, PageLimits, Proven, Visitor
from storage import announcements, links, outbox
from storage.audit import log
from storage.database import Database
from storage.directories.base import Recovery
from storage.directories.local import LocalDirectory
from storage.directories.local_recovery import RecoveringDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.stores import Server
from storage.macs import Macs
from storage.records import ExceptionRecord, Handle, MailCode, Owed
from storage.secrets import CodeHash, Vault, generate_key
from storage.states import Purpose
from storage.step_ups import About
from tests.directories.faulty import FaultyDirectory
from tests.handlers.made_once import copy_empty_database, shipped_policy

OLD_PASSWORD = "an old password of ours"
NEW_PASSWORD = "tram lemon forty quiet"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """Time that moves when it is told to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """The time it is."""
        return self.at

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)


@dataclass
class World:
    """The page, the people it knows, and what a test may look at. Everybody's Slack id is U and their account id.

    arrives: the couriers that deliver what is told before a change.
    """

    ground: PageGround
    clock: Clock
    local: LocalDirectory
    faulty: FaultyDirectory
    folder: Path
    seeds: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    arrives: set[str] = field(default_factory=lambda: {"mail", "slack"})

    def __post_init__(self) -> None:
        self.ground = replace(self.ground, pause=self._wait)
        self.proving = Proving(self.ground)
        self.passwords = Passwords(self.ground)
        self.enrolment = Enrolment(self.ground)
        self.linking = Linking(self.ground)
        party = relying_party("https://wicket.example.com")
        self.passkeys, self.adding = Passkeys(self.ground, party), Adding(self.ground, party)
        self.care = Care(self.ground)
        self.looking = Looking(self.ground, self.enrolment, self.passkeys)

    async def opened(self, purpose: Purpose, account: str = "ada", slack_user: str = "") -> Visitor:
        """Somebody opens a fresh link."""

        def work(tx: Session) -> Handle:
            return self.ground.handles.open_handle(
                tx, purpose=purpose, directory="staff", account=account, slack_team="T1",
                slack_user=slack_user or f"U{account}", at=self.clock(),
            )  # fmt: skip

        handle = await self.ground.database.write(work)
        return Visitor(text=self.ground.handles.handle_text(handle.id))

    async def asked_to_prove(self, account: str = "ada", about: str = "g-1") -> Visitor:
        """They are asked for a fresh proof of who they are, to approve what Bob asks for, and open the link."""
        found = await self.local.account(account)
        assert found is not None
        actor = Actor(account=found, slack_team="T1", slack_user=f"U{account}")
        handle = await self.ground.database.write(
            lambda tx: self.ground.stepping_up.begin(
                tx, actor, Where(transport="socket", team="T1"), about=about, kind=About.APPROVAL, thing="prod-db",
                whom="Bob Noyce", at=self.clock(),
            )
        )  # fmt: skip
        return Visitor(text=self.ground.handles.handle_text(handle))

    async def linked(self, account: str) -> None:
        """Their Slack account is theirs."""
        found = await self.local.account(account)
        assert found is not None
        await self.ground.database.write(
            lambda tx: links.make_link(
                tx, at=self.clock(), slack_team="T1", slack_user=f"U{account}", directory="staff",
                account=account, mail=found.mail, made_by="test",
            )
        )  # fmt: skip

    async def enrol(self, account: str = "ada") -> None:
        """They set up their authenticator and recovery codes, as anybody would."""
        visitor = await self.opened(Purpose.ENROL, account)
        signed_in = await self.enrolment.sign_in(visitor, OLD_PASSWORD)
        assert isinstance(signed_in, Proven)
        visitor = Visitor(text=visitor.text, session=signed_in.session)
        await self.enrolment.offer_key(visitor)
        key = (await self.looking.look(visitor)).key
        assert key is not None
        self.seeds[account] = key.text.replace(" ", "")
        done = await self.enrolment.confirm(visitor, self.code(account))
        assert isinstance(done, Codes)
        self.codes[account] = done.codes
        self.clock.forward(seconds=60)

    def close(self) -> None:
        """The page is over."""
        self.ground.database.close()
        self.local.close()

    def code(self, account: str = "ada", steps: int = 0) -> str:
        """What their authenticator shows now, or some half minutes from now."""
        return pyotp.TOTP(self.seeds[account]).at(self.clock(), counter_offset=steps)

    async def made_privileged(self, account: str) -> None:
        """They set up their proofs, and now they hold administrative power."""
        await self.enrol(account)
        await self.local.change_account(account, privileged=True)

    async def left(self, account: str) -> None:
        """They set up their proofs, and now their account is not active."""
        await self.enrol(account)
        await self.local.change_account(account, active=False)

    def wrong_code(self, account: str = "ada") -> str:
        """A code that is right at no time near now."""
        right = {self.code(account, steps) for steps in range(-3, 4)} if account in self.seeds else set()
        return next(code for digit in "01234567" if (code := digit * 6) not in right)

    async def mailed(self) -> str:
        """The newest code that was sent by mail."""
        rows = await self.rows(MailCode)
        return mail_code(self.ground.vault, max(rows, key=lambda row: row.id).id)

    async def proven(self, purpose: Purpose = Purpose.RESET, account: str = "ada") -> Visitor:
        """They open a link and prove who they are."""
        visitor = await self.opened(purpose, account)
        done = await self.proving.give_totp(visitor, self.code(account))
        assert isinstance(done, Proven)
        return Visitor(text=visitor.text, session=done.session)

    async def _wait(self, _seconds: float) -> None:
        """While the page waits, what is told before a change arrives, by the couriers that work."""

        def work(tx: Session) -> None:
            for owed in tx.exec(select(Owed).where(col(Owed.kind).in_((CHANGING, CHANGED)))).all():
                if owed.courier in self.arrives and announcements.of(tx, owed.subject):
                    self._arrived(tx, owed)

        await self.ground.database.write(work)
        await asyncio.sleep(0.01)

    def _arrived(self, tx: Session, owed: Owed) -> None:
        at = self.clock()
        if owed.courier == "mail":
            announcements.mailed(tx, owed.subject, at)
        else:
            outbox.remember_posted(
                tx,
                kind=owed.kind,
                subject=owed.subject,
                recipient=owed.recipient,
                channel="D1",
                ts="1.0",
                at=at,
            )
        outbox.done(tx, owed)

    async def rows(self, table: type[Any]) -> list[Any]:
        """Every row of a table."""
        return await self.ground.database.read(lambda tx: list(tx.exec(select(table)).all()))

    async def told(self) -> list[tuple[str, str, str]]:
        """The messages owed: courier, kind, recipient."""
        return [(owed.courier, owed.kind, owed.recipient) for owed in await self.rows(Owed)]

    async def exceptions(self) -> list[str]:
        """The kinds of the exceptions raised."""
        return [each.kind for each in await self.rows(ExceptionRecord)]

    async def audit(self) -> list[dict[str, Any]]:
        """What the audit log says, oldest first."""
        rows = await self.ground.database.read(lambda tx: log.rows(tx, limit=1000))
        return [row.said() for row in rows]

    async def audited(self, action: str) -> list[tuple[str, Any]]:
        """The outcomes of an action on the record, each with why."""
        return [(e["outcome"], e["facts"].get("why")) for e in await self.audit() if e["action"] == action]


Earlier = Callable[[World], Awaitable[None]]


@asynccontextmanager
async def world(
    folder: Path,
    *,
    limits: PageLimits | None = None,
    enrolled: bool = True,
    server: Server | None = None,
    recovery: Recovery = "",
    earlier: Earlier | None = None,
) -> AsyncIterator[World]:
    """Ada, who set up her proofs, and Gil, Ina and Bob, who did not. recovery: the directory has this instead.

    The page reaches the directory through `faulty`, which lets every call through until it is told otherwise.
    earlier: what else happened before, on the page and in the directory alone. It happens once for all such worlds.
    """
    morning = _Morning() if server else await _morning(enrolled, recovery, earlier)
    if server is None:
        morning.put_into(folder)
    made = _opened(folder, morning, recovery=recovery, server=server, limits=limits)
    if server is not None:
        await _begin(made, enrolled=enrolled, earlier=earlier)
    yield made
    made.close()


@dataclass
class _Morning:
    """The files of a page on which nothing happened yet but what all tests begin with, and what goes with them."""

    vault: Vault = field(default_factory=lambda: Vault([generate_key()]))
    seeds: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    at: datetime = START
    files: dict[str, bytes] = field(default_factory=dict)

    def put_into(self, folder: Path) -> None:
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


_MORNINGS: dict[tuple[bool, Recovery, Earlier | None], _Morning] = {}


async def _morning(enrolled: bool, recovery: Recovery, earlier: Earlier | None) -> _Morning:
    """Made when it is first asked for, by the page itself."""
    which = enrolled, recovery, earlier
    if which not in _MORNINGS:
        morning = _Morning()
        with TemporaryDirectory() as folder:
            copy_empty_database(Path(folder) / "wicket.db")
            made = _opened(Path(folder), morning, recovery=recovery)
            await _begin(made, enrolled=enrolled, earlier=earlier)
            made.close()
            morning.seeds, morning.codes, morning.at = made.seeds, made.codes, made.clock.at
            morning.files = {name: (Path(folder) / name).read_bytes() for name in ("wicket.db", "people.db")}
        _MORNINGS[which] = morning
    return _MORNINGS[which]


def _opened(
    folder: Path,
    morning: _Morning,
    *,
    recovery: Recovery,
    server: Server | None = None,
    limits: PageLimits | None = None,
) -> World:
    macs = Macs(morning.vault)
    clock, database = Clock(morning.at), Database(server or folder / "wicket.db", macs=macs)
    kind = partial(RecoveringDirectory, recovery=recovery) if recovery else LocalDirectory
    local = kind(folder / "people.db", name="staff", now=clock, cost=Scrypt(n=2**4))
    faulty = FaultyDirectory(local, timeout=5)
    ground = PageGround(
        database=database,
        directories={"staff": faulty},
        policy=shipped_policy(),
        vault=morning.vault,
        handles=Handles(vault=morning.vault, lifetime=timedelta(minutes=10)),
        now=clock,
        code_hash=CodeHash(cost=2),
        limits=limits or PageLimits(company_words=("lovelace ltd", "wicket")),
    )
    return World(
        ground=ground, clock=clock, local=local, faulty=faulty, folder=folder,
        seeds=dict(morning.seeds), codes=dict(morning.codes),
    )  # fmt: skip


async def _begin(made: World, *, enrolled: bool, earlier: Earlier | None) -> None:
    await _people(made.local)
    for account in ("ada", "gil", "ina", "bob"):
        await made.linked(account)
    if enrolled:
        await made.enrol("ada")
    if earlier is not None:
        await earlier(made)


async def _people(local: LocalDirectory) -> None:
    for login, name in (
        ("ada", "Ada Byron"),
        ("gil", "Gil Bates"),
        ("ina", "Ina Active"),
        ("bob", "Bob Noyce"),
    ):
        await local.add_account(
            login, login=login, name=name, mail=f"{login}@example.com", password=OLD_PASSWORD
        )
