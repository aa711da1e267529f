"""Sets of rules as rows: which holds, which is proposed, who approved it; and what the audit log tells of it.

It decides nothing, and calls no set good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from storage import upserts
from storage.audit import log
from storage.changing import change
from storage.identifiers import new_id
from storage.plain import run
from storage.records import RuleApproval, RuleSet
from storage.states import RuleSetState

STORY = "rules"
"""The correlation of all entries about sets of rules."""

HOLDS = ("rules.began", "rules.changed")
"""The actions of entries that say which set holds from then on."""

# Between two changes of what holds stand proposals and what became of them.
_LOOKED_AT = 500
_SETS, _APPROVALS = (SQLModel.metadata.tables[one.__tablename__] for one in (RuleSet, RuleApproval))
_ADD, _APPROVE = upserts.or_nothing(_SETS), upserts.or_nothing(_APPROVALS)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A set to be kept, as RuleSet has it."""

    policy_set: str
    content: str
    composition: Mapping[str, Any]
    sources: Mapping[str, str]
    catalogue: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Witnessed:
    """What the audit log says of the set that holds: its hashes."""

    policy_set: str
    content: str
    composition: str


def add(tx: Session, loaded: Loaded, state: RuleSetState, *, at: datetime) -> RuleSet | None:
    """Keep it in this state. None if somebody else did just now."""
    row = RuleSet(
        id=new_id("r", at), policy_set=loaded.policy_set, content=loaded.content, state=state, at=at,
        composition=dict(loaded.composition), sources=dict(loaded.sources), catalogue=dict(loaded.catalogue),
    )  # fmt: skip
    if run(tx.connection(), _ADD, row.model_dump()) != 1:
        return None
    return tx.get(RuleSet, row.id)


def active(tx: Session) -> RuleSet | None:
    """The one that holds. It is not locked: whoever writes is alone, and whoever reads may not lock."""
    return tx.exec(select(RuleSet).where(RuleSet.state == RuleSetState.ACTIVE)).first()


def proposed(tx: Session) -> Sequence[RuleSet]:
    """Those that wait for their owners."""
    found = select(RuleSet).where(RuleSet.state == RuleSetState.PROPOSED).order_by(col(RuleSet.id))
    return tx.exec(found).all()


def get(tx: Session, rule_set: str) -> RuleSet | None:
    """This one, held until the transaction ends."""
    return tx.get(RuleSet, rule_set, with_for_update=True, populate_existing=True)


def of_hash(tx: Session, policy_set: str) -> RuleSet | None:
    """The newest that was kept with this hash, whatever became of it."""
    kept = select(RuleSet).where(RuleSet.policy_set == policy_set)
    return tx.exec(kept.order_by(col(RuleSet.at).desc(), col(RuleSet.id).desc()).limit(1)).first()


def was_denied(tx: Session, content: str) -> bool:
    """Whether this content was denied, and nothing else held or was proposed since."""
    newest = tx.exec(
        select(RuleSet).order_by(col(RuleSet.at).desc(), col(RuleSet.id).desc()).limit(1)
    ).first()
    return newest is not None and newest.content == content and newest.state == RuleSetState.DENIED


def end(tx: Session, row: RuleSet, state: RuleSetState, *, at: datetime) -> None:
    """It holds, or is proposed, no more."""
    change(tx, row, state=state, ended_at=at)
    tx.flush()


def begin(tx: Session, row: RuleSet, *, at: datetime) -> None:
    """A proposed one holds."""
    change(tx, row, state=RuleSetState.ACTIVE, at=at)
    tx.flush()


def approve(tx: Session, approval: RuleApproval) -> bool:
    """Keep an approval. False if this account gave one before."""
    return run(tx.connection(), _APPROVE, approval.model_dump()) == 1


def approvals(tx: Session, rule_set: str) -> Sequence[RuleApproval]:
    """All approvals of a set that the audit log tells of as well, the first first; one for each proof."""
    given = {row.said()["facts"].get("proof"): row.actor for row in told_of(tx, rule_set, "rules.approved")}
    found = tx.exec(
        select(RuleApproval).where(RuleApproval.rule_set == rule_set).order_by(col(RuleApproval.at))
    )
    return [one for one in found if given.pop(one.proof, None) == one.account]


def told_of(tx: Session, proposal: str, action: str) -> list[log.Row]:
    """What the audit log says of this proposal under this action, the oldest first."""
    told = [row for row in log.rows(tx, correlation=STORY, limit=_LOOKED_AT) if row.action == action]
    return [row for row in told if row.said()["facts"].get("proposal") == proposal]


def is_as_proposed(tx: Session, row: RuleSet) -> bool:
    """Whether this is still the set that the audit log says was proposed, so that owners were told of it."""
    said = [entry.said()["facts"] for entry in told_of(tx, row.id, "rules.proposed")]
    return any((facts["set"], facts["content"]) == (row.policy_set, row.content) for facts in said)


def witnessed(tx: Session) -> Witnessed | None:
    """What the audit log says last about which set holds; None if it never said."""
    for row in reversed(log.rows(tx, correlation=STORY, limit=_LOOKED_AT)):
        if row.action in HOLDS:
            facts = row.said()["facts"]
            return Witnessed(
                policy_set=str(facts["set"]),
                content=str(facts["content"]),
                composition=str(facts["composition"]),
            )
    return None
