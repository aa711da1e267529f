"""Askings to be vouched for: for whom, in which visit, who vouched for them and how, and what became of it.

It holds a table only, and no code: that is derived from the id and a key.
"""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment, only


class Vouching(SQLModel, table=True):
    """One asking. account: "" for nobody, so that nothing can come of it. counted: whose daily count it belongs to.

    browser: SHA-256 of the cookie of the browser that shows the code. idle: why nobody can vouch by it, "" if somebody
    can. wrong: how often another code was typed. name: the person's, once somebody vouched. voucher…: who did, in what
    role, how they spoke to the person, with which ticket and which proof of their own. counts_from, counts_until: when
    it is worth something. cooled_at: when the person was told that it is. proof_of: the visit in which it was used.
    ended: one of storage.states.Ended, "" while nothing ended it.
    """

    __tablename__ = "vouchings"
    __table_args__ = (
        Index("vouchings_open", "directory", "account", **only("ended_at IS NULL")),
        Index("vouchings_cooling", "counts_from", **only("cooled_at IS NULL AND ended_at IS NULL")),
        Index("vouchings_asked", "counted", "asked_at"),
        Index("vouchings_by", "voucher", "vouched_at", **only("voucher <> ''")),
    )

    id: str = Field(primary_key=True)
    handle: str = Field(foreign_key="handles.id", index=True)
    directory: str
    account: str
    counted: str
    browser: str
    idle: str
    wrong: int = 0
    name: str = ""
    voucher: str = ""
    voucher_name: str = ""
    voucher_slack: str = ""
    role: str = ""
    spoken: str = ""
    ticket: str = ""
    proof: str = ""
    proof_of: str = ""
    ended: str = ""
    asked_at: datetime = moment()
    expires_at: datetime = moment()
    vouched_at: datetime | None = moment(null=True)
    counts_from: datetime | None = moment(null=True)
    counts_until: datetime | None = moment(null=True)
    cooled_at: datetime | None = moment(null=True)
    ended_at: datetime | None = moment(null=True)
    mac: str = added_empty()
