"""Escalating: what is grave and nobody acknowledged in Slack in time is owed to the channels outside it.

It sends nothing and acknowledges nothing; what nobody outside takes is told in the security channel.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import Session

from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.ground import Ground
from handlers.recording import BY_ITSELF, record
from storage import escalations
from storage.exceptions import SAME_CAUSE, is_open, settle_exceptions, show
from storage.outbox import done
from storage.records import ExceptionRecord, Owed

# So many are owed in one visit of the schedule; the next takes the others.
_AT_ONCE = 20
OUTSIDE = "outside"


class Escalating:
    """channels: the names of those outside Slack. after: how long somebody in Slack has to acknowledge."""

    def __init__(self, ground: Ground, *, channels: Sequence[str], after: timedelta) -> None:
        self._ground, self._channels, self._after = ground, tuple(channels), after

    async def owe_due(self) -> None:
        """Owe what is due to every channel, once each."""
        if not self._channels:
            return
        at = self._ground.now()

        def work(tx: Session) -> None:
            for row in escalations.unheeded(tx, at, _AT_ONCE, after=self._after):
                # What says that this very channel takes nothing is told in the others.
                channels = [name for name in self._channels if row.cause != _cause(name)]
                escalations.owe_outside(tx, row, channels, at=at)

        await self._ground.database.write(work)


def took(tx: Session, ground: Ground, owed: Owed, row: ExceptionRecord) -> None:
    """The channel took it: recorded, and shown in the exception's own message."""
    at, channel = ground.now(), owed.recipient
    if not done(tx, owed):
        return  # somebody else told it meanwhile, with the same id
    escalations.taken(tx, row, channel, at=at)
    record(
        tx, at=at, action="exception.escalated", outcome="done", **BY_ITSELF,
        correlation=row.id,  # for security's eyes, as all that is done about an exception
        facts={"kind": row.kind, "severity": row.severity, "channel": channel},
    )  # fmt: skip
    show(tx, at, row)
    settle_exceptions(tx, at=at, causes=[_cause(channel)])


def failed(tx: Session, ground: Ground, owed: Owed, fault: str) -> None:
    """The channel did not take it, time and again: recorded and told once while that lasts."""
    at, channel = ground.now(), owed.recipient
    if is_open(tx, _cause(channel), since=at - SAME_CAUSE):
        return
    facts = {"kind": owed.kind, "courier": OUTSIDE, "channel": channel, "fault": fault}
    record(
        tx, at=at, action="message.undeliverable", outcome="failed", **BY_ITSELF, correlation=owed.subject,
        facts=facts,
    )  # fmt: skip
    strange = Strange(
        kind=Kind.UNDELIVERABLE, severity=Severity.HIGH, who=channel,
        cause=_told_of(channel), correlation=owed.subject, facts=facts,
    )  # fmt: skip
    tell_security(tx, at, strange)


def _told_of(channel: str) -> str:
    return f"{OUTSIDE}:{channel}"


def _cause(channel: str) -> str:
    return cause_of(Kind.UNDELIVERABLE, _told_of(channel))
