"""The tables: links, grants, approvals, holdings, standings, the outbox, exceptions, and what the secure page needs.

Rows are assigned to only inside storage/. Nothing here validates: intents do, before a row is made.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.types import UtcMicros


def _moment(*, null: bool = False, index: bool = False) -> Any:
    return Field(sa_column=Column(UtcMicros, nullable=null, index=index), default=None)


def _added() -> Any:
    """A column of text that a later revision added: rows that were there before need something to stand in it."""
    return Field(sa_column_kwargs={"server_default": ""})


def _json() -> Any:
    return Field(sa_column=Column(JSON, nullable=False))


def _only(sqlite: str, postgresql: str | None = None) -> dict[str, Any]:
    """Let an index hold only the rows of which this is true. postgresql: where it is said in other words there."""
    return {"sqlite_where": text(sqlite), "postgresql_where": text(postgresql or sqlite)}


class Link(SQLModel, table=True):
    """Slack account ↔ person, made once. `mail` is what both sides said then; a change of it suspends the link."""

    __tablename__ = "links"
    __table_args__ = (UniqueConstraint("slack_team", "slack_user"),)

    id: str = Field(primary_key=True)
    slack_team: str
    slack_user: str
    directory: str
    account: str = Field(index=True)
    mail: str
    made_by: str
    state: str
    created_at: datetime = _moment()


class Delivery(SQLModel, table=True):
    """One inbound payload that had its effect; the key is Slack's own id of it (SL-5)."""

    __tablename__ = "deliveries"

    key: str = Field(primary_key=True)
    at: datetime = _moment(index=True)


class Grant(SQLModel, table=True):
    """One person's time-limited hold on one entitlement. `expires_at` is set when it is decided and never moves.

    reasons: why policy asks for approval or refuses, in words. missing: approvals still needed, by role.
    foreseen: what policy says of a draft: "automatic", "approval" or "refused".
    directory and account: whose membership it is (a holding's key); account is empty where nobody's could be meant.
    requester_directory and requester_account: who asked, by the account they sign in with.
    The requester's name, team and manager are kept as they were when it was asked.
    """

    __tablename__ = "grants"
    __table_args__ = (
        Index("grants_due", "expires_at", **_only("state IN ('approved', 'active')")),
        Index("grants_waiting", "lapses_at", **_only("state = 'pending'")),
        Index("grants_of", "account", "state"),
        Index("grants_by", "requester_account", "state", "entitlement"),
        Index("grants_on", "entitlement", "state"),
    )

    id: str = Field(primary_key=True)
    state: str
    directory: str
    account: str
    entitlement: str
    group: str
    minutes: int
    justification: str
    slack_team: str
    slack_user: str
    ticket: str = ""
    requester_name: str
    requester_login: str
    requester_team: str
    requester_employment: str
    manager_name: str
    standing: list[str] = _json()
    reasons: list[str] = _json()
    missing: dict[str, int] = _json()
    policy_set: str
    foreseen: str = ""
    automatic: bool = False
    end_reason: str = ""
    ended_by: str = ""
    requested_at: datetime = _moment()
    lapses_at: datetime | None = _moment(null=True)
    decided_at: datetime | None = _moment(null=True)
    expires_at: datetime | None = _moment(null=True)
    active_at: datetime | None = _moment(null=True)
    ended_at: datetime | None = _moment(null=True)
    requester_directory: str = _added()
    requester_account: str = _added()


class Approval(SQLModel, table=True):
    """One approver's recorded decision; nobody decides one request twice."""

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
    at: datetime = _moment()


class VoidedApproval(SQLModel, table=True):
    """An approval that no longer counts, whoever gave it comes back or not (J-4). why: fit to follow a name."""

    __tablename__ = "voided_approvals"

    approval: str = Field(primary_key=True, foreign_key="approvals.id")
    why: str
    at: datetime = _moment()


class Holding(SQLModel, table=True):
    """What one account has, and should have, in one directory group. Effects run under its lease and fence.

    stood_before: the membership read before our first add; None until it was read. What stood before us stays.
    due_at: since when the directory should agree (the end of the grant, for a removal).
    overdue_told: the security channel knows that this removal is late. page_at: when it is told again, graver.
    """

    __tablename__ = "holdings"
    __table_args__ = (
        UniqueConstraint("directory", "account", "group"),
        Index("holdings_open", "directory", "wanted", "due_at", **_only("settled = 0", "NOT settled")),
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
    last_fault: str = ""
    overdue_told: bool = False
    due_at: datetime = _moment()
    next_at: datetime = _moment()
    lease_until: datetime | None = _moment(null=True)
    page_at: datetime | None = _moment(null=True)


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
    review_at: datetime | None = _moment(null=True)
    at: datetime = _moment()


class Watched(SQLModel, table=True):
    """A group that was looked at before: what is new in it since then has to be explained."""

    __tablename__ = "watched"

    directory: str = Field(primary_key=True)
    group: str = Field(primary_key=True)
    since: datetime = _moment()


class Owed(SQLModel, table=True):
    """One message owed. It holds a kind and ids; the courier renders the state as it is when it delivers."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_owed", "courier", "urgency", "next_at"),
        Index("outbox_same", "kind", "subject", "recipient"),
    )

    id: int | None = Field(default=None, primary_key=True)
    courier: str
    kind: str
    subject: str
    recipient: str
    urgency: int
    fence: int = 0
    attempts: int = 0
    last_fault: str = ""
    owed_at: datetime = _moment()
    next_at: datetime = _moment()
    lease_until: datetime | None = _moment(null=True)


class Posted(SQLModel, table=True):
    """Where the message about one thing stands for one recipient, so that it is edited and not repeated."""

    __tablename__ = "posted"

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    recipient: str = Field(primary_key=True)
    channel: str
    ts: str
    at: datetime = _moment()


class Question(SQLModel, table=True):
    """A routine question as it was understood, never as it was typed. `about` is an id or empty."""

    __tablename__ = "questions"

    id: str = Field(primary_key=True)
    kind: str
    about: list[str] = _json()
    directory: str
    account: str
    slack_team: str
    slack_user: str
    at: datetime = _moment(index=True)


class ExceptionRecord(SQLModel, table=True):
    """Something the security channel must see. Repeats of one cause are counted, not repeated.

    facts: ids and numbers that the sentence is built from; no free text of a person.
    owner: the id of the owner who hears of it too; None for nobody.
    """

    __tablename__ = "exceptions"
    __table_args__ = (Index("exceptions_cause", "cause", "last_at"),)

    id: str = Field(primary_key=True)
    kind: str
    cause: str
    severity: str
    who: str
    facts: dict[str, Any] = _json()
    correlation: str
    count: int
    first_at: datetime = _moment()
    last_at: datetime = _moment()
    owner: str | None = None


class Handle(SQLModel, table=True):
    """A short-lived link to the secure page: who it is for and what for. It carries no authority.

    purpose: "reset", "unlock", "enrol" or "link". The link's text is derived from the id and a key, never stored.
    proven: the proofs given so far. session: SHA-256 of the cookie of the browser that gave them.
    """

    __tablename__ = "handles"

    id: str = Field(primary_key=True)
    purpose: str
    directory: str
    account: str
    slack_team: str
    slack_user: str
    proven: list[str] = _json()
    session: str = ""
    result: str = ""
    created_at: datetime = _moment()
    expires_at: datetime = _moment(index=True)
    done_at: datetime | None = _moment(null=True)


class Proof(SQLModel, table=True):
    """Evidence of who somebody is: a TOTP seed (encrypted) or one recovery code (hashed).

    used_step: the last TOTP time step accepted, so that a code works once. used_at: when a recovery code was used.
    """

    __tablename__ = "proofs"

    id: str = Field(primary_key=True)
    directory: str
    account: str = Field(index=True)
    kind: str
    secret: str
    confirmed: bool
    used_step: int = 0
    created_at: datetime = _moment()
    used_at: datetime | None = _moment(null=True)


class MailCode(SQLModel, table=True):
    """A code sent by mail for one visit to the secure page. The code is derived from the id and a key, never stored."""

    __tablename__ = "mail_codes"

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    created_at: datetime = _moment()
    expires_at: datetime = _moment()
    used_at: datetime | None = _moment(null=True)


class Failures(SQLModel, table=True):
    """Consecutive wrong proofs of one person. A new link or code does not reset the count (P-7)."""

    __tablename__ = "failures"

    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    count: int
    last_at: datetime = _moment()
    locked_at: datetime | None = _moment(null=True)
