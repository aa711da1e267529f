"""What people of security ask for about an exception, and what comes of it: frozen intents and outcomes.

They look nothing up; handlers.exceptions.working fills them.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.intents import Intent
from storage.states import ExceptionState, Resolution

WORKER_NEWS = "exception-news"
"""The kind of message by which whoever works on an exception hears of what others did to it."""


@dataclass(frozen=True, kw_only=True)
class OnException(Intent):
    """Something about an exception; in itself, that one looked at it."""

    exception: str


@dataclass(frozen=True, kw_only=True)
class Assign(OnException):
    """Who works on it from now on. whom: a Slack id; "" to ask whether one may say so."""

    whom: str = ""


@dataclass(frozen=True, kw_only=True)
class Resolve(OnException):
    """It is over, and why; without a reason, whether one may say so."""

    why: Resolution | None = None
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class MayWork:
    """The form can open, with what it repeats. assignee: a name; "" if nobody works on it."""

    exception: str
    kind: str
    severity: str
    who: str
    assignee: str


@dataclass(frozen=True, kw_only=True)
class Worked:
    """It is so from now on, and its message shows it."""


@dataclass(frozen=True, kw_only=True)
class WorkedBefore:
    """Somebody was quicker: how it stands, who did that and when. by: a name, "" for Wicket itself."""

    state: ExceptionState
    by: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class WorksAlready:
    """It is theirs already. by: a name."""

    by: str


@dataclass(frozen=True, kw_only=True)
class DecideInstead:
    """It has buttons of its own, and deciding by them resolves it."""


@dataclass(frozen=True, kw_only=True)
class IsOver:
    """No person resolved it, so nobody opens it again; if it recurs, it is told anew."""


@dataclass(frozen=True, kw_only=True)
class NobodyToWork:
    """Whoever was chosen does not work on exceptions. silent: it could not be found out just now."""

    silent: bool = False
