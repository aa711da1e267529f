"""What makes a reset safe: addresses as they were seen, counts over everybody, what was told before, what was reported.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment, only, plain_json


class Address(SQLModel, table=True):
    """The mail address of one account as the directory had it when we looked last, and since when we saw it so.

    before: the address that it took the place of, "" if we never saw another. since: when it was first seen as it is.
    """

    __tablename__ = "addresses"

    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    mail: str
    before: str
    since: datetime = moment()


class Tally(SQLModel, table=True):
    """How often something happened, to whomever, in one slot of time. slot: when it begins."""

    __tablename__ = "tallies"

    kind: str = Field(primary_key=True)
    slot: int = Field(primary_key=True)
    count: int


class Announcement(SQLModel, table=True):
    """What was told before a change. mailed_at: when a mail server took the letter."""

    __tablename__ = "announcements"

    handle: str = Field(primary_key=True, foreign_key="handles.id")
    at: datetime = moment()
    mailed_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Alarm(SQLModel, table=True):
    """Somebody said of a change to their account that it was not theirs. Once for each visit, open until lifted.

    handle: the visit that it is about. door: "mail" or "slack". disabled, sessions: what came of switching the account
    off and of ending its sessions, each one of storage.alarms.Effect. settled_at: when both were seen to.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        Index("alarms_open", "directory", "account", **only("lifted_at IS NULL")),
        Index("alarms_unsettled", "at", **only("settled_at IS NULL")),
    )

    handle: str = Field(primary_key=True, foreign_key="handles.id")
    directory: str
    account: str
    name: str
    door: str
    disabled: str
    sessions: str
    at: datetime = moment()
    settled_at: datetime | None = moment(null=True)
    lifted_at: datetime | None = moment(null=True)
    lifted_by: str = ""
    rationale: str = ""
    mac: str = added_empty()


class RevokedAll(SQLModel, table=True):
    """Everything of one person that security revoked in one act; its alarm keeps new requests of theirs stopped.

    handle: the alarm's. by: a name to show. grants: the ids of those whose access had to end. told: what was last told
    of how far it has come. finished_at: when the last of them had ended and the alarm was seen to.
    """

    __tablename__ = "revoked_all"
    __table_args__ = (Index("revoked_all_unfinished", "at", **only("finished_at IS NULL")),)

    handle: str = Field(primary_key=True, foreign_key="alarms.handle")
    directory: str
    account: str
    by: str
    grants: list[str] = plain_json(list)
    told: str = ""
    at: datetime = moment()
    finished_at: datetime | None = moment(null=True)
