"""How far each stream of the audit log has come, and who sends it.

It holds a table only, and nothing of what was sent.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class Stream(SQLModel, table=True):
    """One stream. position: the index of the first entry that was not accepted yet.

    sender: the process that sends until lease_until. failing_since: when it was refused first, while it is.
    """

    __tablename__ = "streams"

    name: str = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    sender: str = ""
    lease_until: datetime | None = moment(null=True)
    failing_since: datetime | None = moment(null=True)
    mac: str = added_empty()
