"""Using up a code that works once, with its record, by which one that is put back is known as used (T-9).

It compares no code: whoever calls it has found that it is the right one.
"""

from datetime import datetime

from sqlmodel import Session

from handlers.intents import PAGE
from handlers.recording import record
from handlers.secure_page.visits import person_behind
from storage import proofs
from storage.records import Handle


def use_recovery_code(tx: Session, handle: Handle, code: str, at: datetime) -> bool:
    """Use up this recovery code in this visit. False if it was used before."""
    return proofs.use_recovery_code(tx, code, at) and _told(tx, handle, code, at, "recovery_code")


def use_mail_code(tx: Session, handle: Handle, code: str, at: datetime) -> bool:
    """The same for a code that was sent by mail."""
    return proofs.use_mail_code(tx, code, at) and _told(tx, handle, code, at, "mail_code")


def _told(tx: Session, handle: Handle, code: str, at: datetime, kind: str) -> bool:
    record(
        tx, at=at, action="code.used", outcome="done", actor=person_behind(handle), where=PAGE, correlation=code,
        subject=handle.account, facts={"kind": kind, "visit": handle.id},
    )  # fmt: skip
    return True
