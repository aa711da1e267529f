"""Requests that came to nothing, for whoever asks why theirs did.

It reads, and changes nothing.
"""

from sqlmodel import Session, col, select

from storage.records import Grant
from storage.states import GrantState

_CAME_TO_NOTHING = (GrantState.REFUSED, GrantState.DENIED, GrantState.LAPSED)


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
