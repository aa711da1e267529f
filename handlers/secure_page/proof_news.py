"""That somebody's proofs changed: on the record, told in Slack and by mail, and the end of their other open links.

It changes no proof, and writes only in the transaction in which one changes.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from handlers.intents import PAGE
from handlers.recording import Fact, record
from handlers.secure_page.visits import person_behind
from storage.audit import entry as audit
from storage.handles import close_others
from storage.outbox import owe
from storage.proof_changes import note_change
from storage.records import Handle
from storage.states import Changed


def proofs_changed(
    tx: Session,
    handle: Handle,
    what: Changed,
    *,
    at: datetime,
    name: str = "",
    facts: Mapping[str, Fact] | None = None,
    by: audit.Actor | None = None,
) -> None:
    """Record it, owe both messages (P-6), and end what was opened on the strength of the proofs of before.

    name: of the passkey; people's words stay out of the leaf. by: who did it, if not the person of the visit.
    """
    record(
        tx,
        at=at,
        action="proofs.changed",
        outcome="done",
        actor=by or person_behind(handle),
        where=PAGE,
        correlation=handle.id,
        subject=handle.account,
        facts={"what": what, "proofs": list(handle.proven), **(facts or {})},
        texts={"name": name} if name else None,
    )
    change = note_change(tx, handle=handle.id, what=what, at=at, name=name)
    if handle.slack_user:
        owe(tx, at=at, courier="slack", kind="proofs-changed", subject=change, recipient=handle.slack_user)
    owe(tx, at=at, courier="mail", kind="proofs-changed", subject=change, recipient=handle.account)
    close_others(tx, handle.id, directory=handle.directory, account=handle.account, at=at)
