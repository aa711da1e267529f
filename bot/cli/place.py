"""Where a command works: the settings that it was pointed to.

It loads what reads them once somebody wants them: whoever asks for help, or judges a proof by its key, does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bot.settings import Settings

_USUAL = Path("wicket.toml")


@dataclass(frozen=True, kw_only=True)
class Place:
    """config: the file that --config named, or None for the usual one. environ: the process environment."""

    config: Path | None
    environ: Mapping[str, str] = field(repr=False)

    def settings(self, *, serving: bool = False) -> "Settings":
        """The settings. SettingsFault when they are missing or wrong. serving: with all that running needs."""
        from bot.settings import load_settings

        return load_settings(self.config or _USUAL, self.environ, serving=serving)

    def is_there(self) -> bool:
        """Whether a file was named, or the usual one is there."""
        return self.config is not None or _USUAL.exists()

    def origin_for_slack(self) -> str | None:
        """Where Slack is to call by HTTP; None for Socket Mode, and where no file was named nor the usual one is."""
        from bot.settings import origin_for_slack

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
