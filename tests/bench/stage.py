"""The stage: a folder with a company of a thousand, the pretend Slack, and the processes that are measured.

The measured process is always another one than this; here runs only what drives it.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bot.demo.company import (
    LOVELACE,
    seed_directory,
    seed_links_and_proofs,
    seed_standings,
    seed_workspace,
    standing_members,
    toml,
)
from bot.demo.company.shapes import Company, Person
from bot.demo.workspace import Workspace
from bot.settings import load_settings, new_audit_key, new_key
from storage.catalogue import Entitlement
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.migrating import migrate
from storage.engine.stores import Server, Store
from storage.identifiers import new_id
from storage.records import Grant
from storage.secrets import Vault
from tests.ports import free_port

CROWD = 1000
_STARTS_WITHIN = 30.0


def crowd() -> tuple[Person, ...]:
    """A thousand linked people in Slack and in the directory."""
    return tuple(
        Person(
            slack=f"U1CROWD{number:04}",
            login=f"crowd{number:04}",
            name=f"Crowd Member {number:04}",
            title="Engineer",
            team="Payments",
            manager="charles",
        )
        for number in range(CROWD)
    )


def company() -> Company:
    """Lovelace Ltd, grown; everybody new is in team-engineering, and through it among the vpn-users."""
    newcomers = crowd()
    groups = tuple(
        replace(group, people=(*group.people, *(one.login for one in newcomers)))
        if group.name == "team-engineering"
        else group
        for group in LOVELACE.groups
    )
    return replace(LOVELACE, people=(*LOVELACE.people, *newcomers), groups=groups)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """slack: running in this process. folder: with wicket.toml and both databases, seeded. secrets: the environment."""

    slack: Workspace
    folder: Path
    secrets: dict[str, str]
    port: int

    @property
    def url(self) -> str:
        """Where Slack's payloads go."""
        return f"http://127.0.0.1:{self.port}/slack/events"


@asynccontextmanager
async def staged(folder: Path, *, server: Server | None = None) -> AsyncIterator[Stage]:
    """Everything but the bot. server: an empty PostgreSQL database to use in place of a SQLite file."""
    slack = Workspace()
    grown = company()
    seed_workspace(slack, grown)
    await slack.start()
    port = free_port()
    text = toml(
        api_url=slack.api_url,
        port=port,
        smtp_port=free_port(),
        requests_a_minute=1_000_000,
        company=grown,
        database="wicket.db" if server is None else server.url,
    )
    settings_file = folder / "wicket.toml"
    settings_file.write_text(text.replace('transport = "socket"', 'transport = "http"'))
    secrets = {
        "WICKET_SLACK_BOT_TOKEN": slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": slack.app_token,
        "WICKET_SLACK_SIGNING_SECRET": slack.signing_secret,
        "WICKET_SECRET_KEYS": new_key(),
        "WICKET_AUDIT_KEY": new_audit_key(),
    }
    await _seed(folder, load_settings(settings_file, secrets).store, secrets, grown)
    try:
        yield Stage(slack=slack, folder=folder, secrets=secrets, port=port)
    finally:
        await slack.stop()


async def _seed(folder: Path, store: Store, secrets: dict[str, str], grown: Company) -> None:
    migrate(store)
    at = datetime.now(UTC)
    directory = LocalDirectory(folder / "people.db", name=grown.directory, cost=Scrypt(n=2))
    try:
        await seed_directory(directory, at=at, company=grown)
        standing = await standing_members(directory, grown)
    finally:
        directory.close()
    database = Database(store)
    try:
        vault = Vault([secrets["WICKET_SECRET_KEYS"]])
        # Not by a deadline, as where people wait: it is thousands of rows.
        links = partial(seed_links_and_proofs, vault=vault, at=at, company=grown)
        await asyncio.to_thread(database.write_now, links)
        await asyncio.to_thread(
            database.write_now, partial(seed_standings, found=standing, at=at, company=grown)
        )
    finally:
        database.close()


@asynccontextmanager
async def running(stage: Stage, module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A measured process, `python -m module folder arguments`, ended when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(stage.folder), *arguments,
        env={**os.environ, **stage.secrets, "XDG_STATE_HOME": str(stage.folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=None,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(10):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def told(process: asyncio.subprocess.Process, *, within: float) -> dict[str, Any]:
    """The next line of JSON that a measured process prints. RuntimeError if it ends or takes longer (seconds)."""
    assert process.stdout is not None
    async with asyncio.timeout(within):
        line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a measured process ended before it told anything")
    said: dict[str, Any] = json.loads(line)
    return said


async def outcome(
    process: asyncio.subprocess.Process, *, within: float, progress: Callable[[float], None]
) -> dict[str, Any]:
    """What a measured process found; until then its progress (0 to 1) is handed on."""
    async with asyncio.timeout(within):
        while True:
            said = await told(process, within=within)
            if "progress" in said:
                progress(float(said["progress"]))
            else:
                return said


async def listening(port: int) -> None:
    """Return once something accepts connections there. RuntimeError if nothing does in time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _STARTS_WITHIN
    while loop.time() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return
    raise RuntimeError("a measured process does not listen")


def a_grant(person: Person, thing: Entitlement, at: datetime, **changes: Any) -> Grant:
    """What this person asked for and got at that time, unless told otherwise."""
    facts: dict[str, Any] = {
        "id": new_id("g", at), "directory": thing.directory, "account": person.account,
        "requester_directory": thing.directory, "requester_account": person.account, "entitlement": thing.id,
        "group": thing.group, "minutes": 60, "justification": "bench", "slack_team": LOVELACE.slack_team,
        "slack_user": person.slack, "requester_name": person.name, "requester_login": person.login,
        "requester_team": person.team, "requester_employment": person.employment, "manager_name": "", "standing": [],
        "reasons": [], "missing": {}, "policy_set": "bench", "automatic": True, "requested_at": at, "decided_at": at,
        "active_at": at,
    }  # fmt: skip
    return Grant(**{**facts, **changes})


async def put_in_groups(folder: Path, members: Mapping[str, Sequence[str]]) -> None:
    """Memberships by other hands than the bot's: accounts by group."""
    directory = LocalDirectory(folder / "people.db", name=LOVELACE.directory)
    try:
        for group, accounts in members.items():
            await directory.put_in_group(group, *accounts)
    finally:
        directory.close()
