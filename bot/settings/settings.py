"""Settings whole and valid, as the composition root receives them.

They are made by `load_settings` alone and never change afterwards.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from pydantic import InstanceOf

from bot.settings.secrets import Secrets
from bot.settings.sections import CatalogueSection, Sections
from storage.catalogue import Catalogue
from storage.engine.stores import Store


class Settings(Sections):
    """The sections, the secrets and the catalogue. rule_files: files and folders that all of it was read from.

    own_place: where checkpoints go if [audit] names no file (bot.settings.own_place); None without such a place.
    words: the environments and kinds that policies compare.
    """

    secrets: Secrets
    catalogue: InstanceOf[Catalogue]
    rule_files: tuple[Path, ...] = ()
    words: CatalogueSection = CatalogueSection()
    own_place: Path | None = None

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, without what was reckoned of the settings as they are here."""
        copied = super().model_copy(update=update, deep=deep)
        for reckoned in ("bearing_on_security", "security_digest"):
            vars(copied).pop(reckoned, None)
        return copied

    @property
    def people_of(self) -> dict[str, str]:
        """For each directory whose people are those of another, that other one, their home."""
        return {name: one.people_of for name, one in self.directories.items() if one.people_of is not None}

    def home_of(self, directory: str) -> str:
        """The directory that the people of this one sign in from, and in which their approvers are."""
        return self.people_of.get(directory, directory)

    @property
    def front_door_of(self) -> str | None:
        """The directory whose logins are typed at the page's front door; None where that is shut, or not said."""
        homes = {self.home_of(name) for name in self.directories}
        only = next(iter(homes)) if len(homes) == 1 else None
        return (self.front_door.directory or only) if self.front_door.open else None

    @property
    def published(self) -> Path | None:
        """The file outside the database that checkpoints are published to; None where there is no place for one."""
        return self.audit.published or self.own_place

    @property
    def store(self) -> Store:
        """Where the tables are kept, with what opens it."""
        return self.database.store(self.secrets.database_password)

    @cached_property
    def bearing_on_security(self) -> dict[str, Any]:
        """The settings that bear on security, by name ("slack.teams").

        It leaves out what makes nothing safer or less safe: listening address, files on this machine, words, logs.
        The catalogue has its own digest, and the policies are in the hash themselves; secrets are in none of them.
        """
        bearing: dict[str, Any] = self.model_dump(
            mode="json",
            exclude={
                "slack": {"translation", "time_zone"},
                "server": {"host", "port", "translations"},
                "oidc": {"ca_file", "name"},
                "database": True,
                "directories": {"__all__": {"path", "ca_file"}},
                "audit": True,
                "bulletins": True,
                "siem": True,
                "logs": True,
                "catalogue": True,
                "rule_files": True,
                "own_place": True,
                "words": True,
                "policy": {"directory", "replaces"},
                "secrets": True,
            },
        )
        bearing["slack"]["teams"] = sorted(bearing["slack"]["teams"])
        return dict(_named(bearing))

    @cached_property
    def security_digest(self) -> str:
        """SHA-256 (hex) over them, for the hash that stands on every decision."""
        bearing = json.dumps(self.bearing_on_security, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(bearing.encode()).hexdigest()


def _named(bearing: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in bearing.items():
        if isinstance(value, Mapping):
            yield from _named(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
