"""Who somebody is: links, deliveries taken, and what the secure page needs.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment, only


class Link(SQLModel, table=True):
    """Slack account ↔ person, made once. `mail` is what both sides said then; a change of it suspends the link.

    zone: the time zone that Slack told last, such as "Europe/Berlin"; "" if it told none yet.
    """

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
    created_at: datetime = moment()
    zone: str = added_empty()
    mac: str = added_empty()


class Delivery(SQLModel, table=True):
    """One inbound payload that had its effect; the key is Slack's own id of it (SL-5)."""

    __tablename__ = "deliveries"

    key: str = Field(primary_key=True)
    at: datetime = moment(index=True)


class Handle(SQLModel, table=True):
    """A short-lived link to the secure page: who it is for and what for. It carries no authority.

    purpose: one of storage.states.Purpose. The link's text is derived from the id and a key, never stored.
    proven: the proofs given so far. session: SHA-256 of the cookie of the browser that gave them. door: where it was
    opened: "" in Slack, otherwise at the page's own front door, by the login that was typed there (as a MAC).
    """

    __tablename__ = "handles"
    __table_args__ = (
        Index("handles_reset", "account", "done_at", **only("purpose = 'reset' AND done_at IS NOT NULL")),
        Index("handles_at_door", "door", "created_at", **only("door <> ''")),
    )

    id: str = Field(primary_key=True)
    purpose: str
    directory: str
    account: str
    slack_team: str
    slack_user: str
    proven: list[str] = json_value(list)
    session: str = ""
    result: str = ""
    door: str = added_empty()
    created_at: datetime = moment()
    expires_at: datetime = moment(index=True)
    done_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Proof(SQLModel, table=True):
    """Evidence of who somebody is: a TOTP seed (encrypted) or one recovery code (hashed).

    used_step: the last TOTP time step accepted, so that a code works once. used_at: when it was last
    shown; a recovery code is shown once.
    """

    __tablename__ = "proofs"

    id: str = Field(primary_key=True)
    directory: str
    account: str = Field(index=True)
    kind: str
    secret: str
    confirmed: bool
    used_step: int = 0
    created_at: datetime = moment()
    used_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class MailCode(SQLModel, table=True):
    """A code sent by mail for one visit to the secure page. The code is derived from the id and a key, never stored."""

    __tablename__ = "mail_codes"

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Failures(SQLModel, table=True):
    """Consecutive wrong proofs of one person. A new link or code does not reset the count (P-7)."""

    __tablename__ = "failures"

    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    count: int
    last_at: datetime = moment()
    locked_at: datetime | None = moment(null=True)
