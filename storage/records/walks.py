"""How far the audit log has been walked over in this round, so that a restart goes on from there.

It holds a table only; what was found stands in the record and in the exceptions.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class LogWalk(SQLModel, table=True):
    """The walk called `name`. round: its number, from 1. position: how many entries it has passed in this round.

    frontier: the tree over them, as they gave it (merkle.Frontier.to_bytes), in hex. began_at: when the round began, or
    will. known: what was found and told, as JSON: by the index at which a slice begins, what was wrong in it.
    """

    __tablename__ = "log_walks"

    name: str = Field(primary_key=True)
    round: int
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    frontier: str
    began_at: datetime = moment()
    known: str
    mac: str = added_empty()
