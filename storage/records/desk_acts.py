"""What somebody on a help desk did for somebody else: which act, by which desk, for whom, by which ticket.

It holds a table only; what may be done is decided elsewhere.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import moment, plain_json


class DeskAct(SQLModel, table=True):
    """One act. act: a handlers.decisions.helping.Act. account, name, login, slack_user: whom it was done for.

    helper, helper_name, helper_slack: who did it, of the same directory. handle: the visit that it opened, or that its
    message is about. given_again: the entitlements that a check had given again.
    """

    __tablename__ = "desk_acts"
    __table_args__ = (
        Index("desk_acts_by", "directory", "helper", "at"),
        Index("desk_acts_for", "directory", "account", "at"),
        Index("desk_acts_ticket", "ticket", "at"),
    )

    id: str = Field(primary_key=True)
    act: str
    desk: str
    directory: str
    account: str
    name: str
    login: str
    slack_user: str
    helper: str
    helper_name: str
    helper_slack: str
    ticket: str
    handle: str = Field(foreign_key="handles.id", index=True)
    given_again: list[str] = plain_json(list)
    at: datetime = moment()
