"""Who may have what: grants, approvals, holdings, and the memberships that no grant gives.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, false
from sqlmodel import Field, SQLModel

from storage.records.columns import added, added_empty, json_value, moment, only, sentence


class Grant(SQLModel, table=True):
    """One person's time-limited hold on one entitlement. `expires_at` is set when it is decided and never moves on.

    reasons: why policy asks for approval or refuses, in words. missing: approvals still needed, by role.
    foreseen: what policy says of a draft: "automatic", "approval" or "refused".
    directory and account: whose membership it is (a holding's key); account is empty where nobody's could be meant.
    requester_directory and requester_account: who asked, by the account they sign in with.
    target_account: a report of theirs who gets it, by the account that one signs in with in the same directory; empty
    where they asked for themselves. The names, the team and the manager are kept as they were when it was asked.
    asked_minutes: for how long it was asked first, if an approver made it shorter; otherwise 0.
    remind_at and reminder: when something is to be done about it before its time, and what (storage.reminders).
    reminded_at: when its owner was reminded of it.
    passed_on_to: the owner that stands in for the entitlement's. extends: the grant that it goes on from.
    held_since: since when the same has been held without a break, where it was held when it was asked.
    """

    __tablename__ = "grants"
    __table_args__ = (
        Index("grants_due", "expires_at", **only("state IN ('approved', 'active')")),
        Index("grants_waiting", "lapses_at", **only("state = 'pending'")),
        Index("grants_of", "account", "state"),
        Index("grants_by", "requester_account", "state", "entitlement"),
        Index("grants_for", "target_account", "state", "entitlement", **only("target_account <> ''")),
        Index("grants_on", "entitlement", "state"),
        Index(
            "grants_reminding",
            "remind_at",
            **only("remind_at IS NOT NULL AND state IN ('pending', 'active')"),
        ),
    )

    id: str = Field(primary_key=True)
    state: str
    directory: str
    account: str
    entitlement: str
    group: str
    minutes: int
    justification: str = sentence(empty=False)
    slack_team: str
    slack_user: str
    ticket: str = ""
    requester_name: str
    requester_login: str
    requester_team: str
    requester_employment: str
    manager_name: str
    standing: list[str] = json_value(list)
    reasons: list[str] = json_value(list)
    missing: dict[str, int] = json_value(dict)
    policy_set: str
    foreseen: str = ""
    automatic: bool = False
    end_reason: str = sentence()
    ended_by: str = ""
    requested_at: datetime = moment()
    lapses_at: datetime | None = moment(null=True)
    decided_at: datetime | None = moment(null=True)
    expires_at: datetime | None = moment(null=True)
    active_at: datetime | None = moment(null=True)
    ended_at: datetime | None = moment(null=True)
    requester_directory: str = added()
    requester_account: str = added()
    asked_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    remind_at: datetime | None = moment(null=True)
    reminder: str = added_empty()
    reminded_at: datetime | None = moment(null=True)
    passed_on_to: str = added_empty()
    passed_on_why: str = added_empty()
    passed_on_at: datetime | None = moment(null=True)
    extends: str = added_empty()
    held_since: datetime | None = moment(null=True)
    end_rationale: str = added_empty()
    target_account: str = added()
    target_name: str = added()
    target_login: str = added()
    mac: str = added_empty()


class Approval(SQLModel, table=True):
    """One approver's recorded decision; nobody decides one request twice, unless it changed under their approval.

    shown: the mark of the request as the approver saw it (storage.binding); empty in rows of older versions.
    proof: the handle by which they proved who they are for it, "" if they did not; proved_by: what they showed, the
    kinds of proof with a space between; proved_at: when. retyped: they typed the request's code.
    delegation: by which delegation or standing scope they had the role, to show; who counts is asked anew (unsigned).
    """

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("grant", "approver"),)

    id: str = Field(primary_key=True)
    grant: str = Field(foreign_key="grants.id", index=True)
    approver: str
    approver_name: str
    slack_user: str
    role: str
    approved: bool
    rationale: str
    at: datetime = moment()
    shown: str = added()
    proof: str = added_empty()
    proved_by: str = added_empty()
    proved_at: datetime | None = moment(null=True)
    retyped: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    delegation: str = added_empty()
    mac: str = added_empty()


class VoidedApproval(SQLModel, table=True):
    """An approval that no longer counts, whoever gave it comes back or not (J-4). why: fit to follow a name."""

    __tablename__ = "voided_approvals"

    approval: str = Field(primary_key=True, foreign_key="approvals.id")
    why: str = sentence(empty=False)
    at: datetime = moment()


class Holding(SQLModel, table=True):
    """What one account has, and should have, in one directory group. Effects run under its lease and fence.

    stood_before: the membership read before our first add; None until it was read. What stood before us stays.
    due_at: since when the directory should agree (the end of the grant, for a removal).
    overdue_told: the security channel knows that this removal is late. page_at: when it is told again, graver.
    """

    __tablename__ = "holdings"
    __table_args__ = (
        UniqueConstraint("directory", "account", "group"),
        Index("holdings_open", "directory", "wanted", "due_at", **only("settled = 0", "NOT settled")),
    )

    id: str = Field(primary_key=True)
    directory: str
    account: str
    group: str
    wanted: bool
    present: bool | None = None
    stood_before: bool | None = None
    settled: bool
    fence: int = 0
    attempts: int = 0
    last_fault: str = sentence()
    overdue_told: bool = False
    due_at: datetime = moment()
    next_at: datetime = moment()
    lease_until: datetime | None = moment(null=True)
    page_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Standing(SQLModel, table=True):
    """One membership that no grant gives and that is accounted for: declared, or only found at the first look.

    kind: "account" or "group" (one group put into another); member: the account's id, or the inner group's name.
    declared_by, owner, rationale and review_at are empty for what was only found there.
    """

    __tablename__ = "standings"
    __table_args__ = (UniqueConstraint("directory", "group", "kind", "member"),)

    id: str = Field(primary_key=True)
    directory: str
    group: str
    entitlement: str
    kind: str
    member: str
    owner: str = ""
    declared_by: str = ""
    rationale: str = ""
    review_at: datetime | None = moment(null=True)
    at: datetime = moment()
    mac: str = added_empty()


class Watched(SQLModel, table=True):
    """A group that was looked at before: what is new in it since then has to be explained."""

    __tablename__ = "watched"

    directory: str = Field(primary_key=True)
    group: str = Field(primary_key=True)
    since: datetime = moment()
