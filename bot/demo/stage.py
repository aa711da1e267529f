"""The whole demo in one process: the pretend workspace, the sample company, the phones, and the same bot.

Nothing of the bot is replaced; only the clock may be handed in, and nothing listens beyond loopback.
"""

import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session

from bot.app import App
from bot.demo.company import (
    LOVELACE,
    phone_owners,
    seed_links_and_proofs,
    seed_standings,
    seed_workspace,
    standing_members,
    welcome_mails,
)
from bot.demo.folder import Addresses, Folder, Tokens
from bot.demo.keepers import Keepers, LocalKeepers
from bot.demo.phone import Phones
from bot.demo.workspace import PersonClient, Workspace
from bot.manifest import manifest
from bot.settings import Settings, load_settings
from storage.clock import Clock, utc_now
from storage.engine.migrating import migrate

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs, for whoever acts on it."""

    folder: Folder
    settings: Settings
    slack: Workspace
    phones: Phones
    keepers: Keepers
    app: App

    def person(self, login: str) -> PersonClient:
        """The Slack client of the person with this login. LookupError if there is none."""
        return self.slack.person(LOVELACE.person(login).slack)

    def channel(self, name: str) -> str:
        """The id of the channel with this name. LookupError if there is none."""
        return LOVELACE.channel(name).id


@asynccontextmanager
async def on_stage(
    folder: Folder,
    *,
    port: int = 0,
    now: Clock = utc_now,
    chance: Callable[[], float] = random.random,
    keepers: Keepers | None = None,
) -> AsyncIterator[Stage]:
    """Start everything, and stop it afterwards. port: of the page that a browser opens; 0 takes a free one.

    keepers: of the company's directory; without any it is a file in the folder.
    OSError if the port is in use; a fault of storage.faults if what the folder holds cannot be used.
    """
    async with AsyncExitStack() as opened:
        slack = Workspace(now=now)
        seed_workspace(slack)
        await slack.start(HOST, port)
        opened.push_async_callback(slack.stop)
        phones = Phones(phone_owners(), now=now, on_change=slack.phone_changed, kept=folder.phones)
        await phones.start(HOST)
        opened.push_async_callback(phones.stop)
        if keepers is None:
            keepers = local = LocalKeepers(folder.people, now=now)
            opened.callback(local.close)
        reread = _settle(folder, slack, phones, keepers, beside=port)
        settings = reread()
        migrate(settings.database.path)
        app = App(settings, now=now, chance=chance, reread=reread)
        opened.push_async_callback(app.stop)
        await _seed(keepers, settings, app, now)
        await app.start()
        await slack.wait_connected()
        _furnish(slack, phones, settings)
        yield Stage(folder=folder, settings=settings, slack=slack, phones=phones, keepers=keepers, app=app)


def _settle(
    folder: Folder, slack: Workspace, phones: Phones, keepers: Keepers, *, beside: int
) -> Callable[[], Settings]:
    """Write this run's settings down; what reads them as the bot of a real company does."""
    addresses = Addresses(
        api_url=slack.api_url,
        page_port=_free_port(beside + 1 if beside else 0),
        smtp_port=phones.smtp_port,
    )
    tokens = Tokens(bot=slack.bot_token, app=slack.app_token, signing=slack.signing_secret)
    # Only these: what this machine's environment says of a real workspace has no place here.
    written = folder.write(addresses, tokens, directory=keepers.section, secrets=keepers.secrets)
    return partial(load_settings, folder.config, written)


async def _seed(keepers: Keepers, settings: Settings, app: App, now: Clock) -> None:
    """Let the company move in, unless it lives there already."""
    await keepers.move_in(now())
    vault = settings.secrets.vault()
    standing = await standing_members(app.directories[LOVELACE.directory])

    def link(tx: Session) -> None:
        seed_links_and_proofs(tx, vault, at=now(), account_of=keepers.account_of)
        seed_standings(tx, standing, at=now())

    await app.database.write(link)


def _furnish(slack: Workspace, phones: Phones, settings: Settings) -> None:
    """What the page shows around the conversations."""
    slack.phone = phones
    welcome_mails(phones)
    features = manifest(None)["features"]
    slack.commands, slack.shortcuts = features["slash_commands"], features["shortcuts"]
    address = settings.server.public_url
    slack.links = [("Health of the bot", f"{address}/readyz"), ("Its metrics", f"{address}/metrics")]


def _free_port(wanted: int) -> int:
    """The wanted port if nobody listens there, else any free one: an address that stays is kinder to open tabs."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise OSError("there is no free port on loopback")
