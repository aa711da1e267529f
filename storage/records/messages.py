"""What is owed to people: the outbox, where messages stand, questions, and exceptions.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, json_value, moment, only, sentence


class Owed(SQLModel, table=True):
    """One message owed. It holds a kind and ids; the courier renders the state as it is when it delivers."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_oldest", "courier", "urgency", "id"),
        Index("outbox_thread", "subject", "recipient", "kind"),
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
    owed_at: datetime = moment()
    next_at: datetime = moment()
    lease_until: datetime | None = moment(null=True)


class Posted(SQLModel, table=True):
    """Where the message about one thing stands for one recipient, so that it is edited and not repeated."""

    __tablename__ = "posted"

    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    recipient: str = Field(primary_key=True)
    channel: str
    ts: str
    at: datetime = moment()


class Question(SQLModel, table=True):
    """A routine question as it was understood, never as it was typed. `about` is an id or empty."""

    __tablename__ = "questions"

    id: str = Field(primary_key=True)
    kind: str
    about: list[str] = json_value(list)
    directory: str
    account: str
    slack_team: str
    slack_user: str
    at: datetime = moment(index=True)


class ExceptionRecord(SQLModel, table=True):
    """Something the security channel must see. Repeats of one cause are counted, not repeated.

    facts: ids and numbers that the sentence is built from; no free text of a person.
    owner: the id of the owner who hears of it too; None for nobody. state: see storage.states.ExceptionState.
    acknowledged_by, resolved_by: names to show, "" for Wicket itself. assignee: the account of who works on it.
    resolution: storage.states.Resolution; words: what whoever resolved it wrote. reopened: how often.
    fold: the exception on whose message it is counted; None has a message of its own. open_since: when it was raised,
    or opened again.
    """

    __tablename__ = "exceptions"
    __table_args__ = (
        Index("exceptions_cause", "cause", "last_at"),
        Index("exceptions_last", "last_at"),
        Index("exceptions_open", "due_at", **only("state <> 'resolved'")),
        Index("exceptions_alone", "kind", "severity", "first_at", **only("fold IS NULL")),
        Index("exceptions_folded", "fold", **only("fold IS NOT NULL")),
        Index(
            "exceptions_unheeded",
            "open_since",
            **only("severity = 'high' AND state = 'open' AND fold IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    kind: str
    cause: str
    severity: str
    who: str = sentence(empty=False)
    facts: dict[str, Any] = json_value(dict)
    correlation: str
    count: int
    first_at: datetime = moment()
    last_at: datetime = moment()
    owner: str | None = None
    state: str = Field(default="open", sa_column_kwargs={"server_default": "open"})
    due_at: datetime | None = moment(null=True)
    acknowledged_at: datetime | None = moment(null=True)
    acknowledged_by: str = added_empty()
    assignee: str = added_empty()
    assignee_directory: str = added_empty()
    assignee_name: str = added_empty()
    resolved_at: datetime | None = moment(null=True)
    resolved_by: str = added_empty()
    resolution: str = added_empty()
    words: str = added_empty()
    reopened: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    fold: str | None = None
    open_since: datetime | None = moment(null=True)
    mac: str = added_empty()


class Escalation(SQLModel, table=True):
    """An exception that is told in one channel outside Slack. reopened: how often it had been opened again by then.

    told_at: when the channel took it; None until it does.
    """

    __tablename__ = "escalations"

    exception: str = Field(primary_key=True, foreign_key="exceptions.id")
    channel: str = Field(primary_key=True)
    reopened: int = Field(primary_key=True)
    owed_at: datetime = moment()
    told_at: datetime | None = moment(null=True)
