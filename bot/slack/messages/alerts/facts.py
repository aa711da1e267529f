"""One exception as its message reads it: its facts, each made fit to be shown.

What stands in an alert is a pointer to the record, so it may be cut: it always fits. Nothing here writes a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.slack.messages.alerts.work import Work
from bot.slack.words import ended, inert, quoted, together, visible
from bot.texts import as_known, as_told, say, template
from handlers.exceptions.strange import Kind

GRAVE: Mapping[str, str] = {"high": template("high"), "medium": template("medium"), "low": template("low")}
"""How much an exception matters."""

_MOST = 150
_SHOWN = 3
# A fault ends with what to do about it, which may stand behind a long name.
_MOST_OF_A_FAULT = 400


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One exception with its count. facts: as handlers gave them. work: how it stands as somebody's."""

    id: str
    kind: Kind
    severity: str
    who: str
    facts: Mapping[str, Any]
    correlation: str
    count: int
    first_at: datetime
    last_at: datetime
    work: Work | None = None

    @property
    def whose(self) -> str:
        """Whom it is about."""
        return plain(self.who) or say("somebody without a name")

    @property
    def entitlement(self) -> str:
        """What it is about, where it is about one."""
        return self.fact("entitlement") or say("something")

    def fact(self, name: str, otherwise: str = "") -> str:
        """One fact in words; `otherwise` if there is none."""
        value = self.facts.get(name)
        return plain(value) if value else otherwise

    def number(self, name: str) -> int:
        """One fact that counts; 0 if there is none."""
        value = self.facts.get(name)
        return value if isinstance(value, int) else 0

    def several(self, name: str, most: int = _SHOWN) -> list[object]:
        """The first few of a list."""
        value = self.facts.get(name)
        return value[:most] if isinstance(value, list) else []

    def pairs(self, name: str, most: int = _SHOWN) -> list[tuple[object, object]]:
        """The first few of a list of pairs."""
        return [
            (one[0], one[1]) for one in self.several(name, most) if isinstance(one, list) and len(one) == 2
        ]

    def moment(self, name: str) -> datetime | None:
        """One fact that is a time."""
        try:
            found = datetime.fromisoformat(str(self.facts.get(name)))
        except ValueError:
            return None
        return found if found.tzinfo else None


def plain(value: object, most: int = _MOST) -> str:
    """One fact, inert and short."""
    return inert(_short(as_known(str(value)), most))


def literal(value: object) -> str:
    """One fact for a text that is shown as it stands."""
    return visible(as_known(str(value or say("it"))))[:80]


def fault(alert: Alert) -> str:
    """What went wrong, as a sentence; empty if nothing is known of it."""
    return ended(plain(as_told(str(alert.facts.get("fault") or "")), _MOST_OF_A_FAULT))


def reasons(alert: Alert) -> str:
    """Why it was refused, quoted: policy says so to the person ("You …"), and security must not read it as theirs.

    Empty if nothing is known of it. It does not claim that they read it: some are told less.
    """
    words = _said(alert)
    return say("Why, in the words for them: {words}.", words=quoted(words)) if words else ""


def reasons_about(alert: Alert) -> str:
    """Why it was refused, where that is written about them and not to them; empty if nothing is known of it."""
    return inert(_said(alert))


def _said(alert: Alert) -> str:
    return together(*(ended(_short(as_told(str(one)))) for one in alert.several("reasons")))


def _short(text: str, most: int = _MOST) -> str:
    shown = visible(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
