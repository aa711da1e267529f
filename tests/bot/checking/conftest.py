"""An installation to examine: real files in a folder, the pretend workspace and a mail server; no bot runs on it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from ssl import SSLContext, create_default_context

import pytest

from bot.checking.examination import examine
from bot.checking.report import Report
from bot.demo.company import LOVELACE, phone_owners, seed_directory, seed_workspace, toml
from bot.demo.phone import Phones
from bot.demo.workspace import Workspace
from bot.settings import Settings, load_settings, new_audit_key, new_key
from storage.directories.base import Finding
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from tests.handlers.made_once import copy_empty_database

_SECRET_KEY, _AUDIT_KEY = new_key(), new_audit_key()
_FIRST_DAY: dict[str, bytes] = {}


@cache
def whom_this_machine_trusts() -> SSLContext:
    """Hundreds of certificates, read once."""
    return create_default_context()


@dataclass
class Clock:
    """Slack's clock: real time plus what a test has skipped."""

    skipped: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skipped


@dataclass
class Installation:
    """The folder, its environment and what it talks to."""

    folder: Path
    slack: Workspace
    slacks_clock: Clock
    phones: Phones
    environ: dict[str, str]
    trust: SSLContext = field(default_factory=whom_this_machine_trusts)

    @property
    def config(self) -> Path:
        return self.folder / "wicket.toml"

    @property
    def store(self) -> Path:
        return self.folder / "wicket.db"

    def edit(self, changes: Mapping[str, str] | None = None, *, add: str = "") -> None:
        """Change the settings. changes: old → new, each of which stands there. add: more at the end."""
        text = self.config.read_text()
        for old, new in (changes or {}).items():
            assert old in text, old
            text = text.replace(old, new)
        self.config.write_text(text + add)

    def settings(self, serving: bool = True) -> Settings:
        return load_settings(self.config, self.environ, serving=serving)

    async def check(self) -> Report:
        return await examine(self.settings, trust=self.trust)

    async def found(self, part: str, about: str = "") -> list[Finding]:
        """The findings of one part whose subject begins like this."""
        return of(await self.check(), part, about)

    async def one(self, part: str, about: str = "") -> tuple[str, str, str]:
        """Level, what was found and the advice of the only line like this."""
        [finding] = await self.found(part, about)
        return finding.level, finding.found, finding.advice

    def people(self) -> LocalDirectory:
        return LocalDirectory(self.folder / "people.db", cost=Scrypt(n=2))


def of(report: Report, part: str, about: str = "") -> list[Finding]:
    return [
        line.finding for line in report.lines if line.part == part and line.finding.about.startswith(about)
    ]


async def _sow(folder: Path) -> None:
    """The files as on the first day; made once and copied afterwards."""
    if not _FIRST_DAY:
        copy_empty_database(folder / "wicket.db")
        directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory, cost=Scrypt(n=2))
        await seed_directory(directory, at=datetime.now(UTC))
        directory.close()
        _FIRST_DAY.update({name: (folder / name).read_bytes() for name in ("wicket.db", "people.db")})
    for name, content in _FIRST_DAY.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)


@pytest.fixture
async def install(tmp_path: Path) -> AsyncIterator[Installation]:
    """The sample company in Socket Mode, all as it should be."""
    clock = Clock()
    slack = Workspace(now=clock.now)
    seed_workspace(slack)
    await slack.start()
    phones = Phones(phone_owners())
    await phones.start()
    text = toml(api_url=slack.api_url, port=1, smtp_port=phones.smtp_port)
    text = text.replace("[security]", '[audit]\npublished = "checkpoints.txt"\n\n[security]')
    (tmp_path / "wicket.toml").write_text(text)
    await _sow(tmp_path)
    yield Installation(
        folder=tmp_path,
        slack=slack,
        slacks_clock=clock,
        phones=phones,
        environ={
            "WICKET_SLACK_BOT_TOKEN": slack.bot_token,
            "WICKET_SLACK_APP_TOKEN": slack.app_token,
            "WICKET_SECRET_KEYS": _SECRET_KEY,
            "WICKET_AUDIT_KEY": _AUDIT_KEY,
        },
    )
    await phones.stop()
    await slack.stop()
