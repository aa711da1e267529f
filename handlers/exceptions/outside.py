"""What is told outside Slack, and the port by which it leaves: an incident tool, or a mailbox of those on duty.

It sends nothing and knows no protocol. A notice carries no link, no secret and no free text of a person.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

WITHIN = 10.0
"""Seconds within which `Outside.tell` has returned or raised."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to be told. severity: a handlers.strange.Severity. title, told: sentences, said at the edge.

    id: the same at each try, by which the other side knows a second one; letters, digits, dashes and underscores.
    kind: words with full stops between, from the widest on, such as "exception.wrong-approver". at: when it happened.
    """

    id: str
    kind: str
    severity: str
    title: str
    told: str
    at: datetime
    correlation: str

    def __post_init__(self) -> None:
        """ValueError for an id that could be taken for more than one (it is signed with full stops between)."""
        if not _ID.fullmatch(self.id):
            raise ValueError("the id of a notice has letters, digits, dashes and underscores alone")


class Outside(Protocol):
    """One channel outside Slack, or past the outbox into it, where nothing can be owed."""

    @property
    def name(self) -> str:
        """Its name in the record: "webhook", "mail" or "slack"."""
        ...

    async def tell(self, notice: Notice) -> None:
        """Return once the other side took it, within WITHIN; else raise storage.faults.OutsideUnavailable.

        Whoever tells again tells with the same id: after a fault it may have arrived.
        """
        ...
