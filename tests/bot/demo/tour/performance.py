"""The tour, played in this process on any keepers' directory, and what it came to.

It leaves this process's own logging as it was.
"""

import io
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ldap3
import structlog
from rich.console import Console

from bot.demo.folder import Folder
from bot.demo.keepers import Keepers
from bot.demo.tour.chapters import CHAPTERS, Chapter
from bot.demo.tour.play import play

# So many of the log's last warnings and faults are told with a step that was not as promised.
LAST_LINES = 20
# They ask a directory nothing that the other chapters do not, and have it do nothing else.
_NOT_ABOUT_IT = frozenset(
    {"The request form", "Privileged: the owner decides", "Breaking the glass", "The record"}
)
assert {title for title, _ in CHAPTERS} > _NOT_ABOUT_IT
# The story as a directory lives through it: ask, approve, grant, revoke, reset, unlock, drift.
ON_A_SERVER = tuple((title, steps) for title, steps in CHAPTERS if title not in _NOT_ABOUT_IT)
_GRAVE = frozenset({"warning", "error", "critical"})
_LEVEL = re.compile(r"\d{4}-\S+ \[(?P<level>\w+)")


@dataclass(frozen=True, kw_only=True)
class Performance:
    """code: the exit code. told: the transcript. logged: the log's last warnings and faults."""

    code: int
    told: str
    logged: Sequence[str] = ()

    @property
    def wrong(self) -> str:
        """The step that was not as promised and what was seen instead; "" where all were.

        What tells most comes first, since the middle of a long output is what is cut out: the step and why, the log's
        last lines, then all that was to be seen.
        """
        if not self.code:
            return ""
        step, _, seen = self.told.rpartition("\nStep ")[2].partition("\n")
        lines = seen.splitlines()
        reason = lines[-1 if lines[0].startswith("Traceback") else 0]
        return "\n".join((step, reason, "The log's last warnings:", *self.logged, "What was seen:", seen))


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
    return Performance(code=code, told=told.getvalue(), logged=_last_lines(folder / "wicket.log"))


def _last_lines(log: Path) -> Sequence[str]:
    """What went wrong, as the log has it, with where that came from."""
    found, is_grave = list[str](), False
    for line in log.read_text(encoding="utf-8").splitlines():
        if begins := _LEVEL.match(line):
            is_grave = begins["level"] in _GRAVE
        if is_grave:
            found.append(line)
    return found[-LAST_LINES:]


def complete(played: Performance, chapters: Sequence[Chapter]) -> bool:
    """Whether every step of every one of these chapters was played."""
    steps = sum(len(steps) for _, steps in chapters)
    told = all(f"\n{title}\n" in played.told for title, _ in chapters)
    return told and f"All {steps} steps were as promised" in played.told


def binds(server: ldap3.Server, user: str, password: str) -> bool:
    """Whether the server takes this password."""
    connection = ldap3.Connection(server, user=user, password=password)
    try:
        return bool(connection.bind())
    finally:
        connection.unbind()
