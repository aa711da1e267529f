"""One grant as people read of it: what was asked, by whom, what was decided, how it stands. Frozen facts.

It looks nothing up; handlers.requests.storytelling fills it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handlers.decisions.freezing import Stopped
from storage.catalogue import Entitlement, Owner
from storage.fresh import FreshProof
from storage.states import GrantState

GIVEN_BACK = "given back"
"""Why a grant ended that its holder gave back."""

ENDED_EARLY = "ended early"
"""Why a grant ended that somebody ended before its time; who it was, and why, stand beside it."""


@dataclass(frozen=True, kw_only=True)
class ByDelegation:
    """By what somebody had the owner's role who does not have it otherwise. by: who delegated it, "" for a scope.

    until: when it ends, or ended; None for a scope. scope: its name, "" for a delegation.
    """

    by: str = ""
    until: datetime | None = None
    scope: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One approver's decision. void: why it no longer counts, fit to follow the name; empty while it does.

    proof: the fresh proof that it rests on, if any. delegation: by what they had their role, if it was not their own.
    """

    name: str
    role: str
    approved: bool
    rationale: str
    at: datetime
    void: str = ""
    proof: FreshProof | None = None
    delegation: ByDelegation | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One approver's question and its answer, empty until it came."""

    id: str
    name: str
    slack_user: str
    question: str
    at: datetime
    answer: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class LastTime:
    """How the last grant of the same went. by: who approved it; empty if policy gave it at once."""

    at: datetime
    minutes: int
    by: tuple[str, ...]
    end_reason: str


@dataclass(frozen=True, kw_only=True)
class Requester:
    """Who asks, as the directory had them when they asked."""

    name: str
    login: str
    team: str
    employment: str
    manager: str
    slack_user: str


@dataclass(frozen=True, kw_only=True)
class PassedOn:
    """To whom a request was passed on, when, and why: fit to follow "because"."""

    owner: Owner
    why: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Extension:
    """What goes on from a grant: it waits (`until` is None) or gives access until then. minutes: for how long."""

    until: datetime | None
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a request is to go on from: held since then, and until then without it."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """Whom it was asked for, where somebody asked for a person who reports to them. slack_user: "" if not linked."""

    name: str
    login: str
    slack_user: str


@dataclass(frozen=True, kw_only=True)
class GrantStory:
    """A grant with everything its messages say.

    entitlement and owner: None if it left the catalogue. reasons: policy's, in words. missing: approvals still needed
    by role. foreseen: for a draft, what policy says. holds: entitlements that whoever it is for holds besides, risk 3
    and up first. had: how often they had this before; had_last: when it last ended; last: how that went. directory
    and account: where it goes, and to whose account there, if not to their own. report: whom it is for, if not the
    requester. ticket: the one named beside the justification, if any. shown: the mark of all that an approval of it
    binds. asked_minutes: how long it was before an approver made it shorter, otherwise 0. can: names of those who may
    decide now, by role, and one_click: whether none of them has to say why; both are looked up where they are shown.
    goes_on_from: of an extension. fallback: the name of whoever stands in for its owner. ended_by and end_rationale:
    who ended it before its time, and why. counted: how many approvals count now, where that was looked up.
    who ended it before its time, and why. reset_at: when the password of its requester or holder was reset, if lately.
    stopped: of a draft, what lets it not be sent now.
    """

    id: str
    state: GrantState
    entitlement_id: str
    entitlement: Entitlement | None
    owner: Owner | None
    requester: Requester
    minutes: int
    justification: str
    reasons: tuple[str, ...]
    missing: Mapping[str, int]
    foreseen: str
    automatic: bool
    said: tuple[Said, ...]
    holds: tuple[str, ...]
    had: int
    had_last: datetime | None
    end_reason: str
    removal_takes_effect: str
    requested_at: datetime
    lapses_at: datetime | None
    decided_at: datetime | None
    expires_at: datetime | None
    active_at: datetime | None
    ended_at: datetime | None
    directory: str = ""
    account: str = ""
    shown: str = ""
    asked_minutes: int = 0
    asked: tuple[Asked, ...] = ()
    last: LastTime | None = None
    can: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    one_click: bool = False
    passed_on: PassedOn | None = None
    goes_on_from: Held | None = None
    extension: Extension | None = None
    ended_by: str = ""
    end_rationale: str = ""
    fallback: str = ""
    report: Report | None = None
    ticket: str = ""
    counted: int | None = None
    reset_at: datetime | None = None
    stopped: Stopped | None = None

    @property
    def ends_sooner(self) -> bool:
        """Whether it was given by a clock that was ahead, and its end was set to sooner than that clock had it."""
        if self.decided_at is None or self.expires_at is None:
            return False
        return self.expires_at < self.decided_at + timedelta(minutes=self.minutes)
