"""What changed about somebody's proofs, one row a change, for the messages that tell of it.

It changes no proof, and a row is never changed once it stands.
"""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from storage.engine.changing import put
from storage.handles import handle_by_id
from storage.identifiers import new_id
from storage.records import Handle, ProofChange
from storage.states import Changed


def note_change(tx: Session, *, handle: str, what: Changed, at: datetime, name: str = "") -> str:
    """Keep what changed in this visit; the id to owe messages by."""
    return put(tx, ProofChange(id=new_id("d", at), handle=handle, what=what, name=name, at=at)).id


def visit_that_changed(
    tx: Session, *, directory: str, account: str, what: Collection[Changed], since: datetime
) -> str | None:
    """The visit of this person's first such change since then (aware UTC, inclusive); None if there was none."""
    return tx.exec(
        select(ProofChange.handle)
        .join(Handle, col(Handle.id) == col(ProofChange.handle))
        .where(
            Handle.directory == directory,
            Handle.account == account,
            col(ProofChange.what).in_(list(what)),
            col(ProofChange.at) >= since,
        )
        .order_by(col(ProofChange.at), col(ProofChange.id))
        .limit(1)
    ).first()


def change_and_visit(tx: Session, subject: str) -> tuple[ProofChange | None, Handle | None]:
    """What a message about changed proofs is about.

    Messages owed by an earlier version name the visit itself: there the change is None.
    """
    change = tx.get(ProofChange, subject)
    return change, handle_by_id(tx, change.handle if change is not None else subject)
