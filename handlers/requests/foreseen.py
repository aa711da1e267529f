"""A form as far as it is filled in, and what would happen if it were sent now. Frozen facts.

They look nothing up; handlers.requests.foresight fills them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from handlers.decisions.freezing import Stopped
from storage.catalogue import Entitlement, Owner

Outcome = Literal["automatic", "approval", "refused", "held", "waiting", "unsaid"]


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form as far as it is filled in. minutes: 0 while that is not said. report: a Slack id, or ""."""

    entitlements: tuple[str, ...] = ()
    minutes: int = 0
    justification: str = ""
    ticket: str = ""
    report: str = ""


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would become of one thing. outcome "unsaid": that depends on how long, which is not said yet.

    reasons: as in a verdict. missing: the approvals that it needs, by role.
    """

    entitlement: Entitlement
    owner: Owner
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Length:
    """A time for which all of it may be asked. at_once: nobody would have to approve anything of it."""

    minutes: int
    at_once: bool


@dataclass(frozen=True, kw_only=True)
class Foresight:
    """What would happen. no_report: it is for somebody who does not report to this person, so nothing is foreseen.

    report: name of whom it is for, if not for oneself. lengths: empty while nothing is chosen, or if no time would do.
    stopped: the freeze that lets nothing be sent now.
    """

    minutes: int
    each: tuple[Foreseen, ...] = ()
    lengths: tuple[Length, ...] = ()
    ticket_wanted: bool = False
    no_report: bool = False
    report: str = ""
    stopped: Stopped | None = None
