"""What the watch over the record saw at its last look, so that a restart goes on from there.

It holds a table only, and nothing of what was told.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.records.columns import moment


class LastLook(SQLModel, table=True):
    """At one of the things that are watched. position: where it was. since: from when on each look found it there.

    looked_at: when it was looked at; a look that saw nothing new does not write it each time.
    """

    __tablename__ = "last_looks"

    what: str = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    since: datetime = moment()
    looked_at: datetime = moment()
