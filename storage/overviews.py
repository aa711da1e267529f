"""What one person sees of their own at a glance: requests that wait, what came of earlier ones, what others wait for.

It reads only, by indexes, and never more than a page needs; who may see what is decided elsewhere.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from storage.binding import binds
from storage.records import Approval, Grant, Posted
from storage.states import GrantState

# Literally the condition of the index grants_waiting, so that requests of the past cost nothing.
_PENDING: BindParameter[str] = bindparam("pending", GrantState.PENDING, literal_execute=True)
_OVER = (
    GrantState.ENDED,
    GrantState.DENIED,
    GrantState.LAPSED,
    GrantState.WITHDRAWN,
    GrantState.VOIDED,
    GrantState.REFUSED,
)
_CAME_TO_NOTHING = (GrantState.REFUSED, GrantState.DENIED, GrantState.LAPSED)
_OF_ONE = (
    col(Grant.requester_directory) == bindparam("directory"),
    col(Grant.requester_account) == bindparam("account"),
)
# Built once: making a statement costs more than running it.
_REQUESTS = (
    select(Grant)
    .where(*_OF_ONE, col(Grant.state).in_((GrantState.PENDING, GrantState.APPROVED)))
    .order_by(col(Grant.requested_at), col(Grant.id))
    .limit(bindparam("most"))
)
_PAST = (
    select(Grant)
    # What was only taken away by others was never asked for (0 minutes).
    .where(*_OF_ONE, col(Grant.state).in_(_OVER), col(Grant.minutes) > 0)
    .order_by(col(Grant.requested_at).desc(), col(Grant.id).desc())
    .limit(bindparam("most"))
)
_LAST = (
    select(Grant)
    .where(*_OF_ONE, or_(col(Grant.minutes) > 0, col(Grant.state) == GrantState.DRAFT))
    .order_by(col(Grant.requested_at).desc(), col(Grant.id).desc())
    .limit(1)
)
_WAITING = (
    select_columns(
        col(Grant.id),
        col(Grant.entitlement),
        col(Grant.requester_directory),
        col(Grant.requester_account),
        col(Grant.passed_on_to),
        col(Grant.target_account),
        col(Grant.missing),
    )
    .where(col(Grant.state) == _PENDING, col(Grant.lapses_at) > bindparam("at"))
    .order_by(col(Grant.lapses_at), col(Grant.id))
)
_SHOWN_TO = select(Posted.subject).where(
    col(Posted.recipient) == bindparam("recipient"),
    col(Posted.kind) == "approval",
    col(Posted.subject).in_(bindparam("subjects", expanding=True)),
)
_DECIDED_BY = (
    select(Approval, Grant)
    .join(Grant, col(Grant.id) == col(Approval.grant))
    .where(
        col(Approval.approver) == bindparam("approver"),
        col(Approval.grant).in_(bindparam("grants", expanding=True)),
    )
)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A request that waits: whose it is, by the account they sign in with, for what, and whom it was passed on to.

    report: the account of whoever it is for, if the requester asked for another; otherwise "".
    missing: the roles whose approval is still needed.
    """

    id: str
    entitlement: str
    directory: str
    account: str
    passed_on_to: str
    report: str
    missing: frozenset[str]


def requests_of(tx: Session, directory: str, account: str, most: int) -> Sequence[Grant]:
    """The person's requests that wait for somebody, or are being carried out, the oldest first."""
    return tx.exec(_REQUESTS, params={"directory": directory, "account": account, "most": most}).all()


def past_of(tx: Session, directory: str, account: str, most: int) -> Sequence[Grant]:
    """What came of the person's latest requests that are over, the newest first."""
    return tx.exec(_PAST, params={"directory": directory, "account": account, "most": most}).all()


def last_of(tx: Session, directory: str, account: str) -> Grant | None:
    """What the person asked for last, or prepared to ask for, however it stands."""
    return tx.exec(_LAST, params={"directory": directory, "account": account}).first()


def last_refused(tx: Session, directory: str, account: str, entitlement: str = "") -> Grant | None:
    """The last request that somebody made for themselves and that was refused, denied or not answered.

    entitlement: of this one alone.
    """
    theirs = select(Grant).where(
        Grant.requester_account == account,
        Grant.requester_directory == directory,
        Grant.target_account == "",
        col(Grant.state).in_(_CAME_TO_NOTHING),
    )
    if entitlement:
        theirs = theirs.where(Grant.entitlement == entitlement)
    return tx.exec(theirs.order_by(col(Grant.requested_at).desc(), col(Grant.id).desc()).limit(1)).first()


def waiting(tx: Session, at: datetime) -> Iterable[Waiting]:
    """Every request that waits at this time, those that lapse first first."""
    for id_, entitlement, directory, account, passed_on_to, report, missing in tx.execute(
        _WAITING, {"at": at}
    ):
        yield Waiting(
            id=id_, entitlement=entitlement, directory=directory, account=account, passed_on_to=passed_on_to,
            report=report, missing=frozenset(role for role, count in missing.items() if count),
        )  # fmt: skip


def shown_to(tx: Session, recipient: str, requests: Collection[str]) -> frozenset[str]:
    """Those of these requests that stand before this Slack user with buttons to decide."""
    if not requests:
        return frozenset()
    return frozenset(tx.exec(_SHOWN_TO, params={"recipient": recipient, "subjects": list(requests)}))


def decided_by(tx: Session, approver: str, requests: Collection[str]) -> frozenset[str]:
    """Those of these requests that this account decided about already, as they are now (storage.binding)."""
    if not requests:
        return frozenset()
    found = tx.exec(_DECIDED_BY, params={"approver": approver, "grants": list(requests)})
    return frozenset(grant.id for approval, grant in found if binds(approval, grant))


def of_ids(tx: Session, ids: Sequence[str]) -> list[Grant]:
    """The grants with these ids, in this order."""
    if not ids:
        return []
    found = {grant.id: grant for grant in tx.exec(select(Grant).where(col(Grant.id).in_(ids)))}
    return [found[one] for one in ids if one in found]
