"""Raising an exception: what is strange is kept and owed to the security channel, with the record it belongs to.

It never carries a person's free text, a secret or a stack trace.
"""

from datetime import datetime

from sqlmodel import Session

from handlers.strange import Kind, Severity, Strange
from storage.exceptions import raise_exception

__all__ = ["Kind", "Severity", "Strange", "tell_security"]


def tell_security(tx: Session, at: datetime, strange: Strange) -> None:
    """Owe it to the security channel; the same cause within a day is counted on one message."""
    raise_exception(
        tx,
        at=at,
        kind=strange.kind,
        cause=f"{strange.kind}:{strange.cause}",
        severity=strange.severity,
        who=strange.who,
        correlation=strange.correlation,
        facts=strange.facts,
    )
