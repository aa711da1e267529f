"""Where a command works: the settings it was pointed to, and the store that they name.

It never makes a database or a directory that is not there: a command that reads must not leave one behind.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import typer

from bot.settings import Settings, load_settings, origin_for_slack
from storage.database import Database
from storage.faults import SchemaFault, StorageUnavailable
from storage.macs import Macs

_USUAL = Path("wicket.toml")
# A running bot may be writing; a command can wait longer than a person in Slack.
_WAIT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """config: the file that --config named, or None for the usual one. environ: the process environment."""

    config: Path | None
    environ: Mapping[str, str] = field(repr=False)

    def settings(self, *, serving: bool = False) -> Settings:
        """The settings. SettingsFault when they are missing or wrong. serving: with all that running needs."""
        return load_settings(self.config or _USUAL, self.environ, serving=serving)

    def is_there(self) -> bool:
        """Whether a file was named, or the usual one is there."""
        return self.config is not None or _USUAL.exists()

    def origin_for_slack(self) -> str | None:
        """Where Slack is to call by HTTP; None for Socket Mode, and where no file was named nor the usual one is."""
        if not self.is_there():
            return None
        return origin_for_slack(self.config or _USUAL, self.environ)


def place_of(context: typer.Context) -> Place:
    """The place that the root command put into the context."""
    place = context.find_object(Place)
    if place is None:
        raise RuntimeError("a command ran without the root command")
    return place


def group() -> None:
    """The callback of a command that only holds others: with it, even a single one keeps its name."""


def macs_of(settings: Settings) -> Macs | None:
    """What rows are signed by; None without keys: then what a command writes counts nowhere."""
    return Macs(settings.secrets.vault()) if settings.secrets.secret_keys is not None else None


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The store, if it is there and of this version. StorageUnavailable or SchemaFault if not."""
    # Alembic and ldap3 are slow to load, and `wicket --help` has no need of them.
    from bot.directories import group_names
    from storage.engine.migrating import is_current

    store = settings.store
    if isinstance(store, Path) and not store.exists():
        raise StorageUnavailable(
            f"There is no database at {store} yet. `wicket serve` or `wicket migrate` makes it."
        )
    if not is_current(store):
        raise SchemaFault(f"The database at {store} is of an earlier version. Run `wicket migrate` first.")
    database = Database(
        store, busy_timeout=_WAIT_SECONDS, macs=macs_of(settings), replica=settings.server.replica,
        due_within=settings.exceptions.due_within, group_names=group_names(settings.directories),
    )  # fmt: skip
    try:
        yield database
    finally:
        database.close()
