"""Settings whole and valid, as the composition root receives them.

They are made by `load_settings` alone and never change afterwards.
"""

import hashlib
import json
from typing import Any

from pydantic import InstanceOf

from bot.settings.secrets import Secrets
from bot.settings.sections import Sections
from storage.catalogue import Catalogue
from storage.stores import Store


class Settings(Sections):
    """The sections, the secrets and the catalogue."""

    secrets: Secrets
    catalogue: InstanceOf[Catalogue]

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
    def store(self) -> Store:
        """Where the tables are kept, with what opens it."""
        return self.database.store(self.secrets.database_password)

    @property
    def security_digest(self) -> str:
        """SHA-256 (hex) over the settings that bear on security, for the hash that stands on every decision.

        It leaves out what makes nothing safer or less safe: listening address, files on this machine, words, logs.
        The catalogue has its own digest; secrets are in neither.
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
                "secrets": True,
            },
        )
        bearing["slack"]["teams"] = sorted(bearing["slack"]["teams"])
        return hashlib.sha256(json.dumps(bearing, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
