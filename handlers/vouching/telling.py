"""What is recorded and told of one vouching as it goes on: to the person twice over, and once to whoever vouched.

It decides nothing; each call belongs to the caller's transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Unpack

from sqlmodel import Session

from handlers.exceptions.raising import Kind, Severity, Strange, tell_security
from handlers.recording import By, Fact, record
from storage import vouchings
from storage.handles import handle_by_id
from storage.outbox import ALERT, owe
from storage.records import Vouching
from storage.states import Ended

VOUCHED = "vouched"
"""The letter when somebody vouched, and the message in Slack about it from then on."""

COUNTS = "vouching-counts"
"""The letter when it counts."""

WORD_GIVEN = "word-given"
"""The message in Slack to whoever vouched."""


def note(
    tx: Session,
    row: Vouching,
    action: str,
    outcome: str,
    *,
    at: datetime,
    facts: Mapping[str, Fact] | None = None,
    **by: Unpack[By],
) -> None:
    """One entry about it; all of one vouching belong to the visit in which it was asked for."""
    record(
        tx, at=at, action=action, outcome=outcome, **by, correlation=row.handle, subject=row.account or None,
        facts={"vouching": row.id, **(facts or {})},
    )  # fmt: skip


def show(tx: Session, row: Vouching, at: datetime) -> None:
    """Owe the person's message in Slack as it is now, and the voucher's."""
    handle = handle_by_id(tx, row.handle)
    if row.vouched_at is None or handle is None:
        return
    if handle.slack_user:
        owe(
            tx, at=at, courier="slack", kind=VOUCHED, subject=row.id, recipient=handle.slack_user,
            urgency=ALERT,
        )  # fmt: skip
    owe(tx, at=at, courier="slack", kind=WORD_GIVEN, subject=row.id, recipient=row.voucher_slack)


def write(tx: Session, row: Vouching, kind: str, at: datetime) -> None:
    """Owe the person a letter."""
    owe(tx, at=at, courier="mail", kind=kind, subject=row.id, recipient=row.account, urgency=ALERT)


def over(
    tx: Session,
    vouching: str,
    why: Ended,
    *,
    at: datetime,
    facts: Mapping[str, Fact] | None = None,
    **by: Unpack[By],
) -> bool:
    """End it, on the record and in the messages that tell of it; False if it was over before."""
    if not vouchings.end(tx, vouching, why, at):
        return False
    told(tx, vouching, why, at=at, facts=facts, **by)
    return True


def told(
    tx: Session,
    vouching: str,
    why: Ended,
    *,
    at: datetime,
    facts: Mapping[str, Fact] | None = None,
    **by: Unpack[By],
) -> None:
    """The same of one that was just ended."""
    row = vouchings.by_id(tx, vouching)
    if row is None:
        return
    note(tx, row, "vouching.ended", "refused", at=at, facts={"why": why, **(facts or {})}, **by)
    show(tx, row, at)


def alarm(
    tx: Session,
    row: Vouching,
    reason: str,
    *,
    at: datetime,
    who: str,
    severity: Severity,
    facts: Mapping[str, Fact] | None = None,
) -> None:
    """Let security see what is unusual about it. reason: as in bot.slack.messages.alerts.vouching."""
    strange = Strange(
        kind=Kind.VOUCHING,
        severity=severity,
        who=who,
        cause=f"{row.directory}:{row.account}:{reason}",
        correlation=row.handle,
        facts={"reason": reason, "account": row.account, **(facts or {})},
    )
    tell_security(tx, at, strange)
