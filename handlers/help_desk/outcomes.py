"""What somebody on a help desk asks for, for somebody else, and what comes of it. Frozen facts.

They look nothing up; handlers.help_desk.helping and handlers.help_desk.rechecking fill them.
"""

from dataclasses import dataclass, field
from typing import Literal

from handlers.decisions.freezing import Stopped
from handlers.decisions.helping import Act
from handlers.intents import RATIONALE_LIMIT, Intent
from handlers.outcomes import Repeated


@dataclass(frozen=True, kw_only=True)
class ConsiderHelp(Intent):
    """Begin to do something for somebody else. whom: a login as it was typed, "" for nobody yet."""

    act: Act
    whom: str = ""


@dataclass(frozen=True, kw_only=True)
class HelpFor(Intent):
    """Do it. whom: their Slack id. ticket: as it was typed. rationale: why. entitlement: of a check, "" for all."""

    act: Act
    whom: str
    ticket: str
    rationale: str
    entitlement: str = ""

    def __post_init__(self) -> None:
        if not self.rationale.strip() or len(self.rationale) > RATIONALE_LIMIT:
            raise ValueError("a rationale has between 1 and 500 characters")


@dataclass(frozen=True, kw_only=True)
class MayHelp:
    """They are on a desk that may: the form can open. whom: the Slack id of whom they named, "" if that is nobody."""

    act: Act
    whom: str = ""


@dataclass(frozen=True, kw_only=True)
class NotOfDesk:
    """They are on no desk that may do this. ask: the names of desks that may."""

    ask: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NotServed:
    """No desk of theirs that may do this serves this person. ask: the names of desks that do."""

    name: str
    ask: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class MayNotHelp:
    """Policy says no, to this helper or about this person."""

    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NobodyToHelp:
    """This Slack account is nobody's who could be told of it."""


@dataclass(frozen=True, kw_only=True)
class NoTicket:
    """What was typed is no ticket as the settings want it."""


@dataclass(frozen=True, kw_only=True)
class NotLockedNow:
    """Their account is not locked, so there is nothing to unlock."""

    name: str


@dataclass(frozen=True, kw_only=True)
class UnlockedFor:
    """It was unlocked. known: the directory, read back, says so."""

    name: str
    known: bool


@dataclass(frozen=True, kw_only=True)
class ResetStarted:
    """The person got the way to the secure page. Whether they can prove who they are is not said."""

    name: str


Standing = Literal[
    "as-it-should-be", "given-again", "under-way", "for-its-owner", "being-taken", "no-grant", "silent"
]
"""How one entitlement stands after a check.

given-again: a live grant says so, and the directory had it no more. under-way: it is being given. for-its-owner: it
differs, and its owner decides. being-taken: its time is over, and it is being taken back. no-grant: nothing says that
they should have it, and they have it not. silent: its directory did not answer.
"""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One entitlement. owner: the name of its team. reasons: policy's, where its owner decides."""

    entitlement: str
    standing: Standing
    owner: str
    reasons: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Rechecked:
    """What a check found and did, the entitlements in the order of their names. more: how many were not looked at."""

    name: str
    checked: tuple[Checked, ...]
    more: int = 0


Refused = NotOfDesk | NotServed | MayNotHelp | NobodyToHelp | NoTicket | NotLockedNow | Stopped | Repeated
Outcome = UnlockedFor | ResetStarted | Rechecked | Refused
