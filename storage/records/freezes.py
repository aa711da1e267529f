"""Freezes of new access, and what was last published where: what a start looks at before it trusts the store.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment, only


class Freeze(SQLModel, table=True):
    """A time in which no new access comes into being. It is open until somebody lifts it.

    kind: one of storage.states.FreezeKind. began_by: an account's id, or "wicket" or "cli". lost_from: the time of the
    last entry that a restored store still has; what was made between it and `since` is not known here.
    facts: ids and numbers that its sentences are built from.
    """

    __tablename__ = "freezes"
    __table_args__ = (Index("freezes_open", "kind", **only("lifted_at IS NULL")),)

    id: str = Field(primary_key=True)
    kind: str
    began_by: str
    since: datetime = moment()
    lost_from: datetime | None = moment(null=True)
    facts: dict[str, Any] = json_value(dict)
    lifted_at: datetime | None = moment(null=True)
    lifted_by: str = ""
    rationale: str = ""
    mac: str = added_empty()


class LiftWord(SQLModel, table=True):
    """One person's word that an emergency stop may be lifted: it takes two. Kept until it is lifted and after.

    directory, account: whose it is; "" and "cli" for an operator. name: to show.
    """

    __tablename__ = "lift_words"

    freeze: str = Field(primary_key=True, foreign_key="freezes.id")
    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    name: str
    rationale: str
    at: datetime = moment()
    mac: str = added_empty()


class PublishedLast(SQLModel, table=True):
    """The checkpoint that was last written to a file. place: which file, of which machine."""

    __tablename__ = "published"

    place: str = Field(primary_key=True)
    note: str
    at: datetime = moment()
