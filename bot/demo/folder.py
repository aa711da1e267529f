"""The folder that the demo keeps its things in: `wicket.toml`, the tables, the directory and the keys.

It starts nothing, and never touches a folder that something other than the demo has written to.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bot.demo.company import DISCOVER, LOCAL, toml
from bot.settings import new_audit_key, new_key
from storage.faults import SettingsFault

# The first words of every wicket.toml of the demo: a real one never begins with them.
OPENING = "# The settings of the demo"
_KEPT = ("WICKET_SECRET_KEYS", "WICKET_AUDIT_KEY")
_HEADING = re.compile(r"\[+([^\]]+)\]+")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where this run's servers listen, all on loopback. api_url: the pretend Slack's."""

    api_url: str
    page_port: int
    smtp_port: int


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What the pretend Slack gave the bot for this run."""

    bot: str
    app: str
    signing: str


class Folder:
    """One folder, made if it is not there. SettingsFault, with what to do, if it cannot be the demo's."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            written = self.config.read_text(encoding="utf-8") if self.config.exists() else OPENING
        except (OSError, UnicodeDecodeError) as fault:
            raise SettingsFault(f"The demo cannot use the folder {self.path}: {fault}.") from None
        if not written.startswith(OPENING):
            raise SettingsFault(
                f"{self.config} was not written by the demo, so it is left alone. Name another folder."
            )
        if not self.is_fresh and not self.secrets.exists():
            raise SettingsFault(
                f"{self.database} cannot be read without the keys in {self.secrets}, which is gone. "
                "Name another folder, or empty this one."
            )

    @property
    def config(self) -> Path:
        """The settings, as any operator writes them."""
        return self.path / "wicket.toml"

    @property
    def secrets(self) -> Path:
        """Keys and tokens as lines of NAME=value, for their owner's eyes alone."""
        return self.path / "secrets.env"

    @property
    def database(self) -> Path:
        """The bot's tables."""
        return self.path / "wicket.db"

    @property
    def people(self) -> Path:
        """The local directory."""
        return self.path / "people.db"

    @property
    def phones(self) -> Path:
        """Keys that were added to people's authenticators."""
        return self.path / "phones.json"

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was kept here before."""
        return not self.database.exists()

    def write(
        self,
        addresses: Addresses,
        tokens: Tokens,
        *,
        directory: Mapping[str, Any] = LOCAL,
        secrets: Mapping[str, str] = MappingProxyType({}),
    ) -> Mapping[str, str]:
        """Write settings and secrets for this run, keeping what was edited; the secrets as an environment.

        directory: the section about it. secrets: the variables that it needs.
        """
        if self.config.exists():
            text = readdressed(self.config.read_text(encoding="utf-8"), addresses)
        else:
            text = toml(
                api_url=addresses.api_url,
                port=addresses.page_port,
                smtp_port=addresses.smtp_port,
                database=self.database.name,
                directory=directory,
                discover=DISCOVER,
            )
        environment = {**self._environment(tokens), **secrets}
        _replace(self.secrets, "".join(f"{name}={value}\n" for name, value in environment.items()))
        _replace(self.config, text)
        return environment

    def _environment(self, tokens: Tokens) -> dict[str, str]:
        """The keys of the tables, which last as long as these, and the tokens of this run."""
        kept = {"WICKET_SECRET_KEYS": new_key(), "WICKET_AUDIT_KEY": new_audit_key()}
        if self.secrets.exists():
            lines = self.secrets.read_text(encoding="utf-8").splitlines()
            found = dict(line.split("=", 1) for line in lines if "=" in line)
            kept |= {name: found[name] for name in _KEPT if name in found}
        return {
            **kept,
            "WICKET_SLACK_BOT_TOKEN": tokens.bot,
            "WICKET_SLACK_APP_TOKEN": tokens.app,
            "WICKET_SLACK_SIGNING_SECRET": tokens.signing,
        }


def readdressed(text: str, addresses: Addresses) -> str:
    """A `wicket.toml` of the demo with this run's addresses; every other line stays as somebody left it."""
    new = {
        ("slack", "api_url"): f'"{addresses.api_url}"',
        ("server", "port"): str(addresses.page_port),
        ("server", "public_url"): f'"http://localhost:{addresses.page_port}"',
        ("mail", "port"): str(addresses.smtp_port),
    }
    section, lines = "", []
    for line in text.splitlines():
        if heading := _HEADING.match(line.strip()):
            section = heading[1].strip()
        value = new.get((section, line.partition("=")[0].strip()))
        lines.append(line if value is None else f"{line.partition('=')[0].strip()} = {value}")
    return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    """Write the whole file or nothing, readable by its owner alone from the first byte on."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(
        os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8"
    ) as new:
        new.write(text)
    beside.replace(path)
