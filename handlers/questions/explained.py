"""Why policy answered somebody as it did, and what they can ask for: frozen facts, ready to be put into words.

They are about whoever asked alone, and look nothing up; handlers.questions.why fills them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers.decisions.explaining import Outcome, Turn
from handlers.decisions.freezing import Stopped


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What policy says now of a request for so many minutes, and what would change it.

    owner: the team's name. held: whether they hold it now; None if nobody can say. until: the end of what they hold,
    if it has one. missing: the approvals that it needs, by role.
    """

    entitlement: str
    owner: str
    minutes: int
    outcome: Outcome
    reasons: tuple[str, ...]
    missing: Mapping[str, int] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()
    held: bool | None = False
    stopped: Stopped | None = None


@dataclass(frozen=True, kw_only=True)
class WhyRefused:
    """Why the last of their requests that came to nothing did, and what policy would say of the same now.

    how: "never" if there is none. by, rationale: of who denied it, as the request's own message shows.
    """

    how: Literal["never", "refused", "denied", "lapsed"]
    entitlement: str = ""
    at: datetime | None = None
    reasons: tuple[str, ...] = ()
    by: str = ""
    rationale: str = ""
    now: Explained | None = None


@dataclass(frozen=True, kw_only=True)
class WhyApproval:
    """Why approval is needed for something, or that it is not."""

    now: Explained


@dataclass(frozen=True, kw_only=True)
class CanAsk:
    """What they could have, as policy says now; each tuple by name.

    with_approval: with the approvals that it needs, in words' places: id, owner's name, approvals by role.
    refused, more: how many they could not have, and how many were not looked through.
    unknown: directories that did not answer.
    """

    at_once: tuple[str, ...] = ()
    with_approval: tuple[Explained, ...] = ()
    held: int = 0
    refused: int = 0
    more: int = 0
    unknown: tuple[str, ...] = ()
    stopped: Stopped | None = None
