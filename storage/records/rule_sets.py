"""Sets of rules as they were loaded: which one holds, which wait for their owners, and who approved them.

It holds tables only; rows are assigned to only inside storage/.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.records.columns import added_empty, moment, only, plain_json


class RuleSet(SQLModel, table=True):
    """One set, once for each time that it came to hold or was proposed.

    policy_set: the hash that stands on decisions. content: that of policies and catalogue alone. state: one of
    storage.states.RuleSetState. composition: what it is made of, by hashes. sources: the policies' text by file.
    catalogue: as storage.catalogue.as_plain has it.
    """

    __tablename__ = "rule_sets"
    __table_args__ = (
        Index("rule_sets_active", "state", unique=True, **only("state = 'active'")),
        Index("rule_sets_proposed", "content", unique=True, **only("state = 'proposed'")),
    )

    id: str = Field(primary_key=True)
    policy_set: str
    content: str
    state: str
    at: datetime = moment()
    ended_at: datetime | None = moment(null=True)
    composition: dict[str, Any] = plain_json(dict)
    sources: dict[str, Any] = plain_json(dict)
    catalogue: dict[str, Any] = plain_json(dict)
    mac: str = added_empty()


class RuleApproval(SQLModel, table=True):
    """One policy owner's approval of a proposed set. proof: the handle by which they had just proved who they are."""

    __tablename__ = "rule_approvals"

    rule_set: str = Field(primary_key=True, foreign_key="rule_sets.id")
    directory: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    name: str
    slack_user: str
    proof: str
    at: datetime = moment()
