"""The stage of the chaos tests: a company, a pretend Slack that outlives every bot, a directory that records, a store.

The bots are other processes than this; here run Slack and the people in it.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from bot.app import App
from bot.demo.company import (
    LOVELACE,
    seed_directory,
    seed_links_and_proofs,
    seed_standings,
    seed_workspace,
    standing_members,
    toml,
)
from bot.demo.workspace import Workspace
from bot.settings import Settings, load_settings, new_audit_key, new_key
from bot.slack.actions import Action
from storage.database import Database
from storage.directories.local import LocalDirectory
from storage.directories.scrypt import Scrypt
from storage.engine.migrating import migrate
from storage.engine.stores import Store
from storage.macs import Macs
from storage.secrets import Vault
from storage.standings import Key
from tests.chaos import recorder
from tests.chaos.bots import Bot, Nursery
from tests.chaos.history import Lease, Pair
from tests.ports import free_port
from tests.storage.postgres import postgres

_SECRET_KEY, _AUDIT_KEY = new_key(), new_audit_key()
_TEMPLATE = "chaos_first_day"
_FIRST_DAY: dict[str, bytes] = {}
_STANDING: dict[str, list[Key]] = {}


@dataclass(kw_only=True)
class Stage:
    """slack: runs in this process. settings: of the bots. began: who was a member of what before anything happened.

    leases: claims that were seen (tests.chaos.watching).
    """

    slack: Workspace
    folder: Path
    settings: Settings
    environ: Mapping[str, str]
    began: frozenset[Pair]
    bots: list[Bot] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)

    @property
    def people(self) -> Path:
        """The directory's file."""
        return self.folder / "people.db"

    def bot(self, nursery: Nursery) -> Bot:
        """One more place for a bot, with a port of its own. Nothing runs there yet."""
        port = free_port()
        made = Bot(
            nursery=nursery,
            config=self.folder / "wicket.toml",
            environ={**self.environ, "WICKET_SERVER__PORT": str(port)},
            log=self.folder / f"bot{len(self.bots)}.log",
        )
        self.bots.append(made)
        return made

    @contextmanager
    def store(self) -> Iterator[Database]:
        """The bots' store, looked at from outside."""
        database = Database(self.settings.store, busy_timeout=5)
        try:
            yield database
        finally:
            database.close()

    @asynccontextmanager
    async def earlier(self, **ago: float) -> AsyncIterator["Earlier"]:
        """The bot as it ran some time ago, in this process: what it did then it did properly, and its ends are near."""
        clock = Earlier(self.people, timedelta(**ago))
        directory = _people(self.folder)
        app = App(
            self.settings, now=clock.now, directories={LOVELACE.directory: directory}, chance=lambda: 0.0
        )
        await app.start()
        try:
            await self.slack.wait_connected()
            yield clock
        finally:
            await app.stop()
            directory.close()
            clock.set_back(timedelta())


class Earlier:
    """The clock of a bot that ran some time ago, and of the recorder meanwhile."""

    def __init__(self, people: Path, back: timedelta) -> None:
        self._people = people
        self.set_back(back)

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) - self._back

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.set_back(self._back - timedelta(**by))

    def set_back(self, back: timedelta) -> None:
        """Be so far behind from now on."""
        self._back = back
        recorder.set_back(self._people, back.total_seconds())


@asynccontextmanager
async def staged(folder: Path, engine: str) -> AsyncIterator[Stage]:
    """Everything but the bots. engine: "sqlite" or "postgresql". Call `prepare` once before the first."""
    (folder / "people.db").write_bytes(_FIRST_DAY["people.db"])
    with _store(folder, engine) as store:
        slack = Workspace()
        seed_workspace(slack)
        await slack.start()
        try:
            yield _stage(folder, slack, store)
        finally:
            await slack.stop()


def _stage(folder: Path, slack: Workspace, store: Store) -> Stage:
    text = toml(
        api_url=slack.api_url, port=free_port(), smtp_port=free_port(), requests_a_minute=100_000,
        database=str(store), log_level="info",
    )  # fmt: skip
    file = folder / "wicket.toml"
    file.write_text(text.replace('layout = "console"', 'layout = "json"'))
    environ = {
        "WICKET_SLACK_BOT_TOKEN": slack.bot_token,
        "WICKET_SLACK_APP_TOKEN": slack.app_token,
        "WICKET_SLACK_SIGNING_SECRET": slack.signing_secret,
        "WICKET_SECRET_KEYS": _SECRET_KEY,
        "WICKET_AUDIT_KEY": _AUDIT_KEY,
        "XDG_STATE_HOME": str(folder),
    }
    people = folder / "people.db"
    recorder.watch(people)
    began = recorder.members(people)
    return Stage(
        slack=slack,
        folder=folder,
        settings=load_settings(file, environ),
        environ=environ,
        began=began,
    )


@contextmanager
def _store(folder: Path, engine: str) -> Iterator[Store]:
    if engine == "sqlite":
        path = folder / "wicket.db"
        path.write_bytes(_FIRST_DAY["wicket.db"])
        yield path
        return
    running = postgres()
    with running.database(running.template(_TEMPLATE, _fill)) as name:
        yield running.server(name)


async def rehearse(stage: Stage) -> None:
    """Let a bot in this process give somebody something and take it back."""
    ada = stage.slack.person(LOVELACE.person("ada").slack)
    async with stage.earlier():
        said = await ada.say("I need crm-read for 1h because INC-1")
        await ada.click(await ada.sees("You are asking for", after=said.ts), Action.SEND_DRAFT)
        await ada.click(await ada.sees("✅ crm-read"), Action.GIVE_BACK)
        await ada.sees("you gave it back")


async def prepare(folder: Path) -> None:
    """Make what a stage on SQLite is a copy of: the directory and the store as they are on the first day."""
    people, store = folder / "people.db", folder / "wicket.db"
    directory = _people(folder)
    await seed_directory(directory, at=datetime.now(UTC))
    _STANDING.update({name: list(keys) for name, keys in (await standing_members(directory)).items()})
    directory.close()
    _fill(store)
    _FIRST_DAY.update({file.name: file.read_bytes() for file in (people, store)})


def prepare_server() -> None:
    """The same on PostgreSQL, which takes seconds to make. Skips where it is not installed."""
    postgres().template(_TEMPLATE, _fill)


def _fill(store: Store) -> None:
    """The tables, with everybody's links, and who stood in which group."""
    migrate(store)
    database, at = Database(store, macs=Macs(Vault([_SECRET_KEY]))), datetime.now(UTC)

    def work(tx: Session) -> None:
        seed_links_and_proofs(tx, Vault([_SECRET_KEY]), at=at)
        seed_standings(tx, _STANDING, at=at)

    database.write_now(work)
    database.close()


def _people(folder: Path) -> LocalDirectory:
    return LocalDirectory(folder / "people.db", name=LOVELACE.directory, cost=Scrypt(n=2))
