"""Whose words of a story somebody may read: those that Wicket shows them elsewhere, their own, and for security all.

Pure: it knows entries by what they are called, and what is named nowhere here is told to security and its author alone.
"""

from collections.abc import Iterable
from enum import Enum

from storage.audit.log import Row
from storage.faults import AuditFault

_ASKED = frozenset(
    {"grant.requested", "grant.approved", "emergency.asked", "emergency.recorded", "petition.asked"}
)
_DECIDED = frozenset({"approval.given", "approval.denied", "approval.asked", "approval.answered"})
_ENDED = frozenset({"grant.ended_early"})
# On record as refused, since it refuses the petition: it counted all the same.
_REFUSING = frozenset({"petition.denied"})
_IN_OWNERS_CHANNEL = frozenset(
    {
        "emergency.reviewed", "drift.adopted", "drift.declared", "drift.removed", "drift.given_again", "drift.ended",
    }
)  # fmt: skip


class Reader(Enum):
    """As whom somebody reads a story."""

    SECURITY = "security"
    DECIDES = "decides"  # or answers for all that it is about
    ASKED = "asked"
    FOR_THEM = "for-them"  # somebody whom they report to asked
    PETITIONER = "petitioner"  # or whoever broke the glass
    DELEGATION = "delegation"


_TOLD: dict[Reader, frozenset[str]] = {
    Reader.DECIDES: _ASKED | _DECIDED | _ENDED | _IN_OWNERS_CHANNEL,
    Reader.ASKED: _ASKED | _DECIDED | _ENDED,
    # Their own message has why it was asked and why it was ended, and nothing of those who decided.
    Reader.FOR_THEM: _ASKED | _ENDED,
    Reader.PETITIONER: _ASKED | _ENDED | _REFUSING,
    Reader.DELEGATION: frozenset(),
}


def withheld(rows: Iterable[Row], reader: Reader, account: str, slack: tuple[str, str]) -> frozenset[str]:
    """The ids of entries whose words are not for this reader. account: theirs. slack: their team and user there.

    What did not count, such as the reason of somebody who may not decide, was never shown to anybody else.
    """
    if reader == Reader.SECURITY:
        return frozenset()
    return frozenset(
        row.id
        for row in rows
        if row.texts
        and not (_counted(row) and row.action in _TOLD[reader])
        and not (row.actor == account and _from(row, slack))
    )


def _from(row: Row, slack: tuple[str, str]) -> bool:
    """Whether this Slack account did it, or none: two directories may have people of one id, and it names neither."""
    try:
        actor = row.said()["actor"]
    except AuditFault:
        return False
    return not actor.get("slack_user") or (actor.get("slack_team"), actor["slack_user"]) == slack


def _counted(row: Row) -> bool:
    return row.outcome == "done" or row.action in _REFUSING
