"""What somebody wants, validated and frozen, and who they are: what handlers are given.

An intent is never built from unchecked payload fields; the actor is looked up, never believed (promise 5).
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from handlers.decisions.policy import Way
from storage.directories.base import Account

JUSTIFICATION_LIMIT = 500
RATIONALE_LIMIT = 500
QUESTION_LIMIT = 500
TICKET_LIMIT = 200
MOST_TOGETHER = 10
"""So many things can be asked for at once."""


@dataclass(frozen=True, kw_only=True)
class Where:
    """Where something was asked: "slack" with its team and channel, "page", "schedule" or "cli"."""

    transport: str
    team: str = ""
    channel: str = ""


SCHEDULE = Where(transport="schedule")
PAGE = Where(transport="page")
CLI = Where(transport="cli")


@dataclass(frozen=True, kw_only=True)
class By:
    """Who has an operator do something to the record, and why: it stays there. From where."""

    name: str
    why: str
    where: Where


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person at a Slack account linked to them, as the directory has them right now."""

    account: Account
    slack_team: str
    slack_user: str


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What every intent carries. delivery: Slack's own id of the payload, taken once with the effect."""

    actor: Actor
    where: Where
    delivery: str


@dataclass(frozen=True, kw_only=True)
class AskAccess(Intent):
    """Ask for an entitlement for a limited time. draft: the draft this was prepared in, if any.

    extends: the grant that this is to go on from, if it is an extension.
    ticket: named beside the justification, or "".
    """

    entitlement: str
    duration: timedelta
    justification: str
    ticket: str = ""
    draft: str | None = None
    extends: str | None = None

    def __post_init__(self) -> None:
        _check_asked(self.duration, self.justification, self.ticket)

    @property
    def minutes(self) -> int:
        """The duration in whole minutes, rounded up."""
        return whole_minutes(self.duration)


@dataclass(frozen=True, kw_only=True)
class AskTogether(Intent):
    """Ask for several entitlements at once, each of which is decided on its own.

    report: the Slack id of whom it is for, "" for oneself. The rest as above.
    """

    entitlements: tuple[str, ...]
    duration: timedelta
    justification: str
    ticket: str = ""
    report: str = ""
    draft: str | None = None

    def __post_init__(self) -> None:
        _check_asked(self.duration, self.justification, self.ticket)
        distinct = len(set(self.entitlements)) == len(self.entitlements)
        if not distinct or not 0 < len(self.entitlements) <= MOST_TOGETHER:
            raise ValueError(f"between 1 and {MOST_TOGETHER} different things are asked for at once")

    @property
    def minutes(self) -> int:
        """The duration in whole minutes, rounded up."""
        return whole_minutes(self.duration)


@dataclass(frozen=True, kw_only=True)
class DraftAccess(Intent):
    """Prepare a request without sending it; what is missing may be filled in later."""

    entitlement: str
    duration: timedelta | None
    justification: str | None


@dataclass(frozen=True, kw_only=True)
class OnGrant(Intent):
    """Do something about one request or grant: send its draft, withdraw it, look at it, give it back."""

    grant: str


@dataclass(frozen=True, kw_only=True)
class EndGrant(OnGrant):
    """End somebody's grant before its time, with the rationale."""

    rationale: str


@dataclass(frozen=True, kw_only=True)
class Resume(Intent):
    """Let new access begin again, or ask whether one may (without a rationale)."""

    freeze: str
    rationale: str = ""


@dataclass(frozen=True, kw_only=True)
class Report(Intent):
    """Say that what came of a visit to the secure page was not oneself."""

    handle: str


@dataclass(frozen=True, kw_only=True)
class Vouch(Intent):
    """Vouch for somebody. whom: their Slack id. code: what they read out. spoken: a handlers.decisions.vouching.Spoken.

    ticket: "" for none.
    """

    whom: str
    code: str
    spoken: str
    ticket: str = ""

    def __post_init__(self) -> None:
        if len(self.ticket) > TICKET_LIMIT:
            raise ValueError(f"a ticket has at most {TICKET_LIMIT} characters")


@dataclass(frozen=True, kw_only=True)
class Decide(OnGrant):
    """Approve or deny a request, with the rationale, which may be empty where policy does not want one.

    shown: the mark of the request as it was seen; a decision binds nothing else. minutes: a shorter time to approve.
    code: the request's code, as they retyped it.
    """

    approve: bool
    rationale: str
    shown: str
    minutes: int | None = None
    code: str = ""

    def __post_init__(self) -> None:
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError("a shorter time is longer than nothing")

    @property
    def way(self) -> Way:
        """What it is called where policy is asked."""
        if not self.approve:
            return "deny"
        return "approve" if self.minutes is None else "approve-less"


@dataclass(frozen=True, kw_only=True)
class Inquire(OnGrant):
    """Ask the requester something before deciding."""

    question: str


@dataclass(frozen=True, kw_only=True)
class AnswerInquiry(Intent):
    """Answer what an approver asked."""

    inquiry: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Ask(Intent):
    """A routine question. kind: one of handlers.questions.checks.KINDS; about: entitlement ids it is about."""

    kind: str
    about: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Reconcile(Intent):
    """Decide about a difference that an exception tells of. way: one of handlers.decisions.drift.Way.

    minutes: for how long to adopt. owner and review: for a declaration, who answers for it and when it is looked at.
    """

    exception: str
    way: str
    rationale: str = ""
    minutes: int = 0
    owner: str = ""
    review: date | None = None


@dataclass(frozen=True, kw_only=True)
class AskStory(Intent):
    """Ask what happened with something. about: the id of a request, a petition or an exception. page: from 0."""

    about: str
    page: int = 0


def whole_minutes(duration: timedelta) -> int:
    """A duration in whole minutes, rounded up."""
    return -(-int(duration.total_seconds()) // 60)


def _check_asked(duration: timedelta, justification: str, ticket: str) -> None:
    if duration <= timedelta(0):
        raise ValueError("a duration is longer than nothing")
    if not justification.strip() or len(justification) > JUSTIFICATION_LIMIT:
        raise ValueError("a justification has between 1 and 500 characters")
    if len(ticket) > TICKET_LIMIT:
        raise ValueError(f"a ticket has at most {TICKET_LIMIT} characters")
