"""Sets of rules as rows: which holds, which is proposed, who approved it; and what the audit log tells of it.

One that is not as Wicket wrote it is none that somebody lets hold. It decides nothing, and calls no set good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as pick
from sqlmodel import Session, SQLModel, col, select

from storage.audit import log
from storage.audit.vouched import is_doubted, rely_on
from storage.engine import upserts
from storage.engine.changing import change
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run
from storage.identifiers import new_id
from storage.macs import BOUND, Row
from storage.records import RuleApproval, RuleSet
from storage.signing import genuine, is_sound, signed
from storage.states import RuleSetState
from storage.told import newest

STORY = "rules"
"""The correlation of all entries about sets of rules."""

HOLDS = ("rules.began", "rules.changed")
"""The actions of entries that say which set holds from then on."""

# So many proposals are looked through, the newest; only files that change make any, and only owners approve.
_LOOKED_AT = 500
_SETS, _APPROVALS = (SQLModel.metadata.tables[one.__tablename__] for one in (RuleSet, RuleApproval))
_COLUMNS = (*BOUND[_SETS.name], "mac")
_IS_ACTIVE = _SETS.c.state == RuleSetState.ACTIVE
_ACTIVE, _HOLDING = (
    Loading(RuleSet, pick(_SETS).where(_IS_ACTIVE)),
    Plain(pick(*(_SETS.c[name] for name in _COLUMNS)).where(_IS_ACTIVE)),
)
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
    if run(tx.connection(), _ADD, signed(tx, _SETS.name, row.model_dump())) != 1:
        return None
    return tx.get(RuleSet, row.id)


def active(tx: Session) -> RuleSet | None:
    """The one that holds by its state; whether it counts, `told_of` says. It is not locked: whoever writes is alone,
    and whoever reads may not lock.
    """
    return _ACTIVE.one_held(tx)


def holding(tx: Session) -> str | None:
    """The hash of the one that holds, without all that it is made of; None if none does."""
    return next((str(row["policy_set"]) for row in _holding(tx)), None)


def is_newer(tx: Session, than: str, at: datetime, within: timedelta) -> bool:
    """Whether another set than the one of this hash holds, for no longer than that at this time.

    One that does since so much later was brought before the clock was set back: nobody knows how long ago.
    """
    return any(row["policy_set"] != than and abs(at - row["at"]) < within for row in _holding(tx))


def proposed(tx: Session) -> Sequence[RuleSet]:
    """Those that wait for their owners."""
    found = select(RuleSet).where(RuleSet.state == RuleSetState.PROPOSED).order_by(col(RuleSet.id))
    return tx.exec(found).all()


def get(tx: Session, rule_set: str) -> RuleSet | None:
    """This one, held until the transaction ends."""
    return tx.get(RuleSet, rule_set, with_for_update=True, populate_existing=True)


def of_hash(tx: Session, policy_set: str) -> RuleSet | None:
    """The newest that was kept with this hash, whatever became of it."""
    return _newest(tx, col(RuleSet.policy_set) == policy_set)


def was_denied(tx: Session, content: str) -> bool:
    """Whether this content was denied, and nothing else held or was proposed since."""
    last = _newest(tx)
    return last is not None and last.content == content and last.state == RuleSetState.DENIED


def end(tx: Session, row: RuleSet, state: RuleSetState, *, at: datetime) -> None:
    """It holds, or is proposed, no more."""
    change(tx, row, state=state, ended_at=at)


def begin(tx: Session, row: RuleSet, *, at: datetime) -> None:
    """A proposed one holds."""
    change(tx, row, state=RuleSetState.ACTIVE, at=at)


def approve(tx: Session, approval: RuleApproval) -> bool:
    """Keep an approval. False if this account gave one before."""
    return run(tx.connection(), _APPROVE, approval.model_dump()) == 1


def approvals(tx: Session, rule_set: str) -> Sequence[RuleApproval]:
    """All approvals of a set, the first first."""
    return tx.exec(
        select(RuleApproval).where(RuleApproval.rule_set == rule_set).order_by(col(RuleApproval.at))
    ).all()


def witnessed(tx: Session) -> Witnessed | None:
    """What the audit log says last about which set holds; None if it never said.

    AuditFault while the log is not as Wicket left it.
    """
    rely_on(tx)
    told = [entry for action in HOLDS if (entry := newest(tx, STORY, action)) is not None]
    return _as_told(max(told, key=lambda entry: entry.index).said()) if told else None


def told_of(tx: Session, row: RuleSet | None) -> Witnessed | None:
    """`witnessed`; None as well where the row that holds is not as Wicket wrote it, whatever the log says."""
    return witnessed(tx) if row is None or genuine(tx, row) else None


def as_proposed(tx: Session, rule_set: RuleSet) -> Witnessed | None:
    """What the audit log says of this set from when it was proposed; None if it does not, or the row does not count."""
    if not genuine(tx, rule_set):
        return None
    for row in log.rows(tx, correlation=STORY, action="rules.proposed", limit=_LOOKED_AT):
        if row.said()["facts"].get("proposal") == rule_set.id and not is_doubted(tx, row.index):
            return _as_told(row.said())
    return None


def on_record(tx: Session, approval: RuleApproval) -> bool:
    """Whether the audit log tells of this approval, too."""
    said = {"proof": approval.proof, "proposal": approval.rule_set}
    return any(
        row.actor == approval.account
        and said.items() <= row.said()["facts"].items()
        and not is_doubted(tx, row.index)
        for row in log.rows(tx, correlation=STORY, action="rules.approved", limit=_LOOKED_AT)
    )


def _newest(tx: Session, *which: ColumnElement[bool]) -> RuleSet | None:
    found = tx.exec(select(RuleSet).where(*which).order_by(col(RuleSet.at).desc(), col(RuleSet.id).desc()))
    return next((row for row in found if genuine(tx, row)), None)


def _holding(tx: Session) -> list[Row]:
    """The one that holds, if it is as Wicket wrote it, without all that it is made of."""
    found = (dict(zip(_COLUMNS, row, strict=True)) for row in rows(tx.connection(), _HOLDING))
    return [row for row in found if is_sound(tx, _SETS.name, row, row["mac"])]


def _as_told(said: Mapping[str, Any]) -> Witnessed:
    facts = said["facts"]
    return Witnessed(
        policy_set=str(facts["set"]), content=str(facts["content"]), composition=str(facts["composition"])
    )
