"""Petitions: somebody who cannot pass by themselves asks, and two people say that it is them.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment, only


class Petition(SQLModel, table=True):
    """One petition; its id is that of the visit to the secure page that it may open.

    kind: one of storage.states.PetitionKind. manager: the name of theirs. missing: whose word is still needed, by role,
    as policy said last. explanation: the person's own words. opens_at: the hour at which the visit
    opens, once it is approved. mailed_at: when a mail server took the letter that says so. closes_at: when the visit
    that was opened is over. next_at: when the schedule has to look at it. ended_by: a name to show. end_reason: a
    handlers.petitioned.Why. end_words: what whoever denied it wrote.
    """

    __tablename__ = "petitions"
    __table_args__ = (
        Index("petitions_one_open", "directory", "account", unique=True, **only("ended_at IS NULL")),
        Index("petitions_due", "next_at", **only("ended_at IS NULL")),
        Index("petitions_of", "directory", "account", "opened_at"),
    )

    id: str = Field(primary_key=True, foreign_key="handles.id")
    kind: str
    directory: str
    account: str
    name: str
    login: str
    team: str
    employment: str
    manager: str
    privileged: bool
    slack_team: str
    slack_user: str
    explanation: str
    state: str
    missing: dict[str, int] = json_value(dict)
    asked_at: datetime = moment()
    lapses_at: datetime = moment()
    decided_at: datetime | None = moment(null=True)
    opens_at: datetime | None = moment(null=True)
    mailed_at: datetime | None = moment(null=True)
    opened_at: datetime | None = moment(null=True)
    closes_at: datetime | None = moment(null=True)
    ended_at: datetime | None = moment(null=True)
    next_at: datetime = moment()
    ended_by: str = ""
    end_reason: str = ""
    end_words: str = ""
    mac: str = added_empty()


class Attestation(SQLModel, table=True):
    """One approver's word that it is the person, once a petition. role: the one in which it counts.

    proof: how the approver proved who they are for it, and proven_at when.
    """

    __tablename__ = "attestations"

    petition: str = Field(primary_key=True, foreign_key="petitions.id")
    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    name: str
    slack_user: str
    role: str
    rationale: str
    proof: str
    proven_at: datetime = moment()
    at: datetime = moment()
    mac: str = added_empty()
