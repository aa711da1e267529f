"""Delegated approvals: who lets whom decide about what, within which limits, until when.

It holds a table only; rows are assigned to only inside storage/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment, only


class Delegation(SQLModel, table=True):
    """One delegation, which is open until it is ended. It is worth something only while it is, and before it expires.

    directory: the one that all of its people sign in from. owner: whose entitlements. delegator…: who made it; role:
    "owner", in which they did. delegate…: an account, or "" where a group of the directory may.
    entitlements: their ids, sorted. max_risk: 1 to 5. max_minutes: of a request. ended: one of
    storage.states.DelegationEnd, "" while it is open; ended_by: a name, "" for nobody.
    """

    __tablename__ = "delegations"
    __table_args__ = (
        Index("delegations_open", "directory", "owner", **only("ended_at IS NULL")),
        Index("delegations_due", "expires_at", **only("ended_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    directory: str
    owner: str
    delegator: str
    delegator_name: str
    delegator_slack: str
    role: str
    delegate: str
    delegate_name: str
    delegate_slack: str
    group: str
    entitlements: list[Any] = json_value(list)
    max_risk: int
    max_minutes: int
    made_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment(null=True)
    ended: str = added_empty()
    ended_by: str = added_empty()
    mac: str = added_empty()
