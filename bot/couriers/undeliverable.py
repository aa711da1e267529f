"""What is said of a message that Slack does not take: on the record, in the log, and to those who can mend it.

It tries nothing again, and says the same of the security channel once: what is said of it is owed there, too.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.couriers.refusals import Setback
from bot.slack.channels import REFUSED
from handlers import recording
from handlers.approvals.owners import Trouble
from handlers.exceptions.raising import Kind, Severity, Strange, cause_of, tell_security
from handlers.intents import Where
from storage.exceptions import SAME_CAUSE, SECURITY, is_open, settle_exceptions
from storage.outbox import OWNER
from storage.records import Owed

log = structlog.get_logger(__name__)

SHARED = "externally shared channel"
OWNERS_TROUBLE = {**REFUSED, SHARED: Trouble.SHARED}


def tell_undeliverable(
    tx: Session,
    owed: Owed,
    trouble: Setback,
    *,
    place: str,
    at: datetime,
    unreachable: Callable[[Session, str, Trouble], None],
) -> None:
    """place: the channel, or whoever it is for. unreachable: told of an owner whose channel takes no request."""
    fault = trouble.fault
    of_security = owed.recipient == SECURITY
    takes_nothing = of_security and not trouble.alone
    # Its channel may be an owner's as well, whose message is not grave.
    cause = SECURITY if takes_nothing else f"{place}:{fault}"
    if of_security and is_open(tx, cause_of(Kind.UNDELIVERABLE, cause), since=at - SAME_CAUSE):
        return
    log.error("courier.undeliverable", place=place, kind=owed.kind, fault=fault)
    facts = {"kind": owed.kind, "fault": fault}
    recording.record(
        tx, at=at, action="message.undeliverable", outcome="failed", actor=recording.WICKET,
        where=Where(transport="slack", channel=place), correlation=owed.subject, facts=facts,
    )  # fmt: skip
    is_request = owed.kind == "approval"
    found = OWNERS_TROUBLE.get(fault)
    if found is not None and is_request and owed.recipient.startswith(OWNER):
        unreachable(tx, owed.recipient.removeprefix(OWNER), found)  # and that is told
        return
    # What is grave is told outside Slack as well, where nobody acknowledges it here.
    severity = Severity.HIGH if is_request or takes_nothing else Severity.LOW
    tell_security(
        tx,
        at,
        Strange(
            kind=Kind.UNDELIVERABLE, severity=severity, who=place, cause=cause, correlation=owed.subject, facts=facts
        ),
    )  # fmt: skip


def security_took(tx: Session, at: datetime) -> None:
    """It is over that the security channel takes nothing; if that recurs, it is news."""
    settle_exceptions(tx, at=at, causes=[cause_of(Kind.UNDELIVERABLE, SECURITY)])
