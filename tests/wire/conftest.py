"""The whole bot against the whole pretend workspace, over Slack's real protocols: what the wire tests stand on.

Nothing of the bot is replaced here but the clock and, where a test asks, the directory by one that can fail.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from bot.app import App
from bot.demo.company import (
    LOVELACE,
    phone_owners,
    seed_directory,
    seed_links_and_proofs,
    seed_standings,
    seed_workspace,
    standing_members,
    toml,
)
from bot.demo.company.shapes import Company
from bot.demo.phone import Phones
from bot.demo.workspace import Workspace
from bot.demo.workspace.person import PATIENCE
from bot.settings import Settings, load_settings, new_audit_key, new_key
from handlers.audit.taking_over import begin_now
from handlers.decisions.policy import PolicyEngine
from storage import outbox
from storage.audit import log
from storage.audit.checkpoint import read_signer
from storage.audit.verification import verify_log
from storage.database import Database
from storage.directories.base import Directory
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.migrating import migrate
from storage.engine.stores import Server, Store
from storage.macs import Macs
from storage.records import Owed
from storage.secrets import Vault
from storage.standings import Key
from tests.directories.faulty import FaultyDirectory
from tests.handlers.made_once import unproven_policy
from tests.ports import free_port
from tests.storage.postgres import postgres
from tests.wire.hostile import unkind

_ROOT = Path(__file__).resolve().parents[2]
_SECRET_KEY, _AUDIT_KEY = new_key(), new_audit_key()
_FIRST_DAY: dict[str, bytes] = {}
_STANDING: dict[str, Sequence[Key]] = {}


@dataclass
class Clock:
    """Real time plus what a test has skipped."""

    skipped: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skipped

    def skip(self, **parts: float) -> None:
        self.skipped += timedelta(**parts)


@dataclass
class World:
    """The workspace, the running bot, the directory it changes, the phones that get mail.

    directory: what is really so. faulty: what the bot is given of it. beside: the same two of a second company.
    """

    slack: Workspace
    app: App
    directory: LocalDirectory
    faulty: FaultyDirectory
    phones: Phones
    clock: Clock
    folder: Path
    settings: Settings
    company: Company = LOVELACE
    beside: "Beside | None" = None
    policy: PolicyEngine | None = None

    def person(self, login: str):
        return self.slack.person(self._companies_person(login).slack)

    def channel(self, name: str) -> str:
        return LOVELACE.channel(name).id

    @property
    def database(self) -> Database:
        return self.app.database

    async def holders(self, entitlement: str) -> set[str]:
        """Logins of those who are in the entitlement's group, as the directory itself says."""
        found = self.app.ground.catalogue.entitlements[entitlement]
        is_beside = self.beside is not None and found.directory == self.beside.directory.name
        directory = self.beside.directory if self.beside and is_beside else self.directory
        members = {account for account, of in await directory.memberships() if of == found.group}
        return {account.removeprefix("p-") for account in members}

    async def actions(self) -> list[str]:
        """What the audit log says happened, in order."""
        rows = await self.database.read(lambda tx: log.rows(tx, limit=1000))
        return [f"{row.action} {row.outcome}" for row in rows]

    async def owed(self) -> int:
        """How many messages are still owed."""
        return await self.database.read(outbox.backlog)

    async def told(self) -> None:
        """Wait until nothing is owed any more, and all that was said is on the record."""

        async def nothing_owed() -> bool:
            return await self.owed() == 0

        await self.until(nothing_owed)

    async def waiting(self) -> None:
        """Wait until no message is on its way: each is delivered, or waits for its next try."""
        underway = select(func.count()).where(col(Owed.lease_until).is_not(None))

        async def none() -> bool:
            return await self.database.read(lambda tx: tx.exec(underway).one()) == 0

        await self.until(none)

    async def until(self, holds: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until `holds()`, or what it awaits, is true; AssertionError otherwise. For what no person sees."""
        ends = asyncio.get_running_loop().time() + seconds
        while True:
            found = holds()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return
            assert asyncio.get_running_loop().time() < ends, "it never became so"
            await asyncio.sleep(0.02)

    async def in_time(self, holds: Callable[[], object], *, step: float = 4, pace: float = 0.6) -> None:
        """Let time pass in steps of so many seconds, one each `pace`, until it is so: whatever waits for its next try
        gets it.

        A single step may come while a try is under way, which then sets the time of the next one from its own end.
        """
        ends = asyncio.get_running_loop().time() + 2 * PATIENCE
        while True:
            try:
                await self.until(holds, pace)
            except AssertionError:
                if asyncio.get_running_loop().time() > ends:
                    raise
                self.clock.skip(seconds=step)
            else:
                return

    async def stop(self) -> None:
        """The bot ends as it does on SIGTERM."""
        await self.app.stop()

    async def kill(self) -> None:
        """The bot ends as in a power cut: whatever it was at never goes on, and nothing is tidied up or written.

        Afterwards its files and sockets are closed, as an operating system does.
        """
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task() and _runs_the_bot(task):
                task.cancel()
        await asyncio.sleep(0)
        await self.app.stop()

    def freeze(self) -> App:
        """The bot when its machine stands still: calls under way stay and nothing new begins. It is returned."""
        for task in asyncio.all_tasks():
            duties = (
                "ends",
                "holdings",
                "alerts",
                "outbox",
                "mail",
                "overdue",
                "leavers",
                "linked",
                "drift",
                "reminders",
                "owners",
            )
            if _runs_the_bot(task) and task.get_name().split()[0] in duties:
                task.cancel()
        return self.app

    async def start(self) -> None:
        """A new process on the same files, with a directory client of its own."""
        self.faulty = FaultyDirectory(self.directory, timeout=self.faulty.timeout)
        if self.beside is not None:
            self.beside.faulty = FaultyDirectory(self.beside.directory)
        self.app = _app(self.settings, self.clock, self.faulty, self.beside, self.policy)
        await self.app.start()
        await self.app.caught_up()
        if self.settings.slack.transport == "socket":
            await self.slack.wait_connected()

    async def restart(self) -> None:
        """Stopped and started again."""
        await self.stop()
        await self.start()

    def _companies_person(self, login: str):
        companies = [self.company, *([self.beside.company] if self.beside else [])]
        return next(one for company in companies for one in company.people if one.login == login)


@dataclass
class Beside:
    """A second company in the same workspace, whose people and groups are in a directory of their own."""

    company: Company
    directory: LocalDirectory
    faulty: FaultyDirectory


def _runs_the_bot(task: "asyncio.Task[object]") -> bool:
    """Whether this task runs code of ours: not the workspace's, the phones' or the test's own."""
    code = getattr(task.get_coro(), "cr_code", None)
    where = Path(code.co_filename) if code is not None else Path()
    ours = any(where.is_relative_to(_ROOT / floor) for floor in ("bot", "handlers", "storage"))
    return ours and not where.is_relative_to(_ROOT / "bot" / "demo")


def _app(
    settings: Settings,
    clock: Clock,
    faulty: FaultyDirectory,
    beside: Beside | None,
    policy: PolicyEngine | None = None,
) -> App:
    directories: dict[str, Directory] = {faulty.name: faulty}
    if beside is not None:
        directories[beside.faulty.name] = beside.faulty
    return App(settings, now=clock.now, chance=lambda: 0.0, directories=directories, policy=policy)


async def open_world(
    folder: Path,
    *,
    transport: str = "socket",
    changes: Mapping[str, str] | None = None,
    second: Company | None = None,
    same_people: bool = False,
    server: Server | None = None,
    policy: PolicyEngine | None = None,
) -> World:
    """Build everything in `folder`. changes: lines of wicket.toml replaced, old → new. second: a company beside it.

    same_people: the second is no company of its own; its directory's people are those of the first.
    server: a database as it is on the first day, instead of a file in the folder. policy: instead of the shipped one
    without stepping.cedar.
    """
    clock = Clock()
    slack = Workspace(now=clock.now)
    seed_workspace(slack)
    await slack.start()
    phones = Phones(phone_owners(), now=clock.now)
    await phones.start("127.0.0.1", 0)
    slack.phone = phones
    port = free_port()
    text = toml(api_url=slack.api_url, port=port, smtp_port=phones.smtp_port, requests_a_minute=1000)
    if server is not None:
        changes = {**(changes or {}), 'url = "wicket.db"': f'url = "{server.url}"'}
    for old, new in {'transport = "socket"': f'transport = "{transport}"', **(changes or {})}.items():
        assert old in text, old
        text = text.replace(old, new)
    if second is not None:
        text += _toml_beside(second, people_of=LOVELACE.directory if same_people else "")
    (folder / "wicket.toml").write_text(text)
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": slack.app_token,
        "WICKET_SLACK_SIGNING_SECRET": slack.signing_secret,
        "WICKET_SECRET_KEYS": _SECRET_KEY,
        "WICKET_AUDIT_KEY": _AUDIT_KEY,
    }
    settings = load_settings(folder / "wicket.toml", secrets)
    await sow(folder)
    directory = _people(folder, LOVELACE, clock)
    faulty = FaultyDirectory(directory)
    beside = await _open_beside(folder, slack, second, clock) if second else None
    # Most stories are not about approvers who prove who they are: one policy file less, everything else as shipped.
    policy = policy or unproven_policy()
    app = _app(settings, clock, faulty, beside, policy)
    if second is not None and beside is not None:
        standing = await standing_members(beside.directory, second)
        await app.database.write(lambda tx: _link_everybody(tx, second, clock.now()))
        await app.database.write(lambda tx: seed_standings(tx, standing, at=clock.now(), company=second))
    await app.start()
    # Whoever counts a directory's calls begins when the looks that every start begins with are over.
    await app.caught_up()
    if transport == "http":
        slack.deliver_by_http(f"{settings.server.public_url}/slack/events")
    else:
        await slack.wait_connected()
    return World(
        slack=slack, app=app, directory=directory, faulty=faulty, phones=phones, clock=clock,
        folder=folder, settings=settings, beside=beside, policy=policy,
    )  # fmt: skip


async def sow(folder: Path) -> None:
    """Put both files there as they are on the first day. They are made once and copied afterwards."""
    files = [folder / "wicket.db", folder / "people.db"]
    if not _FIRST_DAY:
        clock = Clock()
        directory = _people(folder, LOVELACE, clock)
        await seed_directory(directory, at=clock.now())
        _STANDING.update(await standing_members(directory))
        directory.close()
        make_first_day(files[0])
        _FIRST_DAY.update({file.name: file.read_bytes() for file in files})
    for file in files:
        file.write_bytes(_FIRST_DAY[file.name])


def make_first_day(store: Store) -> None:
    """The tables, with everybody's links and proofs, who stood in which group, and what a first start puts on record:
    whether there are unsigned rows, for which it looks through every table.
    """
    migrate(store)
    database, at = Database(store, macs=Macs(Vault([_SECRET_KEY]))), Clock().now()
    database.write_now(lambda tx: _link_everybody(tx, LOVELACE, at))
    database.write_now(lambda tx: seed_standings(tx, _STANDING, at=at))
    begin_now(database, read_signer(_AUDIT_KEY).verifier, at)
    database.close()


@asynccontextmanager
async def first_day_on_a_server(folder: Path) -> AsyncIterator[Server]:
    """A PostgreSQL database of one's own as it is on the first day. folder: for the directory, which is a file."""
    await sow(folder)
    (folder / "wicket.db").unlink()
    running = postgres()
    with running.database(running.template("first_day", make_first_day)) as name:
        yield running.server(name)


def _people(folder: Path, company: Company, clock: Clock) -> LocalDirectory:
    file = "people.db" if company is LOVELACE else f"{company.directory}.db"
    return LocalDirectory(folder / file, name=company.directory, now=clock.now, cost=Scrypt(n=2))


def _link_everybody(tx: Session, company: Company, at: datetime) -> None:
    seed_links_and_proofs(tx, Vault([_SECRET_KEY]), at=at, company=company)


def _toml_beside(company: Company, *, people_of: str) -> str:
    """What wicket.toml says beside the first company: one more directory, its owners and entitlements."""
    whole = toml(api_url="", port=0, smtp_port=0, company=company)
    directory = f'[directories.{company.directory}]\nkind = "local"\npath = "{company.directory}.db"\n'
    directory += f'people_of = "{people_of}"\n' if people_of else ""
    return f"\n{directory}\n{whole[whole.index('[[owner]]') :]}"


async def _open_beside(folder: Path, slack: Workspace, company: Company, clock: Clock) -> Beside:
    seed_workspace(slack, company)
    directory = _people(folder, company, clock)
    await seed_directory(directory, at=clock.now(), company=company)
    return Beside(company=company, directory=directory, faulty=FaultyDirectory(directory))


async def close_world(world: World, *, violations: bool = True) -> None:
    """End everything; the audit store verifies, Slack had nothing to complain of, nobody saw our inside."""
    for faulty in [world.faulty, *([world.beside.faulty] if world.beside else [])]:
        faulty.mend()
        faulty.release()
    await world.slack.settled()
    report = await world.database.read(verify_log)
    await world.app.stop()
    await world.phones.stop()
    await world.slack.stop()
    world.directory.close()
    if world.beside is not None:
        world.beside.directory.close()
    assert report.sound, report.conclusion
    assert unkind(world.slack.calls) == []
    if violations:
        assert world.slack.violations == []


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """The bot over Socket Mode. On SQLite, unless a test is asked for "postgresql" (`ON_BOTH`)."""
    if getattr(request, "param", "sqlite") == "sqlite":
        opened = await open_world(tmp_path)
        yield opened
        await close_world(opened)
        return
    async with first_day_on_a_server(tmp_path) as server:
        opened = await open_world(tmp_path, server=server)
        yield opened
        await close_world(opened)


ON_BOTH = pytest.mark.parametrize("world", ["sqlite", "postgresql"], indirect=True)
