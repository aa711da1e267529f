"""What an examination found: lines under the names of their parts, and how many are how bad.

It holds words only; whoever prints it lays it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.directories.base import Finding, Level

_HIDDEN = "[hidden]"
# Shorter secrets would blank out ordinary words; none that Wicket uses is this short.
_SHORTEST = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """One finding, and the part that it belongs to."""

    part: str
    finding: Finding


@dataclass(frozen=True, kw_only=True)
class Report:
    """All lines, those of one part together."""

    lines: tuple[Line, ...]

    def count(self, level: Level) -> int:
        """How many lines are of this level."""
        return sum(line.finding.level == level for line in self.lines)

    def without(self, secrets: Iterable[str]) -> "Report":
        """The same without these texts, should a server or a library ever have said one of them (N-2)."""
        hide = sorted((secret for secret in secrets if len(secret) >= _SHORTEST), key=len, reverse=True)
        return Report(lines=tuple(_without(line, hide) for line in self.lines))

    def as_json(self) -> dict[str, Any]:
        """The report for programs: findings, each {part, level, about, found, advice}, and the three counts."""
        return {
            "findings": [{"part": line.part, **vars(line.finding)} for line in self.lines],
            "ok": self.count("ok"),
            "warning": self.count("warning"),
            "failed": self.count("failed"),
        }


def ok(about: str, found: str) -> Finding:
    """A line about something that is as it should be."""
    return Finding(level="ok", about=about, found=found)


def warning(about: str, found: str, advice: str = "") -> Finding:
    """A line about something that works, or could not be seen, and needs a look."""
    return Finding(level="warning", about=about, found=found, advice=advice)


def failed(about: str, found: str, advice: str = "") -> Finding:
    """A line about something that does not work."""
    return Finding(level="failed", about=about, found=found, advice=advice)


def _without(line: Line, secrets: Iterable[str]) -> Line:
    said = {name: _hidden(text, secrets) for name, text in vars(line.finding).items() if name != "level"}
    return Line(part=line.part, finding=Finding(level=line.finding.level, **said))


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return text
