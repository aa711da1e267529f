"""Sign-ins at the provider that are under way, and whose subject there was pinned to which person.

It holds tables only, and no code, token or name from the provider but the subject.
"""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class SignIn(SQLModel, table=True):
    """One trip to the provider. State, nonce and verifier are derived from the id and a key, never stored.

    browser: SHA-256 of the cookie of the browser that went. used_at: when somebody came back with it, once.
    """

    __tablename__ = "sign_ins"

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    browser: str
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Subject(SQLModel, table=True):
    """Who a person is at the provider (`sub`), pinned at first use; neither of the two ever has another."""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("issuer", "directory", "account"),)

    issuer: str = Field(primary_key=True)
    sub: str = Field(primary_key=True)
    directory: str
    account: str
    pinned_at: datetime = moment()
    mac: str = added_empty()
