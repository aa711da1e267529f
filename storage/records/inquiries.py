"""What approvers asked about a request before they decided, and what they were answered.

It holds a table only; rows are assigned to only inside storage/.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class Inquiry(SQLModel, table=True):
    """One approver's question to the requester, and its answer, given once. answer: empty until then.

    asker and slack_user: who asked, as an account and in Slack.
    """

    __tablename__ = "inquiries"

    id: str = Field(primary_key=True)
    grant: str = Field(foreign_key="grants.id", index=True)
    asker: str
    asker_name: str
    slack_user: str
    question: str
    answer: str = ""
    asked_at: datetime = moment()
    answered_at: datetime | None = moment(null=True)
    mac: str = added_empty()
