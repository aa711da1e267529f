"""What a fresh proof is for, beside the handle by which it is given.

It holds a table only; who gave which proof, and when, stands on the handle.
"""

from datetime import datetime

from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment


class StepUp(SQLModel, table=True):
    """One fresh proof asked of one person for one thing, and the one time that it was used.

    about: the id of what it is for. kind: one of storage.step_ups.About. thing, whom: what that is and whose, in
    words, for the page. rationale, minutes: what the approver had typed when it was asked; all words are erased once
    it is over. tries: how often they decided without the proof. spent_at: when a decision rested on it.
    """

    __tablename__ = "step_ups"

    handle: str = Field(primary_key=True, foreign_key="handles.id")
    about: str = Field(index=True)
    kind: str
    thing: str
    whom: str
    rationale: str = ""
    minutes: int | None = None
    tries: int = 0
    spent_at: datetime | None = moment(null=True)
    mac: str = added_empty()
