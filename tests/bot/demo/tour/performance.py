"""The whole tour, played in this process on any keepers' directory, and what it came to.

It leaves this process's own logging as it was.
"""

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import ldap3
import structlog
from rich.console import Console

from bot.demo.folder import Folder
from bot.demo.keepers import Keepers
from bot.demo.tour import play
from bot.demo.tour.chapters import CHAPTERS, Chapter


@dataclass(frozen=True, kw_only=True)
class Performance:
    """code: the exit code. told: the transcript."""

    code: int
    told: str

    @property
    def wrong(self) -> str:
        """The step that was not as promised and what was seen instead; "" where all were."""
        return self.told.rpartition("\nStep ")[2] if self.code else ""


async def perform(
    folder: Path, keepers: Keepers | None = None, *, chapters: Iterable[Chapter] = CHAPTERS
) -> Performance:
    """Play it in this folder, or other chapters. keepers: as `play` takes them."""
    root, told = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    try:
        console = Console(file=told, soft_wrap=True)
        code = await play(Folder(folder), console, chapters=chapters, keepers=keepers)
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    return Performance(code=code, told=told.getvalue())


def whole(played: Performance) -> bool:
    """Whether every step of every chapter was played."""
    steps = sum(len(steps) for _, steps in CHAPTERS)
    told = all(f"\n{title}\n" in played.told for title, _ in CHAPTERS)
    return told and f"All {steps} steps were as promised" in played.told


def binds(server: ldap3.Server, user: str, password: str) -> bool:
    """Whether the server takes this password."""
    connection = ldap3.Connection(server, user=user, password=password)
    try:
        return bool(connection.bind())
    finally:
        connection.unbind()
