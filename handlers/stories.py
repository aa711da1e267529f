"""One grant as people read of it: what was asked, by whom, what was decided, how it stands. Frozen facts.

It looks nothing up; handlers.storytelling fills it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.catalogue import Entitlement, Owner
from storage.states import GrantState


@dataclass(frozen=True, kw_only=True)
class Said:
    """One approver's decision. void: why it no longer counts, fit to follow the name; empty while it does."""

    name: str
    role: str
    approved: bool
    rationale: str
    at: datetime
    void: str = ""


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
    and up first. had: how often they had this before; had_last: when it last ended. directory and account: where it
    goes, and to whose account there, if not to their own. report: whom it is for, if not the requester. ticket: the
    one named beside the justification, if any.
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
    report: Report | None = None
    ticket: str = ""
