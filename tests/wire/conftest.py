"""The whole bot against the whole pretend workspace, over Slack's real protocols: what the wire tests stand on.

Nothing of the bot is replaced here but the clock and, where a test asks, the directory by one that can fail.
"""

import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.demo.company import (
    LOVELACE,
    phone_owners,
    seed_directory,
    seed_links_and_proofs,
    seed_workspace,
    toml,
)
from bot.demo.phone import Phones
from bot.demo.workspace import Workspace
from bot.settings import load_settings, new_audit_key, new_key
from storage.audit import log
from storage.audit.verification import verify_log
from storage.database import Database
from storage.directories.base import Directory
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.migrating import migrate
from storage.secrets import Vault

from tests.directories.faulty import FaultyDirectory


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
    """The workspace, the running bot, the directory it changes, the phones that get mail."""

    slack: Workspace
    app: App
    directory: LocalDirectory
    faulty: FaultyDirectory
    phones: Phones
    clock: Clock
    folder: Path
    settings: object
    restart: Callable[[], object] = lambda: None

    def person(self, login: str):
        return self.slack.person(LOVELACE.person(login).slack)

    def channel(self, name: str) -> str:
        return LOVELACE.channel(name).id

    @property
    def database(self) -> Database:
        return self.app.database

    async def holders(self, entitlement: str) -> set[str]:
        """Logins of those who are in the entitlement's group, as the directory itself says."""
        group = self.app.ground.catalogue.entitlements[entitlement].group
        members = {account for account, of in await self.directory.memberships() if of == group}
        return {account.removeprefix("p-") for account in members}

    async def actions(self) -> list[str]:
        """What the audit log says happened, in order."""
        rows = await self.database.read(lambda tx: log.rows(tx, limit=1000))
        return [f"{row.action} {row.outcome}" for row in rows]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def open_world(folder: Path, *, transport: str = "socket", changes: Mapping[str, str] | None = None):
    """Build everything in `folder`. changes: lines of wicket.toml replaced, old → new."""
    clock = Clock()
    slack = Workspace(now=clock.now)
    seed_workspace(slack)
    await slack.start()
    phones = Phones(phone_owners(), now=clock.now)
    await phones.start("127.0.0.1", 0)
    slack.phone = phones
    port = free_port()
    text = toml(api_url=slack.api_url, port=port, smtp_port=phones.smtp_port, requests_a_minute=1000)
    for old, new in {'transport = "socket"': f'transport = "{transport}"', **(changes or {})}.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "wicket.toml").write_text(text)
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": slack.app_token,
        "WICKET_SLACK_SIGNING_SECRET": slack.signing_secret,
        "WICKET_SECRET_KEYS": new_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }
    settings = load_settings(folder / "wicket.toml", secrets)
    migrate(settings.database.path)
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory, now=clock.now, cost=Scrypt(n=2))
    await seed_directory(directory, at=clock.now())
    faulty = FaultyDirectory(directory)
    directories: Mapping[str, Directory] = {LOVELACE.directory: faulty}
    app = App(settings, now=clock.now, chance=lambda: 0.0, directories=directories)
    vault = Vault([secrets["WICKET_SECRET_KEYS"]])
    await app.database.write(lambda tx: seed_links_and_proofs(tx, vault, at=clock.now()))
    await app.start()
    if transport == "http":
        slack.deliver_by_http(f"{settings.server.public_url}/slack/events")
    else:
        await slack.wait_connected()
    return World(
        slack=slack, app=app, directory=directory, faulty=faulty, phones=phones, clock=clock,
        folder=folder, settings=settings,
    )


async def close_world(world: World, *, violations: bool = True) -> None:
    """End everything; afterwards the audit store verifies and Slack had nothing to complain of."""
    world.faulty.mend()
    world.faulty.release()
    await world.slack.settled()
    report = await world.database.read(verify_log)
    await world.app.stop()
    await world.phones.stop()
    await world.slack.stop()
    world.directory.close()
    assert report.sound, report.conclusion
    if violations:
        assert world.slack.violations == []


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The bot over Socket Mode."""
    opened = await open_world(tmp_path)
    yield opened
    await close_world(opened)
