"""Passkeys, the challenges they answer, and what changed about somebody's proofs.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment


class Passkey(SQLModel, table=True):
    """One passkey of one person (WebAuthn Level 3, section 4, "credential record"). Only its public half is here.

    credential, public_key, user_handle: base64url. public_key: as COSE. sign_count: the last one shown; 0 where the
    authenticator does not count. backup_eligible: it may be synced; backed_up: it was when it was last shown.
    stopped_at: when it was stopped, because a second one seems to exist; it proves nothing from then on.
    """

    __tablename__ = "passkeys"

    id: str = Field(primary_key=True)
    directory: str
    account: str = Field(index=True)
    credential: str = Field(unique=True)
    public_key: str
    user_handle: str
    sign_count: int = Field(sa_column=Column(BigInteger, nullable=False))
    aaguid: str
    transports: list[str] = json_value(list)
    backup_eligible: bool
    backed_up: bool
    name: str
    created_at: datetime = moment()
    used_at: datetime | None = moment(null=True)
    stopped_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class Challenge(SQLModel, table=True):
    """What one passkey has to sign, once, for one visit in one browser.

    kind: "make" or "show". browser: SHA-256 of the browser's form cookie. value, user_handle: base64url.
    """

    __tablename__ = "challenges"

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    kind: str
    browser: str
    value: str = Field(unique=True)
    user_handle: str
    created_at: datetime = moment()
    expires_at: datetime = moment(index=True)
    taken_at: datetime | None = moment(null=True)
    mac: str = added_empty()


class ProofChange(SQLModel, table=True):
    """One change of somebody's proofs, for the messages that tell of it. name: of the passkey, if it was one."""

    __tablename__ = "proof_changes"

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    what: str
    name: str
    at: datetime = moment()
