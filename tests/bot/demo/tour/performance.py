"""The whole tour, played in this process on any keepers' directory, and what it came to.

It leaves this process's own logging as it was.
"""

import io
import logging
from dataclasses import dataclass
from pathlib import Path

import structlog
from rich.console import Console

from bot.demo.folder import Folder
from bot.demo.keepers import Keepers
from bot.demo.tour import play


@dataclass(frozen=True, kw_only=True)
class Performance:
    """code: the exit code. told: the transcript. folder: what is left."""

    code: int
    told: str
    folder: Folder


async def perform(folder: Path, keepers: Keepers) -> Performance:
    """Play it in this folder."""
    root, told = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    place = Folder(folder)
    try:
        code = await play(place, Console(file=told, soft_wrap=True), keepers=keepers)
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
    return Performance(code=code, told=told.getvalue(), folder=place)
