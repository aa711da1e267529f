"""What the security channel was told at its set times: the digest of a week, the checkpoint of a day.

It holds a table only, and nothing of what was said.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class Bulletin(SQLModel, table=True):
    """One that was owed, or passed over since nobody was there to begin. kind: "digest" or "checkpoint".

    day: the day on which it was due, in the operator's zone ("2026-11-23"). since, until: the time that it is about.
    number: of the checkpoint, 0 for none. first: the number of the checkpoint in whose thread it stands, 0 for none.
    """

    __tablename__ = "bulletins"

    kind: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    since: datetime = moment()
    until: datetime = moment()
    number: int = 0
    first: int = 0
    at: datetime = moment()
    mac: str = added_empty()
