"""Emergencies: who broke the glass for what, who was told before it, and what became of it.

It holds a table only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlalchemy import Index, false
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment, only, sentence


class Emergency(SQLModel, table=True):
    """One breaking of the glass, from the asking to its review (B-1, B-2).

    directory, account, login, name: whose it is, by the account that they sign in with. slack_team, slack_user: from
    where they asked. reason: their words. state: one of storage.states.EmergencyState. handle: the visit on which they
    prove who they are for it; proved_by: what they showed, with a space between, and proven_at when. ask_by: until
    then it has to be proven; tell_by: until then the alerts have to be taken.
    told_security_at: when the security channel had the alert; told_outside_at: when a channel outside Slack, called
    told_by, took it. fallback: the setting by which one of the two was enough, if it was. grant: the id of the grant,
    "" before there is one. opened_at, ends_at: of the access; None where there never was any. refused_why: why not.
    review_due_at: when somebody else has to have looked at it; finding: "justified" or "not-justified"; review_words:
    what they would change. restored_at, restored_by: when, after "not-justified", security let whoever it is again.
    """

    __tablename__ = "emergencies"
    __table_args__ = (
        Index(
            "emergencies_under_way",
            "directory",
            "account",
            "entitlement",
            unique=True,
            **only("state IN ('asked', 'telling', 'told')"),
        ),
        Index("emergencies_of", "directory", "account", "opened_at"),
        Index("emergencies_for", "incident"),
        Index("emergencies_unreviewed", "review_due_at", **only("state = 'granted' AND reviewed_at IS NULL")),
    )

    id: str = Field(primary_key=True)
    state: str
    grant: str = ""
    directory: str
    account: str
    login: str
    name: str
    slack_team: str
    slack_user: str
    entitlement: str
    incident: str
    reason: str
    minutes: int
    drill: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    handle: str
    proved_by: str = ""
    told_by: str = ""
    fallback: str = ""
    refused_why: str = sentence()
    asked_at: datetime = moment()
    ask_by: datetime = moment()
    proven_at: datetime | None = moment(null=True)
    tell_by: datetime | None = moment(null=True)
    told_security_at: datetime | None = moment(null=True)
    told_outside_at: datetime | None = moment(null=True)
    opened_at: datetime | None = moment(null=True)
    ends_at: datetime | None = moment(null=True)
    review_due_at: datetime | None = moment(null=True)
    reviewed_at: datetime | None = moment(null=True)
    reviewed_by: str = ""
    reviewed_by_name: str = ""
    finding: str = ""
    escalated_at: datetime | None = moment(null=True)
    reminded_at: datetime | None = moment(null=True)
    review_words: str = added_empty()
    restored_at: datetime | None = moment(null=True)
    restored_by: str = added_empty()
    restored_by_name: str = added_empty()
    mac: str = added_empty()


class RestoreWord(SQLModel, table=True):
    """One person's word that somebody breaks glass again though this emergency was lost from the table: it takes two.

    emergency: its id, as the record has it. directory, account: of who says so. name: to show. settles: with this
    word there were enough.
    """

    __tablename__ = "restore_words"

    emergency: str = Field(primary_key=True)
    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    name: str
    rationale: str
    settles: bool
    at: datetime = moment()
    mac: str = added_empty()
