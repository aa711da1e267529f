"""Approvals as rows: recorded, counted, made void.

It does not decide who may approve (handlers do); what was not given to the request as it is now never counts.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, literal_column
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from storage.audit import log
from storage.audit.tables import ENTRIES
from storage.binding import binds, mark
from storage.engine.changing import change, put, unsign
from storage.engine.loading import Loading
from storage.engine.plain import Plain, rows, run
from storage.fresh import FreshProof
from storage.identifiers import new_id
from storage.on_record import was_put_back
from storage.records import Approval, Grant, VoidedApproval
from storage.signing import genuine, signed
from storage.states import GrantState

# Built once: every click runs them, and making a statement costs more than running it.
_APPROVALS = SQLModel.metadata.tables[Approval.__tablename__]
_OF = Loading(
    Approval,
    select_columns(_APPROVALS).where(_APPROVALS.c.grant == bindparam("of")).order_by(_APPROVALS.c.at),
)
_ADD = Plain(insert(_APPROVALS))
_VOIDED = "approval.voided"
_ANY_VOIDED = Plain(
    select_columns(ENTRIES.c.id)
    .where(ENTRIES.c.correlation == bindparam("of"), ENTRIES.c.action == literal_column(f"'{_VOIDED}'"))
    .limit(1)
)
_VOIDED_OF = (
    select(VoidedApproval)
    .join(Approval, col(Approval.id) == col(VoidedApproval.approval))
    .where(Approval.grant == bindparam("of"))
)


def approvals_of(tx: Session, grant_id: str) -> Sequence[Approval]:
    """The decisions on a grant, oldest first, void ones among them."""
    return _OF.found(tx, {"of": grant_id})


def voided_of(tx: Session, grant_id: str) -> dict[str, str]:
    """Why approvals of this grant count no longer, by the id of the approval."""
    found = tx.exec(_VOIDED_OF, params={"of": grant_id})
    return {row.approval: row.why for row in found}


def counting_of(tx: Session, grant_id: str) -> Sequence[Approval]:
    """The approvals of a grant that count, oldest first: not void, and given to the request as it is now."""
    given = approvals_of(tx, grant_id)
    grant = tx.get(Grant, grant_id) if given else None
    return counting_among(tx, grant, given) if grant is not None else []


def counting_among(tx: Session, grant: Grant, given: Sequence[Approval]) -> Sequence[Approval]:
    """Those of a grant's approvals, all of which are given, that count."""
    voided = voided_of(tx, grant.id) if given else {}
    bound = [one for one in given if one.approved and one.id not in voided and binds(one, grant)]
    over = _voided_on_record(tx, grant.id) if bound else {}
    return [one for one in bound if genuine(tx, one) and not _put_back(tx, one, over)]


def _voided_on_record(tx: Session, grant_id: str) -> dict[str, datetime]:
    """When approvals of this grant became void, by their ids: a row that was put back to before does not say so."""
    if not rows(tx.connection(), _ANY_VOIDED, {"of": grant_id}):
        return {}
    said = [(one.at, one.said()) for one in log.rows(tx, correlation=grant_id) if one.action == _VOIDED]
    return {str((each.get("facts") or {}).get("approval")): at for at, each in said}


def _put_back(tx: Session, approval: Approval, over: Mapping[str, datetime]) -> bool:
    return was_put_back(tx, approval, approval.id in over and over[approval.id] > approval.at)


def void_approval(tx: Session, approval: Approval, *, at: datetime, why: str) -> None:
    """It counts no longer, for good."""
    put(tx, VoidedApproval(approval=approval.id, why=why, at=at))
    unsign(tx, approval)  # so it counts no more without that row either


def waiting_on(tx: Session, directory: str, approver: str) -> Sequence[tuple[Grant, Approval]]:
    """The open requests that this person approved, where that still counts."""
    found = tx.exec(
        select(Grant, Approval)
        .join(Approval, col(Approval.grant) == col(Grant.id))
        .where(
            Grant.state == GrantState.PENDING,
            Grant.requester_directory == directory,  # approvers are where people sign in from
            Approval.approver == approver,
            col(Approval.approved),
            col(Approval.id).not_in(select(VoidedApproval.approval)),
        )
        .with_for_update()
    )
    return [(grant, approval) for grant, approval in found]


def add_approval(
    tx: Session,
    grant: Grant,
    *,
    at: datetime,
    approver: str,
    approver_name: str,
    slack_user: str,
    role: str,
    approved: bool,
    rationale: str,
    given: Sequence[Approval] | None = None,
    proof: FreshProof | None = None,
    retyped: bool = False,
    delegation: str = "",
) -> None:
    """Record one approver's decision about the request as it is now. given: `approvals_of` it, if they are known.

    proof: the fresh proof that it rests on. retyped: they typed the request's code.
    delegation: by which delegation they had their role, "" if it was their own.

    It takes the place of an approval of theirs that counts no more. IntegrityError if theirs counts.
    """
    fresh: dict[str, Any] = {
        "approver_name": approver_name, "slack_user": slack_user, "role": role, "approved": approved,
        "rationale": rationale, "at": at, "shown": mark(grant), **_proved(proof), "retyped": retyped,
        "delegation": delegation,
    }  # fmt: skip
    given = approvals_of(tx, grant.id) if given is None else given
    known = next((one for one in given if one.approver == approver), None)
    if known is not None and known.approved and not counting_among(tx, grant, [known]):
        tx.execute(delete(VoidedApproval).where(col(VoidedApproval.approval) == known.id))
        whole = signed(
            tx, _APPROVALS.name, {"id": known.id, "grant": grant.id, "approver": approver, **fresh}
        )
        change(tx, known, **fresh, mac=whole["mac"])  # a void one has none, and this is another approval
    else:
        row = {"id": new_id("a", at), "grant": grant.id, "approver": approver, **fresh}
        run(tx.connection(), _ADD, signed(tx, _APPROVALS.name, row))


def proof_of(approval: Approval) -> FreshProof | None:
    """The fresh proof that it rests on, if any."""
    if approval.proved_at is None:
        return None
    return FreshProof(handle=approval.proof, kinds=tuple(approval.proved_by.split()), at=approval.proved_at)


def _proved(proof: FreshProof | None) -> dict[str, Any]:
    if proof is None:
        return {"proof": "", "proved_by": "", "proved_at": None}
    return {"proof": proof.handle, "proved_by": " ".join(proof.kinds), "proved_at": proof.at}
